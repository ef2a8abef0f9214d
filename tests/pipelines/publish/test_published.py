"""The published file as its readers meet it: what is in it, who can open it, and what others do to it."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.command.main import app
from pipelines.config.settings import Config
from pipelines.errors import InputError, MartsFailed, NotSound
from pipelines.publish.export import query, write_stdout
from pipelines.store import tables
from pipelines.store.home import Home
from pipelines.store.published import open_published
from pipelines.store.warehouse import mark_sound, open_warehouse, transaction
from pipelines.terminal import Terminal
from tests.pipelines import steps
from tests.pipelines.another_program import somebody_writes, tell

Earshot = Callable[..., subprocess.CompletedProcess[str]]
Publish = Callable[[Home], Path]
COUNT = "select count(*) as n from core.mentions"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which nine posts of a forum are published."""
    home = Home(tmp_path_factory.mktemp("template"))
    with open_warehouse(home) as connection:
        connection.execute(
            "insert into core.mentions by name select 'forum:' || number as mention_id, 'forum' as source, "
            "'forum' as network, 'post' as kind, 'Post ' || number as text, timestamp '2026-03-01' as created_at, "
            "timestamp '2026-03-04' as first_seen_at, timestamp '2026-03-04' as last_seen_at "
            "from range(1, 10) as numbers (number)"
        )
    mark_sound(home.warehouse)
    steps.publish(home)
    return home


@pytest.fixture
def home(template: Home, tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    shutil.copyfile(template.warehouse, home.warehouse)
    shutil.copyfile(template.published, home.published)
    return home


def log_of(home: Home) -> Path:
    return home.published.with_name("earshot.duckdb.wal")


# Somebody opens it for writing -------------------------------------------------------------------------


def test_the_file_is_read_only_for_everybody_and_no_more_open_than_others(home: Home, publish: Publish) -> None:
    mode = publish(home).stat().st_mode & 0o777
    beside = (home.root / "beside").open("w")
    beside.close()
    assert mode == (home.root / "beside").stat().st_mode & 0o444


def test_a_reader_reads_though_somebody_has_opened_the_file_for_writing(home: Home, earshot: Earshot) -> None:
    with somebody_writes(home.published):
        asked = earshot("query", COUNT, "-f", "csv", "--home", home.root)
        shown = earshot("status", "--home", home.root)
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "n\n9\n", "")
    assert (shown.returncode, "seen until" in shown.stdout, shown.stderr) == (0, True, "")


def test_a_reader_reads_what_was_published_and_not_what_somebody_is_writing(home: Home) -> None:
    with somebody_writes(home.published, "delete from core.mentions"):
        assert query(home, COUNT).fetchall() == [(9,)]


