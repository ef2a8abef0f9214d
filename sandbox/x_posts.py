"""Posts and accounts of the community as X's API v2 shows them: only the fields that were asked for."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Any, NamedTuple
from zlib import crc32

from sandbox.community import Account, Post
from sandbox.world import World, epoch

SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
LONGEST = 280

_LINK = re.compile(r"https?://[^\s<>\"]+")
_ENTITIES = {
    "mentions": re.compile(r"(?<!\w)@(\w{1,15})"),
    "hashtags": re.compile(r"(?<![\w&])#(\w*[^\W\d]\w*)"),
    "urls": re.compile(r"https://t\.co/\w{10}"),
}


def snowflake(moment: datetime, low: int) -> str:
    """An id that holds a moment, as X makes them; the 22 low bits tell ids of the same moment apart."""
    return str(((int(epoch(moment) * 1000) - SNOWFLAKE_EPOCH_MS) << 22) | (low & 0x3FFFFF))


def post_id(post: Post) -> str:
    """X's id of a post as it was first written."""
    return snowflake(post.at, int(post.id, 36))


def user_id(account: Account) -> str:
    """X's id of an account."""
    made = datetime.combine(account.since, time.min)
    low = crc32(account.handle.lower().encode())
    # Accounts from before ids held their time have short ids.
    return snowflake(made, low) if made.year > 2010 else str(low)


@dataclass(frozen=True)
class Shown:
    """A post in the version that X shows now."""

    post: Post
    versions: tuple[str, ...]
    written_at: datetime
    full_text: str

    @property
    def id(self) -> str:
        """Every edit makes a new id; the newest one counts."""
        return self.versions[-1]


class Wanted(NamedTuple):
    """What a request asked to be told."""

    post_fields: set[str]
    user_fields: set[str]
    expansions: set[str]

    def fields(self) -> set[str]:
        """Fields of a post: an expansion brings the field that it expands."""
        brought = {expansion.split(".")[0] for expansion in self.expansions}
        return self.post_fields | (brought & {"author_id", "in_reply_to_user_id", "referenced_tweets"})


def of(world: World) -> list[Shown]:
    """Everything on X that can be seen, in order of time."""
    shown = [show(world, post) for post in world.community.posts if post.net == "x" and world.is_visible(post)]
    return sorted(shown, key=lambda post: (post.written_at, int(post.id)))


def show(world: World, post: Post) -> Shown:
    """A post as it stands now."""
    text = post.text_at(world.now) or ""
    if post.reposts_of:
        original = world.community.by_id[post.reposts_of]
        text = f"RT @{original.by}: {show(world, original).full_text}"
    answered = world.community.by_id.get(post.to or "")
    if answered and answered.by != post.by and f"@{answered.by}".lower() not in text.lower():
        # X sets the handle of whoever is answered before an answer; people don't type it.
        text = f"@{answered.by} {text}"
    if post.edited and post.is_edited(world.now):
        edited_id = snowflake(post.edited.at, int(post.id, 36))
        return Shown(post, (post_id(post), edited_id), post.edited.at, text)
    return Shown(post, (post_id(post),), post.at, text)


def answer(
    world: World, page: list[Shown], wanted: Wanted
) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]], list[str]]:
    """`data`, `includes`, and the ids of referenced posts that are not there any more."""
    fields = wanted.fields()
    referenced: dict[str, Shown] = {}
    missing: dict[str, None] = {}
    people: dict[str, None] = {}
    for shown in page:
        if "author_id" in wanted.expansions:
            people[shown.post.by] = None
        answered = world.community.by_id.get(shown.post.to or "")
        if answered and "in_reply_to_user_id" in wanted.expansions:
            people[answered.by] = None
        if "entities.mentions.username" in wanted.expansions:
            people.update(dict.fromkeys(_ENTITIES["mentions"].findall(shown.full_text)))
        if not wanted.expansions & {"referenced_tweets.id", "referenced_tweets.id.author_id"}:
            continue
        for _, other in _references(world, shown.post):
            if not world.is_visible(other):
                missing[post_id(other)] = None
                continue
            referenced[other.id] = show(world, other)
            if "referenced_tweets.id.author_id" in wanted.expansions:
                people[other.by] = None
    accounts = [account for handle in people if (account := world.community.account.get(("x", handle.lower())))]
    includes = {
        "users": [_user(account, wanted.user_fields) for account in dict.fromkeys(accounts)],
        "tweets": [_tweet(world, shown, fields) for shown in referenced.values()],
    }
    data = [_tweet(world, shown, fields) for shown in page]
    return data, {name: entries for name, entries in includes.items() if entries}, list(missing)


