"""What there is to do: who waits for an answer, who to thank, who to know; and who could not be understood."""

from pipelines.digest import words
from pipelines.digest.frozen import (
    Brand,
    BrandPeople,
    Labels,
    Languages,
    Learned,
    Person,
    Thanks,
    ThanksList,
    Unscored,
    Waiting,
    WaitingList,
)
from pipelines.digest.queries import Asker, Row
from pipelines.digest.quotes import quote_of, shown_name
from pipelines.digest.text import clean, safe_url


def waiting(asker: Asker, limit: int) -> WaitingList:
    """Negative or asking posts about us that nobody of the team answered, of both periods, most urgent first."""
    has_team = bool(asker.ask("team")[0]["has_team"])
    rows = asker.ask("waiting", limit=limit)
    if not rows:
        return WaitingList(0, 0, 0, 0, 0, 0, has_team, [])
    first = rows[0]
    return WaitingList(
        posts=first["posts_count"],
        people=first["people_count"],
        negative=first["negative_count"],
        questions=first["question_count"],
        earlier=first["earlier_count"],
        spam=first["spam_count"],
        has_team=has_team,
        items=[
            Waiting(
                quote_of(row),
                bool(row["is_negative"]),
                bool(row["is_question"]),
                list(row["wants"]),
                row["waiting_hours"],
                row["urgency"],
                row["posts_of_author"],
            )
            for row in rows
        ],
    )


def thanks(asker: Asker, limit: int) -> ThanksList:
    """Clear praise of the period that nobody of the team answered, by reactions and followers."""
    rows = asker.ask("thanks", limit=limit)
    if not rows:
        return ThanksList(0, 0, [])
    items = [Thanks(quote_of(row), row["author_followers"]) for row in rows]
    return ThanksList(rows[0]["posts_count"], rows[0]["people_count"], items)


def people(asker: Asker, brands: list[Brand], limit: int) -> list[BrandPeople]:
    """Influencers who spoke of a brand in the period; brands in their order, those without anybody left out."""
    rows = asker.ask("people", limit=limit)
    by_brand = {brand.brand_id: [row for row in rows if row["brand_id"] == brand.brand_id] for brand in brands}
    return [
        BrandPeople(
            brand.brand_id,
            brand.name,
            brand.is_competitor,
            by_brand[brand.brand_id][0]["people_count"],
            [_person(row) for row in by_brand[brand.brand_id]],
        )
        for brand in brands
        if by_brand[brand.brand_id]
    ]


def languages(asker: Asker) -> Languages:
    """Posts of the period that name a brand, and those that were not scored by language and reason."""
    rows = asker.ask("languages")
    quotes = {row["lang"]: quote_of(row) for row in asker.ask("language_posts")}
    items = [
        Unscored(
            lang=shown_name(row["lang"]),
            language=words.language(row["lang"]),
            reason=shown_name(row["reason"]),
            why=words.unscored_reason(row["reason"], row["lang"]),
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


def _person(row: Row) -> Person:
    return Person(
        brand_id=row["brand_id"],
        author=shown_name(words.author(row["handle_prefix"], row["handle"])) or words.DASH,
        name=shown_name(row["name"]),
        network=clean(row["network"]),
        followers=row["followers"],
        period=row["period_count"],
        labels=Labels(
            mentions=row["mentions_count"],
            positive=row["positive_count"],
            neutral=row["neutral_count"],
            negative=row["negative_count"],
            unscored=row["unscored_count"],
        ),
        engagement=row["engagement_count"],
        addressed_by=row["addressed_by_count"],
        rank=row["rank"],
        url=safe_url(row["url"]),
    )
