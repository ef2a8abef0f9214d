"""Voices that could not be scored, by language, and whose reading of sentiment it is."""

from dataclasses import dataclass, replace

from pipelines.digest.frozen import Quote, Search
from pipelines.digest.given import Given
from pipelines.digest.queries import Asker
from pipelines.digest.quotes import quote_of, shown_name
from pipelines.digest.searches import Posts, search
from pipelines.digest.text import clean
from pipelines.digest.words import counted, language

LINK = "Other languages"


@dataclass(frozen=True, slots=True)
class Learned:
    """A source whose sentiment is read by a model made of people's labels, and what both reach there, 0 … 1."""

    source: str
    labels: int
    recall: float | None
    other: str
    other_recall: float | None


@dataclass(frozen=True, slots=True)
class Unscored:
    """Earned mentions of the period in a language that were not scored for one reason."""

    lang: str | None
    language: str
    reason: str | None
    why: str
    posts: int
    quote: Quote | None


@dataclass(frozen=True, slots=True)
class Languages:
    """Earned mentions of the period that name a brand: how many were scored, and why the others were not."""

    scored: int | None
    unscored: int | None
    items: list[Unscored]


@dataclass(frozen=True, slots=True)
class Searches:
    """What came of looking for them."""

    languages: Search


@dataclass(frozen=True, slots=True)
class Data:
    """What the section says."""

    searches: Searches
    languages: Languages
    learned: list[Learned]


def freeze(given: Given) -> Data:
    """What was not scored, and why."""
    found = languages(given.asker)
    scored, unscored = found.scored or 0, found.unscored or 0
    came = search(
        bool(unscored),
        Posts(scored + unscored, subject="about a brand"),
        "Every one of {n} about a brand was scored.",
        "Every one of {n} was scored.",
        given.coverage,
    )
    if not came.is_known:
        found = replace(found, unscored=None) if found.scored else replace(found, scored=None, unscored=None)
    return Data(Searches(came), found, learned(given.asker))


def languages(asker: Asker) -> Languages:
    """Posts of the period that name a brand, and those that were not scored by language and reason."""
    rows = asker.ask("languages")
    quotes = {row["lang"]: quote_of(row) for row in asker.ask("language_posts")}
    items = [
        Unscored(
            lang=shown_name(row["lang"]),
            language=language(row["lang"]),
            reason=shown_name(row["reason"]),
            why=unscored_reason(row["reason"], row["lang"]),
            posts=row["unscored"],
            quote=quotes.pop(row["lang"], None),
        )
        for row in rows
        if row["unscored"]
    ]
    return Languages(sum(row["scored"] for row in rows), sum(row["unscored"] for row in rows), items)


def learned(asker: Asker) -> list[Learned]:
    """Sources whose sentiment is read by a model that was made of people's labels."""
    return [
        Learned(
            clean(row["source"]),
            row["labels_count"],
            row["learned_recall"],
            clean(row["compared_with"]),
            row["compared_recall"],
        )
        for row in asker.ask("readers")
    ]


# Words ------------------------------------------------------------------------------------------------


def unscored_reason(reason: str | None, lang: str | None) -> str:
    """Why a post was not scored, for readers."""
    if reason == "no-text":
        return "no text, only a picture or a link"
    if reason == "unknown-language":
        return "too short or too mixed to tell the language"
    if reason and reason.startswith("language:"):
        return f"the scorer does not read {language(lang or reason.partition(':')[2])}"
    return clean(reason) if reason else "no reason was recorded"


def learned_line(one: Learned) -> str:
    """In forum, sentiment is read by a model learned from 540 labels …"""
    line = f"In {one.source}, sentiment is read by a model learned from {counted(one.labels, 'label')} of people"
    if one.recall is None or one.other_recall is None:
        return f"{line}."
    return (
        f"{line}: it finds {one.recall:.0%} of each tone there on average (macro-recall, cross-validated), "
        f"{one.other} {one.other_recall:.0%}."
    )
