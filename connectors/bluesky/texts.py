"""What a post on Bluesky says: its words with links in full, what its pictures show, and the card below it."""

import re
from typing import Any


def text_of(record: dict[str, Any]) -> str:
    """All that was said: the words with their links in full, what pictures show in brackets, and the card's link."""
    parts = [_with_links(record) if isinstance(record.get("text"), str) else ""]
    for embed in _embeds(record.get("embed")):
        described = [object_of(image).get("alt") for image in list_of(embed.get("images"))] + [embed.get("alt")]
        parts += [f"[{alt.strip()}]" for alt in described if isinstance(alt, str) and alt.strip()]
        card = object_of(embed.get("external"))
        title, link = card.get("title"), card.get("uri")
        if isinstance(title, str) and title.strip() and title.strip() not in parts[0]:
            parts.append(title.strip())
        if isinstance(link, str) and re.match("https?://", link) and link not in parts[0]:
            parts.append(link)
    return "\n\n".join(part for part in parts if part)


def _with_links(record: dict[str, Any]) -> str:
    """The words, each link with where it leads. Facets count in bytes of UTF-8."""
    written = record["text"].encode("utf-8", "surrogatepass")
    pieces: list[str] = []
    end = len(written)
    for start, stop, feature in sorted(facets_of(record), key=lambda facet: facet[:2], reverse=True):
        link = feature.get("uri")
        if not isinstance(link, str) or not re.match("https?://", link) or not 0 <= start < stop <= end:
            continue
        try:
            shown, after = written[start:stop].decode(), written[stop:end].decode()
            written[:start].decode()
        except UnicodeDecodeError:
            continue  # it cuts a character in two
        pieces += [after, _full_link(shown, link)]
        end = start
    return "".join(reversed([*pieces, written[:end].decode("utf-8", "replace")]))


def _full_link(shown: str, link: str) -> str:
    """The link where its start is shown, as apps do; else what is shown, and the link in brackets."""
    start = re.sub(r"^(?:https?://)?(?:www\.)?", "", re.sub(r"(?:…|\.\.\.)$", "", shown.strip()).casefold())
    if start and re.sub(r"^https?://(?:www\.)?", "", link.casefold()).startswith(start.rstrip("/")):
        return link
    return f"{shown} ({link})"


def facets_of(record: dict[str, Any]) -> list[tuple[int, int, dict[str, Any]]]:
    """Links, mentions and tags in the text: first byte, byte after the last, and what it is."""
    found = []
    for facet in list_of(record.get("facets")):
        index = object_of(object_of(facet).get("index"))
        start, stop = index.get("byteStart"), index.get("byteEnd")
        if isinstance(start, int) and isinstance(stop, int):
            found += [(start, stop, object_of(feature)) for feature in list_of(object_of(facet).get("features"))]
    return found


def _embeds(embed: Any) -> list[dict[str, Any]]:
    """An embed, and the media of one that has a record and media."""
    embed = object_of(embed)
    return [embed, object_of(embed.get("media"))]


def object_of(value: Any) -> dict[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
