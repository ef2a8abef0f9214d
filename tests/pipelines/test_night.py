"""A night step by step: what is handed on is checked, what fails costs itself, and every step leaves a line."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from connectors.contract import Window
from pipelines.config.settings import Config
from pipelines.errors import BusyError, ConfigError, InputError, NotHandedOn, SourceFailed, is_final
from pipelines.night import ENRICH, LEARN, LOAD, PULL, STEPS, TIDY, Handed, Work, do, handed_on
from pipelines.store import runs
from pipelines.store.home import Home
from pipelines.store.warehouse import create_tables, open_warehouse

NOW = datetime(2026, 3, 4, 3)
DAYS = Window(datetime(2026, 3, 1), datetime(2026, 3, 4))


@pytest.fixture
def work(shop: Path, configure: Callable[..., Config], tmp_path: Path) -> Work:
    """The forum's part of a night."""
    return Work("a-night", Home(tmp_path / "home"), configure(), NOW, DAYS, "forum")


def noted(home: Home) -> list[tuple[str, str | None, str, int | None, str | None]]:
    return [(run.step, run.source, run.status, run.posts_count, run.error) for run in runs.read(home)]


def test_the_steps_are_these_in_this_order() -> None:
    assert [step.name for step in STEPS] == ["learn", "pull", "tidy", "enrich", "load", "discover", "build", "publish"]
    assert [step.name for step in STEPS if step.of_source] == ["pull", "tidy", "enrich"]
    assert [step.name for step in STEPS if step.holds_warehouse] == ["load", "discover", "build", "publish"]


# Handing on --------------------------------------------------------------------------------------------


def test_what_a_step_hands_on_lets_the_next_one_work(work: Work) -> None:
    handed = do(PULL, work).handed
    assert handed == Handed("forum", "20260301T0000--20260304T0000", handed.fingerprint)
    for step in (TIDY, ENRICH):
        handed = do(step, replace(work, handed=[handed])).handed
    assert do(LOAD, replace(work, source_id="", handed=[handed])).result == 9


@pytest.mark.parametrize("step", [TIDY, ENRICH, LOAD], ids=lambda step: step.name)
def test_a_step_that_cannot_see_what_the_one_before_made_fails(work: Work, tmp_path: Path, step: object) -> None:
    handed = None
    for before in STEPS[STEPS.index(PULL) : STEPS.index(step)]:
        handed = do(before, replace(work, handed=[handed] if handed else None)).handed
    elsewhere = replace(work, home=Home(tmp_path / "another home"), handed=[handed])
    with pytest.raises(NotHandedOn) as told:
        do(step, elsewhere)
    assert str(told.value).startswith(
        f"{step.name}: what `{before.name}` made of forum, 20260301T0000--20260304T0000, is not in "
        f"{tmp_path}/another home. Give every worker the same home"
    )
    assert [entry.name for entry in elsewhere.home.root.iterdir() if entry.suffix == ".duckdb"] == []


def test_a_stale_copy_of_the_window_is_not_what_was_made(
    work: Work, write_posts: Callable[..., Path], posts: list[dict[str, object]]
) -> None:
    handed = do(PULL, work).handed
    write_posts(posts[:3])
    do(PULL, work)
    with pytest.raises(NotHandedOn):
        do(TIDY, replace(work, handed=[handed]))


def test_where_no_source_came_so_far_nothing_is_loaded(work: Work) -> None:
    with pytest.raises(NotHandedOn, match="load: no source came as far as `enrich`"):
        do(LOAD, replace(work, source_id="", handed=[]))
    assert not work.home.warehouse.exists()


def test_a_step_by_hand_takes_what_is_there(work: Work) -> None:
    for step in (PULL, TIDY, ENRICH, LOAD):
        do(step, work)
    assert work.home.warehouse.exists()


def test_what_failed_half_way_hands_on_the_other_half(
    work: Work, write_posts: Callable[..., Path], posts: list[dict[str, object]]
) -> None:
    write_posts([*posts, *[{"id": str(number), "text": "when?"} for number in range(100, 130)]])
    do(PULL, work)
    with pytest.raises(SourceFailed, match="30 of 39 records can't be read"):
        do(TIDY, work)
    handed = handed_on(TIDY, work)
    assert do(ENRICH, replace(work, handed=[handed])).handed.source_id == "forum"


# What is noted -----------------------------------------------------------------------------------------


def test_every_step_leaves_a_line_with_its_posts(work: Work) -> None:
    for step in (PULL, TIDY, ENRICH):
        do(step, work)
    assert noted(work.home) == [
        ("pull", "forum", "ok", 9, None),
        ("tidy", "forum", "ok", 9, None),
        ("enrich", "forum", "ok", 9, None),
    ]
    do(TIDY, work)
    assert noted(work.home)[-1] == ("tidy", "forum", "ok", None, None)


def test_a_step_that_fails_leaves_a_line_with_the_reason(work: Work) -> None:
    with pytest.raises(NotHandedOn):
        do(TIDY, replace(work, handed=[Handed("forum", DAYS.name, "f0f0f0")]))
    ((step, source, status, posts, error),) = noted(work.home)
    assert (step, source, status, posts) == ("tidy", "forum", "failed", None)
    assert error.startswith("NotHandedOn: tidy: what `pull` made of forum")


