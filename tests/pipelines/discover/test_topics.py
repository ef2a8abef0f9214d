"""Topics in the warehouse: read on each night, the same whichever nights bring the posts, without what is gone."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pytest

from connectors.contract import Author, Mention, Window
from pipelines.config.settings import Config, TopicSettings, load_config
from pipelines.discover.duplicates import find_duplicates
from pipelines.discover.topic_memory import Engine
from pipelines.discover.topics import read_topics
from pipelines.errors import ConfigError
from pipelines.store.home import Home
from pipelines.store.warehouse import create_tables, open_warehouse, transaction
from tests.pipelines import steps

WORDS = ("bag", "delay", "seat", "meal", "app")
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
TABLES = (
    "core.topics",
    "core.topic_terms",
    "core.mention_topics",
    "core.topic_events",
    "ops.topic_samples",
    "ops.topic_readings",
)
Warehouse = duckdb.DuckDBPyConnection
Rows = list[tuple[Any, ...]]


class Words(NamedTuple):
    """What the stand-in says of a group."""

    label: str
    terms: tuple[tuple[str, float], ...]


def embed(texts: Sequence[str], name: str) -> np.ndarray:
    """A direction for each of `WORDS`, turned a little by each of `NUMBERS`; another engine takes others."""
    shift = 1 if name == "other" else 0
    rows = np.zeros((len(texts), len(WORDS) + len(NUMBERS) + shift), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for word in text.lower().split():
            if word in WORDS:
                row[WORDS.index(word) + shift] += 1
            elif word in NUMBERS:
                row[len(WORDS) + NUMBERS.index(word) + shift] += 0.2
        row /= max(float(np.linalg.norm(row)), 1e-9)
    return rows


def find(texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:  # its arguments are those of every finder
    """Texts with the same of `WORDS`, where there are five of them."""
    first = [next((word for word in WORDS if word in text.lower().split()), "") for text in texts]
    there = [word for word in WORDS if first.count(word) >= 5]
    return np.array([there.index(word) if word in there else -1 for word in first], int)


def describe(texts: Sequence[str], labels: np.ndarray, vectors: np.ndarray) -> list[Words]:
    """The word behind each label."""
    of_label = dict(zip(labels.tolist(), texts, strict=True))
    chosen = [
        next(word for word in WORDS if word in of_label[label].lower().split())
        for label in range(int(labels.max(initial=-1)) + 1)
    ]
    return [Words(f"about {word}", ((word, 1.0), ("about", 0.5))) for word in chosen]


ENGINE = Engine("test", "1", embed, find, describe)
SETTINGS = TopicSettings(sample_size=500)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with duckdb.connect() as connection:
        create_tables(connection)
        yield connection


def said(word: str, count: int, *, start: int = 0) -> list[str]:
    """Texts on a word, each different and no near double of another."""
    numbers = range(start, start + count)
    turns = [f"{NUMBERS[number % 10]} {NUMBERS[number // 10 % 10]}" for number in numbers]
    others = [" ".join(f"{word}{number}{letter}" for letter in "abcd") for number in numbers]
    return [f"{word} {turn} {other}" for turn, other in zip(turns, others, strict=True)]


def arrive(connection: Warehouse, day: int, texts: Sequence[str | None], **more: Any) -> list[str]:
    """Posts of a day of March 2026 come into the warehouse; their ids."""
    row = connection.execute("select count(*) from core.mentions").fetchone()
    before = row[0] if row else 0
    ids = [more.get("mention_id") or f"forum:{day:02}-{before + number:05}" for number in range(len(texts))]
    at = datetime(2026, 3, day)
    connection.executemany(
        "insert into core.mentions by name select ? as mention_id, ? as text, ? as created_at, ? as kind, "
        "? as author_id, ? as deleted_at, 'forum' as source, 'forum' as network, ? as first_seen_at, ? as last_seen_at",
        [
            (mention_id, text, at + timedelta(seconds=number), more.get("kind", "post"))
            + (more.get("author_id"), more.get("deleted_at"), at, at)
            for number, (mention_id, text) in enumerate(zip(ids, texts, strict=True))
        ],
    )
    return ids


def night(connection: Warehouse, settings: TopicSettings = SETTINGS, engine: Engine = ENGINE) -> int:
    """What discover does about topics; the number of posts read."""
    with transaction(connection):
        find_duplicates(connection)
        return read_topics(connection, settings, engine)


def everything(connection: Warehouse) -> dict[str, Rows]:
    return {table: connection.execute(f"from {table} order by all").fetchall() for table in TABLES}


def topics_of(connection: Warehouse, ids: Sequence[str]) -> list[str | None]:
    found = dict(connection.execute("select mention_id, topic_id from core.mention_topics").fetchall())
    return [found[mention_id] for mention_id in ids]


# A night -----------------------------------------------------------------------------------------------


def test_every_post_with_words_is_read_and_comes_to_a_topic_or_to_none(warehouse: Warehouse) -> None:
    bags, delays = arrive(warehouse, 1, said("bag", 40)), arrive(warehouse, 1, said("delay", 40))
    odd = arrive(warehouse, 1, ["nothing of the sort", None])
    arrive(warehouse, 1, said("bag", 1), kind="repost", mention_id="forum:repost")
    arrive(warehouse, 1, said("bag", 1), deleted_at=datetime(2026, 3, 2), mention_id="forum:deleted")
    assert night(warehouse) == 81
    assert topics_of(warehouse, bags) == ["t0001"] * 40
    assert topics_of(warehouse, delays) == ["t0002"] * 40
    assert topics_of(warehouse, odd[:1]) == [None]
    assert warehouse.execute("select count(*) from core.mention_topics").fetchall() == [(81,)]
    assert warehouse.execute(
        "select topic_id, name, named_by, status, mentions_count, engine, engine_version from core.topics order by all"
    ).fetchall() == [
        ("t0001", "about bag", "model", "active", 40, "test", "1"),
        ("t0002", "about delay", "model", "active", 40, "test", "1"),
    ]
    assert warehouse.execute("select topic_id, rank, term from core.topic_terms order by all").fetchall() == [
        ("t0001", 1, "bag"),
        ("t0001", 2, "about"),
        ("t0002", 1, "delay"),
        ("t0002", 2, "about"),
    ]
    assert warehouse.execute(
        "select topic_id, event, mentions_count from core.topic_events order by all"
    ).fetchall() == [
        ("t0001", "born", 40),
        ("t0002", "born", 40),
    ]


def test_with_nothing_new_nothing_changes(warehouse: Warehouse) -> None:
    for day in (1, 2):
        arrive(warehouse, day, said("bag", 40, start=50 * day))
        night(warehouse)
    before = everything(warehouse)
    assert night(warehouse) == 0
    assert everything(warehouse) == before


def _days() -> list[tuple[int, list[str]]]:
    days = [(1, said("bag", 50) + said("delay", 20)), (2, said("delay", 40, start=20) + ["odd one out of the lot"])]
    days += [(3, said("meal", 35) + said("bag", 3, start=50) + said("bag", 2)), (9, said("seat", 30))]
    return [*days, (10, said("meal", 5, start=35) + said("bag", 30, start=60)), (12, said("app", 45))]


def test_nights_of_a_day_and_one_night_of_all_days_give_the_same(warehouse: Warehouse) -> None:
    settings = TopicSettings(sample_size=500, asleep_after_days=5)
    for day, texts in _days():
        arrive(warehouse, day, texts)
        night(warehouse, settings)
    with duckdb.connect() as at_once:
        create_tables(at_once)
        for day, texts in _days():
            arrive(at_once, day, texts)
        night(at_once, settings)
        assert everything(warehouse) == everything(at_once)
    events = {event for (event,) in warehouse.execute("select event from core.topic_events").fetchall()}
    assert events >= {"born", "asleep"}


def test_the_way_rows_are_fetched_does_not_matter(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.discover.topics.FETCHED", 7)
    with duckdb.connect() as other:
        create_tables(other)
        for connection in (warehouse, other):
            for day, texts in _days():
                arrive(connection, day, texts)
        night(warehouse)
        monkeypatch.undo()
        night(other)
        assert everything(warehouse) == everything(other)


def test_a_large_day_is_read_in_pieces(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.discover.topics.AT_ONCE", 30)
    arrive(warehouse, 1, said("bag", 70))
    night(warehouse)
    assert warehouse.execute(
        "select reading_number, mentions_count from ops.topic_readings order by all"
    ).fetchall() == [
        (1, 30),
        (2, 30),
        (3, 10),
    ]


def test_an_older_post_that_comes_late_is_read(warehouse: Warehouse) -> None:
    arrive(warehouse, 20, said("bag", 70))
    night(warehouse)
    late = arrive(warehouse, 2, said("bag", 2, start=70))
    assert night(warehouse) == 2
    assert topics_of(warehouse, late) == ["t0001"] * 2
    assert warehouse.execute("select last_seen_date from core.topics").fetchall() == [(datetime(2026, 3, 20).date(),)]


def test_mentions_of_a_topic_that_merged_are_those_of_the_other(warehouse: Warehouse) -> None:
    early = arrive(warehouse, 1, said("bag", 40) + said("delay", 60))
    night(warehouse)

    def all_alike(texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        return np.zeros(len(texts), int)

    def near(texts: Sequence[str], name: str) -> np.ndarray:
        return embed([text.replace("bag", "delay") for text in texts], name)

    arrive(warehouse, 2, said("delay", 70, start=60))
    night(warehouse, engine=ENGINE._replace(find=all_alike, embed=near))
    assert set(topics_of(warehouse, early)) == {"t0002"}
    assert warehouse.execute(
        "select topic_id, status, merged_into, mentions_count from core.topics order by all"
    ).fetchall() == [("t0001", "merged", "t0002", 0), ("t0002", "active", None, 170)]
    assert night(warehouse) == 0


# Duplicates, teams, typical posts ----------------------------------------------------------------------


def test_what_stands_twice_is_in_one_topic_and_counts_once_in_what_is_a_topic(warehouse: Warehouse) -> None:
    arrive(warehouse, 1, said("bag", 70))
    copies = arrive(warehouse, 2, ["delay one two and the very same words"] * 90)
    night(warehouse)
    assert set(topics_of(warehouse, copies)) == {None}
    assert warehouse.execute("select name, mentions_count from core.topics").fetchall() == [("about bag", 70)]
    more = arrive(warehouse, 3, said("delay", 60))
    night(warehouse)
    assert set(topics_of(warehouse, copies + more)) == {"t0002"}


def test_a_team_has_no_say_in_what_is_a_topic(warehouse: Warehouse) -> None:
    warehouse.execute(
        "insert into core.authors by name select 'forum:us' as author_id, 'forum' as network, 'us' as handle, "
        "true as is_team, now()::timestamp as first_seen_at, now()::timestamp as last_seen_at"
    )
    ours = arrive(warehouse, 1, said("bag", 70), author_id="forum:us")
    night(warehouse)
    assert warehouse.execute("from core.topics").fetchall() == []
    theirs = arrive(warehouse, 2, said("bag", 70, start=100), author_id="forum:ann")
    later = arrive(warehouse, 3, ["bag"], author_id="forum:us")
    night(warehouse)
    assert topics_of(warehouse, [*ours[:1], *theirs[:1], *later]) == [None, "t0001", "t0001"]
    nearest = warehouse.execute("select arg_max(mention_id, similarity) from core.mention_topics").fetchall()
    assert nearest == [(later[0],)]
    assert len(set(_typical(warehouse)) - {*ours, *later}) == 3


def _typical(connection: Warehouse) -> list[str]:
    rows = connection.execute("select mention_id from core.mention_topics where is_typical order by all").fetchall()
    return [mention_id for (mention_id,) in rows]


def test_three_different_posts_are_typical_and_another_takes_the_place_of_one_that_is_gone(
    warehouse: Warehouse,
) -> None:
    arrive(warehouse, 1, said("bag", 70) + ["bag"] * 5)
    night(warehouse)
    first = _typical(warehouse)
    texts = [
        warehouse.execute("select text from core.mentions where mention_id = ?", [mention_id]).fetchall()
        for mention_id in first
    ]
    assert len(first) == 3
    assert len({str(text) for text in texts}) == 3
    warehouse.execute("delete from core.mention_topics where mention_id = ?", first[:1])
    warehouse.execute("update core.mentions set deleted_at = created_at, text = null where mention_id = ?", first[:1])
    night(warehouse)
    assert len(_typical(warehouse)) == 3
    assert set(first) - set(_typical(warehouse)) == {first[0]}


# Names and engines -------------------------------------------------------------------------------------


def test_a_name_from_the_config_stands_above_the_models(warehouse: Warehouse) -> None:
    arrive(warehouse, 1, said("bag", 70))
    night(warehouse)
    night(warehouse, TopicSettings(names={"t0001": "Lost bags"}))
    assert warehouse.execute("select name, model_name, named_by from core.topics").fetchall() == [
        ("Lost bags", "about bag", "config")
    ]
    night(warehouse)
    assert warehouse.execute("select name, named_by from core.topics").fetchall() == [("about bag", "model")]


def test_another_engine_reads_everything_anew_and_topics_keep_their_ids(warehouse: Warehouse) -> None:
    bags, delays = arrive(warehouse, 1, said("bag", 70)), arrive(warehouse, 2, said("delay", 70))
    night(warehouse)
    new = arrive(warehouse, 3, said("delay", 2, start=70))
    assert night(warehouse, engine=Engine("other", "2", embed, find, describe)) == 142
    assert topics_of(warehouse, [bags[0], delays[0], *new]) == ["t0001", "t0002", "t0002", "t0002"]
    for table in ("topics", "mention_topics", "topic_terms"):
        assert warehouse.execute(f"select distinct engine, engine_version from core.{table}").fetchall() == [
            ("other", "2")
        ]


# Deleted and changed posts -----------------------------------------------------------------------------


@pytest.fixture
def mention() -> Callable[..., Mention]:
    """A mention of the forum on the first of March."""

    def mention(text: str | None, **more: Any) -> Mention:
        fields = dict.fromkeys(Mention._fields[:11]) | {"mention_id": "forum:1", "network": "forum", "kind": "post"}
        fields |= {"text": text, "author_id": "forum:ann", "root_id": "forum:1", "created_at": datetime(2026, 3, 1, 9)}
        return Mention(**(fields | more))

    return mention


@pytest.mark.parametrize(
    ("text", "more", "left"),
    [
        ("Wren tea", {}, [("forum:1", "t0001")]),
        ("Wren coffee", {}, []),
        (None, {"is_deleted": True, "author_id": None}, []),
    ],
    ids=["as it was", "changed", "deleted"],
)
def test_a_post_whose_words_are_gone_leaves_its_topic(
    new_home: Callable[..., Home],
    configure: Callable[..., Config],
    march: Callable[[int, int], Window],
    see: Callable[..., None],
    mention: Callable[..., Mention],
    text: str | None,
    more: dict[str, Any],
    left: Rows,
) -> None:
    home, config = new_home(), configure()
    see(home, config, march(1, 2), [Author("forum:ann", "forum", "ann"), mention("Wren tea")])
    steps.load(home, config)
    with open_warehouse(home) as connection:
        connection.execute("insert into core.mention_topics values ('forum:1', 't0001', 0.9, true, 'test', '1')")
    see(home, config, march(2, 3), [mention(text, **more)])
    steps.load(home, config)
    with open_warehouse(home) as connection:
        assert connection.execute("select mention_id, topic_id from core.mention_topics").fetchall() == left


# Config ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        ('[topics]\nengine = "magic"', "topics.engine"),
        ('[topics.names]\nbags = "Lost bags"', "topics.names"),
        ("[topics]\nsample_size = 3", "topics.sample_size"),
    ],
    ids=["engine", "name", "sample"],
)
def test_what_can_not_be_is_told(write_config: Callable[..., Any], section: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        load_config(write_config(("[[sources]]", f"{section}\n\n[[sources]]")))


def test_without_topics_none_are_looked_for(new_home: Callable[..., Home], shop: Any, march: Any) -> None:
    home, config = new_home(), load_config(shop)
    steps.pull(home, config, "forum", march(1, 4), {})
    steps.tidy(home, config, "forum", march(1, 4))
    steps.enrich(home, config, "forum", march(1, 4))
    steps.load(home, config)
    steps.discover(home, config.model_copy(update={"topics": TopicSettings(enabled=False)}))
    with open_warehouse(home) as connection:
        assert connection.execute("from core.mention_topics").fetchall() == []
