"""What the answers of X's API v2 hold, as records. Pure: nothing here touches a network.

An answer has `data` (the posts that were asked for), `includes` (their authors, and the posts that they answer,
quote or repost) and `errors` (what was asked for and isn't there; no failure).
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connectors.contract import Author, Deletion, Drift, Interaction, Mention, Metrics, Misfit, Page, Record, from_epoch
from connectors.entries import UnreadableError, placed, read_each
from connectors.markup import unescaped
from connectors.side_fields import SideFields
from connectors.values import asked, entries, iso_moment, mapping, opened, part
from connectors.x import Settings

FIRST_SNOWFLAKE = 29_700_859_247
"""Smallest id that holds its time; smaller ones, up to 4 November 2010, were counted."""
SNOWFLAKE_EPOCH_MS = 1_288_834_974_657

_SHORT_LINK = re.compile(r"https?://t\.co/\w+")
_LARGEST = 2**63 - 1
_NO_LANGUAGE = {"und", "zxx", "art"}
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi"}
_KINDS = {"retweeted": "repost", "replied_to": "comment", "quoted": "quote"}
_ANSWER_KEYS = {"data", "includes", "errors", "meta"}
_NO_POST_KEYS = {"tweet_count", "action", "upload_url", "download_url"}
_EMPTY: dict[str, Any] = {}
_NOT_SHOWN = ("/resource-not-found", "/not-authorized-for-resource")
"""How the types of the problems end that say that a post is gone, or that its account is protected or suspended."""


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors, metrics and interactions of a search or a lookup, the posts they refer to included; of a
    lookup of known posts also what is gone.
    """
    body, beside = opened(page.body)
    yield from _gone(asked(beside) or [], body)
    if not isinstance(body, dict):
        yield Misfit("is not an answer of X's API", "page", body)
        return
    if not body.keys() & _ANSWER_KEYS:
        # A refusal, or a line of a compliance job: known, and without posts.
        if not ("title" in body and "detail" in body) and not ("action" in body and "id" in body):
            yield Misfit("is not an answer of X's API: it has neither data nor errors", "page", body)
        return
    includes = part(body, "includes")
    accounts = _Accounts()
    for _, account in placed("includes.users", entries(includes.get("users"))):
        yield from accounts.add(account)
    data = body.get("data")
    if data is not None and not isinstance(data, dict | list):
        yield Misfit("data is neither a post nor a list of posts", "data", data)
    own = [("data", data)] if isinstance(data, dict) else placed("data", entries(data))
    posts = _Posts([*own, *placed("includes.tweets", entries(includes.get("tweets")))], accounts)
    yield from read_each(posts.newest(), posts.records_of)


