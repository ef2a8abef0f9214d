"""The `earshot` command as people and schedulers meet it: help, exit codes, what goes where."""

import csv
import io
import json
import os
import pty
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from connectors.contract import Window
from pipelines import __version__
from pipelines.command.main import app
from pipelines.config.settings import Config
from pipelines.night import DIGEST, STEPS
from pipelines.publish.export import export
from pipelines.store import tables
from pipelines.store.home import Home
from pipelines.store.warehouse import open_warehouse
from tests.pipelines import steps
from tests.pipelines.another_program import somebody_writes
from tests.pipelines.conftest import window

Earshot = Callable[..., subprocess.CompletedProcess[str]]
March = Callable[[int, int], Window]

ROOT = Path(__file__).resolve().parents[3]
COMMAND: Any = typer.main.get_command(app)
COMMANDS = sorted(COMMAND.commands)


@pytest.fixture
def home(undisturbed_home: Home, new_home: Callable[..., Home]) -> Home:
    """A home with the shop's posts in its published file."""
    home = new_home()
    shutil.copytree(undisturbed_home.root, home.root)
    return home


# Help --------------------------------------------------------------------------------------------------


def test_the_commands_are_these() -> None:
    assert (
        sorted(
            ["run", "pull", "tidy", "enrich", "load", "discover", "build", "publish", "digest"]
            + ["check", "explain-query", "status", "query", "score", "evaluate", "export"]
            + ["label", "learn"]
        )
        == COMMANDS
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_explains_it_and_every_option(name: str) -> None:
    command = COMMAND.commands[name]
    shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    assert shown.exit_code == 0
    assert command.help
    assert command.help.splitlines()[0][:40] in shown.stdout
    for parameter in command.params:
        assert parameter.help, f"{name} {parameter.name} has no help"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_config_and_home_alike(name: str) -> None:
    options = {option: parameter for parameter in COMMAND.commands[name].params for option in parameter.opts}
    assert options["--config"].opts == ["--config", "-c"]
    assert (options["--config"].envvar, options["--home"].envvar) == ("EARSHOT_CONFIG", "EARSHOT_HOME")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("earshot expl", ["explain-query"]),
        ("earshot run --config {config} --source fo", ["forum"]),
        ("earshot explain-query --config {config} ", ["wren", "moss"]),
        ("earshot run --config nowhere.toml --source ", []),
    ],
)
def test_a_shell_completes_commands_sources_and_brands(
    shop: Path, earshot: Earshot, words: str, offered: list[str]
) -> None:
    line = words.format(config=shop)
    asked = {"_EARSHOT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    assert earshot(variables=asked).stdout.split() == offered


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme_or_the_user_guide(name: str) -> None:
    documents = [ROOT / "README.md", ROOT / "docs" / "user-guide.md"]
    written = "\n".join(path.read_text(encoding="utf-8") for path in documents if path.exists())
    assert re.search(rf"(\bearshot |`){name}\b", written), f"`earshot {name}` is documented nowhere"


def test_without_a_command_help_is_shown_and_the_version_on_demand(earshot: Earshot) -> None:
    assert "Usage:" in earshot().stdout
    assert earshot("--version").stdout == f"{__version__}\n"


# Exit codes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("frobnicate",), 2, "No such command 'frobnicate'"),
        (("run", "--since", "yesterday"), 2, "'yesterday': write a day or a moment, such as 2026-03-02"),
        (("run", "--since", "2026-03-02T00:00:30Z"), 2, "a window begins and ends on a whole minute"),
        (("digest", "--until", "1066-10-14"), 2, "expected a year from 1970 to 2199"),
        (("run", "-c", "nowhere.toml"), 2, "earshot: nowhere.toml: can't be read (No such file or directory)."),
        (("run", "--since", "2026-03-05", "--until", "2026-03-05"), 2, "--since must come before --until"),
        (("run", "--since", "2026-03-05T02:00+02:00", "--until", "2026-03-05T00:00Z"), 2, "must come before --until"),
        (("run", "--source", "blog"), 2, "There is no source 'blog'. The config has: forum."),
        (("tidy",), 2, "Run the step before it first"),
        (("tidy", "--source", "blog"), 2, "There is no source 'blog'. The config has: forum."),
        (("publish",), 2, "There is no warehouse in"),
        (("digest",), 2, "earshot.duckdb yet. Run `earshot run` first"),
        (("status",), 2, "earshot.duckdb yet. Run `earshot run` first"),
        (("query", "select 1"), 2, "earshot.duckdb yet. Run `earshot run` first"),
        (("export", "--out", "out"), 2, "earshot.duckdb yet. Run `earshot run` first"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_done_is_told_with_exit_code_2(
    shop: Path, earshot: Earshot, words: tuple[str, ...], code: int, told: str
) -> None:
    done = earshot(*words, cwd=shop.parent)
    assert (done.returncode, told in done.stderr.replace("\n", " ")) == (code, True), done.stderr


def test_a_source_that_fails_is_named_and_the_others_arrive(
    write_config: Callable[..., Path],
    write_posts: Callable[..., Path],
    posts: Any,
    tmp_path: Path,
    earshot: Earshot,
    publish: Callable[[Home], Path],
) -> None:
    write_posts(posts)
    lost = '\n[[sources]]\nid = "lost"\ntype = "files"\npath = "nowhere.csv"\n'
    path = write_config(('network = "forum"\n', f'network = "forum"\n{lost}'))
    done = earshot("pull", "-c", path, "--home", tmp_path / "home")
    assert done.returncode == 3
    assert "earshot: lost, 2026-03-01 00:00 to 2026-03-04 00:00 UTC: file nowhere.csv: nowhere.csv: No such file" in (
        done.stderr
    )
    assert (tmp_path / "home/landing/forum/20260301T0000--20260304T0000/complete").is_dir()
    assert (tmp_path / "home/landing/lost/20260301T0000--20260304T0000/partial-001").is_dir()
    for step in ("tidy", "enrich", "load"):
        assert earshot(step, "-c", path, "--home", tmp_path / "home").returncode == 0
    publish(Home(tmp_path / "home"))
    shown = earshot("status", "--home", tmp_path / "home").stdout
    assert re.search(r"lost +files +2026-03-04 00:00 +failed", shown)
    assert re.search(r"forum +forum +2026-03-04 00:00 +ok", shown)


TROUBLED = ("busy", "cut", "spoilt", "unreadable")
"""Sources beside the forum, each with a trouble of its own."""
UNREADABLE = "id,created_at,text\n" + "".join(f"{number},???,Wren tea\n" for number in range(3000))


@pytest.mark.slow
def test_what_befalls_a_source_or_the_published_file_costs_the_night_nothing_else(
    write_config: Callable[..., Path],
    write_posts: Callable[..., Path],
    posts: Any,
    tmp_path: Path,
    earshot: Earshot,
    publish: Callable[[Home], Path],
) -> None:
    sources = "".join(f'\n[[sources]]\nid = "{name}"\ntype = "files"\npath = "{name}.csv"\n' for name in TROUBLED)
    path, home = write_config(('network = "forum"\n', f'network = "forum"\n{sources}')), Home(tmp_path / "home")
    write_posts(posts)
    for name in TROUBLED:
        text = UNREADABLE if name == "unreadable" else "id,created_at,text\n1,2026-03-01,Moss\n"
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    for name in ("cut", "spoilt"):
        for step in ("pull", "tidy"):
            earshot(step, "-c", path, "--home", home.root, "--source", name)
        for stage in (home.landing, home.tidy):  # another night, so that this one does not make it anew
            landed = next((stage / name).glob("2026*"))
            landed.rename(landed.with_name("20260225T0000--20260226T0000"))
    for damaged in (*home.landing.glob("cut/*/*/*.zst"), *home.tidy.glob("spoilt/*/mentions.parquet")):
        damaged.write_bytes(b"no more")
    shutil.rmtree(home.tidy / "cut")
    with open_warehouse(home):
        pass  # an empty one
    publish(home)
    with home.only_window("busy", window(1, 4)), somebody_writes(home.published, "delete from ops.publication"):
        done = earshot("run", "-c", path, "--home", home.root)
        asked = "select source, status, posts_count, quarantined_count, is_complete from core.coverage order by source"
        rows = earshot("query", asked, "--home", home.root, "--format", "csv").stdout.splitlines()[1:]
        written = earshot("digest", "-c", path, "--home", home.root)
    assert (done.returncode, "11 mentions loaded" in done.stdout) == (3, True), done.stdout + done.stderr
    told = done.stderr.partition("a source failed, the others are in the digest:")[2]
    assert "busy: Another Earshot run holds busy, 20260301T0000--20260304T0000, in " in told
    assert re.search(r"cut: .*pages\.jsonl\.zst is damaged", told)
    assert re.search(r"spoilt: .*20260225T0000--20260226T0000 is damaged", told)
    assert (
        "file unreadable.csv: 3,000 of 3,000 records can't be read: 3,000 × the time can't be read; set time_form"
        in told
    )
    assert written.returncode == 0, written.stderr
    assert rows == ["cut,ok,1,0,true", "forum,ok,9,0,true", "spoilt,ok,1,0,true", "unreadable,failed,0,3000,false"]
    digest = next(home.digests.glob("*/digest.md")).read_text(encoding="utf-8")
    assert "unreadable" in digest.partition("## ")[0]


def test_the_home_comes_from_the_option_the_environment_or_the_current_folder(
    shop: Path, tmp_path: Path, earshot: Earshot
) -> None:
    told = {"EARSHOT_HOME": str(tmp_path / "from environment"), "EARSHOT_CONFIG": str(shop)}
    for words, variables, home in (
        (("pull",), told, "from environment"),
        (("pull", "--home", "from option"), told, "from option"),
        (("pull", "-c", shop), {}, ".earshot"),
    ):
        assert earshot(*words, variables=variables, cwd=tmp_path).returncode == 0
        assert (tmp_path / home / "landing" / "forum").is_dir()


def test_a_run_tells_a_machine_what_it_did_and_a_person_on_a_terminal_how_each_source_went(
    shop: Path, tmp_path: Path, start_earshot: Callable[..., Any]
) -> None:
    ours, theirs = pty.openpty()
    started = start_earshot("run", "-c", shop, "--home", tmp_path / "home", "--json", stderr=theirs)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # so a terminal tells that nobody writes to it any more
        while more := os.read(ours, 1 << 16):
            shown += more
    os.close(ours)
    told = json.loads(started.communicate()[0])
    assert (started.returncode, told["mentions_loaded"], told["failures"]) == (0, 9, [])
    assert told["windows"] == {"forum": {"start": "2026-03-01T00:00:00", "end": "2026-03-04T00:00:00"}}
    assert [step["step"] for step in told["steps"]] == [step.name for step in (*STEPS, DIGEST)]
    assert {step["status"] for step in told["steps"]} == {"ok"}
    assert Path(told["digest"]["html"]).is_file()
    lines = [" ".join(line.split()) for line in re.sub(r"\x1b[^A-Za-z]*[A-Za-z]", "", shown.decode()).splitlines()]
    assert any(re.match(r"forum 2026-03-01 00:00 2026-03-04 00:00 9 [0-9.]+ ok", line) for line in lines), lines


# check -------------------------------------------------------------------------------------------------


def test_check_says_what_would_be_asked_of_whom(shop: Path, earshot: Earshot) -> None:
    done = earshot("check", "-c", shop)
    assert done.returncode == 0
    assert f"  file posts.jsonl: {shop.parent}/posts.jsonl\n" in done.stdout
    assert f"{shop} is sound: 2 brands (Wren Tea our own), 2 themes." in done.stdout


def test_check_names_the_credentials_that_are_missing(write_config: Callable[..., Path], earshot: Earshot) -> None:
    path = write_config(("[[sources]]", '[[sources]]\nid = "birds"\ntype = "x"\n\n[[sources]]'))
    done = earshot("check", "-c", path)
    assert (done.returncode, "birds: set EARSHOT_BIRDS_BEARER_TOKEN" in done.stderr) == (2, True)


def test_check_shows_what_a_night_and_a_month_cost(write_config: Callable[..., Path], earshot: Earshot) -> None:
    source = '[[sources]]\nid = "birds"\ntype = "x"\nbudget = { usd_per_month = 20 }\n\n[[sources]]'
    done = earshot("check", "-c", write_config(("[[sources]]", source)))
    assert re.search(r"birds +1 · – · – +– · – +– · – +– · – +– · 20\.00 ", done.stdout), done.stdout
    assert re.search(r"forum +\d · – · – +– · – +– · – +– · – +free", done.stdout)


def test_check_tells_a_machine_the_same(shop: Path, earshot: Earshot) -> None:
    told = json.loads(earshot("check", "-c", shop, "--json").stdout)
    [source] = told["sources"]
    assert (source["source"], source["network"], source["lacking"], told["lacking"]) == ("forum", "forum", [], [])
    assert [query["name"] for query in source["queries"]] == ["file posts.jsonl"]


def test_explain_query_shows_the_query_in_each_networks_words(shop: Path, earshot: Earshot) -> None:
    done = earshot("explain-query", "wren", "-c", shop)
    assert done.stdout.startswith('Wren Tea: wren OR "wren tea"\nversion ')
    assert '(wren OR "wren tea") -is:retweet' in done.stdout
    wrong = earshot("explain-query", "heron", "-c", shop)
    assert (wrong.returncode, "It has: wren, moss." in wrong.stderr) == (2, True)


# query and export --------------------------------------------------------------------------------------

HOSTILE = "select mention_id, text from core.mentions where mention_id = 'forum:9'"
FORMULA = '=HYPERLINK("http://bad.example","Moss") </script>'


@pytest.fixture
def query(home: Home, earshot: Earshot) -> Callable[..., subprocess.CompletedProcess[str]]:
    return lambda *words: earshot("query", *words, "--home", home.root)


def test_query_shows_a_table(query: Earshot) -> None:
    shown = query(
        "select mention_id, community, '[red]not markup[/red]' as words from core.mentions order by 1 limit 1"
    )
    assert re.search(r"│ forum:1 +│ – +│ \[red\]not markup\[/red\] │", shown.stdout)


def test_query_as_csv_defuses_formulas_and_keeps_numbers(query: Earshot) -> None:
    sql = "select text, likes, -1 as below, null::bigint as nothing from core.mentions join core.mention_metrics using"
    sql += " (mention_id) where mention_id = 'forum:9'"
    shown = query(sql, "-f", "csv").stdout
    assert list(csv.reader(shown.splitlines())) == [
        ["text", "likes", "below", "nothing"],
        [f"'{FORMULA}", "0", "-1", ""],
    ]
    assert query(HOSTILE, "-f", "csv", "--raw").stdout.splitlines()[1].startswith('forum:9,"=HYPERLINK(""http')


def test_query_as_json_keeps_integers_times_and_unknowns(query: Earshot) -> None:
    sql = "select 2::bigint as n, null::bigint as nothing, timestamp '2026-03-01 10:00:00.123456' as at, text "
    shown = query(
        sql + "from core.mentions where mention_id in ('forum:7', 'forum:9') order by mention_id", "-f", "json"
    )
    assert [json.loads(line) for line in shown.stdout.splitlines()] == [
        {"n": 2, "nothing": None, "at": "2026-03-01T10:00:00.123456", "text": "🫖❤️ wren"},
        {"n": 2, "nothing": None, "at": "2026-03-01T10:00:00.123456", "text": FORMULA},
    ]


def test_query_as_json_keeps_sums_of_integers_as_numbers(query: Earshot) -> None:
    shown = query("select sum(likes) as likes, 1.50::decimal(5, 2) as price from core.mention_metrics", "-f", "json")
    assert shown.stdout == '{"likes": 28, "price": "1.50"}\n'


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet"])
def test_query_into_a_file(query: Earshot, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows.{suffix}"
    assert query(HOSTILE, "--out", path).returncode == 0
    read: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "csv": lambda: list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""))),
        "json": lambda: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()],
        "parquet": lambda: pq.read_table(path).to_pylist(),
    }
    text = f"'{FORMULA}" if suffix == "csv" else FORMULA
    assert read[suffix]() == [{"mention_id": "forum:9", "text": text}]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (
            ("select * from nowhere",),
            2,
            "The query can't be run: Catalog Error: Table with name nowhere does not exist",
        ),
        (("delete from core.mentions",), 2, "read-only"),
        (("select 1", "-f", "parquet"), 2, "Parquet can't be shown on a terminal; give a file with --out."),
        (("select 1", "--out", "rows.xlsx"), 2, "can't tell the format. Use .csv, .json or .parquet"),
        (("select cast('a' as integer)",), 1, "Could not convert string 'a' to INT32"),
    ],
)
def test_queries_that_cannot_be_answered(query: Earshot, words: tuple[str, ...], code: int, told: str) -> None:
    done = query(*words)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr


