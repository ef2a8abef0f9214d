"""What became of known posts on GitHub.

Of a repository that is followed, everything that changed since the oldest of them is listed: they are all in there, a
hundred to a request. Elsewhere the threads are asked for, one by one. What a list lacks is asked for by itself before
it counts as gone, for a list may skip an entry while it moves.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from connectors.contract import Known, Page, SourceError
from connectors.failures import Failures
from connectors.github import posts
from connectors.github.api import GitHubApi, drifted
from connectors.github.discussions import Discussions
from connectors.http_api import NotThere

_ID = re.compile(r"github:([^#\s]+)#(\d+)(?:-(issuecomment-|discussion_r|discussioncomment-)(\d+))?")


class _Post(NamedTuple):
    mention_id: str
    repository: str
    number: int
    kind: str | None
    """The word before a comment's id in its anchor; None for what opens a thread."""
    comment: str | None
    is_discussed: bool
    created_at: datetime


def looked_again(client: GitHubApi, known: Sequence[Known], followed: set[str]) -> Iterator[Page]:
    """Pages that tell of each known post what it is now, or that it is gone."""
    failures = Failures()
    by_repository = defaultdict(list)
    for post in filter(None, map(_post, known)):
        by_repository[post.repository].append(post)
    for repository, there in by_repository.items():
        try:
            # GitHub also says "not there" of what a token may not look at any more: that deletes nothing.
            client.one(f"repos/{repository}")
        except NotThere:
            failures.note(SourceError(f"GitHub does not show {repository} any more; what was read from it stays."))
            continue
        except SourceError as failure:
            failures.note(failure)
            continue
        issues = {post.mention_id: post for post in there if not post.is_discussed}
        yield from _issues(client, repository, issues, failures, is_followed=repository.lower() in followed)
        yield from _discussions(client, repository, [post for post in there if post.is_discussed], failures)
    failures.raise_noted()


def _post(known: Known) -> _Post | None:
    match = _ID.fullmatch(known.mention_id)
    if match is None:
        return None
    repository, number, kind, comment = match.groups()
    is_discussed = kind == "discussioncomment-" or "/discussions/" in (known.url or "")
    # An id is in small letters; the community's name is as GitHub writes it.
    if known.community and known.community.lower() == repository:
        repository = known.community
    return _Post(known.mention_id, repository, int(number), kind, comment, is_discussed, known.created_at)


def _issues(
    client: GitHubApi, repository: str, missing: dict[str, _Post], failures: Failures, *, is_followed: bool
) -> Iterator[Page]:
    """Lists, then each post that they lacked. Takes out of `missing` what was found."""
    if not missing:
        return
    # The order of creation never changes while the pages are turned.
    since = min(post.created_at for post in missing.values())
    sought = {"state": "all", "since": f"{since:%Y-%m-%dT%H:%M:%SZ}", "sort": "created", "direction": "asc"}
    for path in _lists(repository, missing.values(), is_followed=is_followed):
        try:
            for answer in client.pages(path, sought, looks_on=False):  # what it lacks is asked for below
                if not isinstance(answer, list):
                    raise drifted(path, answer, "a list of posts")
                failures.over()
                here = sorted({each for item in answer if (each := posts.mention_id(item, repository)) in missing})
                for each in here:
                    del missing[each]
                yield Page(f"recheck {path}", {"asked": here, "answer": answer}, len(here), len(answer))
        except NotThere:
            continue  # a thread that is gone: its posts are asked for below
        except SourceError as failure:
            failures.note(failure)
    for post in missing.values():
        path = _path(post)
        now: Any = None
        try:
            now = client.one(path)
        except NotThere:
            pass
        except SourceError as failure:
            failures.note(failure)
            continue
        failures.over()
        yield Page(f"recheck {path}", {"asked": [post.mention_id], "answer": now}, 1, 1)


def _lists(repository: str, sought: Any, *, is_followed: bool) -> list[str]:
    if not is_followed:
        numbers = {post.number for post in sought if post.kind == "issuecomment-"}
        return [f"repos/{repository}/issues/{number}/comments" for number in sorted(numbers)]
    wanted = {None: "issues", "issuecomment-": "issues/comments", "discussion_r": "pulls/comments"}
    kinds = {post.kind for post in sought}
    return [f"repos/{repository}/{path}" for kind, path in wanted.items() if kind in kinds]


def _path(post: _Post) -> str:
    kinds = {"issuecomment-": "issues/comments", "discussion_r": "pulls/comments"}
    return f"repos/{post.repository}/{kinds.get(post.kind or '', 'issues')}/{post.comment or post.number}"


def _discussions(client: GitHubApi, repository: str, there: list[_Post], failures: Failures) -> Iterator[Page]:
    """Each discussion with all below it; what is not in there any more is gone."""
    missing: dict[int, set[str]] = defaultdict(set)
    for post in there:
        missing[post.number].add(post.mention_id)
    for number, sought in missing.items():
        path = f"recheck repos/{repository}/discussions/{number}"
        left_out = None
        try:
            for answer in Discussions(client, repository).whole(number):
                failures.over()
                left_out = left_out or answer.left_out
                here = sorted(sought & {posts.mention_id(item, repository) for item in answer.items})
                sought.difference_update(here)
                yield Page(
                    path, {"asked": here, "answer": answer.body}, len(here), len(answer.items), units=answer.units
                )
        except NotThere:
            pass
        except SourceError as failure:
            failures.note(failure)
            continue
        if left_out:
            failures.note(SourceError(f"GitHub left out parts of discussion {number} of {repository}: {left_out}."))
        elif sought:
            yield Page(path, {"asked": sorted(sought), "answer": None})
