"""Asks a workspace: channels page by page, the threads with something new in them, and who wrote there."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests

from connectors.contract import (
    CredentialsError,
    Known,
    Page,
    Query,
    RateLimited,
    SourceError,
    Truncated,
    Window,
    pace_of,
)
from connectors.failures import Failures
from connectors.http_api import HttpApi, NotThere, Refused, object_in
from connectors.listing import come_down
from connectors.pages import Shown, Tally, circles, unexpected
from connectors.slack import NETWORK, Settings, parse
from connectors.transport import checked_credentials, excerpt, new_session
from connectors.values import entries, mapping, part

HOME = "https://slack.com/api"
HISTORY, REPLIES = "conversations.history", "conversations.replies"
_INSTANT = timedelta(microseconds=1)
_NO_ACCESS = frozenset(
    (
        *("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"),
        *("not_allowed_token_type", "no_permission", "org_login_required", "access_denied", "ekm_access_denied"),
    )
)
_NOT_THERE = frozenset(("channel_not_found", "not_in_channel", "thread_not_found", "user_not_found", "is_archived"))


@dataclass
class Client:
    """A workspace's API, and what this run has learned of the workspace."""

    api: HttpApi
    home: str
    workspace: dict[str, Any] = field(default_factory=dict)
    channels: dict[str, dict[str, str]] = field(default_factory=dict)
    """Channel by name and by id."""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)

    def ask(self, method: str, **sent: Any) -> dict[str, Any]:
        """What a method answers. Slack refuses with status 200 and a word of its own."""
        body = self.api.get_json(f"{self.home}/{method}", sent)
        if not isinstance(body, dict) or not isinstance(body.get("ok"), bool):
            raise unexpected(NETWORK.title, body, "an answer", method)
        if not body["ok"]:
            raise _meaning(method, str(body.get("error")), str(body.get("needed") or ""))
        return body

    def pages(self, method: str, **sent: Any) -> Iterator[dict[str, Any]]:
        """The answers of a method until it has no more."""
        shown, cursor = Shown(), ""
        while True:
            body = self.ask(method, limit=NETWORK.page_size, **sent, **({"cursor": cursor} if cursor else {}))
            found = [str(mapping(one).get("ts", mapping(one).get("id"))) for one in _listed(method, body)]
            if not shown.add(found) and found:
                raise circles(method)
            yield body
            cursor = part(body, "response_metadata").get("next_cursor") or ""
            if not cursor and body.get("has_more") is True:
                raise Truncated(f"{method}: Slack says that there is more, and not how to go on.")
            if not cursor:
                return

    def enter(self) -> None:
        """Learn which workspace the token is of, and which channels there are."""
        if not self.workspace:
            told = self.ask("auth.test")
            self.workspace = {name: told.get(name) for name in ("team_id", "url")}
        if not self.channels:
            kinds = "public_channel,private_channel"
            for body in self.pages("conversations.list", types=kinds, exclude_archived="true"):
                for channel in entries(body["channels"]):
                    name, id_ = mapping(channel).get("name"), mapping(channel).get("id")
                    if isinstance(name, str) and isinstance(id_, str):
                        found = {"id": id_, "name": name}
                        self.channels |= {name.lower(): found, id_.lower(): found}

    def channel(self, name: str) -> dict[str, str]:
        """A channel by its name or id. `NotThere` says which there are."""
        self.enter()
        if name.lower() not in self.channels:
            there = ", ".join(sorted({f"#{channel['name']}" for channel in self.channels.values()}))
            raise NotThere(f"Slack shows no channel {name!r} to this token; there are {excerpt(there or 'none', 300)}.")
        return self.channels[name.lower()]

    def meet(self, ids: Iterable[str]) -> None:
        """Learn who these people are; of whom Slack says nothing, nothing is known."""
        for id_ in ids:
            if id_ not in self.people:
                try:
                    told = part(self.ask("users.info", user=id_), "user")
                except (NotThere, Refused):
                    told = {}
                profile = part(told, "profile")
                known = {name: told.get(name) for name in ("name", "real_name", "is_bot")}
                self.people[id_] = {**known, "display_name": profile.get("display_name")} if told else {}


def connect(settings: Settings, credentials: Mapping[str, str]) -> Client:
    """A client of the token's workspace. Nothing is sent."""
    found = checked_credentials(NETWORK, settings, credentials)
    instead = str(settings.api).rstrip("/") if settings.api else None
    session = new_session(instead=instead, user_agent="earshot (social listening)")
    session.headers["Authorization"] = f"Bearer {found['token']}"
    api = HttpApi(NETWORK.title, session, pace_of(NETWORK, settings), is_own=is_own)
    return Client(api, f"{instead}/api" if instead else HOME)


def is_own(refusal: requests.Response) -> bool:
    """Whether Slack refuses: each of its answers says whether it is one."""
    return object_in(refusal).get("ok") is False