def test_a_reader_that_has_seen_enough_is_no_fault(home: Home, start_earshot: Callable[..., Any]) -> None:
    running = start_earshot("query", "from range(2000000)", "-f", "csv", "--home", home.root)
    assert running.stdout.readline() == "range\n"
    running.stdout.close()
    running.wait(60)
    assert running.stderr.read() == ""
    running.stderr.close()


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_export_writes_every_table_in_the_order_of_its_key_and_the_same_bytes_again(
    home: Home, earshot: Earshot, tmp_path: Path, form: Any
) -> None:
    done = earshot("export", "--home", home.root, "--out", tmp_path / "first", "-f", form)
    assert [Path(line).name for line in done.stdout.splitlines()] == [
        f"{name}.{form}" for name in (table.name for table in tables.tables("core"))
    ]
    for path in export(home, "core", tmp_path / "second", form):
        assert path.read_bytes() == (tmp_path / "first" / path.name).read_bytes(), path.name


def test_export_defuses_formulas_unless_asked_not_to(home: Home, tmp_path: Path) -> None:
    def texts(*, raw: bool) -> list[str]:
        export(home, "core", tmp_path, "csv", raw=raw)
        written = (tmp_path / "mentions.csv").read_bytes().decode()
        return [row["text"] for row in csv.DictReader(io.StringIO(written, newline=""))]

    assert (texts(raw=False)[-1], texts(raw=True)[-1]) == (f"'{FORMULA}", FORMULA)


