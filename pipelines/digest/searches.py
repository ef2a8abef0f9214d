"""Whether something was found, nothing was, or it can't be said: decided here, once, for each thing looked for.

"Not judged", "nothing found" and "not seen" are three different sentences, and only the second is an all-clear.
"""

from typing import NamedTuple

from pipelines.digest import words
from pipelines.digest.frozen import Coverage, Search, State

MOST_NAMED = 4
"""Sources that a sentence names; of more it gives the number."""


class Posts(NamedTuple):
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


def search(
    is_found: bool, posts: Posts, nothing: str, among: str, coverage: Coverage, unseen: list[str] | None = None
) -> Search:
    """What came of a search, in a state for programs and a line for readers.

    `nothing` is said where all was seen and judged, `among` where some was not; {n} are the posts in question. `unseen`
    are the sources that were not seen in full, those of this period where they are not given.
    """
    unseen = coverage.unseen if unseen is None else unseen
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


def _unjudged(posts: Posts) -> str:
    be = "was" if posts.unjudged == 1 else "were"
    return posts.unjudged_line.format(some=f"{words.number(posts.unjudged)} of {words.counted(posts.all, 'post')} {be}")