def fetch(client: Client, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """A channel's messages, newest first, then the threads with something new. A thread that fails costs itself."""
    visit = _Visit(client, client.channel(query.text), window)
    yield from visit.history(window.start - timedelta(days=settings.watch_days if settings.threads else 0))
    if settings.threads:
        for root in visit.threads:
            yield from visit.thread(root)
    visit.failures.raise_noted()


def recheck(client: Client, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:  # noqa: ARG001 - the contract
    """Channels and threads as they are now, as far as known messages stand in them; then what is missing from them."""
    client.enter()
    failures = Failures()
    lookups: dict[tuple[str, str | None], dict[str, str]] = defaultdict(dict)
    for entry in known:
        own, root = parse.key_of(entry.mention_id), parse.key_of(entry.root_id or "")
        if own:
            thread = root.ts if root and root.ts != own.ts else None
            lookups[own.channel, thread][own.ts] = entry.mention_id
    for (channel, thread), missing in lookups.items():
        span = {"oldest": min(missing), "latest": max(missing), "inclusive": "true"}
        visit = _Visit(
            client, client.channels.get(channel.lower(), {"id": channel}), Window(datetime.min, datetime.max)
        )
        try:
            method = REPLIES if thread else HISTORY
            sought = {"channel": channel, **({"ts": thread} if thread else {}), **span}
            for body in client.pages(method, **sought):
                failures.over()
                shown = [mapping(message).get("ts") for message in entries(body.get("messages"))]
                asked = [missing.pop(ts) for ts in shown if isinstance(ts, str) and ts in missing]
                yield visit.page(f"recheck {method}", body, asked)
        except NotThere:
            failures.over()
            if thread is None:  # the bot was taken out of the channel: that says nothing of its messages
                continue
        except SourceError as failure:
            failures.note(failure)
            continue
        if missing:
            yield visit.page("recheck missing", {"ok": True, "messages": []}, list(missing.values()))
    failures.raise_noted()


class _Visit:
    """One channel being read: which threads are wanted, and what went wrong on the way."""

    def __init__(self, client: Client, channel: dict[str, str], window: Window) -> None:
        self.client = client
        self.channel = channel
        self.window = window
        self.tally = Tally(window)
        self.failures = Failures()
        self.threads: dict[str, None] = {}

    def history(self, since: datetime) -> Iterator[Page]:
        """The channel's own messages from the window's end down to a moment."""
        reached = self.window.end
        latest = parse.stamp(self.window.end - _INSTANT)
        try:
            for body in self.client.pages(
                HISTORY, channel=self.channel["id"], oldest=parse.stamp(since), latest=latest, inclusive="true"
            ):
                messages = entries(body["messages"])
                yield self.page(HISTORY, body)
                reached = come_down(reached, [parse.moment(mapping(message).get("ts")) for message in messages])
                for message in map(mapping, messages):
                    answered = parse.moment(message.get("latest_reply"))
                    if answered and answered >= self.window.start:
                        self.threads[str(message["ts"])] = None
        except SourceError as failure:
            failure.unseen_from, failure.unseen_to = self.window.start, max(reached, self.window.start)
            raise

    def thread(self, root: str) -> Iterator[Page]:
        """A message with all answers to it."""
        try:
            for body in self.client.pages(REPLIES, channel=self.channel["id"], ts=root):
                self.failures.over()
                yield self.page(REPLIES, body)
        except NotThere:  # it was deleted a moment ago
            self.failures.over()
        except SourceError as failure:
            self.failures.note(failure, self.window.start, self.window.end)

    def page(self, endpoint: str, body: dict[str, Any], asked: list[str] | None = None) -> Page:
        """A page, with what only other answers tell: workspace, channel and people."""
        messages = entries(body.get("messages"))
        people = sorted({id_ for message in messages for id_ in parse.people_in(message)})
        self.client.meet(people)
        told = {id_: self.client.people[id_] for id_ in people}
        beside = {"workspace": self.client.workspace, "channel": self.channel, "people": told}
        shown = (
            (str(one.get("ts")), parse.moment(one.get("ts"))) for one in map(mapping, messages) if parse.is_said(one)
        )
        page = self.tally.page(endpoint, {**beside, "answer": body}, shown)
        if asked is None:
            return page
        return page._replace(
            body={**beside, "asked": asked, "answer": body}, posts=len(asked), first_at=None, last_at=None
        )


def _listed(method: str, body: dict[str, Any]) -> list[Any]:
    """What a page lists."""
    name = "channels" if method == "conversations.list" else "messages"
    if not isinstance(body.get(name), list):
        raise unexpected(NETWORK.title, body, f"a list of {name}", method)
    return list(body[name])


def _meaning(method: str, error: str, needed: str) -> SourceError:
    """What Slack means by a word. See https://docs.slack.dev/reference/methods, Errors."""
    said = excerpt(error)
    if error in _NO_ACCESS:
        scope = f"; it needs the scope {excerpt(needed)}" if needed else ""
        return CredentialsError(f"{method}: Slack refused the token ({said}){scope}; check it in api.slack.com/apps.")
    if error == "not_in_channel":
        return NotThere(f"{method}: the bot is not in the channel; invite it there: /invite @its-name.")
    if error in _NOT_THERE:
        return NotThere(f"{method}: Slack has no such thing, or does not show it to this token ({said}).")
    if error == "ratelimited":
        return RateLimited("Slack wants us to wait and doesn't say how long; run this window again in a few minutes.")
    return Refused(f"{method}: Slack answered {said}; run this window again later.", 200)
