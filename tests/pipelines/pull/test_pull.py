"""Pull: a window goes on where it stopped, gaps are filled, budgets hold, and only what was seen is called empty."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.contract import (
    Budget,
    CredentialsError,
    Deletion,
    Drift,
    Known,
    Mention,
    Page,
    Query,
    RateLimited,
    Record,
    SourceError,
    Window,
)
from pipelines.config.settings import Config
from pipelines.errors import SourceFailed
from pipelines.pull import budget, coverage
from pipelines.pull import step as pull
from pipelines.pull.landing import is_complete, manifests, window_folder
from pipelines.store.home import Home
from tests.pipelines import steps

files = CONNECTORS["files"]

March = Callable[[int, int], Window]
NOW = datetime(2026, 3, 4, 3)


class Network:
    """A network with a post an hour that answers two posts a page, newest first, and stops where it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Window]] = []
        self.stop_after: dict[str, int] = {}
        """Query → pages after which `stop` is raised."""
        self.stop: SourceError = RateLimited("Wait.", until=NOW + timedelta(minutes=30))
        self.hours = 4
        """Posts are written in the first hours of a day."""
        self.says_how_far = True

    def queries(self, settings: Any, listening: Any) -> list[Query]:
        return [Query("tea", "tea"), Query("moss", "moss", ("moss",))]

    def fetch(self, client: Any, settings: Any, query: Query, window: Window) -> Iterator[Page]:
        self.asked.append((query.name, window))
        times = [window.start.replace(hour=hour) for hour in reversed(range(self.hours))]
        times = [at for at in times if at in window]
        pages = [times[start : start + 2] for start in range(0, len(times), 2)]
        for number, page in enumerate(pages):
            if self.stop_after.get(query.name) == number:
                raise self.stop
            yield Page(
                query.name,
                [at.isoformat() for at in page],
                len(page),
                len(page),
                page[-1],
                page[0],
                seen_whole_after=page[-1] if self.says_how_far else None,
            )
        if self.stop_after.get(query.name, 0) >= len(pages) > 0:
            raise self.stop

    def parse(self, settings: Any, page: Page) -> Iterator[Record]:
        for text in page.body if isinstance(page.body, list) else []:
            at = datetime.fromisoformat(text)
            yield Mention(
                f"forum:{page.endpoint}-{at:%d%H}", "forum", None, "post", None, "tea", None, None, None, None, at
            )


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    made = Network()
    for name in ("queries", "fetch", "parse"):
        monkeypatch.setattr(files, name, getattr(made, name))
    grants(monkeypatch, is_exhaustive=False)
    return made


