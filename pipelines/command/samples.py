"""What lies on this machine already, as a night will read it: the first records of each query, for `earshot check`."""

from collections import Counter
from itertools import islice
from typing import NamedTuple

from connectors import Connector
from connectors.contract import Author, Drift, Mention, Misfit, Query, SourceError, SourceSettings
from pipelines.digest.text import clean, shorten

SIZE = 100
"""Records of a query that are looked at."""
MOST_QUERIES = 10
LONGEST_WORDS = 60


class Sample(NamedTuple):
    """The first records of a query."""

    query: str
    posts: int
    unreadable: int
    reason: str | None
    """Why most of those that can't be read can't."""
    unread_fields: tuple[tuple[str, int], ...]
    """Fields beside them that can't be read, such as a count, with how often."""
    first: str | None
    """One post in a line: id, moment, author, first words. Strangers wrote it."""
    fault: str | None
    """Why the query can't be read at all, or hardly."""

    @property
    def lines(self) -> list[str]:
        """For the operator."""
        if self.fault and not self.posts and not self.unreadable:
            return []  # it is told as a fault
        said = [f"{self.query}: {self.posts:,} posts in the first records" + (", none yet" if not self.posts else "")]
        if self.unreadable:
            said[0] += f"; {self.unreadable:,} can't be read, most because {self.reason}"
        if self.unread_fields:
            fields = ", ".join(f"{name} ({count:,} ×)" for name, count in self.unread_fields)
            said.append(f"fields that can't be read: {fields}; the posts are kept")
        return [*said, *([f"reads: {self.first}"] if self.first else [])]


def samples(connector: Connector, settings: SourceSettings, queries: list[Query]) -> list[Sample]:
    """A sample of each query of a source that can be looked at without its network; nothing of others."""
    if not connector.NETWORK.is_exhaustive:
        return []
    return [_sample(connector, settings, query) for query in islice(queries, MOST_QUERIES)]


def _sample(connector: Connector, settings: SourceSettings, query: Query) -> Sample:
    try:
        page = connector.sample(settings, query, SIZE)
    except SourceError as error:
        return Sample(query.name, 0, 0, None, (), None, f"{query.name}: {error}")
    records = list(connector.parse(settings, page))
    posts = [record for record in records if isinstance(record, Mention)]
    misfits = Counter(record.reason for record in records if isinstance(record, Misfit))
    drifts = Counter(record.field for record in records if isinstance(record, Drift))
    handles = {record.author_id: record.handle for record in records if isinstance(record, Author)}
    unreadable = misfits.total()
    reason = clean(misfits.most_common(1)[0][0]) if misfits else None
    fault = None
    if unreadable > len(posts):
        fault = f"{query.name}: {unreadable:,} of the first {unreadable + len(posts):,} records can't be read: {reason}"
    return Sample(
        query.name,
        len(posts),
        unreadable,
        reason,
        tuple(sorted(drifts.items())),
        _line(posts[0], handles) if posts else None,
        fault,
    )


def _line(post: Mention, handles: dict[str, str]) -> str:
    author = handles.get(post.author_id or "", post.author_id) or "author not known"
    words = post.title if post.title and not post.text else post.text
    shown = [
        shorten(clean(post.mention_id), LONGEST_WORDS)[0],
        f"{post.created_at:%Y-%m-%d %H:%M:%S} UTC",
        shorten(clean(author), LONGEST_WORDS)[0],
        shorten(clean(words), LONGEST_WORDS)[0] if words else "no words",
    ]
    return " · ".join(shown)
