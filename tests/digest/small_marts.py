"""A published file built by hand: mentions and coverage go in, the marts that follow are counted from those."""

from dataclasses import fields
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from pipelines.config.settings import DigestSettings
from pipelines.digest.freeze import freeze
from pipelines.digest.frozen import Frozen

UNTIL = datetime.fromisoformat("2026-05-01")
SETTINGS = DigestSettings(title="What was said", days=7, quotes=3)
NOON = time(12)
NOW, BEFORE = date(2026, 4, 28), date(2026, 4, 20)
THEMES = {"price": "Price", "wifi": "Wi-Fi"}
COMPOUND = {"positive": 0.8, "neutral": 0.0, "negative": -0.8, None: None}

SCHEMA = """
create schema marts;
create table marts.mentions (
    mention_brand_id varchar, mention_id varchar, brand_id varchar, brand_name varchar, is_competitor boolean,
    matched_by varchar, matched_terms varchar, source varchar, network varchar, community varchar, kind varchar,
    title varchar, text varchar, url varchar, lang varchar, created_at timestamp, created_date date,
    edited_at timestamp, deleted_at timestamp, parent_id varchar, root_id varchar, author_id varchar,
    author_handle varchar, author_name varchar, author_followers bigint, is_team boolean, is_repost boolean,
    is_earned boolean, likes bigint, replies bigint, reposts bigint, quotes bigint, views bigint, score bigint,
    engagement bigint, sentiment_label varchar, compound double, sentiment_reason varchar, sentiment_engine varchar,
    themes varchar[], intents varchar[], flags varchar[], topic_id varchar, cluster_id varchar, is_duplicate boolean,
    first_team_reply_at timestamp, is_answered boolean,
    first_seen_at timestamp, last_seen_at timestamp);
create table marts.coverage_days (
    source varchar, network varchar, day_date date, status varchar, queries_count bigint,
    complete_queries_count bigint, posts_count bigint, reason varchar);
create table marts.coverage (
    source varchar, network varchar, query varchar, window_start timestamp, window_end timestamp, status varchar,
    reason varchar, calls_count bigint, posts_count bigint, quarantined_count bigint, first_post_at timestamp,
    last_post_at timestamp, unseen_from timestamp, unseen_to timestamp, is_complete boolean);
create table marts.coverage_brand_days (
    brand_id varchar, brand_name varchar, source varchar, network varchar, day_date date, status varchar,
    queries_count bigint, complete_queries_count bigint);
create table marts.brand_queries (
    brand_id varchar, brand_name varchar, query_version varchar, query varchar, first_window_start timestamp,
    last_window_end timestamp, is_current boolean);
create table marts.influencers (
    author_id varchar, brand_id varchar, brand_name varchar, is_competitor boolean, network varchar, handle varchar,
    name varchar, followers bigint, mentions_count bigint, positive_count bigint, neutral_count bigint,
    negative_count bigint, unscored_count bigint, engagement_count bigint, addressed_by_count bigint,
    first_mention_at timestamp, last_mention_at timestamp, rank integer);
create table marts.emerging (
    day_date date, brand_id varchar, brand_name varchar, kind varchar, item varchar, item_name varchar,
    mentions_count bigint, people_count bigint, usual_low bigint, usual_high bigint, p_value double, is_new boolean,
    is_copied boolean, is_lead boolean, episode_id varchar, first_date date, example_ids varchar[]);
create table marts.topics (topic_id varchar, topic_name varchar);
create table marts.topic_events (
    topic_id varchar, topic_name varchar, event_date date, event varchar, other_topic_name varchar);
create table marts.flagged_mentions (
    mention_id varchar, flag varchar, severity varchar, probability double, evidence varchar, is_confirmed boolean,
    brands varchar[], created_date date, is_team boolean, is_repost boolean, is_earned boolean);
create table marts.models (
    task varchar, source varchar, labels_count bigint, learned_recall double, compared_with varchar,
    compared_recall double, is_used boolean);
create table marts.theme_names (theme_id varchar, theme_name varchar);
create table marts.mention_intents (mention_id varchar, intent varchar, probability double);
create schema core;
create table core.networks (network varchar, title varchar, handle_prefix varchar, is_feed boolean);
insert into core.networks values ('reddit', 'Reddit', 'u/', false), ('x', 'X', '@', false);
create table core.themes (theme_id varchar, name varchar);
create table core.mention_topics (mention_id varchar, topic_id varchar);
create table core.judged_days (
    source varchar, day_date date, past_days_count bigint, needed_days_count bigint, is_judged boolean);
"""

