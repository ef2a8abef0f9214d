"""What people say stands above every engine, in every mart, by way of the real dbt build."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.build.step import build
from pipelines.people import labels as store
from pipelines.people import topics
from pipelines.people.labels import QUESTIONS, SEPARATOR, Label
from pipelines.store.home import Home
from pipelines.store.warehouse import create_tables

Rows = list[tuple[Any, ...]]
NOON = datetime(2026, 3, 2, 12)
BRANDED = {"forum:1": "halmora", "forum:2": "halmora", "forum:3": "halmora", "forum:4": "halmora", "forum:5": "tindle"}
SCORES = [
    # mention, target, compound, label, reason
    ("forum:1", "text", 0.8, "positive", None),
    ("forum:1", "halmora", 0.8, "positive", None),
    ("forum:2", "text", 0.5, "positive", None),
    ("forum:3", "text", None, None, "language:de"),
    ("forum:4", "text", -0.5, "negative", None),
    ("forum:5", "text", 0.4, "positive", None),
    ("forum:6", "text", None, None, "no-text"),
]
GIVEN = [
    Label("forum:1", "sentiment", "text", "ana", NOON, "negative"),
    Label("forum:2", "sentiment", "text", "ana", NOON, "negative"),
    Label("forum:2", "sentiment", "text", "ana", NOON + timedelta(days=1), None),
    Label("forum:3", "sentiment", "text", "ana", NOON, "negative"),
    Label("forum:3", "sentiment", "text", "bob", NOON + timedelta(hours=1), "neutral"),
    Label("forum:5", "sentiment", "tindle", "bob", NOON, "negative"),
    Label("forum:6", "sentiment", "text", "ana", NOON, "positive"),
    Label("forum:1", "topic", "text", "ana", NOON, "t0002"),
    Label("forum:2", "topic", "text", "ana", NOON, "none"),
    Label("forum:3", "topic", "text", "ana", NOON, "t0004"),
    Label("forum:3", "topic", "text", "bob", NOON, "t0003"),
    Label("forum:3", "topic", "text", "cleo", NOON + timedelta(hours=1), "t0001"),
    Label("forum:4", "topic", "text", "ana", NOON, "queues at the till"),
    Label("forum:5", "topic", "text", "ana", NOON, "t0002"),
    Label("forum:1", "intent", "text", "ana", NOON, "none"),
    Label("forum:2", "moderation", "text", "ana", NOON, "insult"),
    Label("forum:3", "moderation", "text", "ana", NOON, "promotion"),
    Label("forum:ann", "account", "text", "ana", NOON, "neither"),
    Label("forum:ben", "account", "text", "ana", NOON, "bot | repeater"),
    Label("forum:nobody", "account", "text", "ana", NOON, "bot"),
]
TOPICS = [
    # topic, name, merged_into
    ("t0001", "delay", None),
    ("t0002", "luggage", None),
    ("t0003", "staff", "t0002"),
    ("t0004", "crew", "t0003"),
]
PLACED = [
    # mention, topic, similarity, is_typical
    ("forum:1", "t0001", 0.9, True),
    ("forum:2", "t0001", 0.8, True),
    ("forum:4", "t0001", 0.7, True),
    ("forum:5", "t0002", 0.6, True),
    ("forum:6", None, None, False),
]
WANTS = [
    ("forum:1", "complaint"),
    ("forum:2", "spam"),
    ("forum:2", "praise"),
    ("forum:3", "spam"),
    ("forum:4", "other"),
]
FLAGGED = [("forum:ann", "bot"), ("forum:ben", "bot"), ("forum:cleo", "repeater")]


def wild_labels(seed: int) -> list[Label]:
    """What five people say of a dozen posts, changing their minds, at moments of which some are the same."""
    chance = random.Random(seed)
    found: dict[tuple[object, ...], Label] = {}
    for _ in range(600):
        task = chance.choice(sorted(QUESTIONS))
        question = QUESTIONS[task]
        choices = question.choices[:4] or ("luggage", "delay", "staff")
        several = sorted(chance.sample(choices, chance.randint(0, min(3, len(choices)))))
        value = SEPARATOR.join(several if question.takes_several else several[:1]) or question.nothing or choices[0]
        label = Label(
            f"wild:{chance.randrange(12)}",
            task,
            "text",
            chance.choice("abcde"),
            NOON + timedelta(minutes=chance.randrange(400)),
            None if chance.random() < 0.1 else value,
        )
        found[label[:-1]] = label
    return list(found.values())


WILD = wild_labels(seed=7)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory, logs: Path) -> Path:
    """A warehouse with posts, what an engine says of them and what people say, and its marts."""
    home = Home(tmp_path_factory.mktemp("labelled"))
    store.add(home, [*GIVEN, *WILD])
    with duckdb.connect(home.warehouse) as connection:
        create_tables(connection)
        for mention_id in [*BRANDED, "forum:6", *(f"wild:{number}" for number in range(12))]:
            is_gone = mention_id == "forum:6"
            connection.execute(_MENTION, [mention_id, None if is_gone else "Said.", NOON, NOON if is_gone else None])
        for row in BRANDED.items():
            connection.execute(_SPEAKS_OF, list(row))
        for score in SCORES:
            connection.execute(_SCORE, list(score))
        connection.execute(
            "insert into core.brands values ('halmora', 'Halmora', false, '1'), ('tindle', 'Tindle', true, '1')"
        )
        for topic in TOPICS:
            connection.execute(_TOPIC, list(topic))
        for place in PLACED:
            connection.execute(_PLACED, list(place))
        for want in WANTS:
            connection.execute(_WANTS, list(want))
        for row in FLAGGED:
            connection.execute(_FLAGGED, list(row))
        for account in [*(account for account, _ in FLAGGED), *(f"wild:{number}" for number in range(12))]:
            connection.execute(_AUTHOR, [account, account, NOON])
        store.load(connection, home)
    build(home.warehouse, logs)
    return home.warehouse


_MENTION = """
insert into core.mentions by name
select
    $1 as mention_id, 'forum' as source, 'forum' as network, 'post' as kind, $2 as text, $3::timestamp as created_at,
    $4::timestamp as deleted_at, $3::timestamp as first_seen_at, $3::timestamp as last_seen_at