def test_export_of_an_unknown_schema_names_the_known_ones(home: Home, earshot: Earshot, tmp_path: Path) -> None:
    done = earshot("export", "--home", home.root, "--schema", "secret", "--out", tmp_path)
    assert (done.returncode, "has no schema 'secret'" in done.stderr) == (2, True)


@pytest.mark.usefixtures("shop")
def test_status_shows_what_could_not_be_read(
    home: Home,
    configure: Callable[..., Config],
    march: March,
    write_posts: Callable[..., Path],
    earshot: Earshot,
    publish: Callable[[Home], Path],
) -> None:
    write_posts(["{broken"], name="posts-b.jsonl")
    steps.pull(home, configure(), "forum", march(1, 4), {})
    steps.tidy(home, configure(), "forum", march(1, 4))
    steps.enrich(home, configure(), "forum", march(1, 4))
    steps.load(home, configure())
    publish(home)
    shown = earshot("status", "--home", home.root)
    assert shown.returncode == 0
    assert re.search(r"forum +forum +2026-03-04 00:00 +failed, ok +9 +2026-03-03 23:59 +1 ", shown.stdout)


def test_status_draws_a_calendar_of_what_was_seen_and_tells_a_machine_the_same(home: Home, earshot: Earshot) -> None:
    steps.build(home.warehouse, home.logs)
    steps.publish(home)
    shown = earshot("status", "--home", home.root, "--days", "3")
    assert "2026-03-01 to 2026-03-03" in shown.stdout
    assert re.search(r"forum +█ ██", shown.stdout)  # the second of March is a Monday
    told = json.loads(earshot("status", "--home", home.root, "--json").stdout)
    [source] = told["sources"]
    assert (source["source"], source["posts"], source["seen_until"]) == ("forum", 9, "2026-03-04T00:00:00")
    assert told["days"] == {"forum": {f"2026-03-0{day}": "complete" for day in (1, 2, 3)}}
    assert told["published_at"]