COUNTED = """
create or replace table marts.brand_days as
select brand_id, brand_name, is_competitor, created_date as day_date, source, network,
    count(*) filter (where is_earned) as mentions_count,
    count(*) filter (where is_repost) as reposts_count,
    count(*) filter (where is_team) as team_count,
    count(*) filter (where deleted_at is not null) as deleted_count,
    count(distinct author_id) filter (where is_earned) as authors_count,
    count(*) filter (where is_earned and sentiment_label = 'positive') as positive_count,
    count(*) filter (where is_earned and sentiment_label = 'neutral') as neutral_count,
    count(*) filter (where is_earned and sentiment_label = 'negative') as negative_count,
    count(*) filter (where is_earned and sentiment_label is null) as unscored_count,
    sum(engagement)::bigint as engagement_count, sum(views)::bigint as views_count
from marts.mentions where brand_id is not null group by all;
create or replace table marts.feedback_items as
select mention_brand_id || '@' || theme_id as feedback_id, mention_id, brand_id, brand_name, is_competitor, theme_id,
    coalesce(theme_name, theme_id) as theme_name,
    case sentiment_label when 'positive' then 'good' when 'negative' then 'bad' when 'neutral' then 'mixed'
        else 'unscored' end as polarity,
    theme_id as matched_terms, title, text, url, lang, source, network, community, created_at, created_date,
    author_handle, compound, engagement, is_duplicate, is_answered
from (select *, unnest(themes) as theme_id from marts.mentions where is_earned and brand_id is not null)
left join marts.theme_names using (theme_id);
create or replace table marts.theme_days as
select theme_id, theme_name, brand_id, brand_name, is_competitor, created_date as day_date, source, network,
    count(*) as mentions_count,
    count(*) filter (where polarity = 'good') as positive_count,
    count(*) filter (where polarity = 'mixed') as neutral_count,
    count(*) filter (where polarity = 'bad') as negative_count,
    count(*) filter (where polarity = 'unscored') as unscored_count,
    sum(engagement)::bigint as engagement_count
from marts.feedback_items group by all;
"""


