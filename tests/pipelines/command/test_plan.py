"""The plan: what a night asks and costs, before anything is sent."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.contract import Author, Drift, Mention, Misfit, Page, Query, Record, SourceError, Window
from pipelines.command.explain import explain
from pipelines.command.plan import SourcePlan, everyday_words, plan
from pipelines.command.samples import Sample, samples
from pipelines.config.settings import Config
from pipelines.pull import budget
from pipelines.pull.budget import Spent
from pipelines.store.home import Home
from tests.pipelines import steps

NOW = datetime(2026, 3, 4, 3)
BIRDS = '[[sources]]\nid = "birds"\ntype = "x"\nbudget = {budget}\n\n[[sources]]'


@pytest.fixture
def home(new_home: Callable[..., Home]) -> Home:
    return new_home()


@pytest.fixture
def birds(home: Home, configure: Callable[..., Config]) -> Callable[..., SourcePlan]:
    """The plan of a source on X with a budget, after some nights."""

    def planned(limits: str = "{}", *nights: Spent) -> SourcePlan:
        for number, spent in enumerate(nights):
            budget.note(home, "birds", NOW - timedelta(days=number + 1), spent)
        config = configure(("[[sources]]", BIRDS.replace("{budget}", limits)))
        return plan(config, home, NOW, {})[0]

    return planned


def test_before_the_first_night_only_the_least_is_known(birds: Callable[..., SourcePlan]) -> None:
    found = birds()
    assert (found.least_calls, found.rechecks, found.usual) == (1, 0, None)
    assert found.usd_per_month == (None, None)
    assert found.missing == ["EARSHOT_BIRDS_BEARER_TOKEN"]
    assert found.queries[0].brand_ids == ("moss", "wren")


def test_the_mean_of_the_last_seven_nights_is_usual(birds: Callable[..., SourcePlan]) -> None:
    nights = [Spent(calls=10, posts=900, units=10, usd=4.5)] * 7 + [Spent(1000, 100_000, 1000, 500.0)]
    assert birds("{}", *nights).usual == Spent(10, 900, 10, 4.5)


def test_money_of_a_month_is_thirty_usual_nights_and_at_most_the_budget(birds: Callable[..., SourcePlan]) -> None:
    found = birds("{ usd_per_month = 50, posts = 1000 }", Spent(10, 900, 10, 4.5))
    assert found.usd_per_month == (135.0, 50.0)
    assert found.usd_this_month == 4.5
    assert found.warnings == []


def test_paid_reading_without_a_budget_is_warned_of(birds: Callable[..., SourcePlan]) -> None:
    assert birds().warnings == [
        "X charges 0.005 US dollars a post read, and there is no budget; set budget.usd_per_month."
    ]


def test_a_budget_that_is_too_small_for_one_call_a_query_is_warned_of(
    birds: Callable[..., SourcePlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors import x

    monkeypatch.setattr(x, "queries", lambda settings, listening: [*"abc"])
    monkeypatch.setattr("pipelines.command.plan.any", lambda _: False, raising=False)
    (warning,) = birds("{ calls = 2, posts = 5 }").warnings
    assert warning.startswith("a night needs at least 3 calls, the budget allows 2")


def test_posts_that_are_looked_at_again_are_counted(
    home: Home, shop: Path, configure: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors import files

    config = configure()
    window = Window(datetime(2026, 3, 2), datetime(2026, 3, 3))
    steps.pull(home, config, "forum", window, {}, now=NOW)
    steps.tidy(home, config, "forum", window)
    monkeypatch.setattr(files, "recheck", lambda *asked: iter(()), raising=False)
    network: Any = files.NETWORK.__class__(**{**vars(files.NETWORK), "recheck_size": 2})
    monkeypatch.setattr("connectors.files.NETWORK", network)
    (found,) = plan(config, home, NOW, {})
    assert (found.rechecks, found.least_calls) == (3, 1 + 2)


def test_a_ledger_cut_off_by_a_crash_is_read_up_to_there(home: Home) -> None:
    budget.note(home, "forum", NOW, Spent(1, 2, 3, 0.5))
    path = home.landing / "forum" / budget.LEDGER
    path.write_bytes(path.read_bytes() + b'{"at":"2026-03-')
    assert [line["posts"] for line in budget.ledger(home, "forum")] == [2]


def test_a_query_in_the_words_of_each_network(configure: Callable[..., Config]) -> None:
    config = configure(
        ('terms = ["wren", "wren tea"]', "query = 'wren NEAR/3 (tea OR tin) -nest'"),
        ("[[sources]]", BIRDS.replace("{budget}", "{}")),
    )
    first, *others = explain(config, config.brands[0])
    assert (first.network, first.sources) == ("X", ("birds",))
    assert first.searches == ("wren (tea OR tin) -nest -is:retweet",)
    assert any("NEAR/3" in note for note in first.notes)
    assert "Reddit" in {other.network for other in others}
    assert all(other.sources == () for other in others)


# What lies on this machine ----------------------------------------------------------------------------


class Shelf:
    """A connector of which `check` can look at what lies there: each record as `parse` gives it, or a fault."""

    NETWORK = CONNECTORS["files"].NETWORK

    def __init__(self, *found: Record | SourceError) -> None:
        self.found = found

    def sample(self, settings: Any, query: Query, size: int) -> Page:
        for fault in self.found:
            if isinstance(fault, SourceError):
                raise fault
        return Page(query.name, self.found[:size])

    def parse(self, settings: Any, page: Page) -> list[Record]:
        return page.body


def post(number: int, text: str = "Wren tea", author: str | None = "shelf:ann") -> Mention:
    return Mention(f"shelf:{number}", "shelf", None, "post", None, text, None, author, None, None, NOW)


def sampled(*found: Record | SourceError) -> Sample:
    settings: Any = None
    (sample,) = samples(Shelf(*found), settings, [Query("file posts.csv", "posts.csv")])
    return sample


def test_the_first_post_is_shown_as_it_will_be_read() -> None:
    hostile = post(1, "[red]Wren\x1b[31m \u202etea [/red]\n" + "so good " * 40)
    found = sampled(
        hostile, Author("shelf:ann", "shelf", "Ann"), post(2), Drift("post.likes", "1.2K"), Misfit("r", "", 0)
    )
    assert found == Sample(
        query="file posts.csv",
        posts=2,
        unreadable=1,
        reason="r",
        unread_fields=(("post.likes", 1),),
        first="shelf:1 · 2026-03-04 03:00:00 UTC · Ann · [red]Wren[31m tea [/red] so good so good so good so good so…",
        fault=None,
    )
    assert found.lines[0] == "file posts.csv: 2 posts in the first records; 1 can't be read, most because r"


def test_where_most_cannot_be_read_the_source_is_not_ready() -> None:
    reason = "the time can't be read; set time_format"
    found = sampled(post(1), *(Misfit(reason, "", number) for number in range(3)), Misfit("other", "", 0))
    assert found.fault == f"file posts.csv: 4 of the first 5 records can't be read: {reason}"


def test_what_cannot_be_opened_is_a_fault_and_nothing_else() -> None:
    found = sampled(SourceError("posts.csv: No such file"))
    assert (found.fault, found.lines) == ("file posts.csv: posts.csv: No such file", [])


def test_a_connector_that_asks_a_network_is_not_sampled(birds: Callable[..., SourcePlan]) -> None:
    assert birds().samples == []


def test_brands_that_are_everyday_words_are_warned_of(configure: Callable[..., Config]) -> None:
    config = configure(('terms = ["moss"]', 'terms = ["go", "moss"]'))
    assert everyday_words(config) == [
        "Moss & Sons: 'go' is an everyday word, and nearly every post holds it. Give words of which one has to be "
        "near, such as context = [...]."
    ]