def test_a_line_that_was_broken_off_costs_itself(work: Work) -> None:
    do(PULL, work)
    with next(work.home.runs.iterdir()).open("a", encoding="utf-8") as file:
        file.write('{"run_id": "a-night:tid\n')
    do(TIDY, work)
    assert [step for step, *_ in noted(work.home)] == ["pull", "tidy"]


def test_lines_come_into_the_published_file_once(work: Work, publish: Callable[[Home], Path]) -> None:
    for step in (PULL, TIDY, ENRICH, LOAD):
        do(step, work)
    publish(work.home)
    do(LEARN, replace(work, source_id=""))
    published = publish(work.home)
    with duckdb.connect(published, read_only=True) as connection:
        rows = connection.execute("select night, step, source, status from ops.runs order by started_at").fetchall()
    assert rows == [
        *[("a-night", step, "forum", "ok") for step in ("pull", "tidy", "enrich", "load")],
        ("a-night", "learn", None, "ok"),
    ]


def test_a_table_that_an_older_version_declared_goes(work: Work) -> None:
    with open_warehouse(work.home) as connection:
        connection.execute("create table core.ranking as select 'forum:ann' as author_id")
    with open_warehouse(work.home) as connection:
        found = connection.execute("select table_name from duckdb_tables() where schema_name = 'core'").fetchall()
    assert ("mentions",) in found
    assert ("ranking",) not in found


def test_a_column_that_an_older_version_declared_may_stay_empty(work: Work) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema ops")
        connection.execute("create table ops.runs (run_id varchar not null, fingerprint varchar not null)")
        create_tables(connection)
        connection.execute(
            "insert into ops.runs (run_id, night, step, started_at, seconds, status, code_version) "
            "values ('1', 'n', 'load', now()::timestamp, 1, 'ok', '1')"
        )
        assert connection.execute("select fingerprint from ops.runs").fetchall() == [(None,)]


# What changes a result, and what doesn't ----------------------------------------------------------------


def test_a_new_budget_or_a_moved_file_reads_nothing_anew(
    work: Work, write_config: Callable[..., Path], tmp_path: Path, configure: Callable[..., Config]
) -> None:
    for step in (PULL, TIDY, ENRICH):
        do(step, work)
    (tmp_path / "exports").mkdir()
    (tmp_path / "posts.jsonl").rename(tmp_path / "exports" / "posts.jsonl")
    changed = replace(
        work, config=configure(('path = "posts*.jsonl"', 'path = "exports/posts*.jsonl"\nbudget = { calls = 3 }'))
    )
    for step in (TIDY, ENRICH):
        do(step, changed)
    assert [posts for _, _, _, posts, _ in noted(work.home)] == [9, 9, 9, None, None]


def test_another_way_of_reading_reads_anew(work: Work, configure: Callable[..., Config]) -> None:
    for step in (PULL, TIDY):
        do(step, work)
    do(TIDY, replace(work, config=configure(('network = "forum"', 'network = "forum"\nid_prefix = "t1_"'))))
    assert [posts for _, _, _, posts, _ in noted(work.home)] == [9, 9, 9]


# Trying again ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (ConfigError("x"), True),
        (InputError("x"), True),
        (NotHandedOn("x"), True),
        (SourceFailed("refused", is_permanent=True), True),
        (SourceFailed("cut"), False),
        (BusyError("x"), False),
        (OSError("x"), False),
        (duckdb.IOException("x"), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_trying_again_is_for_what_may_be_over_in_a_moment(error: Exception, final: bool) -> None:
    assert is_final(error) is final


# status ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "span", "code"), [(35, "36h", 0), (37, "36h", 1), (47, "2d", 0)])
def test_status_says_when_nothing_was_published_lately(
    undisturbed_home: Home, tmp_path: Path, earshot: Callable[..., object], age: int, span: str, code: int
) -> None:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    home.published.write_bytes(undisturbed_home.published.read_bytes())
    with duckdb.connect(home.published) as connection:
        at = datetime.now().astimezone().astimezone(tz=None) - timedelta(hours=age)
        connection.execute("update ops.publication set published_at = $1::timestamptz at time zone 'UTC'", [at])
    done = earshot("status", "--home", home.root, "--max-age", span)
    assert done.returncode == code, done.stderr
    assert ("Nothing was published for 37 hours" in done.stderr) is bool(code)


def test_an_age_that_is_none_is_told(undisturbed_home: Home, earshot: Callable[..., object]) -> None:
    done = earshot("status", "--home", undisturbed_home.root, "--max-age", "soon")
    assert (done.returncode, "write hours or days, as in 36h or 2d" in done.stderr) == (2, True)


def test_a_night_in_which_nothing_changed_prints_a_dozen_lines(
    shop: Path, tmp_path: Path, earshot: Callable[..., object]
) -> None:
    first = earshot("run", "-c", shop, "--home", tmp_path / "home")
    again = earshot("run", "-c", shop, "--home", tmp_path / "home")
    assert (first.returncode, again.returncode) == (0, 0), again.stderr
    assert len((again.stdout + again.stderr).splitlines()) <= 12, again.stderr
    steps = {step for step, *_ in noted(Home(tmp_path / "home"))}
    assert steps == {"learn", "pull", "tidy", "enrich", "load", "discover", "build", "publish", "digest"}
    assert os.environ.get("EARSHOT_COMMIT") is None
    codes = {run.code_version for run in runs.read(Home(tmp_path / "home"))}
    assert len(codes) == 1
