"""Asks X through tweepy: searches, the conversations that they found, and posts by their ids."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import requests
import tweepy
import urllib3
from urllib3.util import Retry

from connectors.contract import (
    CredentialsError,
    Known,
    Page,
    Query,
    RateLimited,
    SchemaDrift,
    SourceError,
    Truncated,
    Window,
    from_epoch,
)
from connectors.failures import one_by_one
from connectors.http_api import is_foreign, object_in, stranger
from connectors.listing import come_down
from connectors.pages import Shown, Tally, batches, circles, unexpected
from connectors.transport import NotTaken, checked_credentials, excerpt, new_session
from connectors.values import iso_moment
from connectors.x import CANARY, NETWORK, QUERY_LENGTH, Settings, parse

HOME = "https://api.twitter.com"
LONGEST_CONVERSATION = len("conversation_id: OR ") + 20
"""Characters that a conversation takes in a search; an id has at most twenty digits."""
PAGE_SIZE = {"recent": 100, "all": 500}
SMALLEST_PAGE = 10
"""The canary asks for no more: every post is paid for."""
SECOND = timedelta(seconds=1)
"""X tells times no finer than this."""

# repeats what failed for a moment; never a refusal, and never for as long as a Retry-After may say
RETRY = Retry(
    total=2,
    backoff_factor=0.3,
    status_forcelist=(500, 502, 503, 504),
    allowed_methods=("GET",),
    respect_retry_after_header=False,
    raise_on_status=False,
)

POST_FIELDS = (
    *("author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "entities", "in_reply_to_user_id"),
    *("lang", "note_tweet", "public_metrics", "referenced_tweets", "text"),
)
USER_FIELDS = ("created_at", "name", "public_metrics", "username")
EXPANSIONS = ("author_id", "in_reply_to_user_id", "referenced_tweets.id", "referenced_tweets.id.author_id")


def connect(settings: Settings, credentials: Mapping[str, str]) -> tweepy.Client:
    """A client of the app. `CredentialsError` names what is missing. Nothing is sent."""
    found = checked_credentials(NETWORK, settings, credentials)
    client = tweepy.Client(found["bearer_token"], return_type=requests.Response, wait_on_rate_limit=False)
    client.session = new_session(HOME, str(settings.api) if settings.api else None, RETRY)
    return client


def fetch(client: tweepy.Client, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """Pages of a search, newest post first, then those of the conversations that it found, where these are wanted.

    `Truncated` at the end where X doesn't reach back to the window's start.
    """
    if not settings.threads or query == CANARY:
        yield from _search(client, settings, query, window)
        return
    conversations: dict[str, None] = {}
    stopped: Truncated | None = None
    try:
        for page in _search(client, settings, query, window):
            found = (post.get("conversation_id") for post in page.body.get("data") or [] if isinstance(post, dict))
            conversations |= dict.fromkeys(each for each in found if isinstance(each, str) and each.isdecimal())
            yield page._replace(seen_whole_after=None)
    except Truncated as reached:
        stopped = reached
    named = [f"conversation_id:{conversation}" for conversation in conversations]
    at_once = QUERY_LENGTH[settings.search] // LONGEST_CONVERSATION
    for first in range(0, len(named), at_once):
        thread = Query(query.name, " OR ".join(named[first : first + at_once]))
        try:
            yield from (page._replace(seen_whole_after=None) for page in _search(client, settings, thread, window))
        except Truncated as reached:
            stopped = stopped or reached
    if stopped:
        raise stopped


def _search(client: tweepy.Client, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    (start, end), reached, token = window, window.end, None
    tokens, shown, tally = Shown(), Shown(), Tally(window)
    while True:
        try:
            body = _ask(client, settings, query, Window(start, end), token)
        except _ReachesBackToError as limit:
            if limit.moment <= start or token is not None:
                raise SourceError(f"X refused the query: {limit}.", unseen_from=start, unseen_to=reached) from None
            start = min(limit.moment, end)
            if start < end:
                continue
            break
        except SourceError as failure:
            failure.unseen_from, failure.unseen_to = window.start, reached
            raise
        posts = body.get("data") or []
        reached = come_down(reached, [parse.moment(post) for post in posts])
        yield tally.page(
            settings.search,
            body,
            ((parse.post_id(post), parse.moment(post)) for post in posts),
            seen_whole_after=reached if reached < window.end else None,
        )
        new = shown.add(map(parse.post_id, posts))
        following = body["meta"].get("next_token")
        if following is None:
            # That is the end, says X; but where a page is full, what names the next one may have got lost.
            if query == CANARY or len(posts) < PAGE_SIZE[settings.search] or reached < start:
                break
            if not new:
                raise Truncated(
                    f"X shows {len(posts)} posts of one second, {reached:%Y-%m-%d %H:%M:%S} UTC, and no next page.",
                    unseen_from=window.start,
                    unseen_to=reached + SECOND,
                )
            end, token = min(end, reached + SECOND), None
            continue
        if not tokens.add([str(following)]):
            raise circles("search", unseen_from=window.start, unseen_to=reached)
        token = following
    if start > window.start:
        raise Truncated(
            f"X's {settings.search} search reaches back to {start:%Y-%m-%d %H:%M} UTC only; "
            + ('search = "all" reaches further.' if settings.search == "recent" else "older posts can't be had."),
            unseen_from=window.start,
            unseen_to=start,
        )


def recheck(client: tweepy.Client, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:  # noqa: ARG001
    """Posts as they are now, looked up a hundred at a time; the answer says which X doesn't show any more.

    A post that was edited is found by the id that it had first. One failure costs its hundred.
    """

    def looked_up(some: list[Known]) -> Page:
        asked = [one.mention_id for one in some]
        answer = _look_up(client, [mention_id.removeprefix("x:") for mention_id in asked])
        return Page("recheck", {"asked": asked, "answer": answer}, seen=len(answer.get("data") or ()))

    yield from one_by_one(batches(known, NETWORK.recheck_size), looked_up)


def _ask(client: tweepy.Client, settings: Settings, query: Query, window: Window, token: str | None) -> dict[str, Any]:
    """One page of a search, its shape checked as far as fetching needs it."""
    search = client.search_recent_tweets if settings.search == "recent" else client.search_all_tweets
    body = _answer(
        search,
        query.text,
        start_time=window.start,
        end_time=window.end,
        max_results=SMALLEST_PAGE if query == CANARY else PAGE_SIZE[settings.search],
        **({"next_token": token} if token else {}),
    )
    if isinstance(body, dict) and isinstance(body.get("meta"), dict) and isinstance(body.get("data", []), list):
        told, shown = body["meta"].get("result_count"), len(body.get("data", []))
        if isinstance(told, int) and told > shown:
            raise SchemaDrift(f"X counts {told} posts on a page that holds {shown}; its API may have changed.")
        return body
    raise unexpected(NETWORK.title, body, "a page of posts")


def _look_up(client: tweepy.Client, ids: list[str]) -> dict[str, Any]:
    """The posts with these ids, and errors for those that are not shown."""
    body = _answer(client.get_tweets, ids)
    if isinstance(body, dict) and any(isinstance(body.get(name), list) for name in ("data", "errors")):
        return body
    raise unexpected(NETWORK.title, body, "a list of posts")


def _answer(ask: Callable[..., Any], what: str | list[str], **sought: Any) -> Any:
    """What X answers, as JSON; `SourceError` says what came instead."""
    fields = {"tweet_fields": list(POST_FIELDS), "user_fields": list(USER_FIELDS), "expansions": list(EXPANSIONS)}
    try:
        return ask(what, **sought, **fields).json()
    except _WHAT_TWEEPY_RAISES as error:
        failure = _meaning(error)
    # Outside the except block, so that tweepy's error, which holds the request with its headers, isn't carried along.
    raise failure


# Errors -----------------------------------------------------------------------------------------------


class _ReachesBackToError(SourceError):
    """X won't search before a moment."""

    def __init__(self, message: str, moment: datetime) -> None:
        super().__init__(message)
        self.moment = moment