def grants(monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    """Let the network of files grant something else."""
    monkeypatch.setattr("connectors.files.NETWORK", replace(files.NETWORK, **more))


@pytest.fixture
def config(shop: Path, configure: Callable[..., Config]) -> Config:
    return configure()


@pytest.fixture
def home(new_home: Callable[..., Home]) -> Home:
    return new_home()


def with_budget(config: Config, **most: float) -> Config:
    source = config.source("forum").model_copy(update={"budget": Budget(**most)})
    return config.model_copy(update={"sources": (source,)})


def rows(home: Home, window: Window) -> dict[str, coverage.Row]:
    return coverage.by_query(manifests(window_folder(home, "forum", window)))


def mention_ids(home: Home, config: Config, core: Callable[[Home], dict[str, str]]) -> list[str]:
    for _, window in home.windows(home.landing):
        steps.tidy(home, config, "forum", window)
        steps.enrich(home, config, "forum", window)
    steps.load(home, config)
    return [line.split(",")[0].removeprefix("forum:") for line in core(home)["mentions"].splitlines()[1:]]


def test_a_window_goes_on_where_it_stopped(
    network: Network, home: Home, config: Config, march: March, core: Callable[[Home], dict[str, str]]
) -> None:
    network.stop_after = {"tea": 1}
    with pytest.raises(SourceFailed, match="tea: Wait") as caught:
        steps.pull(home, config, "forum", march(1, 2), {}, now=NOW)
    assert (caught.value.retry_at, caught.value.is_permanent) == (datetime(2026, 3, 4, 3, 30), False)
    assert rows(home, march(1, 2))["tea"]["whole_after"] == "2026-03-01 02:00:00"
    network.asked, network.stop_after = [], {}
    steps.pull(home, config, "forum", march(1, 2), {}, now=NOW)
    assert network.asked == [("tea", Window(datetime(2026, 3, 1), datetime(2026, 3, 1, 2, 0, 1)))]
    assert is_complete(window_folder(home, "forum", march(1, 2)))
    row = rows(home, march(1, 2))["tea"]
    assert [row[name] for name in ("status", "calls_count", "posts_count", "first_post_at", "last_post_at")] == [
        *("ok", 3, 5),  # the post at the seam came twice; the warehouse has it once
        *("2026-03-01 00:00:00", "2026-03-01 03:00:00"),
    ]
    assert mention_ids(home, config, core) == [f"{query}-010{hour}" for query in ("moss", "tea") for hour in range(4)]


def test_what_does_not_say_how_far_it_came_is_asked_in_full_again(
    network: Network, home: Home, config: Config, march: March, core: Callable[[Home], dict[str, str]]
) -> None:
    network.says_how_far, network.stop_after = False, {"tea": 1}
    with pytest.raises(SourceFailed):
        steps.pull(home, config, "forum", march(1, 2), {}, now=NOW)
    network.asked, network.stop_after = [], {}
    steps.pull(home, config, "forum", march(1, 2), {}, now=NOW)
    assert network.asked == [("tea", march(1, 2))]
    assert rows(home, march(1, 2))["tea"]["posts_count"] == 4
    assert len(mention_ids(home, config, core)) == 8


def test_the_next_night_fills_the_gap_of_the_night_before_first(
    network: Network, home: Home, config: Config, march: March
) -> None:
    network.stop_after = {"moss": 0}
    with pytest.raises(SourceFailed):
        steps.pull_with_gaps(home, config, "forum", march(1, 2), {}, NOW)
    network.asked, network.stop_after = [], {}
    steps.pull_with_gaps(home, config, "forum", march(2, 3), {}, NOW)
    assert network.asked == [("moss", march(1, 2)), ("tea", march(2, 3)), ("moss", march(2, 3))]
    network.asked = []
    steps.pull_with_gaps(home, config, "forum", march(3, 4), {}, NOW)
    assert network.asked == [("tea", march(3, 4)), ("moss", march(3, 4))]


def test_a_gap_that_is_too_old_or_out_of_reach_is_left(
    network: Network, home: Home, config: Config, march: March, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.stop_after = {"moss": 0}
    with pytest.raises(SourceFailed):
        steps.pull(home, config, "forum", march(1, 2), {}, now=NOW)
    assert pull.gaps(home, config, "forum", march(2, 3), NOW) == [march(1, 2)]
    assert pull.gaps(home, config, "forum", march(2, 3), NOW + timedelta(days=8)) == []
    short = {**vars(files.NETWORK), "reach": timedelta(days=1)}
    monkeypatch.setattr("connectors.files.NETWORK", files.NETWORK.__class__(**short))
    assert pull.gaps(home, config, "forum", march(2, 3), NOW) == []


def test_a_budget_stops_cleanly_and_the_next_night_goes_on_with_the_oldest_unseen(
    network: Network, home: Home, config: Config, march: March
) -> None:
    small = with_budget(config, posts=4)
    steps.pull_with_gaps(home, small, "forum", march(1, 2), {}, NOW)
    # both pages of the first came; whether there is a third, nobody could ask
    assert [(row["status"], row["posts_count"]) for row in rows(home, march(1, 2)).values()] == [
        ("truncated", 4),
        ("truncated", 0),
    ]
    assert "budget of 4 posts a night is used up; raise budget.posts" in rows(home, march(1, 2))["moss"]["reason"]
    network.asked = []
    steps.pull_with_gaps(home, small, "forum", march(2, 3), {}, NOW + timedelta(days=1))
    assert network.asked == [
        ("tea", Window(datetime(2026, 3, 1), datetime(2026, 3, 1, 0, 0, 1))),
        ("moss", march(1, 2)),
    ]
    assert [line["posts"] for line in budget.ledger(home, "forum")] == [4, 5, 0]
    assert pull.gaps(home, small, "forum", march(3, 4), NOW + timedelta(days=2)) == [march(1, 2), march(2, 3)]


def test_money_is_counted_by_the_calendar_month(
    network: Network, home: Home, config: Config, march: March, monkeypatch: pytest.MonkeyPatch
) -> None:
    grants(monkeypatch, usd_per_post=0.5)
    small = with_budget(config, usd_per_month=5)
    steps.pull(home, small, "forum", march(1, 2), {}, now=NOW)
    assert {row["status"] for row in rows(home, march(1, 2)).values()} == {"ok"}
    at = budget.ledger(home, "forum")[0]["at"]
    assert budget.usd_in_month(home, "forum", at) == 4.0
    steps.pull(home, small, "forum", march(2, 3), {}, now=at)
    assert "5.00 US dollars a month is used up" in rows(home, march(2, 3))["tea"]["reason"]
    assert budget.usd_in_month(home, "forum", at) == 5.0
    assert budget.usd_in_month(home, "forum", at + timedelta(days=31)) == 0


def test_wrong_credentials_are_not_worth_a_second_try(
    network: Network, home: Home, config: Config, march: March
) -> None:
    network.stop, network.stop_after = CredentialsError("Refused."), {"tea": 0, "moss": 0}
    with pytest.raises(SourceFailed) as caught:
        steps.pull(home, config, "forum", march(1, 2), {}, now=NOW)
    assert (caught.value.retry_at, caught.value.is_permanent) == (None, True)


@pytest.mark.parametrize(
    ("canary", "status", "reason"),
    [
        (None, "unverified", None),
        (["2026-03-01T05:00:00"], "verified-empty", None),
        ([], "failed", "neither did canary, which always finds something"),
        (RateLimited("Wait."), "unverified", "whether the search works could not be checked: Wait."),
    ],
    ids=["no canary", "finds something", "finds nothing", "fails"],
)
def test_nothing_is_called_empty_only_where_a_canary_comes_back(
    network: Network,
    home: Home,
    config: Config,
    march: March,
    monkeypatch: pytest.MonkeyPatch,
    canary: Any,
    status: str,
    reason: str | None,
) -> None:
    def fetch(client: Any, settings: Any, query: Query, window: Window) -> Iterator[Page]:
        if query.name == "canary" and isinstance(canary, SourceError):
            raise canary
        found = canary if query.name == "canary" else []
        assert window.end - window.start == timedelta(days=365 if query.name == "canary" else 1)
        yield Page("search", found, 0, len(found))

    monkeypatch.setattr(files, "fetch", fetch)
    if canary is not None:
        grants(monkeypatch, canary=Query("canary", "the"))
    try:
        steps.pull(home, config, "forum", march(1, 2), {}, now=NOW)
    except SourceFailed:
        assert status == "failed"
    for row in rows(home, march(1, 2)).values():
        assert row["status"] == status
        assert (reason or "") in (row["reason"] or "")


# Looking again ----------------------------------------------------------------------------------------


@pytest.fixture
def looked_at(network: Network, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The mentions that the network was asked about; it says that `tea-0102` is gone."""
    asked: list[list[str]] = []

    def recheck(client: Any, settings: Any, known: list[Known]) -> Iterator[Page]:
        asked.append([mention.mention_id.removeprefix("forum:") for mention in known])
        yield Page("recheck", {"gone": ["forum:tea-0102"]}, len(known), len(known))

    def parse(settings: Any, page: Page) -> Iterator[Record]:
        if page.endpoint == "recheck":
            yield from map(Deletion, page.body["gone"])
        else:
            yield from network.parse(settings, page)

    monkeypatch.setattr(files, "recheck", recheck)
    grants(monkeypatch, recheck_size=100)
    monkeypatch.setattr(files, "parse", parse)
    return asked


def text_of(core: Callable[[Home], dict[str, str]], home: Home, mention_id: str) -> list[str]:
    (line,) = [line for line in core(home)["mentions"].splitlines() if line.startswith(f"forum:{mention_id},")]
    return line.split(",")


def test_posts_of_the_last_days_are_looked_at_again_and_what_is_gone_goes(
    looked_at: list[list[str]], home: Home, config: Config, march: March, core: Callable[[Home], dict[str, str]]
) -> None:
    steps.pull(home, config, "forum", march(1, 2), {}, now=NOW)
    assert "tea-0102" in mention_ids(home, config, core)
    assert "tea" in text_of(core, home, "tea-0102")
    steps.pull(home, config, "forum", march(2, 3), {}, now=NOW)
    assert [len(asked) for asked in looked_at] == [8]
    assert rows(home, march(2, 3))["recheck"]["posts_count"] == 8
    mention_ids(home, config, core)
    line = text_of(core, home, "tea-0102")
    assert "tea" not in line
    assert "2026-03-03 00:00:00" in line  # deleted_at
    assert "no-text" in next(row for row in core(home)["sentiment"].splitlines() if row.startswith("forum:tea-0102,"))
    steps.pull(home, config, "forum", march(3, 4), {}, now=NOW)
    assert len(looked_at[1]) == 15
    assert "tea-0102" not in looked_at[1]


def test_what_is_gone_stays_gone_whichever_window_is_loaded_last(
    looked_at: list[list[str]],
    new_home: Callable[..., Home],
    config: Config,
    march: March,
    core: Callable[[Home], dict[str, str]],
) -> None:
    exports = []
    for name, order in (("forwards", (1, 2)), ("backwards", (2, 1))):
        home = new_home(name)
        for day in (1, 2):
            steps.pull(home, config, "forum", march(day, day + 1), {}, now=NOW)
            steps.tidy(home, config, "forum", march(day, day + 1))
        for day in order:
            steps.enrich(home, config, "forum", march(day, day + 1))
            steps.load(home, config)
        exports.append(core(home))
    assert exports[0] == exports[1]
    assert "tea" not in text_of(core, home, "tea-0102")


def test_a_network_that_calls_everything_gone_is_not_believed(
    network: Network,
    looked_at: list[list[str]],
    home: Home,
    config: Config,
    march: March,
    core: Callable[[Home], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network.hours = 10

    def recheck(client: Any, settings: Any, known: list[Known]) -> Iterator[Page]:
        for mention in known:
            yield Page("recheck", {"gone": [mention.mention_id]})

    monkeypatch.setattr(files, "recheck", recheck)
    grants(monkeypatch, recheck_size=100)
    steps.pull(home, config, "forum", march(1, 2), {}, now=NOW)
    mention_ids(home, config, core)
    with pytest.raises(SourceFailed, match="all of 20 posts asked for are gone, which is not believed"):
        steps.pull(home, config, "forum", march(2, 3), {}, now=NOW)
    mention_ids(home, config, core)
    assert core(home)["deletions"].splitlines()[1:] == []


def test_a_window_of_long_ago_is_not_looked_at_again(
    looked_at: list[list[str]], home: Home, config: Config, march: March
) -> None:
    for day in (1, 2):
        steps.pull(home, config, "forum", march(day, day + 1), {}, now=NOW + timedelta(days=30))
        steps.tidy(home, config, "forum", march(day, day + 1))
    assert looked_at == []


def test_unknown_fields_are_counted_and_the_posts_kept(
    network: Network,
    home: Home,
    config: Config,
    march: March,
    core: Callable[[Home], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def parse(settings: Any, page: Page) -> Iterator[Record]:
        yield from network.parse(settings, page)
        if page.endpoint == "tea":
            yield Drift("post.mood", "grumpy")
            yield Drift("post.likes")

    monkeypatch.setattr(files, "parse", parse)
    steps.pull(home, config, "forum", march(1, 2), {}, now=NOW)
    assert len(mention_ids(home, config, core)) == 8
    assert core(home)["drifts"].splitlines()[1:] == [
        "forum,tea,2026-03-01 00:00:00,2026-03-02 00:00:00,post.likes,(missing),2",
        "forum,tea,2026-03-01 00:00:00,2026-03-02 00:00:00,post.mood,grumpy,2",
    ]
    told = {line.split(",")[1]: line for line in core(home)["coverage"].splitlines()[1:]}
    assert "schema-drift" in told["tea"]
    assert "2 × post.likes" in told["tea"]
    assert ",ok," in told["moss"]