def _references(world: World, post: Post) -> list[tuple[str, Post]]:
    named = (("replied_to", post.to), ("quoted", post.quotes), ("retweeted", post.reposts_of))
    return [(word, world.community.by_id[other]) for word, other in named if other]


def _tweet(world: World, shown: Shown, fields: set[str]) -> dict[str, Any]:
    post = shown.post
    links = {_short(link): link for link in _LINK.findall(shown.full_text)}
    full = _escaped(_LINK.sub(lambda match: _short(match[0]), shown.full_text))
    if post.quotes:
        quoted = world.community.by_id[post.quotes]
        address = f"https://twitter.com/{quoted.by}/status/{post_id(quoted)}"
        links[_short(address)] = address
        full = f"{full} {_short(address)}"
    longest = 140 if post.reposts_of else LONGEST
    text = full if len(full) <= longest else full[: longest - 1] + "…"
    author = world.community.account["x", post.by.lower()]
    answered = world.community.by_id.get(post.to or "")
    told: dict[str, Any] = {
        "author_id": user_id(author),
        "conversation_id": post_id(world.community.root(post)),
        "created_at": _iso(shown.written_at),
        "entities": _entities(world, text, links),
        "in_reply_to_user_id": answered and user_id(world.community.account["x", answered.by.lower()]),
        "lang": post.lang or "und",
        "note_tweet": {"text": full, "entities": _entities(world, full, links)}
        if text != full and not post.reposts_of
        else None,
        "possibly_sensitive": False,
        "public_metrics": _metrics(world, post),
        "referenced_tweets": [{"type": word, "id": show(world, other).id} for word, other in _references(world, post)],
        "reply_settings": "everyone",
    }
    always = {"edit_history_tweet_ids": list(shown.versions), "id": shown.id, "text": text}
    return {**always, **{name: value for name, value in told.items() if name in fields and value}}


def _user(account: Account, fields: set[str]) -> dict[str, Any]:
    told = {
        "created_at": f"{account.since:%Y-%m-%d}T00:00:00.000Z",
        "description": account.bio or "",
        "public_metrics": {"followers_count": account.followers, "following_count": 0, "tweet_count": 0},
        "verified": False,
    }
    always = {"id": user_id(account), "name": account.name or account.handle, "username": account.handle}
    return {**always, **{name: value for name, value in told.items() if name in fields}}


def _metrics(world: World, post: Post) -> dict[str, int]:
    """A repost shows how often the original was reposted, and nothing of its own."""
    if post.reposts_of:
        counts = {"reply_count": 0, "like_count": 0, "quote_count": 0, "bookmark_count": 0, "impression_count": 0}
        return {"retweet_count": world.community.by_id[post.reposts_of].reposts or 0, **counts}
    return {
        "retweet_count": post.reposts or 0,
        "reply_count": sum(world.is_visible(answer) for answer in world.community.answers.get(post.id, ())),
        "like_count": post.likes,
        "quote_count": sum(other.quotes == post.id and world.is_visible(other) for other in world.community.posts),
        "bookmark_count": 0,
        "impression_count": post.views or 0,
    }


def _entities(world: World, text: str, links: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name, sought in _ENTITIES.items():
        for match in sought.finditer(text):
            entity: dict[str, Any] = {"start": match.start(), "end": match.end()}
            if name == "mentions":
                account = world.community.account.get(("x", match[1].lower()))
                entity |= {"username": match[1], **({"id": user_id(account)} if account else {})}
            elif name == "hashtags":
                entity["tag"] = match[1]
            elif match[0] in links:
                link = links[match[0]]
                entity |= {"url": match[0], "expanded_url": link, "display_url": link.split("//")[1][:27]}
            else:
                continue
            found.setdefault(name, []).append(entity)
    return found


def _short(link: str) -> str:
    """The t.co address that stands for a link: the same for the same link."""
    return f"https://t.co/{sha256(link.encode()).hexdigest()[:10]}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _iso(moment: datetime) -> str:
    return moment.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