def test_a_copy_that_was_read_leaves_nothing_behind(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with somebody_writes(home.published), open_published(home) as connection:
        assert connection.execute("select count(*) from earshot.core.mentions").fetchall() == [(9,)]
    assert list(folder.iterdir()) == []


def test_what_somebody_wrote_and_left_goes_with_the_old_file(
    home: Home, publish: Publish, caplog: pytest.LogCaptureFixture
) -> None:
    with somebody_writes(home.published, "delete from core.mentions"):
        pass
    assert log_of(home).exists()
    publish(home)
    assert not log_of(home).exists()
    assert caplog.messages == [
        f"publish: somebody wrote into {home.published}; what they wrote is gone. Open it read-only."
    ]
    with duckdb.connect(home.published, read_only=True) as connection:
        assert connection.execute(COUNT).fetchall() == [(9,)]


def test_no_reader_meets_a_new_file_beside_the_changes_of_the_old(
    home: Home, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    with somebody_writes(home.published, "delete from core.mentions"):
        pass
    replace = Path.replace

    def at_the_rename(path: Path, target: Path) -> Path:
        if target == home.published:
            assert not log_of(home).exists()
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", at_the_rename)
    publish(home)


def test_a_session_that_outlives_the_file_it_opened_stops_no_reader_of_the_new_one(
    home: Home, publish: Publish
) -> None:
    with somebody_writes(home.published) as session:
        publish(home)
        tell(session, "delete from core.mentions")
        assert query(home, COUNT).fetchall() == [(9,)]
    assert log_of(home).exists()
    assert query(home, COUNT).fetchall() == [(9,)]
    publish(home)
    assert not log_of(home).exists()


# What is asked of it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "copy core.mentions to '{other}'",
        "copy (select 1) to '{other}'",
        "attach '{warehouse}' as held",
        "export database '{other}'",
        "set enable_external_access = true",
        "reset enable_external_access",
        "pragma enable_external_access",
        "install httpfs",
        "load httpfs",
        "create temp table mine as select 1",
        "create temp macro mine() as 1",
        "delete from core.mentions",
        "call enable_logging()",
        "checkpoint",
        "explain analyze select 1",
        "begin",
        "select 1; select 2",
        "select 1; copy core.mentions to '{other}'",
        "",
        "-- nothing",
    ],
)
def test_only_one_statement_that_reads_is_run(home: Home, tmp_path: Path, sql: str) -> None:
    other = tmp_path / "other.csv"
    with pytest.raises(InputError, match=r"Expected one query that begins with select.* read-only\.$|can't be run"):
        query(home, sql.format(other=other, warehouse=home.warehouse)).fetchall()
    assert not other.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "from read_text('{other}')",
        "from read_blob('{other}')",
        "from read_csv('{other}')",
        "from read_json('{other}')",
        "from read_parquet('{other}')",
        "from sniff_csv('{other}')",
        "from glob('{folder}/*')",
        "from '{other}'",
        "from query('from read_text(''{other}'')')",
        "from 'https://example.org/x.csv'",
        "with gone as (delete from core.mentions returning mention_id) from gone",
        "select getenv('HOME')",
        "from duckdb_secrets()",
        "from enable_logging('QueryLog', storage = 'file', storage_path = '{folder}/log')",
        "from rows_of_this_program",
    ],
)
def test_a_query_reaches_no_file_no_network_and_no_setting(home: Home, tmp_path: Path, sql: str) -> None:
    other = tmp_path / "other.csv"
    other.write_text("secret\n")
    rows_of_this_program = query(home, COUNT).to_arrow_table()
    before = sorted(tmp_path.iterdir())
    with pytest.raises((InputError, duckdb.Error)):
        query(home, sql.format(other=other, folder=tmp_path)).fetchall()
    assert sorted(tmp_path.iterdir()) == before
    assert len(rows_of_this_program) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 as n",
        "select 1 as n;",
        "with one as (select 1 as n) select * from one",
        "from core.mentions",
        "values (1)",
        "describe core.mentions",
        "summarize core.mentions",
        "show all tables",
        "from duckdb_columns()",
        "select unnest(range(3))",
    ],
)
def test_whatever_reads_may_be_asked(home: Home, sql: str) -> None:
    assert query(home, sql).fetchall()


def test_a_query_that_needs_more_than_memory_works_on_disk(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with open_published(home) as connection:
        assert connection.execute("select current_setting('temp_directory')").fetchall()[0][0].startswith(str(tmp_path))


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_two_columns_of_one_name_are_both_written(home: Home, tmp_path: Path, earshot: Earshot, form: str) -> None:
    path = tmp_path / f"rows.{form}"
    assert earshot("query", "select 1 as a, 2 as a", "--out", path, "--home", home.root).returncode == 0
    with duckdb.connect() as connection:
        assert connection.execute(f"select a, a_1 from '{path}'").fetchall() == [(1, 2)]


# What a terminal shows of it ---------------------------------------------------------------------------

ACTING = {
    "markup": "[red]not markup[/red]",
    "an end of markup that was never begun": "[/] [/red]",
    "markup behind a backslash": r"\[bold]x[/bold] \\[/bold]",
    "a link": "[link=https://bad.example]support[/link]",
    "a link of the terminal": "\x1b]8;;https://bad.example\x1b\\support\x1b]8;;\x1b\\",
    "a cleared screen": "\x1b[2J\x9b2J",
    "a title of the window": "\x1b]0;owned\x07",
    "turned writing": "\u202egnp.exe \u2066x",
    "an erased line": "harmless\rharmful\x08\x7f",
}


@pytest.mark.parametrize("text", ACTING.values(), ids=ACTING)
def test_what_strangers_wrote_is_only_shown(home: Home, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("pipelines.command.tables.out", Terminal(width=200))
    expected = re.sub("[\x00-\x1f\x7f-\x9f\u202e\u2066]", "�", text)
    quoted, name = text.replace("'", "''"), text.replace('"', '""')
    words = ["query", f"select '{quoted}' as text, 1 as \"{name}\"", "--home", str(home.root)]
    shown = CliRunner().invoke(app, words)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.splitlines()[1].split("┃")[1:3] == [" text".ljust(len(expected) + 2), f" {expected} "]
    assert shown.stdout.splitlines()[3].split("│")[1] == f" {expected} "
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", shown.stdout)


def test_an_error_that_quotes_a_stranger_is_only_shown(home: Home, earshot: Earshot) -> None:
    told = earshot("query", "select cast('[red]\x1b[2J' as integer)", "--home", home.root).stderr
    assert "Could not convert string '[red]�[2J' to INT32" in told


@pytest.mark.parametrize("form", ["csv", "json"])
def test_rows_on_a_terminal_are_harmless_and_in_a_pipe_as_they_are(
    home: Home, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], form: Any
) -> None:
    relation = query(home, "select '\x9b2J \u202ex' as text")
    write_stdout(relation, form)
    assert "\x9b2J \u202ex" in capfdbinary.readouterr().out.decode()
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    write_stdout(relation, form)
    assert "�2J �x" in capfdbinary.readouterr().out.decode()


# What is published is what was tested ------------------------------------------------------------------


def test_what_was_loaded_since_the_marts_were_tested_is_not_published(
    home: Home, shop: Path, configure: Callable[..., Config], earshot: Earshot
) -> None:
    before = home.published.read_bytes()
    steps.load(home, configure())  # nothing was enriched, but the config's brands are written
    done = earshot("publish", "-c", shop, "--home", home.root)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        f"earshot: {home.warehouse} was written to since its marts were last built and tested, or their tests failed; "
        f"{home.published} stays as it is. Run `earshot build`, then `earshot publish`."
    )
    assert home.published.read_bytes() == before


