"""Load and discover: the same windows give the same tables, in whatever order and however often they come."""

import itertools
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Author, Interaction, Mention, Metrics, Record, Window
from pipelines.config.settings import Config
from pipelines.store.home import Home
from pipelines.store.warehouse import open_warehouse
from tests.pipelines import steps

March = Callable[[int, int], Window]
Core = Callable[[Home], dict[str, str]]
See = Callable[..., None]
Asked = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def home(new_home: Callable[..., Home]) -> Home:
    return new_home()


@pytest.fixture
def config(configure: Callable[..., Config]) -> Config:
    return configure()


@pytest.fixture
def ask(home: Home) -> Asked:
    """Rows of the warehouse."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with open_warehouse(home) as connection:
            return connection.execute(sql).fetchall()

    return ask


def night(home: Home, config: Config, *windows: Window) -> None:
    """Every step from pull to discover for each window of the forum, one night after the other."""
    for window in windows:
        steps.pull(home, config, "forum", window, {})
        steps.tidy(home, config, "forum", window)
        steps.enrich(home, config, "forum", window)
        steps.load(home, config)
        steps.discover(home, config)


def said(text: str | None = "Wren tea", number: int = 1, **more: Any) -> Mention:
    """A mention of the forum, by ann on the first of March."""
    fields = dict.fromkeys(Mention._fields[:11]) | {"mention_id": f"forum:{number}", "network": "forum", "kind": "post"}
    fields |= {
        "text": text,
        "author_id": "forum:ann",
        "root_id": f"forum:{number}",
        "created_at": datetime(2026, 3, 1, 9),
    }
    return Mention(**(fields | more))


def gone(number: int = 1, **more: Any) -> Mention:
    return said(None, number, author_id=None, is_deleted=True, **more)


ANN = Author("forum:ann", "forum", "ann")
BOB = Author("forum:bob", "forum", "bob")


# Again -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shop")
def test_the_same_window_again_gives_the_same_bytes(home: Home, config: Config, march: March, core: Core) -> None:
    night(home, config, march(1, 4))
    first = core(home)
    night(home, config, march(1, 4))
    assert core(home) == first
    assert first["sentiment"].count(",text,") == 9


@pytest.mark.usefixtures("shop")
def test_another_home_with_other_workers_gives_the_same_bytes(
    new_home: Callable[[str], Home],
    configure: Callable[..., Config],
    march: March,
    core: Core,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipelines.parallel.SMALL", 0)
    exports = []
    for workers in ("workers = 1", "workers = 2"):
        home = new_home(workers)  # a folder that looks like a Hive partition is a folder
        night(home, configure(("workers = 1", workers)), march(1, 4))
        exports.append(core(home))
    assert exports[0] == exports[1]


@pytest.mark.usefixtures("shop")
def test_loading_again_finds_nothing_to_do(home: Home, config: Config, march: March) -> None:
    night(home, config, march(1, 4))
    assert steps.load(home, config) == 0


@pytest.mark.usefixtures("shop")
def test_overlapping_windows_hold_each_post_once(home: Home, config: Config, march: March, ask: Asked) -> None:
    night(home, config, march(1, 3), march(2, 4), march(1, 4))
    for table, key in (
        ("mentions", "mention_id"),
        ("authors", "author_id"),
        ("sentiment", "mention_id, target"),
        ("brand_mentions", "mention_id, brand_id"),
        ("mention_themes", "mention_id, theme_id"),
        ("mention_metrics", "mention_id, observed_date"),
        ("interactions", "mention_id, to_author_id, kind"),
        ("duplicates", "mention_id"),
    ):
        assert ask(f"select {key}, count(*) from core.{table} group by all having count(*) > 1") == [], table
    assert ask("select count(*) from core.mentions") == [(9,)]


@pytest.mark.usefixtures("shop")
def test_windows_in_any_order_give_the_same_bytes(
    new_home: Callable[[str], Home], config: Config, march: March, core: Core
) -> None:
    windows = (march(1, 2), march(2, 3), march(3, 4), march(1, 4))
    orders = [windows, windows[::-1], (windows[2], windows[0], windows[3], windows[1])]
    exports = []
    for number, order in enumerate(orders):
        home = new_home(f"home-{number}")
        night(home, config, *order)
        exports.append(core(home))
    assert exports[0] == exports[1] == exports[2]


# Later and earlier -------------------------------------------------------------------------------------


def test_a_later_window_updates_the_post_and_keeps_when_it_was_first_seen(
    home: Home, config: Config, march: March, see: See, ask: Asked
) -> None:
    see(home, config, march(1, 2), [ANN, said("Wren tea is lovely"), Metrics("forum:1", likes=1, views=None)])
    edited = said("Wren tea is awful", edited_at=datetime(2026, 3, 2, 5), url="https://forum.example/1")
    see(home, config, march(2, 3), [ANN._replace(followers=7), edited, Metrics("forum:1", likes=9, views=100)])
    steps.load(home, config)
    assert ask("select text, edited_at, url, first_seen_at, last_seen_at from core.mentions") == [
        (
            "Wren tea is awful",
            datetime(2026, 3, 2, 5),
            "https://forum.example/1",
            datetime(2026, 3, 2),
            datetime(2026, 3, 3),
        )
    ]
    assert ask("select observed_date::varchar, likes, views from core.mention_metrics order by all") == [
        ("2026-03-01", 1, None),
        ("2026-03-02", 9, 100),
    ]
    assert ask("select target, label from core.sentiment order by all") == [("text", "negative"), ("wren", "negative")]
    assert ask("select followers, first_seen_at, last_seen_at from core.authors") == [
        (7, datetime(2026, 3, 2), datetime(2026, 3, 3))
    ]


LATER = [ANN._replace(name="Ann B."), BOB, said("Moss is cheap", url="https://forum.example/1")]
LATER += [Metrics("forum:1", likes=9), Interaction("forum:1", "forum:ann", "forum:bob", "mention")]
EARLIER = [ANN._replace(followers=3), said("Wren tea is lovely", community="tea"), Metrics("forum:1", likes=1)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in time", "the earlier one last"])
def test_an_earlier_window_never_overwrites_a_newer_text_and_fills_what_is_unknown(
    home: Home, config: Config, march: March, see: See, ask: Asked, order: tuple[int, ...]
) -> None:
    windows = [(march(1, 2), EARLIER), (march(2, 3), LATER)]
    for number in order:
        window, records = windows[number]
        see(home, config, window, records)
        steps.load(home, config)
    assert ask("select text, community, url, first_seen_at, last_seen_at from core.mentions") == [
        ("Moss is cheap", "tea", "https://forum.example/1", datetime(2026, 3, 2), datetime(2026, 3, 3))
    ]
    assert ask("select name, followers, first_seen_at, last_seen_at from core.authors where handle = 'ann'") == [
        ("Ann B.", 3, datetime(2026, 3, 2), datetime(2026, 3, 3))
    ]
    assert ask("select brand_id from core.brand_mentions") == [("moss",)]
    assert ask("select theme_id from core.mention_themes") == [("price",)]
    assert ask("select observed_date::varchar, likes from core.mention_metrics order by all") == [
        ("2026-03-01", 1),
        ("2026-03-02", 9),
    ]
    assert ask("select to_author_id from core.interactions") == [("forum:bob",)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_of_two_windows_that_end_on_one_day_the_later_numbers_stand(
    home: Home, config: Config, see: See, ask: Asked, order: tuple[int, ...]
) -> None:
    morning = Window(datetime(2026, 3, 1), datetime(2026, 3, 1, 12))
    day = Window(datetime(2026, 3, 1), datetime(2026, 3, 2))
    seen = [(morning, 1), (day, 9)]
    for number in order:
        window, likes = seen[number]
        see(home, config, window, [ANN, said(), Metrics("forum:1", likes=likes)])
        steps.load(home, config)
    assert ask("select observed_date::varchar, likes from core.mention_metrics") == [("2026-03-01", 9)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_source_that_saw_a_post_first_is_its_source_in_whatever_order_they_are_loaded(
    home: Home, configure: Callable[..., Config], march: March, see: See, ask: Asked, order: tuple[int, ...]
) -> None:
    other = '\n[[sources]]\nid = "{}"\ntype = "files"\npath = "{}.csv"\nnetwork = "forum"\n'
    config = configure(
        ('network = "forum"\n', 'network = "forum"\n' + other.format("blog", "a") + other.format("app", "b"))
    )
    seen = [("forum", march(2, 3)), ("blog", march(1, 2)), ("app", march(1, 2))]
    for number in order:
        source, window = seen[number]
        see(home, config, window, [ANN, said()], source)
        steps.load(home, config)
    assert ask("select source, first_seen_at from core.mentions") == [("app", datetime(2026, 3, 2))]


# Deleted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_a_deletion_takes_text_author_and_all_that_was_read_from_the_text(
    home: Home, config: Config, march: March, see: See, ask: Asked, order: tuple[int, ...]
) -> None:
    words = said("Wren tea is lovely and cheap", title="Look", url="https://forum.example/1")
    there = [ANN, BOB, words, Interaction("forum:1", "forum:ann", "forum:bob", "mention")]
    windows: list[tuple[Window, Iterable[Record]]] = [(march(1, 2), there), (march(2, 3), [gone()])]
    for number in order:
        see(home, config, *windows[number])
        steps.load(home, config)
        steps.discover(home, config)
    assert ask("select title, text, author_id, deleted_at, lang, first_seen_at from core.mentions") == [
        (None, None, None, datetime(2026, 3, 3), None, datetime(2026, 3, 2))
    ]
    assert ask("select compound, label, reason from core.sentiment") == [(None, None, "no-text")]
    for table in ("brand_mentions", "mention_themes", "interactions", "duplicates"):
        assert ask(f"from core.{table}") == [], table


def test_a_post_that_comes_back_is_no_longer_deleted(
    home: Home, config: Config, march: March, see: See, ask: Asked
) -> None:
    for window, record in ((march(1, 2), said("Wren")), (march(2, 3), gone()), (march(3, 4), said("Wren again"))):
        see(home, config, window, [ANN, record])
    steps.load(home, config)
    assert ask("select text, author_id, deleted_at from core.mentions") == [("Wren again", "forum:ann", None)]


def test_who_answered_a_deleted_post_is_the_same_whether_it_was_deleted_before_or_after_discover(
    new_home: Callable[[str], Home], config: Config, march: March, see: See, core: Core
) -> None:
    answer = said("So true", 2, author_id="forum:bob", parent_id="forum:1", kind="comment")
    exports = []
    for name, nightly in (("nightly", True), ("at once", False)):
        home = new_home(name)
        see(home, config, march(1, 2), [ANN, BOB, said(), answer])
        if nightly:
            steps.load(home, config)
            steps.discover(home, config)
        see(home, config, march(2, 3), [gone()])
        steps.load(home, config)
        steps.discover(home, config)
        exports.append(core(home))
    assert exports[0] == exports[1]


# Another config ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shop")
def test_another_config_reads_what_is_stored_anew(
    home: Home, new_home: Callable[[str], Home], configure: Callable[..., Config], march: March, core: Core
) -> None:
    before = configure()
    night(home, before, march(1, 2), march(2, 4))
    after = configure(
        ('terms = ["moss"]', 'terms = ["tin"]'),
        ('["delivery", "parcel*", "arrived"]', '["packaging"]'),
        ('"forum:wren_lotte"', '"forum:bob"'),
    )
    for window in (march(1, 2), march(2, 4)):
        steps.enrich(home, after, "forum", window)
    steps.load(home, after)
    steps.discover(home, after)
    fresh = new_home("fresh")
    night(fresh, after, march(1, 2), march(2, 4))
    # with which query a window was asked for stays as it was
    old, new = core(home), core(fresh)
    assert (",tin," in old.pop("brand_queries"), ",tin," in new.pop("brand_queries")) == (False, True)
    assert old == new


@pytest.mark.usefixtures("shop")
def test_the_team_is_the_team_of_todays_config(
    home: Home, configure: Callable[..., Config], march: March, ask: Asked
) -> None:
    night(home, configure(), march(1, 4))
    assert ask("select handle from core.authors where is_team") == [("wren_lotte",)]
    steps.load(home, configure(('"forum:wren_lotte"', '"forum:Ann", "x:bob"')))
    assert ask("select handle from core.authors where is_team") == [("ann",)]
    steps.load(home, configure(('"forum:wren_lotte"', "")))
    assert ask("select handle from core.authors where is_team") == []


@pytest.mark.usefixtures("shop")
def test_it_is_told_for_whose_team_an_account_speaks(
    home: Home, configure: Callable[..., Config], march: March, ask: Asked
) -> None:
    of_both = (
        'terms = ["moss"]',
        'terms = ["moss"]\nteam = ["forum:Wren_Lotte", "forum:bob", "x:ann", "forum:nobody"]',
    )
    night(home, configure(of_both), march(1, 4))
    whose = "from core.team_accounts order by all"
    assert ask(whose) == [("forum:bob", "moss"), ("forum:wren_lotte", "moss"), ("forum:wren_lotte", "wren")]
    steps.load(home, configure())
    assert ask(whose) == [("forum:wren_lotte", "wren")]
    assert ask("select author_id from core.authors where is_team") == [("forum:wren_lotte",)]


@pytest.mark.usefixtures("shop")
def test_an_edited_text_in_the_same_window_is_taken(
    home: Home,
    config: Config,
    march: March,
    ask: Asked,
    posts: list[dict[str, Any]],
    write_posts: Callable[..., Path],
) -> None:
    night(home, config, march(1, 4))
    posts[0]["text"] = "Moss tea is dreadful"
    write_posts(posts)
    night(home, config, march(1, 4))
    assert ask(
        "select text, brand_id from core.mentions join core.brand_mentions using (mention_id) "
        "where mention_id = 'forum:1'"
    ) == [("Moss tea is dreadful", "moss")]


def test_a_file_that_tells_only_parents_gets_its_threads_from_them(
    home: Home, config: Config, march: March, ask: Asked, see: See
) -> None:
    def answer(number: int, to: int) -> Mention:
        return said(number=number, kind="comment", parent_id=f"forum:{to}", root_id=None)

    see(
        home,
        config,
        march(1, 2),
        [answer(4, 3), answer(3, 2), said(number=1), answer(9, 8), answer(6, 7), answer(7, 6)],
    )
    steps.load(home, config)
    roots = "select mention_id, root_id from core.mentions where mention_id <> root_id or root_id is null order by all"
    unknown = [(f"forum:{number}", None) for number in (3, 4, 6, 7, 9)]
    assert ask(roots) == unknown
    see(home, config, march(2, 3), [answer(2, 1)])
    steps.load(home, config)
    assert ask(roots) == [(f"forum:{number}", "forum:1") for number in (2, 3, 4)] + unknown[2:]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_window_without_the_parent_leaves_the_thread_as_it_is_known(
    home: Home, config: Config, march: March, ask: Asked, see: See, order: tuple[int, int]
) -> None:
    seen = [
        (march(1, 2), [said(number=2, kind="comment", parent_id="forum:1", root_id="forum:1")]),
        (march(2, 3), [said(number=2, kind="post")]),
    ]
    for number in order:
        see(home, config, *seen[number])
        steps.load(home, config)
    assert ask("select kind, parent_id, root_id from core.mentions") == [("comment", "forum:1", "forum:1")]


# Quarantine and coverage -------------------------------------------------------------------------------


def test_a_record_that_several_windows_could_not_read_is_in_quarantine_once_under_the_earliest(
    new_home: Callable[[str], Home],
    config: Config,
    march: March,
    core: Core,
    posts: list[dict[str, Any]],
    write_posts: Callable[..., Path],
) -> None:
    write_posts(["{broken", *posts])
    exports = []
    for name, windows in (("in time", (march(1, 2), march(2, 4))), ("back", (march(2, 4), march(1, 2)))):
        home = new_home(name)
        night(home, config, *windows)
        exports.append(core(home)["quarantine"])
    assert exports[0] == exports[1]
    assert exports[0].count("{broken") == 1
    assert "20260301T0000--20260302T0000" in exports[0]


def test_a_record_that_was_mended_leaves_the_quarantine(
    home: Home, config: Config, march: March, ask: Asked, posts: list[dict[str, Any]], write_posts: Callable[..., Path]
) -> None:
    write_posts(["{broken", *posts[1:]])
    night(home, config, march(1, 4))
    assert ask("select count(*) from core.quarantine") == [(1,)]
    write_posts(posts)
    night(home, config, march(1, 4))
    assert ask("select count(*) from core.quarantine") == [(0,)]
    assert ask("select count(*) from core.mentions") == [(9,)]
