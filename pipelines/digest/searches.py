"""Whether something was found, nothing was, or it can't be said: decided here, once, for each thing looked for.

"Not judged", "nothing found" and "not seen" are three different sentences, and only the second is an all-clear.
"""

from typing import Any, NamedTuple

from pipelines.digest import words
from pipelines.digest.frozen import Brand, Coverage, Search, Searches, State
from pipelines.digest.queries import Asker, Row
from pipelines.digest.text import clean
from reading.moderation.lexicon import LANGUAGES

MOST_NAMED = 4
"""Sources that a sentence names; of more it gives the number."""


class Found(NamedTuple):
    """Whether there is anything to show of each thing that is looked for."""

    new: bool
    themes: bool
    wants: bool
    topics: bool
    waiting: bool
    thanks: bool
    moderation: bool
    people: bool
    unscored: int
    """Posts that name a brand and were not scored."""
    scored: int


class _Posts(NamedTuple):
    """How many posts there were to judge, and of how many nobody could tell."""

    all: int
    unjudged: int = 0
    subject: str = "about our brands"
    judged_where: str = "could be read"
    """What is true of a post that was judged."""
    unjudged_line: str = "{some} not judged."

    @property
    def judged(self) -> int:
        return self.all - self.unjudged


def searches(asker: Asker, coverage: Coverage, brands: list[Brand], found: Found) -> Searches:
    """What came of each search, in a state for programs and a line for readers."""
    ours: dict[str, Any] = asker.ask("judged_posts")[0]
    naming: dict[str, Any] = asker.ask("naming_posts")[0]
    moderated: dict[str, Any] = asker.ask("moderated_posts", languages=sorted(LANGUAGES))[0]
    posts = ours["posts"]

    def looked(is_found: bool, judged: _Posts, nothing: str, among: str, *, in_both: bool = False) -> Search:
        unseen = coverage.unseen_in_both if in_both else coverage.unseen
        return _search(is_found, judged, nothing, among, coverage, unseen)

    return Searches(
        new=_new(coverage, asker.ask("judged_days"), is_found=found.new),
        brands=_brands(coverage, has_any=bool(brands)),
        themes=(
            looked(found.themes, _Posts(posts), "No theme is spoken of in {n} about our brands.", "No theme in {n}.")
            if ours["themes"] or found.themes
            else Search("not-judged", "Not judged: the config has no themes.")
        ),
        wants=looked(
            found.wants,
            _Posts(posts, ours["unread"]),
            "Nothing is wanted in {n} about our brands.",
            "Nothing is wanted in {n}.",
        ),
        topics=looked(
            found.topics,
            _Posts(posts, ours["unread_for_topics"]),
            "No topic is spoken of in {n} about our brands.",
            "No topic is spoken of in {n}.",
        ),
        waiting=looked(
            found.waiting,
            _Posts(ours["posts_of_both"], ours["unjudged_of_both"]),
            "Nobody: of {n} about our brands, none that is negative, asks or wants something lacks an answer.",
            "Nobody among the writers of {n}.",
            in_both=True,
        ),
        thanks=looked(
            found.thanks,
            _Posts(posts, ours["open_unscored"]),
            "No clear praise without an answer in {n} about our brands.",
            "No clear praise without an answer in {n}.",
        ),
        moderation=looked(
            found.moderation,
            _Posts(moderated["posts"], moderated["unread"], "about our brands or about none"),
            "Nothing was flagged in {n} about our brands or about none.",
            "Nothing was flagged in {n}.",
        ),
        people=looked(
            found.people,
            _Posts(
                naming["posts"],
                naming["without_author"],
                "about a brand",
                "tells who wrote it",
                "{some} by nobody known.",
            ),
            "Nobody is ranked of those who wrote {n} about a brand.",
            "Nobody is ranked of those who wrote {n}.",
        ),
        languages=looked(
            bool(found.unscored),
            _Posts(found.scored + found.unscored, subject="about a brand"),
            "Every one of {n} about a brand was scored.",
            "Every one of {n} was scored.",
        ),
    )


def _search(is_found: bool, posts: _Posts, nothing: str, among: str, coverage: Coverage, unseen: list[str]) -> Search:
    """`nothing` is said where all was seen and judged, `among` where some was not; {n} are the posts in question."""
    unjudged = [_unjudged(posts)] if posts.unjudged else []
    if is_found:
        return Search("found", unjudged[0] if unjudged else None)
    if not coverage.is_seen and not posts.all:
        return Search("not-seen", nothing_seen(coverage))
    not_seen = [not_in_full(unseen)] if unseen else []
    if not posts.all and unseen:
        return Search("not-seen", " ".join([f"No post {posts.subject} in what was seen.", *not_seen]))
    if not posts.all:
        return Search("nothing-found", f"No post {posts.subject} in this period.")
    if not posts.judged:
        none = f"Not judged: no post of {words.number(posts.all)} {posts.subject} {posts.judged_where}."
        return Search("not-judged", " ".join([none, *not_seen]))
    if unjudged or unseen:
        state: State = "not-seen" if unseen else "not-judged"
        be, how = ("was" if posts.judged == 1 else "were"), ("judged" if unjudged else "seen")
        return Search(state, " ".join([among.format(n=f"{_the(posts.judged)} that {be} {how}"), *unjudged, *not_seen]))
    return Search("nothing-found", nothing.format(n=_the(posts.all)))


def _new(coverage: Coverage, rows: list[Row], *, is_found: bool) -> Search:
    """What is new or growing is judged where a source has a past: day by day, source by source."""
    young = [clean(row["source"]) for row in rows if row["judged_days"] < row["days"]]
    too_young = [f"Not judged in full, for want of a past: {named(young)}."] if young else []
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
        "Not judged yet: what is new only shows against the past. A source must have been seen on "
        f"{words.counted(needed, 'day')} of it, up to a week before; so far the most is {words.number(most)}."
    )


def _brands(coverage: Coverage, *, has_any: bool) -> Search:
    if has_any:
        return Search("found", None)
    none = "No post that names a brand was found in this file."
    if not coverage.is_seen:
        return Search("not-seen", f"{none} {nothing_seen(coverage)}")
    if coverage.unseen:
        return Search("not-seen", f"{none} {not_in_full(coverage.unseen)}")
    return Search("nothing-found", none)


def nothing_seen(coverage: Coverage) -> str:
    """Why nothing can be said at all."""
    if not coverage.sources:
        return "Not seen: there is no coverage for these days."
    return "Not seen: no source was seen on any of these days."


def not_in_full(sources: list[str]) -> str:
    """Not seen in full: exports, x."""
    return f"Not seen in full: {named(sources)}."


def named(sources: list[str]) -> str:
    """exports, x · exports, x, y and 7 more sources"""
    if len(sources) <= MOST_NAMED:
        return ", ".join(sources)
    shown = sources[: MOST_NAMED - 1]
    return f"{', '.join(shown)} and {len(sources) - len(shown)} more sources"


def _the(posts: int) -> str:
    return "the one post" if posts == 1 else f"the {words.counted(posts, 'post')}"


def _unjudged(posts: _Posts) -> str:
    be = "was" if posts.unjudged == 1 else "were"
    return posts.unjudged_line.format(some=f"{words.number(posts.unjudged)} of {words.counted(posts.all, 'post')} {be}")
