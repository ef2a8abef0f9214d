"""Rows of posts as quotes: cleaned, shortened, with a link only where it is a safe one."""

from pipelines.digest import words
from pipelines.digest.frozen import Quote
from pipelines.digest.queries import Row
from pipelines.digest.text import clean, language_tag, passage, safe_url, shorten

LONGEST_QUOTE = 280
LONGEST_TITLE = 120
LONGEST_NAME = 60


def quote_of(row: Row) -> Quote:
    """A post to show: its beginning, or for a theme the passage that speaks of it."""
    title, text = clean(row["title"] or ""), clean(row["text"] or "")
    if text.startswith(title) or not text:
        title, text = "", text or title
    terms = str(row.get("matched_terms") or "").split(" | ")
    short_title, _ = shorten(title, LONGEST_TITLE)
    shown, is_shortened = passage(text, LONGEST_QUOTE, terms)
    return Quote(
        mention_id=clean(row["mention_id"]),
        title=short_title or None,
        text=shown,
        is_shortened=is_shortened or short_title != title,
        url=safe_url(row["url"]),
        lang=language_tag(row["lang"]),
        network=clean(row["network"]),
        place=shown_name(words.place(row["network_title"], row["community"])) or "",
        author=shown_name(words.author(row["handle_prefix"], row["author_handle"])),
        author_name=shown_name(row["author_name"]),
        created_at=row["created_at"],
        likes=row["likes"],
        score=row["score"],
        engagement=row["engagement"],
        sentiment=row["sentiment_label"],
        compound=None if row["compound"] is None else round(row["compound"], 4),
    )


def shown_name(name: str | None) -> str | None:
    """A name cleaned and no longer than a line can take; None where there is none."""
    return shorten(clean(name), LONGEST_NAME)[0] or None if name else None