class Marts:
    """Collects rows; `publish` writes them to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, Any]] = []
        self.days: list[dict[str, Any]] = []
        self.brand_coverage: list[dict[str, Any]] = []
        self.brand_queries: list[dict[str, Any]] = []
        self.people: list[dict[str, Any]] = []
        self.others: dict[str, list[dict[str, Any]]] = {}
        self.past_days = 28
        """Of every day that was seen: those of its past on which the source was seen, too; 14 are needed."""
        self.themes = THEMES
        self.reads_topics = True
        self.probabilities: dict[str, float | None] = {}
        """Of the intents of a mention, by its id; 0.9 where nothing is said."""

    def mention(self, day: date = NOW, label: str | None = "neutral", **changed: Any) -> dict[str, Any]:
        """One row of `marts.mentions`; ours, on Reddit, by an author of its own unless said otherwise."""
        n = len(self.rows) + 1
        row = {
            "mention_id": f"reddit:{n:05}",
            "brand_id": "halmora",
            "brand_name": "Halmora",
            "is_competitor": False,
            "matched_by": "term",
            "source": "forum",
            "network": "reddit",
            "community": "r/halmora",
            "kind": "post",
            "text": f"Post number {n}",
            "url": f"https://reddit.example/{n}",
            "lang": "en",
            "created_at": datetime.combine(day, NOON) + timedelta(seconds=n),
            "author_id": f"reddit:author{n}",
            "author_handle": f"author{n}",
            "is_team": False,
            "is_repost": False,
            "is_earned": True,
            "score": 1,
            "engagement": 1,
            "sentiment_label": label,
            "compound": COMPOUND[label],
            "sentiment_reason": None if label else "language:de",
            "themes": [],
            "flags": [],
            "is_duplicate": False,
            "is_answered": True,
        } | changed
        row["created_date"] = row["created_at"].date()
        row["mention_brand_id"] = f"{row['mention_id']}@{row['brand_id'] or ''}"
        self.rows.append(row)
        return row

    def mentions(self, count: int, day: date = NOW, label: str | None = "neutral", **changed: Any) -> None:
        """Several alike."""
        for _ in range(count):
            self.mention(day, label, **changed)

    def rival(self, count: int, day: date = NOW, label: str | None = "neutral", **changed: Any) -> None:
        """Mentions of the competitor."""
        brand = {"brand_id": "tillwick", "brand_name": "Tillwick", "is_competitor": True}
        self.mentions(count, day, label, **brand, **changed)

    def covered(
        self,
        source: str = "forum",
        first: date = date(2026, 4, 17),
        last: date = date(2026, 4, 30),
        status: str = "complete",
        reason: str | None = None,
    ) -> None:
        """The same status for each day; a later call wins for its days."""
        span = {first + timedelta(days=n) for n in range((last - first).days + 1)}
        self.days = [day for day in self.days if day["source"] != source or day["day_date"] not in span]
        columns = ("source", "network", "day_date", "status", "queries_count", "complete_queries_count", "posts_count")
        for day in sorted(span):
            values = (source, "reddit", day, status, 1, int(status == "complete"), 3)
            self.days.append({**dict(zip(columns, values, strict=True)), "reason": reason})

    def person(self, author_id: str, rank: int = 1, **changed: Any) -> None:
        """One row of `marts.influencers`."""
        counts = {f"{name}_count": 1 for name in ("mentions", "positive", "engagement", "addressed_by")}
        counts |= {f"{name}_count": 0 for name in ("neutral", "negative", "unscored")}
        brand = {"brand_id": "halmora", "brand_name": "Halmora", "is_competitor": False}
        self.people.append(
            {"author_id": author_id, "network": "reddit", "handle": author_id, "rank": rank} | brand | counts | changed
        )

    def other(self, mart: str, **row: Any) -> None:
        """One row of another mart: `emerging`, `topics`, `topic_events`, `flagged_mentions` or `models`."""
        self.others.setdefault(mart, []).append(row)

    def story(self, name: str, day: date = NOW, **changed: Any) -> None:
        """A word that stands out on a day; of all posts, by 12 people where none is usual, unless said otherwise."""
        row = {
            "day_date": day,
            "kind": "word",
            "item": name,
            "item_name": name,
            "mentions_count": 14,
            "people_count": 12,
            "usual_low": 0,
            "usual_high": 2,
            "p_value": 0.00001,
            "is_new": False,
            "is_copied": False,
            "is_lead": True,
            "episode_id": f"word:{name}",
            "first_date": day,
            "example_ids": [],
        }
        self.other("emerging", **row | changed)

    def unreadable(self, records: int, source: str = "forum", first: date = BEFORE, last: date = NOW) -> None:
        """A query of which some records can't be read, over some days."""
        span = {"window_start": datetime.combine(first, time()), "window_end": datetime.combine(last, time())}
        self.other("coverage", source=source, query="file", status="schema-drift", quarantined_count=records, **span)

    def flagged(self, mention: dict[str, Any], flag: str, severity: str | None, **changed: Any) -> None:
        """A flag on a mention, and the mart's row of it."""
        mention["flags"] = [*mention["flags"], flag]
        row = {
            "mention_id": mention["mention_id"],
            "flag": flag,
            "severity": severity,
            "probability": 0.9,
            "is_confirmed": False,
            "brands": [mention["brand_id"]] if mention["brand_id"] else [],
            "created_date": mention["created_date"],
            "is_team": mention["is_team"],
            "is_repost": mention["is_repost"],
            "is_earned": mention["is_earned"],
        }
        self.other("flagged_mentions", **row | changed)

    def fill_a_week(self) -> None:
        """A small, whole story: volume up, mood down, Price moved, work to do, an unread language, a competitor."""
        self.mentions(12, NOW, "positive")
        self.mentions(14, NOW, "negative", themes=["price"], author_id=None, author_handle=None)
        self.mentions(4, NOW, "neutral")
        self.mentions(2, NOW, None, lang="de", text="Der Preis ist zu hoch.")
        self.mentions(12, BEFORE, "positive")
        self.mentions(1, BEFORE, "negative", themes=["price"])
        self.mentions(2, BEFORE, "neutral")
        self.rival(8, NOW, "positive")
        self.rival(15, BEFORE, "positive")
        self.mention(
            NOW,
            "negative",
            text="The pump hums. Will you fix it?",
            author_handle="tam",
            score=57,
            engagement=57,
            is_answered=False,
        )
        self.mention(
            NOW,
            "positive",
            text="Best basil of my life",
            author_handle="nettie",
            author_followers=212_000,
            is_answered=False,
        )
        self.mention(NOW, "positive", is_team=True, is_earned=False, author_handle="mira")
        self.person("reddit:author1", 1, followers=212_000, engagement_count=900)

    def publish(self) -> Path:
        """The file, as analysts would get it."""
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(SCHEMA)
            _insert(connection, "mentions", self.rows)
            _insert(connection, "influencers", self.people)
            _insert(connection, "coverage_days", self.days)
            _insert(connection, "coverage_brand_days", self.brand_coverage)
            _insert(connection, "brand_queries", self.brand_queries)
            for mart, rows in self.others.items():
                _insert(connection, mart, rows)
            wants = {(row["mention_id"], intent) for row in self.rows for intent in row.get("intents") or []}
            told = [(*want, self.probabilities.get(want[0], 0.9)) for want in sorted(wants)]
            if told:
                connection.executemany("insert into marts.mention_intents values (?, ?, ?)", told)
            for theme in self.themes.items():
                connection.execute("insert into marts.theme_names values (?, ?)", list(theme))
                connection.execute("insert into core.themes values (?, ?)", list(theme))
            if self.reads_topics:
                connection.execute(
                    "insert into core.mention_topics select distinct mention_id, topic_id from marts.mentions"
                )
            connection.execute(
                "insert into core.judged_days select source, day_date, $past, 14, $past >= 14 "
                "from marts.coverage_days where status != 'missing'",
                {"past": self.past_days},
            )
            connection.execute(COUNTED)
        return self.path

    def again(self) -> duckdb.DuckDBPyConnection:
        """A connection that changes what was published."""
        return duckdb.connect(str(self.path))

    def frozen_again(self) -> Frozen:
        """The frozen structure of what was published before."""
        return freeze(self.path, SETTINGS, UNTIL)

    def freeze(self, settings: DigestSettings = SETTINGS, until: datetime = UNTIL) -> Frozen:
        """The digest's frozen structure over these rows."""
        return freeze(self.publish(), settings, until)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    columns = list(dict.fromkeys(name for row in rows for name in row))
    marks = ", ".join(["(" + ", ".join("?" * len(columns)) + ")"] * len(rows))
    values = [row.get(name) for row in rows for name in columns]
    connection.execute(f"insert into marts.{table} ({', '.join(columns)}) values {marks}", values)


def searches_of(frozen: Frozen) -> SimpleNamespace:
    """What came of every search, whichever section it is of."""
    found = [section.searches for section in frozen.sections.values()]
    return SimpleNamespace(**{field.name: getattr(one, field.name) for one in found for field in fields(one)})
