"""What each mart says of the community in `conftest.py`, row by row."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.build.step import build

Rows = list[tuple[Any, ...]]
RowsOf = Callable[[str], Rows]
SECOND, THIRD = date(2026, 3, 2), date(2026, 3, 3)
SEEN = datetime(2026, 3, 4)


def at(day: int, time: str = "00:00") -> datetime:
    """A moment of March 2026."""
    return datetime.fromisoformat(f"2026-03-{day:02}T{time}")


def test_mentions_hold_everything_known_about_a_mention_of_two_brands(rows_of: RowsOf) -> None:
    def row(brand: str, name: str, is_competitor: bool, terms: str) -> tuple[Any, ...]:
        which = (f"reddit:r2@{brand}", "reddit:r2", brand, name, is_competitor, "term", terms)
        what = (
            "forum",
            "reddit",
            "r/halmora",
            "comment",
            None,
            "Text of reddit:r2",
            "https://example.org/reddit:r2",
            "en",
            *(None, None, None),
        )
        when = (at(2, "10:00"), SECOND, None, None, "reddit:r1", "reddit:r1")
        who = ("reddit:ben", "ben", None, None, False, False, True)
        numbers = (None, 1, None, None, None, -3, 4)
        told = ("tindle", "negative", -0.9) if brand == "tindle" else ("text", "positive", 0.5)
        meaning = (*told, None, "hand 1", ["price"], None, [], [], None, None, False)
        return (*which, *what, *when, *who, *numbers, *meaning, at(2, "10:30"), True, at(4), at(4))

    assert rows_of("select * from marts.mentions where mention_id = 'reddit:r2' order by brand_id") == [
        row("halmora", "Halmora", False, "halmora"),
        row("tindle", "Tindle", True, "#tindle | tindle"),
    ]


def test_mentions_have_a_row_for_each_brand_and_one_where_there_is_none(
    rows_of: RowsOf, community_rows: dict[str, Rows]
) -> None:
    branded = {(mention_id, brand_id) for mention_id, brand_id, *_ in community_rows["brand_mentions"]}
    all_mentions = {mention_id for mention_id, *_ in community_rows["mentions"]}
    brandless = {(mention_id, None) for mention_id in all_mentions - {mention_id for mention_id, _ in branded}}
    rows = rows_of("select mention_id, brand_id from marts.mentions")
    assert len(rows) == len(branded | brandless)
    assert set(rows) == branded | brandless


def test_mentions_of_a_brand_that_the_config_forgot_keep_its_id(rows_of: RowsOf) -> None:
    query = "select brand_id, brand_name, is_competitor from marts.mentions where mention_id = 'x:5'"
    assert rows_of(query) == [("brindlo", "brindlo", None)]


def test_not_earned_is_what_is_deleted_reposted_or_by_a_team(rows_of: RowsOf) -> None:
    query = (
        "select distinct mention_id, is_team, is_repost, deleted_at is not null from marts.mentions where not is_earned"
    )
    assert sorted(rows_of(query)) == [
        ("reddit:r15", True, False, False),
        ("reddit:r16", True, False, False),
        ("reddit:r3", True, False, False),
        ("reddit:r6", True, False, True),
        ("reddit:r7", None, False, True),
        ("reddit:r8", True, False, False),
        ("x:2", False, True, False),
        ("x:4", True, True, False),
        ("x:6", True, False, True),
        ("x:8", True, False, False),
        ("x:9", True, False, False),
    ]


def test_a_mention_by_an_unknown_author_is_earned(rows_of: RowsOf) -> None:
    query = "select author_id, is_team, is_earned from marts.mentions where mention_id = 'reddit:r12'"
    assert rows_of(query) == [(None, None, True)]


@pytest.mark.parametrize(
    ("mention_id", "numbers"),
    [
        pytest.param("x:1", (9, 0, 2, 1, 1000, None, 12), id="a number not told again keeps its newest value"),
        pytest.param("reddit:r1", (None, 2, None, None, None, 12, 14), id="numbers of two days, each the newest"),
        pytest.param("reddit:r3", (None, 0, None, None, None, 50, 50), id="one day"),
        pytest.param("reddit:r9", (None, 0, None, None, None, 0, 0), id="nothing happened"),
        pytest.param("reddit:r4", (None,) * 7, id="asked and not told"),
        pytest.param("reddit:r5", (None,) * 7, id="never asked"),
    ],
)
def test_latest_metrics(rows_of: RowsOf, mention_id: str, numbers: tuple[int | None, ...]) -> None:
    query = "select likes, replies, reposts, quotes, views, score, engagement from marts.mentions"
    assert rows_of(f"{query} where mention_id = '{mention_id}'") == [numbers]


@pytest.mark.parametrize(
    ("mention_id", "first_team_reply_at", "is_answered"),
    [
        pytest.param("reddit:r1", at(2, "10:30"), True, id="opening post, team comment further down the thread"),
        pytest.param("reddit:r2", at(2, "10:30"), True, id="comment, direct reply"),
        pytest.param("reddit:r4", None, False, id="comment, team spoke elsewhere in the thread"),
        pytest.param("reddit:r5", None, False, id="the team's answer was deleted"),
        pytest.param("reddit:r7", None, None, id="deleted mention"),
        pytest.param("reddit:r17", None, False, id="the team spoke before"),
        pytest.param("x:1", None, False, id="the team only reposted"),
        pytest.param("x:7", at(3, "12:10"), True, id="two direct replies, the earlier counts"),
    ],
)
def test_answers(
    rows_of: RowsOf, mention_id: str, first_team_reply_at: datetime | None, is_answered: bool | None
) -> None:
    query = "select distinct first_team_reply_at, is_answered from marts.mentions"
    assert rows_of(f"{query} where mention_id = '{mention_id}'") == [(first_team_reply_at, is_answered)]


def test_of_a_brand_what_is_said_of_it_counts_else_the_whole_text(rows_of: RowsOf) -> None:
    query = """
        select brand_id, sentiment_target, sentiment_label from marts.mentions where mention_id = 'reddit:r2' order by 1
    """
    assert rows_of(query) == [("halmora", "text", "positive"), ("tindle", "tindle", "negative")]


def test_what_a_person_says_of_intents_stands_above_the_engine(rows_of: RowsOf) -> None:
    query = """
        select distinct mention_id, intents from marts.mentions
        where mention_id in ('reddit:r1', 'reddit:r2', 'reddit:r4') order by 1
    """
    assert rows_of(query) == [
        ("reddit:r1", ["question", "praise"]),
        ("reddit:r2", None),
        ("reddit:r4", ["churn_risk", "complaint"]),
    ]


def test_intent_days(rows_of: RowsOf) -> None:
    halmora, tindle = ("halmora", "Halmora", False), ("tindle", "Tindle", True)
    forum = (SECOND, "forum", "reddit")
    # mentions | positive, neutral, negative, unscored | unanswered
    assert rows_of("select * from marts.intent_days order by intent, brand_id") == [
        ("churn_risk", *halmora, *forum, 1, 0, 0, 1, 0, 1),
        ("complaint", *halmora, *forum, 1, 0, 0, 1, 0, 1),
        ("complaint", *tindle, *forum, 1, 0, 0, 1, 0, 1),
        ("praise", *halmora, *forum, 1, 1, 0, 0, 0, 0),
        ("question", *halmora, *forum, 1, 1, 0, 0, 0, 0),
    ]


def test_flags_that_a_person_takes_away_and_those_of_deleted_mentions_are_gone(rows_of: RowsOf) -> None:
    query = (
        "select mention_id, flag, severity, evidence, is_confirmed, brands, is_earned from marts.flagged_mentions "
        "order by 1, 2"
    )
    assert rows_of(query) == [
        ("reddit:r10", "insult", "medium", "fool", False, ["tindle"], True),
        ("reddit:r10", "profanity", "low", "damn", False, ["tindle"], True),
    ]
    query = "select distinct mention_id, flags from marts.mentions where flags != [] and deleted_at is null"
    assert rows_of(query) == [("reddit:r10", ["insult", "profanity"])]


def test_tones_are_a_list_and_accounts_are_flagged_with_what_was_seen_of_them(rows_of: RowsOf) -> None:
    assert rows_of("select tones from marts.mentions where mention_id = 'reddit:r4'") == [(["irony"],)]
    query = "select author_handle, flag, evidence, mentions_count, first_mention_at from marts.flagged_accounts"
    assert rows_of(query) == [("cleo", "repeater", "3 posts, 2 the same", 3, at(2, "11:00"))]


def test_unscored_mentions_say_why(rows_of: RowsOf) -> None:
    query = """
        select distinct mention_id, sentiment_label, sentiment_reason from marts.mentions
        where mention_id in ('reddit:r7', 'reddit:r9', 'x:5') order by 1
    """
    assert rows_of(query) == [
        ("reddit:r7", None, "no-text"),
        ("reddit:r9", None, "language:de"),
        ("x:5", None, None),
    ]


def test_a_cluster_of_duplicates_has_one_that_stands_for_it(rows_of: RowsOf) -> None:
    query = "select mention_id, cluster_id, is_duplicate from marts.mentions where cluster_id is not null order by 1"
    assert rows_of(query) == [("reddit:r10", "reddit:r10", False), ("reddit:r11", "reddit:r10", True)]


def test_a_cluster_of_duplicates_tells_how_it_spread(rows_of: RowsOf) -> None:
    query = """
        select cluster_id, spread, mentions_count, exact_count, authors_count + unknown_author_count, sources_count,
            networks, mention_id
        from marts.duplicate_clusters
    """
    assert rows_of(query) == [("reddit:r10", "copypasta", 2, 0, 2, 1, ["reddit"], "reddit:r10")]


def test_themes_are_a_list_in_order_and_empty_where_there_are_none(rows_of: RowsOf) -> None:
    query = "select mention_id, themes from marts.mentions where mention_id in ('reddit:r4', 'reddit:r8') order by 1"
    assert rows_of(query) == [("reddit:r4", ["app", "price"]), ("reddit:r8", [])]


def test_brand_days(rows_of: RowsOf) -> None:
    halmora, tindle = ("halmora", "Halmora", False), ("tindle", "Tindle", True)
    forum, bird = ("forum", "reddit"), ("bird", "x")
    # earned, reposts, team, deleted | authors | positive, neutral, negative, unscored | engagement, views
    assert rows_of("select * from marts.brand_days order by brand_id, day_date, source") == [
        ("brindlo", "brindlo", None, THIRD, *bird, 1, 0, 0, 0, 1, 0, 0, 0, 1, None, None),
        (*halmora, SECOND, *bird, 2, 1, 1, 0, 2, 2, 0, 0, 0, 13, 1080),
        (*halmora, SECOND, *forum, 5, 0, 1, 1, 3, 3, 0, 1, 1, 18, None),
        (*halmora, THIRD, *bird, 1, 0, 0, 1, 1, 0, 0, 1, 0, 5, 600),
        (*halmora, THIRD, *forum, 2, 0, 1, 0, 2, 0, 1, 1, 0, None, None),
        (*tindle, SECOND, *forum, 4, 0, 0, 0, 2, 0, 1, 3, 0, 11, None),
    ]


def test_theme_days(rows_of: RowsOf) -> None:
    halmora, tindle = ("halmora", "Halmora", False), ("tindle", "Tindle", True)
    forum, bird = (SECOND, "forum", "reddit"), (SECOND, "bird", "x")
    # mentions | positive, neutral, negative, unscored | engagement
    assert rows_of("select * from marts.theme_days order by theme_id, brand_id, source") == [
        ("app", "The app", *halmora, *bird, 1, 1, 0, 0, 0, 12),
        ("app", "The app", *halmora, *forum, 2, 1, 0, 1, 0, 14),
        ("app", "The app", *tindle, *forum, 1, 0, 1, 0, 0, None),
        ("price", "Price", *halmora, *forum, 3, 1, 0, 1, 1, 4),
        ("price", "Price", *tindle, *forum, 1, 0, 0, 1, 0, 4),
    ]


def test_feedback_items(rows_of: RowsOf) -> None:
    query = """
        select feedback_id, polarity, matched_terms, author_handle, compound, engagement, is_answered
        from marts.feedback_items order by feedback_id
    """
    assert rows_of(query) == [
        ("reddit:r12@tindle@app", "mixed", "app", None, 0.0, None, False),
        ("reddit:r1@halmora@app", "good", "app", "ana", 0.8, 14, True),
        ("reddit:r2@halmora@price", "good", "cheaper | price", "ben", 0.5, 4, True),
        ("reddit:r2@tindle@price", "bad", "cheaper | price", "ben", -0.9, 4, True),
        ("reddit:r4@halmora@app", "bad", "app", "cleo", -0.6, None, False),
        ("reddit:r4@halmora@price", "bad", "expensive", "cleo", -0.6, None, False),
        ("reddit:r9@halmora@price", "unscored", "preis", "ana", None, 0, False),
        ("x:1@halmora@app", "good", "app", "dora", 0.9, 12, False),
    ]


def test_feedback_item_in_full(rows_of: RowsOf) -> None:
    which = ("reddit:r1@halmora@app", "reddit:r1", "halmora", "Halmora", False, "app", "The app", "good", "app")
    what = (
        "Title of reddit:r1",
        "Text of reddit:r1",
        "https://example.org/reddit:r1",
        "en",
        "forum",
        "reddit",
        "r/halmora",
    )
    rest = (at(2, "09:00"), SECOND, "ana", 0.8, 14, False, True)
    query = "select * from marts.feedback_items where feedback_id = 'reddit:r1@halmora@app'"
    assert rows_of(query) == [(*which, *what, *rest)]


def test_influencers(rows_of: RowsOf) -> None:
    halmora, tindle = ("halmora", "Halmora", False), ("tindle", "Tindle", True)
    ana, ben, cleo = ("reddit", "ana", "Ana", 40), ("reddit", "ben", None, None), ("reddit", "cleo", "Cleo", 7)
    dora, eli = ("x", "dora", "Dora", 9000), ("x", "eli", "Eli", 12)
    # mentions | positive, neutral, negative, unscored | engagement, addressed by | first, last | rank
    assert rows_of("select * from marts.influencers order by brand_id, rank") == [
        ("x:eli", "brindlo", "brindlo", None, *eli, 1, 0, 0, 0, 1, None, 0, at(3, "10:00"), at(3, "10:00"), 1),
        ("x:dora", *halmora, *dora, 2, 1, 0, 1, 0, 17, 2, at(2, "08:00"), at(3, "12:00"), 1),
        ("reddit:ana", *halmora, *ana, 4, 2, 0, 1, 1, 14, 3, at(2, "09:00"), at(3), 2),
        ("reddit:ben", *halmora, *ben, 2, 1, 1, 0, 0, 4, 2, at(2, "10:00"), at(3, "09:00"), 3),
        ("x:eli", *halmora, *eli, 1, 1, 0, 0, 0, 1, 0, at(2, "08:10"), at(2, "08:10"), 4),
        ("reddit:cleo", *halmora, *cleo, 1, 0, 0, 1, 0, None, 0, at(2, "11:00"), at(2, "11:00"), 5),
        ("reddit:ben", *tindle, *ben, 2, 0, 0, 2, 0, 11, 2, at(2, "10:00"), at(2, "17:00"), 1),
        ("reddit:cleo", *tindle, *cleo, 1, 0, 0, 1, 0, None, 0, at(2, "18:00"), at(2, "18:00"), 2),
    ]


def test_rank_goes_by_engagement_then_people_addressing_then_followers_then_id(community: Path, logs: Path) -> None:
    people = {
        # score, people addressing, followers
        "liked": (6, 0, None),
        "addressed": (-5, 2, 1),
        "less addressed": (5, 1, 9),
        "followed": (5, 0, 9),
        "less followed, a": (5, 0, 8),
        "less followed, b": (5, 0, 8),
        "not told": (5, 0, None),
        "nothing told": (None, 2, 9),
    }
    addressed = [
        (f"{name} {number}", name, "mention", f"fan {number}")
        for name, (_, count, _) in people.items()
        for number in range(count)
    ]
    with duckdb.connect(community) as connection:
        connection.execute("delete from core.brand_mentions where brand_id = 'tindle'")
        connection.executemany(
            "insert into core.authors by name "
            "select $1 as author_id, 'x' as network, $1 as handle, $2 as followers, false as is_team, "
            "$3 as first_seen_at, $3 as last_seen_at",
            [(name, followers, SEEN) for name, (_, _, followers) in people.items()],
        )
        connection.executemany(
            "insert into core.mentions by name "
            "select $1 as mention_id, 'bird' as source, 'x' as network, 'post' as kind, $1 as author_id, "
            "$2 as created_at, $3 as first_seen_at, $3 as last_seen_at",
            [(name, at(2), SEEN) for name in people],
        )
        connection.executemany(
            "insert into core.brand_mentions values (?, 'tindle', 'term', 'tindle', 'v1')", [(name,) for name in people]
        )
        connection.executemany(
            "insert into core.mention_metrics by name select $1 as mention_id, $2 as observed_date, $3 as score",
            [(name, SECOND, score) for name, (score, _, _) in people.items()],
        )
        connection.executemany("insert into core.interactions values (?, ?, ?, ?)", addressed)
    build(community, logs)
    with duckdb.connect(community, read_only=True) as connection:
        ranked = connection.execute(
            "select author_id, rank from marts.influencers where brand_id = 'tindle' order by rank"
        ).fetchall()
    assert ranked == [(name, place) for place, name in enumerate(people, 1)]


def test_coverage(rows_of: RowsOf, community_rows: dict[str, Rows]) -> None:
    expected = [
        (source, network, query, brands, start, end, status, *rest, False, is_complete)
        for source, query, start, end, network, brands, status, is_complete, *rest in sorted(
            community_rows["coverage"], key=lambda row: row[:4]
        )
    ]
    assert rows_of("select * from marts.coverage order by source, query, window_start, window_end") == expected


def test_coverage_of_a_query_by_day(rows_of: RowsOf) -> None:
    asked = "select query, day_date, brand_ids, status, reason from marts.coverage_query_days where source = 'forum'"
    rows = {(query, day.day): tuple(rest) for query, day, *rest in rows_of(asked)}
    assert len(rows) == 12
    assert rows["new", 2] == (None, "complete", None)
    assert rows["search", 2] == ("halmora", "complete", None)
    assert rows["search", 3] == ("halmora", "partial", "250 at most")
    assert rows["search", 4] == ("halmora", "missing", "Wait.")


def test_coverage_of_a_brand_is_that_of_its_searches_and_of_every_feed(rows_of: RowsOf) -> None:
    asked = "select brand_id, day_date, status, queries_count from marts.coverage_brand_days where source = 'forum'"
    rows = {(brand, day.day): tuple(rest) for brand, day, *rest in rows_of(asked)}
    assert (rows["halmora", 3], rows["tindle", 3]) == (("partial", 2), ("complete", 1))
    assert (rows["halmora", 4], rows["tindle", 4]) == (("missing", 2), ("missing", 1))


def test_coverage_days(rows_of: RowsOf) -> None:
    # status | queries, complete queries | posts | reason
    expected = {
        ("bird", 1): ("partial", 1, 0, 0, "terms: nothing came at all"),
        ("bird", 2): ("complete", 1, 1, 4, None),
        ("bird", 3): ("complete", 1, 1, 5, None),
        ("bird", 4): ("complete", 1, 1, 0, None),
        ("bird", 5): ("partial", 1, 0, 0, "terms: Wait."),
        ("forum", 1): ("partial", 1, 0, 0, "new: part of the day was not asked for"),
        ("forum", 2): ("complete", 2, 2, 13, None),
        ("forum", 3): ("partial", 2, 1, 4, "search: 250 at most"),
        ("forum", 4): ("missing", 2, 0, 0, "new: HTTP 503 | search: Wait."),
        ("forum", 5): ("missing", 1, 0, 0, "new: 1000 at most"),
        ("forum", 6): ("partial", 1, 0, 0, "new: 1000 at most"),
        ("forum", 7): ("complete", 1, 1, 0, None),
        ("forum", 8): ("missing", 1, 0, 0, "new: 1000 at most"),
        ("forum", 9): ("partial", 1, 0, 0, "new: 1000 at most"),
    }
    assert rows_of("select * from marts.coverage_days order by source, day_date") == [
        (source, "reddit" if source == "forum" else "x", date(2026, 3, day), *row)
        for (source, day), row in expected.items()
    ]