def test_every_writer_takes_the_mark_off_before_it_writes(home: Home) -> None:
    with open_warehouse(home) as connection, transaction(connection):
        killed = shutil.copytree(home.root, home.root.with_name("killed"))
    with pytest.raises(NotSound):
        steps.publish(Home(killed))
    with pytest.raises(NotSound):
        steps.publish(home)


@pytest.mark.slow
def test_marts_that_their_tests_refuse_are_not_published_and_those_that_hold_are(home: Home) -> None:
    before = home.published.read_bytes()
    with open_warehouse(home) as connection:
        connection.execute("update core.mentions set kind = 'riddle' where mention_id = 'forum:1'")
    mark_sound(home.warehouse)  # as it was before a build that fails
    with pytest.raises(MartsFailed, match="mentions_kind_is_known"):
        steps.build(home.warehouse, home.logs)
    with pytest.raises(NotSound):
        steps.publish(home)
    assert home.published.read_bytes() == before
    with open_warehouse(home) as connection:
        connection.execute("update core.mentions set kind = 'post' where mention_id = 'forum:1'")
    steps.build(home.warehouse, home.logs)
    steps.publish(home)
    assert query(home, "select count(*) > 0 from marts.mentions").fetchall() == [(True,)]


def test_a_warehouse_of_an_older_version_is_not_taken_for_a_sound_one(home: Home) -> None:
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("drop table ops.publication")
    with pytest.raises(NotSound):
        steps.publish(home)


# What is in it -----------------------------------------------------------------------------------------


def test_words_that_were_deleted_are_nowhere_in_the_file(home: Home, publish: Publish) -> None:
    secret = "xylophone-" * 40
    with open_warehouse(home) as connection:
        connection.execute("update core.mentions set text = $1 where mention_id = 'forum:1'", [secret])
        connection.execute("checkpoint")
        connection.execute("update core.mentions set text = null where mention_id = 'forum:1'")
        connection.execute("checkpoint")
    assert b"xylophone-" in home.warehouse.read_bytes()
    assert b"xylophone-" not in publish(home).read_bytes()


def test_only_declared_tables_are_there_with_their_comments(home: Home, publish: Publish) -> None:
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("create schema staging")
        connection.execute("create view staging.stg_mentions as from core.mentions")
        connection.execute("create table core.left_behind as select 1 as n")
        connection.execute("alter table core.mentions add column left_behind integer")
    publish(home)
    with open_published(home) as connection:
        there = connection.execute(
            "select schema_name || '.' || table_name, comment from duckdb_tables() order by all"
        ).fetchall()
        views = connection.execute("select view_name from duckdb_views() where not internal").fetchall()
        columns = connection.execute(
            "select column_name, is_nullable, comment from duckdb_columns() "
            "where schema_name = 'core' and table_name = 'mentions' order by column_index"
        ).fetchall()
    declared = [(table.fullname, table.comment) for table in tables.metadata.sorted_tables]
    assert (there, views) == (sorted(declared), [])
    assert columns == [(column.name, column.nullable, column.comment) for column in tables.mentions.columns]


def test_the_same_warehouse_gives_the_same_tables_in_the_same_order(home: Home, publish: Publish) -> None:
    asked = "from core.mentions"
    publish(home)
    first = query(home, asked).fetchall()
    publish(home)
    assert query(home, asked).fetchall() == first


def test_a_reader_can_tell_one_publication_from_the_next(home: Home, publish: Publish) -> None:
    asked = "select published_at, published_at >= built_at from ops.publication"
    publish(home)
    [(first, is_later)] = query(home, asked).fetchall()
    publish(home)
    [(second, _)] = query(home, asked).fetchall()
    assert is_later
    assert second > first
