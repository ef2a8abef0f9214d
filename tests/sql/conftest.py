"""A small warehouse, written by hand: three brands, two themes, five people and a team, two days of talk."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.build.step import build
from pipelines.store.warehouse import create_tables

Rows = list[tuple[Any, ...]]


def at(day: int, time: str = "00:00") -> datetime:
    """A moment of March 2026."""
    return datetime.fromisoformat(f"2026-03-{day:02}T{time}")


SEEN = at(4)

AUTHORS = [
    # author_id, network, handle, name, followers, is_team
    ("reddit:ana", "reddit", "ana", "Ana", 40, False),
    ("reddit:ben", "reddit", "ben", None, None, False),
    ("reddit:cleo", "reddit", "cleo", "Cleo", 7, False),
    ("reddit:mira", "reddit", "mira", "Mira of Halmora", 300, True),
    ("x:dora", "x", "dora", "Dora", 9000, False),
    ("x:eli", "x", "eli", "Eli", 12, False),
    ("x:halmora", "x", "halmora", "Halmora", 5000, True),
]

MENTIONS = [
    # mention_id, kind, author_id, parent_id, root_id, created_at, deleted_at
    ("reddit:r1", "post", "reddit:ana", None, "reddit:r1", at(2, "09:00"), None),
    ("reddit:r2", "comment", "reddit:ben", "reddit:r1", "reddit:r1", at(2, "10:00"), None),
    ("reddit:r3", "comment", "reddit:mira", "reddit:r2", "reddit:r1", at(2, "10:30"), None),
    ("reddit:r4", "comment", "reddit:cleo", "reddit:r1", "reddit:r1", at(2, "11:00"), None),
    ("reddit:r5", "post", "reddit:cleo", None, "reddit:r5", at(2, "12:00"), None),
    ("reddit:r6", "comment", "reddit:mira", "reddit:r5", "reddit:r5", at(2, "13:00"), SEEN),
    ("reddit:r7", "post", None, None, "reddit:r7", at(2, "14:00"), SEEN),
    ("reddit:r8", "comment", "reddit:mira", "reddit:r7", "reddit:r7", at(2, "15:00"), None),
    ("reddit:r9", "post", "reddit:ana", None, "reddit:r9", at(2, "16:00"), None),
    ("reddit:r10", "post", "reddit:ben", None, "reddit:r10", at(2, "17:00"), None),
    ("reddit:r11", "post", "reddit:cleo", None, "reddit:r11", at(2, "18:00"), None),
    ("reddit:r12", "comment", None, "reddit:r10", "reddit:r10", at(2, "19:00"), None),
    ("reddit:r13", "post", "reddit:ana", None, "reddit:r13", at(2, "23:59:59.999999"), None),
    ("reddit:r14", "post", "reddit:ana", None, "reddit:r14", at(3, "00:00"), None),
    ("reddit:r15", "post", "reddit:mira", None, "reddit:r15", at(3, "08:00"), None),
    ("reddit:r16", "comment", "reddit:mira", "reddit:r15", "reddit:r15", at(3, "08:30"), None),
    ("reddit:r17", "comment", "reddit:ben", "reddit:r16", "reddit:r15", at(3, "09:00"), None),
    ("x:1", "post", "x:dora", None, "x:1", at(2, "08:00"), None),
    ("x:2", "repost", "x:eli", "x:1", "x:1", at(2, "08:05"), None),
    ("x:3", "quote", "x:eli", "x:1", "x:1", at(2, "08:10"), None),
    ("x:4", "repost", "x:halmora", "x:1", "x:1", at(2, "08:15"), None),
    ("x:5", "post", "x:eli", None, "x:5", at(3, "10:00"), None),
    ("x:6", "post", "x:halmora", None, "x:6", at(3, "11:00"), SEEN),
    ("x:7", "post", "x:dora", None, "x:7", at(3, "12:00"), None),
    ("x:8", "comment", "x:halmora", "x:7", None, at(3, "12:20"), None),
    ("x:9", "comment", "x:halmora", "x:7", None, at(3, "12:10"), None),
]

METRICS = [
    # mention_id, day, likes, replies, reposts, quotes, views, score
    ("reddit:r1", 2, None, 2, None, None, None, 10),
    ("reddit:r1", 3, None, None, None, None, None, 12),
    ("reddit:r2", 2, None, 1, None, None, None, 4),
    ("reddit:r2", 3, None, 1, None, None, None, -3),
    ("reddit:r3", 2, None, 0, None, None, None, 50),
    ("reddit:r4", 2, None, None, None, None, None, None),
    ("reddit:r9", 3, None, 0, None, None, None, 0),
    ("reddit:r10", 2, None, 1, None, None, None, 6),
    ("x:1", 2, 5, 0, 2, 1, 1000, None),
    ("x:1", 3, 9, None, 2, 1, None, None),
    ("x:3", 2, 1, 0, 0, 0, 80, None),
    ("x:4", 2, 30, 0, 0, 0, 400, None),
    ("x:7", 3, 3, 2, 0, 0, 600, None),
]

BRAND_MENTIONS = [
    # mention_id, brand_id, matched_by, terms
    ("reddit:r1", "halmora", "term", "halmora"),
    ("reddit:r2", "halmora", "term", "halmora"),
    ("reddit:r2", "tindle", "term", "#tindle | tindle"),
    ("reddit:r3", "halmora", "term", "halmora"),
    ("reddit:r4", "halmora", "community", None),
    ("reddit:r7", "halmora", "community", None),
    ("reddit:r9", "halmora", "term", "halmora"),
    ("reddit:r10", "tindle", "term", "tindle"),
    ("reddit:r11", "tindle", "term", "tindle"),
    ("reddit:r12", "tindle", "term", "tindle"),
    ("reddit:r13", "halmora", "term", "halmora"),
    ("reddit:r14", "halmora", "term", "halmora"),
    ("reddit:r15", "halmora", "term", "halmora"),
    ("reddit:r17", "halmora", "term", "halmora"),
    ("x:1", "halmora", "term", "halmora"),
    ("x:2", "halmora", "term", "halmora"),
    ("x:3", "halmora", "term", "halmora"),
    ("x:4", "halmora", "term", "halmora"),
    ("x:5", "brindlo", "term", "brindlo"),
    ("x:6", "halmora", "term", "halmora"),
    ("x:7", "halmora", "term", "halmora"),
]

SENTIMENT = [
    # mention_id, compound, label, reason
    ("reddit:r1", 0.8, "positive", None),
    ("reddit:r2", 0.5, "positive", None),
    ("reddit:r3", 0.7, "positive", None),
    ("reddit:r4", -0.6, "negative", None),
    ("reddit:r5", 0.0, "neutral", None),
    ("reddit:r7", None, None, "no-text"),
    ("reddit:r9", None, None, "language:de"),
    ("reddit:r10", -0.4, "negative", None),
    ("reddit:r11", -0.4, "negative", None),
    ("reddit:r12", 0.0, "neutral", None),
    ("reddit:r13", 0.1, "positive", None),
    ("reddit:r14", -0.1, "negative", None),
    ("reddit:r17", 0.0, "neutral", None),
    ("x:1", 0.9, "positive", None),
    ("x:3", 0.3, "positive", None),
    ("x:4", 0.9, "positive", None),
    ("x:7", -0.2, "negative", None),
]

THEMES = [
    # mention_id, theme_id, terms
    ("reddit:r1", "app", "app"),
    ("reddit:r2", "price", "cheaper | price"),
    ("reddit:r3", "app", "app"),
    ("reddit:r4", "app", "app"),
    ("reddit:r4", "price", "expensive"),
    ("reddit:r5", "price", "price"),
    ("reddit:r9", "price", "preis"),
    ("reddit:r12", "app", "app"),
    ("x:1", "app", "app"),
    ("x:4", "app", "app"),
]

INTENTS = [
    # mention_id, intent, probability, evidence
    ("reddit:r1", "praise", 0.6, "great"),
    ("reddit:r1", "question", 0.9, None),
    ("reddit:r4", "story", 0.7, None),
    ("reddit:r10", "complaint", 0.8, None),
    ("reddit:r7", "question", 0.8, None),
]

FLAGS = [
    # mention_id, flag, severity, probability, evidence
    ("reddit:r10", "insult", "medium", 0.8, "fool"),
    ("reddit:r10", "profanity", "low", 0.6, "damn"),
    ("reddit:r9", "spam", "low", 0.7, "link"),
    ("reddit:r7", "spam", "low", 0.7, "link"),
]

INTERACTIONS = [
    # mention_id, from_author_id, to_author_id, kind
    ("reddit:r2", "reddit:ben", "reddit:ana", "reply"),
    ("reddit:r3", "reddit:mira", "reddit:ben", "reply"),
    ("reddit:r3", "reddit:mira", "reddit:ana", "mention"),
    ("reddit:r4", "reddit:cleo", "reddit:ana", "reply"),
    ("reddit:r11", "reddit:cleo", "reddit:ben", "mention"),
    ("reddit:r13", "reddit:ana", "reddit:ana", "mention"),
    ("reddit:r17", "reddit:ben", "reddit:mira", "reply"),
    ("x:1", "x:dora", "x:halmora", "mention"),
    ("x:2", "x:eli", "x:dora", "repost"),
    ("x:3", "x:eli", "x:dora", "quote"),
    ("x:4", "x:halmora", "x:dora", "repost"),
    ("x:8", "x:halmora", "x:dora", "reply"),
]

COVERAGE = [
    # source, query, window_start, window_end, status, reason, posts_count, first_post_at, last_post_at, unseen
    # half of the 1st was never asked for; the 2nd failed, and a later window across midnight healed it
    ("forum", "new", at(1, "12:00"), at(3), "ok", None, 20, at(2, "09:00"), at(2, "23:59"), None, None),
    ("forum", "new", at(2), at(3), "failed", "HTTP 503", 2, at(2, "09:00"), at(2, "10:00"), None, None),
    ("forum", "search", at(2), at(3), "ok", None, 3, at(2, "09:00"), at(2, "11:00"), None, None),
    # two halves make the 3rd complete for `new`, a third window overlaps; `search` stopped short of the morning
    ("forum", "new", at(3), at(3, "12:00"), "ok", None, 3, at(3), at(3, "09:00"), None, None),
    ("forum", "new", at(3, "12:00"), at(4), "verified-empty", None, 0, None, None, None, None),
    ("forum", "new", at(3, "06:00"), at(3, "13:00"), "ok", None, 1, at(3, "08:00"), at(3, "09:00"), None, None),
    (
        "forum",
        "search",
        at(3),
        at(4),
        "truncated",
        "250 at most",
        4,
        at(3, "06:00"),
        at(3, "09:00"),
        at(3),
        at(3, "06:00"),
    ),
    # nothing of the 4th; of three days in one truncated window the first is unseen, the second partly
    ("forum", "new", at(4), at(5), "failed", "HTTP 503", 0, None, None, None, None),
    ("forum", "search", at(4), at(5), "rate-limited", "Wait.", 0, None, None, None, None),
    ("forum", "new", at(5), at(8), "truncated", "1000 at most", 9, at(6, "07:00"), at(7), at(5), at(6, "06:00")),
    # a truncated window that doesn't say what it missed counts for nothing but what came
    ("forum", "new", at(8), at(10), "truncated", "1000 at most", 9, at(9, "01:00"), at(9, "23:00"), None, None),
    ("bird", "terms", at(1), at(2), "unverified", None, 0, None, None, None, None),
    ("bird", "terms", at(2), at(4), "ok", None, 9, at(2, "08:00"), at(3, "12:20"), None, None),
    ("bird", "terms", at(4), at(5), "verified-empty", None, 0, None, None, None, None),
    ("bird", "terms", at(5), at(6), "rate-limited", "Wait.", 5, at(5, "10:00"), at(5, "12:00"), None, None),
]


@pytest.fixture(scope="session")
def community_rows() -> dict[str, Rows]:
    """The rows of each core table, in the order of its columns."""
    engine = ("hand", "1")
    return {
        "authors": [
            (author_id, network, handle, name, followers, None, is_team, None, SEEN, SEEN)
            for author_id, network, handle, name, followers, is_team in AUTHORS
        ],
        "brands": [("halmora", "Halmora", False, "h1"), ("tindle", "Tindle", True, "t1")],
        "themes": [("app", "The app"), ("price", "Price")],
        "mentions": [_mention(*row) for row in MENTIONS],
        "mention_metrics": [(mention_id, date(2026, 3, day), *numbers) for mention_id, day, *numbers in METRICS],
        "brand_mentions": [(*row, "v1") for row in BRAND_MENTIONS],
        "sentiment": [
            (mention_id, "text", compound, None, None, None, None, label, None, reason, *engine)
            for mention_id, compound, label, reason in SENTIMENT
        ]
        + [("reddit:r2", "tindle", -0.9, None, None, None, None, "negative", None, None, *engine)],
        "mention_intents": [(*row, *engine) for row in INTENTS],
        "mention_flags": [(*row, *engine) for row in FLAGS],
        "mention_tones": [("reddit:r4", "irony", 0.8, *engine)],
        "account_flags": [("reddit:cleo", "repeater", 0.7, "3 posts, 2 the same", *engine)],
        "labels": [
            ("reddit:r4", "intent", "text", "ana", at(4), "churn_risk | complaint"),
            ("reddit:r9", "moderation", "text", "ana", at(4), "fine"),
        ],
        "mention_themes": [(*row, *engine) for row in THEMES],
        "duplicates": [
            ("reddit:r10", "reddit:r10", "near", True, "copypasta", *engine),
            ("reddit:r11", "reddit:r10", "near", False, "copypasta", *engine),
        ],
        "interactions": [
            (mention_id, to_author_id, kind, from_author_id)
            for mention_id, from_author_id, to_author_id, kind in INTERACTIONS
        ],
        "coverage": [
            (source, query, start, end, "reddit" if source == "forum" else "x", _brands(query), status)
            + (status in {"ok", "verified-empty"}, reason, 1, posts, posts, 1, 0, 0, *rest)
            for source, query, start, end, status, reason, posts, *rest in COVERAGE
        ],
    }


def _brands(query: str) -> str | None:
    return "halmora" if query == "search" else None


def _mention(
    mention_id: str,
    kind: str,
    author_id: str | None,
    parent_id: str | None,
    root_id: str | None,
    created_at: datetime,
    deleted_at: datetime | None,
) -> tuple[Any, ...]:
    network = mention_id.partition(":")[0]
    return (
        mention_id,
        {"reddit": "forum", "x": "bird"}[network],
        network,
        "r/halmora" if network == "reddit" else None,
        kind,
        f"Title of {mention_id}" if kind == "post" and network == "reddit" and not deleted_at else None,
        None if deleted_at else f"Text of {mention_id}",
        f"https://example.org/{mention_id}",
        author_id,
        parent_id,
        root_id,
        created_at,
        None,
        deleted_at,
        None,
        "en" if not deleted_at else None,
        "hand 1",
        None,
        None,
        None,
        SEEN,
        SEEN,
    )


def _create(path: Path, rows: dict[str, Rows]) -> Path:
    with duckdb.connect(path) as connection:
        create_tables(connection)
        for name, values in rows.items():
            marks = ", ".join("?" for _ in values[0])
            connection.executemany(f"insert into core.{name} values ({marks})", values)
    return path


@pytest.fixture
def community(tmp_path: Path, community_rows: dict[str, Rows]) -> Path:
    """A warehouse with the community, before any mart is made."""
    return _create(tmp_path / "warehouse.duckdb", community_rows)


@pytest.fixture
def empty_warehouse(tmp_path: Path) -> Path:
    """A warehouse that has all tables and no row."""
    return _create(tmp_path / "warehouse.duckdb", {})


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt writes: one folder for all tests, as one home has one, so that dbt starts faster."""
    return tmp_path_factory.mktemp("home") / "logs"


@pytest.fixture(scope="session")
def modelled(tmp_path_factory: pytest.TempPathFactory, community_rows: dict[str, Rows], logs: Path) -> Path:
    """The community's warehouse with its marts."""
    warehouse = _create(tmp_path_factory.mktemp("modelled") / "warehouse.duckdb", community_rows)
    build(warehouse, logs)
    return warehouse


@pytest.fixture
def rows_of(modelled: Path) -> Iterator[Callable[[str], Rows]]:
    """A function that answers a query over the marts."""
    with duckdb.connect(modelled, read_only=True) as connection:
        yield lambda query: connection.execute(query).fetchall()