def snowflake_time(post_id: int) -> datetime | None:
    """When an id was given out, to the second as `created_at` has it; None before ids held their time.

    Milliseconds since 1970 = (id >> 22) + 1,288,834,974,657.
    """
    if not FIRST_SNOWFLAKE <= post_id <= _LARGEST:
        return None
    return from_epoch(((post_id >> 22) + SNOWFLAKE_EPOCH_MS) // 1000)


def moment(post: Any) -> datetime | None:
    """When a post was written: as it says, or else as its id does. None where neither can be read."""
    if not isinstance(post, dict):
        return None
    post_id = _id(post.get("id"))
    return iso_moment(post.get("created_at")) or (snowflake_time(int(post_id)) if post_id else None)


def post_id(post: Any) -> str | None:
    """Id of a post in the version that is shown; None where it can't be read."""
    return _id(post.get("id")) if isinstance(post, dict) else None


def _gone(known: list[str], body: Any) -> Iterator[Deletion]:
    """The known posts that X says it doesn't show. A post of which it says nothing is not taken for gone."""
    problems = [
        problem for _, problem in placed("errors", entries(mapping(body).get("errors"))) if isinstance(problem, dict)
    ]
    not_shown = {
        f"x:{problem.get('resource_id')}"
        for problem in problems
        if problem.get("parameter") == "ids" and str(problem.get("type")).endswith(_NOT_SHOWN)
    }
    yield from (Deletion(mention_id) for mention_id in known if mention_id in not_shown)


class _Accounts:
    """The accounts of a page: who has an id, who a handle."""

    def __init__(self) -> None:
        self.handles: dict[str, str] = {}
        self.ids: dict[str, str] = {}

    def add(self, account: Any) -> Iterator[Author | Drift]:
        """An account; what of it can't be read is told, and without an id or a handle it is none."""
        if not isinstance(account, dict):
            yield Drift("user", account)
            return
        side = SideFields("user")
        account_id, handle = _id(account.get("id")), side.words("username", account.get("username"))
        if account_id is None:
            side.drift("id", account.get("id"))
        elif handle is None:
            if not side.drifts:
                side.drift("username", account.get("username"))
        else:
            self.handles[account_id] = handle
            self.ids[handle.lower()] = account_id
            numbers = side.part("public_metrics", account.get("public_metrics"))
            yield Author(
                f"x:{account_id}",
                "x",
                handle,
                side.words("name", account.get("name")),
                side.count("followers_count", numbers.get("followers_count")),
                side.read("created_at", account.get("created_at"), iso_moment),
            )
        yield from side.drifts


class _Posts:
    """The posts of a page, which may refer to each other."""

    def __init__(self, found: list[tuple[str, Any]], accounts: _Accounts) -> None:
        self.found = found
        self.accounts = accounts
        self.by_id: dict[str, dict[str, Any]] = {}
        self.first_ids: dict[str, str] = {}
        """Id of an edited version → id of the first version."""
        for _, post in found:
            if isinstance(post, dict) and (post_id := _id(post.get("id"))):
                self.by_id.setdefault(post_id, post)
                history = _history(post, post_id)
                if len(history) > 1:
                    self.first_ids.update(dict.fromkeys(history, history[0]))

    def newest(self) -> Iterator[tuple[str, Any]]:
        """Every post once, in its newest version; what has no id, and so may be anything, as it comes. A version that
        stands there twice with different words comes twice.
        """
        best: dict[str, tuple[tuple[bool, int], dict[Any, tuple[str, Any]]]] = {}
        for place, post in self.found:
            post_id = _id(post.get("id")) if isinstance(post, dict) else None
            if post_id is None:
                if not (isinstance(post, dict) and post.keys() & _NO_POST_KEYS):
                    yield place, post
                continue
            first = self.first_ids.get(post_id, post_id)
            text = _said(post).get("text")
            words = text if isinstance(text, str) else None
            rank = (words is not None, int(post_id))
            if first not in best or best[first][0] < rank:
                best[first] = (rank, {words: (place, post)})
            elif best[first][0] == rank:
                best[first][1].setdefault(words, (place, post))
        for _, versions in best.values():
            yield from versions.values()

    def records_of(self, post: Any) -> Iterator[Record]:
        if not isinstance(post, dict):
            raise UnreadableError("is not a post")
        post_id = _id(post.get("id"))
        if post_id is None:
            raise UnreadableError("has no readable id")
        if not isinstance(_said(post).get("text"), str):
            if post.keys() & _NO_POST_KEYS:
                return
            raise UnreadableError("has no text")
        created_at = moment(post)
        if created_at is None:
            raise UnreadableError("has no created_at, so its time can't be told; its id is too old to hold it")
        side = SideFields("post")
        side.read("created_at", post.get("created_at"), iso_moment)
        history = _history(post, post_id, side)
        first = history[0]
        edited_at = None
        if len(history) > 1:
            # An edit is a new post with a new time; the mention keeps the time at which it was first written.
            edited_at = created_at if post_id == history[-1] else snowflake_time(int(history[-1]))
            created_at = snowflake_time(int(first)) or created_at
        references = _references(post, side)
        author_id, conversation = (side.read(name, post.get(name), _id) for name in ("author_id", "conversation_id"))
        # It may not be told what it answers. Who begins a conversation with a handle answers nothing, though X says to
        # whom.
        is_answer = conversation not in (None, *history)
        kind = next((kind for word, kind in _KINDS.items() if word in references), "comment" if is_answer else "post")
        mention = Mention(
            f"x:{first}",
            "x",
            None,
            kind,  # type: ignore[arg-type]
            None,
            self.text(post, references),
            f"https://x.com/{self.accounts.handles.get(author_id or '', 'i')}/status/{post_id}",
            f"x:{author_id}" if author_id else None,
            self.mention_id(references.get("replied_to") or references.get("retweeted") or references.get("quoted")),
            self.mention_id(conversation),
            created_at,
            edited_at,
            network_lang=_language(side.words("lang", post.get("lang"))),
        )
        yield mention
        # What a repost counts are the reposts of the original: numbers that aren't its own.
        if kind != "repost":
            yield _metrics(mention.mention_id, side.part("public_metrics", post.get("public_metrics")), side)
        yield from side.drifts
        if author_id:
            yield from self.interactions(mention, author_id, post, references)

    def mention_id(self, post_id: str | None) -> str | None:
        return f"x:{self.first_ids.get(post_id, post_id)}" if post_id else None

    def text(self, post: dict[str, Any], references: dict[str, str]) -> str:
        """All that was written. Of a repost that is what it passes on, in full where the page holds it."""
        original = self.by_id.get(references.get("retweeted", ""))
        if original is not None and isinstance(_said(original).get("text"), str):
            post = original
        long = part(post, "note_tweet")
        text: str = unescaped(_said(post)["text"])
        if "://t.co/" not in text:
            return text
        links = _links(part(post, "entities")) | _links(part(long, "entities"))
        return _SHORT_LINK.sub(lambda match: links.get(match[0], match[0]), text)

    def interactions(
        self, mention: Mention, author_id: str, post: dict[str, Any], references: dict[str, str]
    ) -> Iterator[Interaction]:
        """Whom a post addresses, each person once: X sets the handle of whoever is answered before every answer."""
        addressed = {author_id}
        for word, kind in (("replied_to", "reply"), ("quoted", "quote"), ("retweeted", "repost")):
            if word not in references:
                continue
            other = _id(post.get("in_reply_to_user_id")) if kind == "reply" else None
            other = other or _id(self.by_id.get(references[word], _EMPTY).get("author_id"))
            if other and other not in addressed:
                addressed.add(other)
                yield Interaction(mention.mention_id, f"x:{author_id}", f"x:{other}", kind)  # type: ignore[arg-type]
        if mention.kind == "repost":
            return
        for _, named in placed("", entries(part(post, "entities").get("mentions"))):
            if not isinstance(named, dict):
                continue
            other = _id(named.get("id")) or self.accounts.ids.get(str(named.get("username")).lower())
            if other and other not in addressed:
                addressed.add(other)
                yield Interaction(mention.mention_id, f"x:{author_id}", f"x:{other}", "mention")


# Values -----------------------------------------------------------------------------------------------


def _id(value: Any) -> str | None:
    """An id as X writes them, a number in a string; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 19:
        return value
    return None


def _said(post: dict[str, Any]) -> dict[str, Any]:
    """Where a post's words stand: beside it, if it is a long one."""
    long = part(post, "note_tweet")
    return long if isinstance(long.get("text"), str) else post


def _history(post: dict[str, Any], post_id: str, side: SideFields | None = None) -> list[str]:
    """Ids of all versions of a post, first to last."""
    history = post.get("edit_history_tweet_ids")
    if history is not None and not isinstance(history, list) and side:
        side.drift("edit_history_tweet_ids", history)
    if not isinstance(history, list) or len(history) < 2:
        return [post_id]
    ids = [version for version in map(_id, history) if version]
    return ids if post_id in ids else [post_id]


def _references(post: dict[str, Any], side: SideFields) -> dict[str, str]:
    """What a post answers, quotes or reposts: X's word for it → id."""
    found: dict[str, str] = {}
    told = post.get("referenced_tweets")
    for reference in told if isinstance(told, list) else [] if told is None else [told]:
        if isinstance(reference, dict) and (other := _id(reference.get("id"))) and isinstance(told, list):
            found[str(reference.get("type"))] = other
        else:
            side.drift("referenced_tweets", reference)
    return found


def _links(entities: dict[str, Any]) -> dict[str, str]:
    """Short link → where it leads."""
    links = {}
    for _, link in placed("", entries(entities.get("urls"))):
        if isinstance(link, dict):
            short, leads_to = link.get("url"), link.get("expanded_url")
            if isinstance(short, str) and isinstance(leads_to, str):
                links[short] = leads_to
    return links


def _metrics(mention_id: str, numbers: dict[str, Any], side: SideFields) -> Metrics:
    def count(name: str) -> int | None:
        return side.count(name, numbers.get(name))

    return Metrics(
        mention_id,
        likes=count("like_count"),
        replies=count("reply_count"),
        reposts=count("retweet_count"),
        quotes=count("quote_count"),
        views=count("impression_count"),
    )


def _language(value: str | None) -> str | None:
    """The language that X tells. `und`, `zxx` and the codes from `qaa` to `qtz` say that it can't tell."""
    if value is None or value in _NO_LANGUAGE or (value[0] == "q" and len(value) == 3):
        return None
    return _OLD_CODES.get(value, value)