"""
_SPEAKS_OF = """
insert into core.brand_mentions by name
select $1 as mention_id, $2 as brand_id, 'term' as matched_by, '1' as query_version
"""
_SCORE = """
insert into core.sentiment by name
select
    $1 as mention_id, $2 as target, $3::double as compound, $4 as label, $5 as reason, 'hand' as engine,
    '1' as engine_version
"""
_TOPIC = """
insert into core.topics by name
select
    $1 as topic_id, $2 as name, $2 as model_name, 'model' as named_by,
    case when $3 is null then 'active' else 'merged' end as status, $3 as merged_into, date '2026-03-01' as born_date,
    date '2026-03-02' as last_seen_date, 1 as mentions_count, 0.5 as reach, [1.0] as centroid, 'hand' as engine,
    '1' as engine_version
"""
_PLACED = """
insert into core.mention_topics by name
select
    $1 as mention_id, $2 as topic_id, $3::double as similarity, $4 as is_typical, 'hand' as engine,
    '1' as engine_version
"""
_WANTS = """
insert into core.mention_intents by name
select $1 as mention_id, $2 as intent, 0.8 as probability, 'hand' as engine, '1' as engine_version
"""
_AUTHOR = """
insert into core.authors by name
select
    $1 as author_id, 'forum' as network, $2 as handle, false as is_team, $3::timestamp as first_seen_at,
    $3::timestamp as last_seen_at
"""
_FLAGGED = """
insert into core.account_flags by name
select
    $1 as author_id, $2 as flag, 0.9 as probability, '40 posts seen' as evidence, 'hand' as engine,
    '1' as engine_version
