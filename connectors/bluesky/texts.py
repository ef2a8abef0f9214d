"""What a post on Bluesky says: its words with links in full, what its pictures show, and the card below it."""

import re
from typing import Any

from connectors.values import entries, mapping, part


def text_of(record: dict[str, Any]) -> str:
    """All that was said: the words with their links in full, what pictures show in brackets, and the card's link."""
    parts = [_with_links(record) if isinstance(record.get("text"), str) else ""]
    for embed in _embeds(record.get("embed")):
        described = [mapping(image).get("alt") for image in entries(embed.get("images"))] + [embed.get("alt")]
        parts += [f"[{alt.strip()}]" for alt in described if isinstance(alt, str) and alt.strip()]
        card = part(embed, "external")
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
    for facet in entries(record.get("facets")):
        index = part(facet, "index")
        start, stop = index.get("byteStart"), index.get("byteEnd")
        if isinstance(start, int) and isinstance(stop, int):
            found += [(start, stop, mapping(feature)) for feature in entries(mapping(facet).get("features"))]
    return found


def _embeds(embed: Any) -> list[dict[str, Any]]:
    """An embed, and the media of one that has a record and media."""
    embed = mapping(embed)
    return [embed, part(embed, "media")]
