"""What is new or growing: stories that stand out against their own past, a line each."""

from dataclasses import dataclass, replace
from datetime import date

from pipelines.digest.frozen import Coverage, Period, Quote, Search
from pipelines.digest.given import Given
from pipelines.digest.queries import Asker, Row
from pipelines.digest.quotes import quote_of, shown_name
from pipelines.digest.searches import named, not_in_full, nothing_seen
from pipelines.digest.text import clean
from pipelines.digest.words import counted, day, number, span

LINK = "New and growing"
MOST = 5
QUOTES = 2


@dataclass(frozen=True, slots=True)
class Story:
    """Something of which more people spoke than its own past lets expect. `people` is of the day with most of them."""

    name: str
    kind: str
    brand_name: str | None
    is_competitor: bool
    is_new: bool
    is_copied: bool
    """Whether on every day at least half of the posts are copies of others."""
    first_day: date
    last_day: date
    posts: int
    people: int
    usual_low: int
    usual_high: int
    quotes: list[Quote]


@dataclass(frozen=True, slots=True)
class Stories:
    """What is new or growing; the count is of all, the items those that chance explains least."""

    stories: int | None
    items: list[Story]


@dataclass(frozen=True, slots=True)
class Searches:
    """What came of looking for it."""

    new: Search


@dataclass(frozen=True, slots=True)
class Data:
    """What the section says."""

    searches: Searches
    stories: Stories


def freeze(given: Given) -> Data:
    """The stories of the period, those of our brands and of all posts before those of competitors."""
    rows = given.asker.ask("stories", limit=MOST)
    items = [_story(given.asker, number, row) for number, row in enumerate(rows, 1)]
    came = _search(given.coverage, given.asker.ask("judged_days"), is_found=bool(items))
    found = Stories(rows[0]["stories_count"] if rows else 0, items)
    return Data(Searches(came), found if came.is_known else replace(found, stories=None))


def _story(asker: Asker, number: int, row: Row) -> Story:
    name = shown_name(row["item_name"]) or clean(row["kind"])
    posts = asker.ask(
        "story_posts", as_name=f"story_{number}", ids=list(row["example_ids"]), item=row["item_name"], limit=QUOTES
    )
    return Story(
        name=name,
        kind=row["kind"],
        brand_name=shown_name(row["brand_name"]),
        is_competitor=bool(row["is_competitor"]),
        is_new=bool(row["is_new"]),
        is_copied=bool(row["is_copied"]),
        first_day=row["first_date"],
        last_day=row["last_date"],
        posts=row["mentions_count"],
        people=row["most_people"],
        usual_low=row["usual_low"],
        usual_high=row["usual_high"],
        quotes=[quote_of(post) for post in posts],
    )


def _search(coverage: Coverage, rows: list[Row], *, is_found: bool) -> Search:
    """What is new or growing is judged where a source has a past: day by day, source by source."""
    young = [clean(row["source"]) for row in rows if row["judged_days"] < row["days"]]
    too_young = [f"Not judged in full, as there is too little history: {named(young)}."] if young else []
    if is_found:
        return Search("found", too_young[0] if too_young else None)
    if not coverage.is_seen:
        return Search("not-seen", nothing_seen(coverage))
    if not any(row["judged_days"] for row in rows):
        return Search("not-judged", _too_early(rows))
    if not young and not coverage.unseen:
        return Search("nothing-found", "No word, theme or topic stands out against its own past.")
    not_seen = [not_in_full(coverage.unseen)] if coverage.unseen else []
    said = "Nothing stands out in what was seen and judged."
    return Search("not-seen" if not_seen else "not-judged", " ".join([said, *too_young, *not_seen]))


def _too_early(rows: list[Row]) -> str:
    if not rows:
        return "Not judged: these days were not held against their past."
    needed, most = max(row["needed_days"] for row in rows), max(row["past_days"] for row in rows)
    if most >= needed:
        return "Not judged: there are no posts in the past that these days could be held against."
    return (
        "Not judged yet: only the past shows what is new. A source must have been seen on "
        f"{counted(needed, 'day')}, the last week not counted; so far the most is {number(most)}."
    )


# Words ------------------------------------------------------------------------------------------------


def story_name(story: Story) -> str:
    """“login loop” · #outage · the link example.org/a · the topic Ticket refunds"""
    if story.kind in {"theme", "topic"}:
        return f"the {story.kind} {story.name}"
    if story.kind == "link":
        return f"the link {story.name}"
    return f"#{story.name.removeprefix('#')}" if story.kind == "hashtag" else f"“{story.name}”"


def story_fact(story: Story, period: Period) -> str:
    """41 posts since 28 April, up to 33 people a day; usually 0–2"""
    usual = f"{number(story.usual_low)}–{number(story.usual_high)}"
    if story.usual_low == story.usual_high:
        usual = number(story.usual_low)
    since = f"since {day(story.first_day)}"
    if story.last_day < period.last_day:
        since = f"on {span(max(story.first_day, period.first_day), story.last_day)}"
    fact = f"{counted(story.posts, 'post')} {since}, by up to {counted(story.people, 'person', 'people')} a day"
    return f"{fact}; never seen before" if story.is_new else f"{fact}; usually {usual}"