"""


@pytest.fixture
def ask(labelled: Path) -> Callable[[str], Rows]:
    def ask(sql: str) -> Rows:
        with duckdb.connect(labelled, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return ask


def test_a_person_stands_above_the_engine_for_the_target_that_was_judged(ask: Callable[[str], Rows]) -> None:
    judged = "mention_id, target, compound, sentiment_label, sentiment_reason, sentiment_engine"
    told = ask(f"select {judged} from staging.stg_sentiment where mention_id like 'forum:%' order by all")
    assert told == [
        ("forum:1", "halmora", 0.8, "positive", None, "hand 1"),
        ("forum:1", "text", None, "negative", None, "person"),
        ("forum:2", "text", 0.5, "positive", None, "hand 1"),
        ("forum:3", "text", None, "neutral", None, "person"),
        ("forum:4", "text", -0.5, "negative", None, "hand 1"),
        ("forum:5", "text", 0.4, "positive", None, "hand 1"),
        ("forum:5", "tindle", None, "negative", None, "person"),
        ("forum:6", "text", None, None, "no-text", "hand 1"),
    ]


def test_the_days_of_a_brand_count_what_people_say(ask: Callable[[str], Rows]) -> None:
    counts = "brand_id, mentions_count, positive_count, neutral_count, negative_count, unscored_count"
    (halmora, tindle) = ask(f"select {counts} from marts.brand_days order by brand_id")
    assert halmora == ("halmora", 4, 1, 1, 2, 0)
    assert tindle[:2] == ("tindle", 1)


def test_a_label_of_a_deleted_post_is_kept_and_says_nothing(ask: Callable[[str], Rows]) -> None:
    assert ask("select value from core.labels where mention_id = 'forum:6'") == [("positive",)]
    assert ask("select * from staging.stg_verdicts where mention_id = 'forum:6'") == []
    assert ask("select * from staging.stg_verdicts where mention_id = 'forum:nobody'") == []
    assert ask("select text, sentiment_label from marts.mentions where mention_id = 'forum:6'") == [(None, None)]


def test_the_tables_decide_between_people_as_the_learner_does(ask: Callable[[str], Rows]) -> None:
    told = ask("select mention_id, task, target, value from staging.stg_verdicts where mention_id like 'wild:%'")
    assert {row[:3]: row[3] for row in told} == store.verdicts(WILD)
    assert len(told) == len(store.verdicts(WILD)) > 40


def test_a_verdict_says_who_agreed_to_judge(ask: Callable[[str], Rows]) -> None:
    people = "people_count, labelled_by, labelled_at"
    asked = "mention_id = 'forum:3' and task = 'sentiment'"
    assert ask(f"select {people} from staging.stg_verdicts where {asked}") == [
        (2, ["ana", "bob"], NOON + timedelta(hours=1))
    ]


def test_a_post_is_in_the_topic_that_a_person_names_or_in_none(ask: Callable[[str], Rows]) -> None:
    placed = "mention_id, topic_id, similarity, is_typical"
    assert ask(f"select {placed} from staging.stg_mention_topics where mention_id like 'forum:%' order by 1") == [
        ("forum:1", "t0002", None, False),  # told from t0001
        ("forum:3", "t0002", None, False),  # two people name topics that are one by now, a newer third another
        ("forum:4", "t0001", 0.7, True),  # words that no topic has
        ("forum:5", "t0002", 0.6, True),
    ]


def test_what_emerges_is_counted_from_the_same_topics(labelled: Path, ask: Callable[[str], Rows]) -> None:
    with duckdb.connect(labelled, read_only=True) as connection:
        topics.place(connection)
        told = connection.execute("select mention_id, topic_id from told_topics order by 1").fetchall()
    assert told == ask("select mention_id, topic_id from staging.stg_mention_topics order by 1")


def test_every_mart_of_topics_counts_what_people_say(ask: Callable[[str], Rows]) -> None:
    said = "select mention_id, topic_id from marts.mentions where mention_id like 'forum:%' order by 1"
    assert ask(said) == [
        ("forum:1", "t0002"),
        ("forum:2", None),
        ("forum:3", "t0002"),
        ("forum:4", "t0001"),
        ("forum:5", "t0002"),
        ("forum:6", None),
    ]
    assert ask("select topic_id, mentions_count, typical_mention_ids from marts.topics order by 1") == [
        ("t0001", 1, "forum:4"),
        ("t0002", 3, "forum:5"),
        ("t0003", 0, None),
        ("t0004", 0, None),
    ]
    assert ask("select topic_id, brand_id, mentions_count from marts.topic_days order by 1, 2") == [
        ("t0001", "halmora", 1),
        ("t0002", "halmora", 2),
        ("t0002", "tindle", 1),
    ]


def test_none_is_an_answer_and_whoever_sees_no_spam_takes_that_intent_away(ask: Callable[[str], Rows]) -> None:
    said = "select mention_id, intents from marts.mentions where mention_id like 'forum:%' order by 1"
    assert ask(said) == [
        ("forum:1", ["other"]),
        ("forum:2", ["praise"]),
        ("forum:3", ["spam"]),
        ("forum:4", ["other"]),
        ("forum:5", None),
        ("forum:6", None),
    ]


def test_a_person_frees_an_account_of_its_flags_or_confirms_them(ask: Callable[[str], Rows]) -> None:
    told = "author_id, flag, probability, evidence, flag_engine, is_confirmed"
    assert ask(f"select {told} from marts.flagged_accounts where author_id like 'forum:%' order by 1, 2") == [
        ("forum:ben", "bot", None, "40 posts seen", "person", True),
        ("forum:ben", "repeater", None, None, "person", True),
        ("forum:cleo", "repeater", 0.9, "40 posts seen", "hand 1", False),
    ]