# tweepy reads headers and error bodies without checking their shape: hence the plain errors at the end.
_WHAT_TWEEPY_RAISES = (
    *(tweepy.TweepyException, requests.RequestException),
    *(AttributeError, LookupError, RecursionError, TypeError, ValueError),
)


def _meaning(error: Exception) -> SourceError:
    """What tweepy's error means to the operator, and what to do about it."""
    if isinstance(error, NotTaken):
        return error.meaning("X")
    if isinstance(error, requests.JSONDecodeError):
        return SchemaDrift("X answered with something that is not JSON, or half of it; run this window again later.")
    if isinstance(error, requests.Timeout) or _is_repeated_timeout(error):
        return SourceError("X did not answer in time; run this window again later.")
    if isinstance(error, requests.RequestException):
        kind = type(error).__name__
        return SourceError(f"the connection to X failed or was cut ({kind}); check the network and run again.")
    if not isinstance(error, tweepy.HTTPException):
        kind = type(error).__name__
        return SchemaDrift(f"tweepy can't read X's answer ({kind}); its API may have changed.")
    status = error.response.status_code
    said = excerpt(" ".join(map(str, error.api_messages)) or error.response.text or "an empty body", 300)
    if isinstance(error, tweepy.TooManyRequests):
        return _rate_limited(error, said)
    if status in (401, 403, 404, 410) and is_foreign(error.response, is_own):
        return stranger("X", error.response)
    if status == 401:
        return CredentialsError("X refused the bearer token (401); make a new one in the developer console.")
    if status == 403:
        return CredentialsError(f"X doesn't let this app search so (403: {said}); check its access level.")
    if status == 400:
        reach = re.search(r"'start_time' must be on or after ([0-9T:.-]+Z?)", " ".join(map(str, error.api_messages)))
        if reach and (moment := iso_moment(reach[1])):
            return _ReachesBackToError(said, moment)
        return SourceError(f"X refused the query (400): {said}.")
    if status == 402:
        return SourceError(f"X wants to be paid first (402): {said}.")
    if status >= 500:
        return SourceError(f"X is in trouble ({status}); run this window again later.")
    return SourceError(f"X refused the request ({status}) with {said}.")


def is_own(refusal: requests.Response) -> bool:
    """Whether X refuses: with a title and details, or a list of errors."""
    body = object_in(refusal)
    return isinstance(body.get("errors"), list) or {"title", "detail"} <= body.keys()


def _is_repeated_timeout(error: Exception) -> bool:
    """requests calls it a failed connection when the last of several tries runs out of time."""
    return bool(error.args) and isinstance(getattr(error.args[0], "reason", None), urllib3.exceptions.ReadTimeoutError)


def _rate_limited(error: tweepy.TooManyRequests, said: str) -> RateLimited:
    """A limit by the quarter of an hour tells when it ends; the monthly cap on posts read doesn't."""
    if "cap" in said.lower():
        return RateLimited(f"X's cap on posts read is used up: {said}. Raise it, or wait for the next period.")
    if error.reset_time is None:
        return RateLimited("X wants us to wait and doesn't say how long; run this window again later.")
    try:
        until = from_epoch(error.reset_time)
    except ValueError:
        return RateLimited("X wants us to wait and doesn't say sensibly how long; run this window again later.")
    return RateLimited(f"X wants us to wait; run again after {until:%Y-%m-%d %H:%M} UTC.", until=until)
