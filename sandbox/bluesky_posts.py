"""Posts and accounts of the community as Bluesky's API shows them: records, views, facets, labels, trees."""

import re
from base64 import b32encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sandbox.community import Account, Post
from sandbox.world import World, epoch

NETWORK = "bluesky"
MODERATION = "did:plc:" + "m" * 24
LONGEST_LINK = 24
"""Characters of a link's path that an app shows; the facet holds the whole."""

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_FACETS = re.compile(
    r"(?P<link>https?://[^\s<>\"]*[^\s<>\".,;:!?)])|(?<![\w@])@(?P<handle>(?:[\w-]+\.)+[a-z]{2,})|(?<!\w)#(?P<tag>\w*[^\W\d_]\w*)"
)


def did(handle: str) -> str:
    """The lasting id of an account: 24 letters and digits, always the same for a handle."""
    return "did:plc:" + b32encode(sha256(handle.lower().encode()).digest()).decode().lower()[:24]


def uri(post: Post) -> str:
    """The address of a post, or of a repost."""
    kind = "repost" if post.reposts_of else "post"
    return f"at://{did(post.by)}/app.bsky.feed.{kind}/{record_key(post)}"


def record_key(post: Post) -> str:
    """A TID: microseconds since 1970 and a number that tells those of one moment apart, in 13 sortable characters."""
    number = (int(epoch(post.at) * 1_000_000) << 10) | (int(post.id, 36) & 0x3FF)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(60, -1, -5))


def posts_of(world: World) -> list[Post]:
    """All posts that can be seen, reposts aside, in order of time."""
    return [post for post in world.community.on(NETWORK) if world.is_visible(post) and not post.reposts_of]


def stamp(moment: datetime) -> str:
    """A moment as records have it."""
    return moment.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def view(world: World, post: Post) -> dict[str, Any]:
    """A post with its author and its numbers."""
    embedded = _embed_view(world, post)
    return {
        "uri": uri(post),
        "cid": cid(post),
        "author": author(world, post.by),
        "record": record(world, post),
        **({"embed": embedded} if embedded else {}),
        **_numbers(world, post),
        "indexedAt": stamp(post.at + timedelta(seconds=1)),
        "labels": _labels(uri(post), post.more.get("labels", []), MODERATION),
    }


def record(world: World, post: Post) -> dict[str, Any]:
    """What the author wrote, as it lies on the author's server."""
    text, facets = shown_text(post.text or "")
    embed = _embed(world, post)
    return {
        "$type": "app.bsky.feed.post",
        "createdAt": stamp(post.at),
        **({"embed": embed} if embed else {}),
        **({"facets": facets} if facets else {}),
        "langs": post.more.get("langs", [post.lang] if post.lang else []),
        **({"reply": _reply(world, post)} if post.to else {}),
        "text": text,
    }


def author(world: World, handle: str) -> dict[str, Any]:
    """An account as it stands beside a post."""
    account = world.community.account[NETWORK, handle.lower()]
    return {
        "did": did(handle),
        "handle": account.handle,
        "displayName": account.name or "",
        "labels": _labels(did(handle), _labels_of_account(world, account), did(handle)),
        "createdAt": f"{account.since}T00:00:00.000Z",
    }


def profile(world: World, account: Account) -> dict[str, Any]:
    """An account in full."""
    written = [post for post in posts_of(world) if post.by == account.handle]
    return {
        **author(world, account.handle),
        "description": account.bio or "",
        "followersCount": account.followers or 0,
        "followsCount": 0,
        "postsCount": len(written),
        "indexedAt": f"{account.since}T00:00:01.000Z",
    }


def not_found(address: str) -> dict[str, Any]:
    """What stands where a deleted post stood."""
    return {"$type": "app.bsky.feed.defs#notFoundPost", "uri": address, "notFound": True}


def tree(world: World, post: Post, depth: int, height: int) -> dict[str, Any]:
    """A post with what it answers and what answers it; answers that stand too deep are left away without a word."""
    node: dict[str, Any] = {"$type": "app.bsky.feed.defs#threadViewPost", "post": view(world, post)}
    if post.to and height:
        above = world.community.by_id[post.to]
        seen = world.is_visible(above)
        node["parent"] = tree(world, above, 0, height - 1) if seen else not_found(uri(above))
    if depth:
        answers = [answer for answer in world.community.answers.get(post.id, []) if world.is_visible(answer)]
        node["replies"] = [tree(world, answer, depth - 1, 0) for answer in answers]
    return node


