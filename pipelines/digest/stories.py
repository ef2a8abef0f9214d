"""What is new or growing: stories that stand out against their own past, a line each."""

from pipelines.digest.frozen import Stories, Story
from pipelines.digest.queries import Asker, Row
from pipelines.digest.quotes import quote_of, shown_name
from pipelines.digest.text import clean

MOST = 5
QUOTES = 2


def stories(asker: Asker) -> Stories:
    """The stories of the period, those of our brands and of all posts before those of competitors."""
    rows = asker.ask("stories", limit=MOST)
    return Stories(
        rows[0]["stories_count"] if rows else 0, [_story(asker, number, row) for number, row in enumerate(rows, 1)]
    )


def _story(asker: Asker, number: int, row: Row) -> Story:
    name = shown_name(row["item_name"]) or clean(row["kind"])
    posts = asker.ask(
        "story_posts", as_name=f"story_{number}", ids=list(row["example_ids"]), item=row["item_name"], limit=QUOTES
    )
    return Story(
        name=name,
        kind=row["kind"],
        brand_name=shown_name(row["brand_name"]),
        is_competitor=bool(row["is_competitor"]),
        is_new=bool(row["is_new"]),
        is_copied=bool(row["is_copied"]),
        first_day=row["first_date"],
        last_day=row["last_date"],
        posts=row["mentions_count"],
        people=row["most_people"],
        usual_low=row["usual_low"],
        usual_high=row["usual_high"],
        quotes=[quote_of(post) for post in posts],
    )
