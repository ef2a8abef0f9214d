"""Reads issues, pull requests and discussions: what changed, the threads around it, and what a search finds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import Known, Page, Query, SourceError, Truncated, Window, pace_of
from connectors.failures import Failures
from connectors.github import NETWORK, Settings, posts
from connectors.github.api import SEARCH_CAP, GitHubApi, drifted
from connectors.github.discussions import Discussions
from connectors.github.recheck import looked_again
from connectors.http_api import NotThere
from connectors.listing import come_down, come_up
from connectors.pages import Tally
from connectors.transport import checked_credentials, new_session

HOME = "https://api.github.com"
API_VERSION = "2022-11-28"
FIRST_ISSUE = datetime.fromisoformat("2009-01-01")
"""Issues came to GitHub later that year."""


def connect(settings: Settings, credentials: Mapping[str, str]) -> GitHubApi:
    """A client, with the token where there is one. Nothing is sent."""
    token = checked_credentials(NETWORK, settings, credentials).get("token")
    session = new_session(instead=str(settings.api) if settings.api else None, user_agent="earshot")
    session.headers.update({"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": API_VERSION})
    if token:
        session.headers["Authorization"] = f"Bearer {token}"
    return GitHubApi(str(settings.api or HOME).rstrip("/"), session, pace_of(NETWORK, settings), has_token=bool(token))


def fetch(client: GitHubApi, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """Lists, newest change first, until older than the window; then the rest of the threads with something new in them.

    What fails costs itself: the rest is still fetched, and the error that is raised at the end tells what is missing.
    A rate limit of more than a minute, wrong credentials and three failures in a row end it at once.
    """
    visit = _Visit(client, settings, window)
    if not query.text.startswith("/"):
        yield from visit.search(query.text)
    elif query.text.endswith("/discussions"):
        yield from visit.discussions(query.text[1:].removesuffix("/discussions"))
    else:
        yield from visit.issues(query.text[1:].removesuffix("/issues"))
    visit.failures.raise_noted()


def recheck(client: GitHubApi, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:
    """Known posts as they are now; see `recheck.looked_again`."""
    return looked_again(client, known, {name.lower() for name in settings.repositories})


_Thread = tuple[str, int]
"""Repository, and number of an issue in it."""


class _Visit:
    """One query at work: what the lists held, which threads are to be read, and what went wrong on the way."""

    def __init__(self, client: GitHubApi, settings: Settings, window: Window) -> None:
        self.client = client
        self.settings = settings
        self.window = window
        self.failures = Failures()
        self.openers: dict[_Thread, Any] = {}
        """The account that opened an issue."""
        self.comments: dict[_Thread, int] = {}
        """How many comments an issue has, as GitHub counts them."""
        self.listed: defaultdict[_Thread, set[str | None]] = defaultdict(set)
        """Those of them that a list of all the repository's comments has held."""
        self.wanted: dict[_Thread, None] = {}
        """Issues with something new in the window."""
        self.tally = Tally(window)

    def issues(self, name: str) -> Iterator[Page]:
        """Issues and comments that changed since the window began, then the rest of their threads."""
        for answer in self.listing(f"repos/{name}/issues", {"state": "all"}):
            for item in answer:
                self.note_issue(name, item)
            yield self.page(f"repos/{name}/issues", answer, answer)
        for kind in ("issues", "pulls") if self.settings.reviews else ("issues",):
            path = f"repos/{name}/{kind}/comments"
            for answer in self.listing(path, {}):
                for item in answer:
                    thread = name, posts.number_of(item) or 0
                    if kind == "issues":
                        self.listed[thread].add(posts.mention_id(item))
                    self.want(thread, item)
                yield self.comment_page(name, path, answer)
        yield from self.threads()

    def listing(self, path: str, params: Mapping[str, str]) -> Iterator[list[Any]]:
        """A list, newest change first, until older than the window.

        Without `since`, which GitHub offers, so that where nothing is new the list still shows what there was before.
        """
        reached = self.window.end
        try:
            for answer in self.client.pages(path, {**params, "sort": "updated", "direction": "desc"}):
                if not isinstance(answer, list):
                    raise drifted(path, answer, "a list")
                self.failures.over()
                yield answer
                reached = come_down(reached, [posts.changed_at(item) for item in answer])
                if reached < self.window.start:
                    return
        except SourceError as failure:
            self.failures.note(failure, self.window.start, reached)

    def search(self, text: str) -> Iterator[Page]:
        """Issues in the search that changed since the window began, and their threads."""
        # Threads of repositories that have a query of their own are fetched there.
        served = {name.lower() for name in self.settings.repositories} if self.settings.issues else set()
        # Without one of the kinds GitHub refuses the search of some tokens.
        for kind in ("issue", "pull-request") if self.settings.pull_requests else ("issue",):
            for answer in self.found(f"({text}) is:{kind}"):
                for item in answer["items"]:
                    name = posts.repository_of(item)
                    if name and name.lower() not in served:
                        self.note_issue(name, item)
                        self.wanted[name, posts.number_of(item) or 0] = None
                yield self.page("search/issues", answer, answer["items"])
        yield from self.threads()

    def found(self, text: str) -> Iterator[dict[str, Any]]:
        """Answers to a search, oldest issue first: where the cap bites, the next one goes on where this one ended."""
        since, last, path = FIRST_ISSUE, self.window.end - timedelta(seconds=1), "search/issues"
        while since <= last:
            span = f"updated:>={iso(self.window.start)} created:{iso(since)}..{iso(last)}"
            sought = {"q": f"{text} {span}", "sort": "created", "order": "asc", "advanced_search": "true"}
            seen, total, reached = 0, 0, since
            try:
                for answer in self.client.pages(path, sought):
                    items = answer.get("items") if isinstance(answer, dict) else None
                    if not isinstance(items, list) or not isinstance(answer.get("total_count"), int):
                        raise drifted(path, answer, "a list of issues")
                    self.failures.over()
                    if answer.get("incomplete_results") is True:
                        self.failures.note(
                            Truncated("GitHub's search ran out of time and left some out."), *self.window
                        )
                    yield answer
                    seen, total = seen + len(items), max(total, answer["total_count"])
                    reached = come_up(reached, [posts.moment(item) for item in items])
            except SourceError as failure:
                self.failures.note(failure, *self.window)
                return
            # What GitHub counts and doesn't show is a little; where it is more, pages were lost.
            if seen < 0.9 * min(total, SEARCH_CAP):
                self.failures.note(Truncated(f"GitHub's search showed {seen} of {total} issues."), *self.window)
            if seen < SEARCH_CAP or seen >= total:
                return
            if reached == since:
                cut = Truncated(f"GitHub's search shows no more than {SEARCH_CAP:,} issues of one second.")
                self.failures.note(cut, *self.window)
                return
            since = reached

    def threads(self) -> Iterator[Page]:
        """What the lists did not hold of the wanted issues: all their comments, and the issues themselves."""
        for name, number in self.wanted if self.settings.threads else ():
            path = f"repos/{name}/issues/{number}"
            try:
                if (name, number) not in self.openers:
                    issue = self.client.one(path)
                    self.note_issue(name, issue)
                    yield self.page(path, issue, [issue])
                there = self.comments.get((name, number))
                if there is None or there > len(self.listed[name, number]):
                    for answer in self.client.pages(f"{path}/comments", {}, there):
                        if not isinstance(answer, list):
                            raise drifted(path, answer, "a list of comments")
                        yield self.comment_page(name, f"{path}/comments", answer)
                self.failures.over()
            except NotThere:
                continue  # deleted since the list was made
            except SourceError as failure:
                self.failures.note(failure, *self.window)

    def discussions(self, name: str) -> Iterator[Page]:
        """Discussions with something new, each with all its comments and replies."""
        discussions = None
        try:
            discussions = Discussions(self.client, name)
            for answer in discussions.changed_since(self.window.start):
                self.failures.over()
                yield self.page(f"repos/{name}/discussions", answer.body, answer.items, answer.units)
                if answer.left_out:
                    cut = SourceError(f"GitHub left out parts of the discussions of {name}: {answer.left_out}.")
                    self.failures.note(cut, *self.window)
        except SourceError as failure:
            reached = min(self.window.end, discussions.reached) if discussions else self.window.end
            self.failures.note(failure, self.window.start, reached)

    # Notes --------------------------------------------------------------------------------------------

    def note_issue(self, name: str, item: Any) -> None:
        number = posts.number_of(item)
        if number is not None:
            self.openers[name, number] = item.get("user")
            there = item.get("comments")
            if isinstance(there, int) and not isinstance(there, bool):
                self.comments[name, number] = there
            self.want((name, number), item)

    def want(self, thread: _Thread, item: Any) -> None:
        if self.is_read(item) and posts.moment(item) in self.window:
            self.wanted[thread] = None

    def is_read(self, item: Any) -> bool:
        return self.settings.pull_requests or not posts.is_pull(item)

    def comment_page(self, name: str, path: str, answer: list[Any]) -> Page:
        """Comments, with those who opened the issues: else nobody could tell whom a comment answers."""
        numbers = {number for item in answer if (number := posts.number_of(item))}
        openers = {str(number): self.openers.get((name, number)) for number in sorted(numbers)}
        return self.page(path, {"comments": answer, "openers": openers}, answer)

    def page(self, endpoint: str, body: Any, items: list[Any], units: int = 1) -> Page:
        """The page, with those of its posts counted that no page before it held: threads repeat what lists show."""
        read = [(posts.mention_id(item), posts.moment(item)) for item in items if self.is_read(item)]
        return self.tally.page(endpoint, body, read, units=units)._replace(seen=len(items))


def iso(moment: datetime) -> str:
    """A moment as GitHub's parameters take it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