def searched_text(post: Post) -> str:
    """What of a post is searched: its words, what its pictures show, the title of its card."""
    card = post.more.get("card", {})
    return " ".join([post.text or "", *post.more.get("alt", []), card.get("title", ""), card.get("uri", "")])


def shown_text(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text as apps write it, long links cut, and the facets that say where each part leads, in bytes of UTF-8."""
    shown, facets, end = "", [], 0
    for match in _FACETS.finditer(text):
        shown += text[end : match.start()]
        start, part = len(shown.encode()), match[0]
        if link := match["link"]:
            address = link.split("://", 1)[1]
            part = address if len(address) <= LONGEST_LINK else address[:LONGEST_LINK] + "..."
            feature = {"$type": "app.bsky.richtext.facet#link", "uri": link}
        elif handle := match["handle"]:
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": did(handle)}
        else:
            feature = {"$type": "app.bsky.richtext.facet#tag", "tag": match["tag"]}
        shown += part
        facets.append({"features": [feature], "index": {"byteStart": start, "byteEnd": len(shown.encode())}})
        end = match.end()
    return shown + text[end:], facets


def cid(post: Post) -> str:
    """The fingerprint of a record."""
    return "bafyrei" + b32encode(sha256(post.id.encode()).digest()).decode().lower().rstrip("=")


# Parts of posts ---------------------------------------------------------------------------------------


def _reply(world: World, post: Post) -> dict[str, Any]:
    root, above = world.community.root(post), world.community.by_id[post.to or ""]
    return {"root": _reference(root), "parent": _reference(above)}


def _reference(post: Post) -> dict[str, str]:
    return {"cid": cid(post), "uri": uri(post)}


def _numbers(world: World, post: Post) -> dict[str, int]:
    others = world.community.on(NETWORK)
    return {
        "replyCount": sum(world.is_visible(answer) for answer in world.community.answers.get(post.id, [])),
        "repostCount": post.reposts or sum(other.reposts_of == post.id and world.exists(other) for other in others),
        "likeCount": post.likes,
        "quoteCount": sum(other.quotes == post.id and world.is_visible(other) for other in others),
    }


def _labels(subject: str, values: list[str], source: str) -> list[dict[str, str]]:
    return [{"src": source, "uri": subject, "val": value, "cts": "2026-01-01T00:00:00.000Z"} for value in values]


def _labels_of_account(world: World, account: Account) -> list[str]:
    written = (post for post in world.community.on(NETWORK) if post.by == account.handle)
    named = {label for post in written for label in post.more.get("account_labels", [])}
    return sorted(named | ({"bot"} if account.role == "bot" else set()))


def _embed(world: World, post: Post) -> dict[str, Any] | None:
    """What hangs below the words: pictures, a card, a quoted post, or the latter with one of the others."""
    media: dict[str, Any] | None = None
    if post.more.get("alt"):
        media = {"$type": "app.bsky.embed.images", "images": [{"alt": alt} for alt in post.more["alt"]]}
    elif card := post.more.get("card"):
        media = {"$type": "app.bsky.embed.external", "external": {"description": "", **card}}
    if not post.quotes:
        return media
    quoted = {"$type": "app.bsky.embed.record", "record": _reference(world.community.by_id[post.quotes])}
    return {"$type": "app.bsky.embed.recordWithMedia", "media": media, "record": quoted} if media else quoted


def _embed_view(world: World, post: Post) -> dict[str, Any] | None:
    embed = _embed(world, post)
    if embed is None:
        return None
    shown = {**embed, "$type": embed["$type"] + "#view"}
    if post.quotes:
        record_view = {
            "$type": "app.bsky.embed.record#view",
            "record": _quoted(world, world.community.by_id[post.quotes]),
        }
        if "media" not in embed:
            return record_view
        shown |= {"record": record_view, "media": {**embed["media"], "$type": embed["media"]["$type"] + "#view"}}
    return shown


def _quoted(world: World, post: Post) -> dict[str, Any]:
    if not world.is_visible(post):
        return {"$type": "app.bsky.embed.record#viewNotFound", "uri": uri(post), "notFound": True}
    whole = view(world, post)
    value, embed = whole.pop("record"), whole.pop("embed", None)
    return {"$type": "app.bsky.embed.record#viewRecord", **whole, "value": value, "embeds": [embed] if embed else []}
