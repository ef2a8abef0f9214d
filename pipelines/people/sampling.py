"""Which posts people are asked to label: a sample of the published file, the same for the same seed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import duckdb
import pyarrow as pa

from pipelines.errors import InputError
from pipelines.people.labels import TEXT, Label, latest, target_of
from pipelines.people.topics import Topics, topics_in
from pipelines.store.home import Home
from pipelines.store.published import open_published
from pipelines.store.statements import statements
from reading.intent import THRESHOLDS

SQL = statements(__file__)


class Post(NamedTuple):
    """A post as it is shown to the person who labels it; or an account, with what it wrote last in place of a text."""

    mention_id: str
    """Of an account its author_id."""
    source: str
    community: str | None
    lang: str | None
    created_at: datetime
    author: str | None
    url: str | None
    title: str | None
    text: str | None


@dataclass(frozen=True)
class Wanted:
    """What the sample is to be drawn from, and how."""

    tasks: tuple[str, ...]
    target: str = TEXT
    count: int = 50
    source: str | None = None
    lang: str | None = None
    is_random: bool = False
    """Within a group at random, instead of what the engine is least sure of first."""
    seed: int = 0


class Known(NamedTuple):
    """What labels may be about."""

    mentions: frozenset[str]
    """That still stand."""
    accounts: frozenset[str]
    targets: frozenset[str]
    topics: Topics


def sample(home: Home, wanted: Wanted, labels: Iterable[Label], person: str) -> list[Post]:
    """The posts to ask a person about, those first that matter most: of every source, language and answer of the
    engine to the first question, each group with a share that goes with the square root of its size.

    Any beginning of the sample is such a sample, too. Power allocation: Bankier, M.D. (1988), "Power Allocations:
    Determining Sample Sizes for Subnational Areas", The American Statistician 42.
    """
    judged = judged_by(person, labels, wanted)
    with open_published(home) as connection:
        check_source(connection, wanted)
        _check_target(connection, wanted)
        connection.register("judged", pa.table({"mention_id": pa.array(sorted(judged), pa.string())}))
        thresholds = {"intent": list(THRESHOLDS), "threshold": list(THRESHOLDS.values())}
        connection.register("thresholds", pa.table(thresholds))
        parameters = {
            "target": wanted.target,
            "count": wanted.count,
            "source": wanted.source,
            "lang": wanted.lang,
            "is_random": wanted.is_random,
            "seed": str(wanted.seed),
        }
        connection.execute(SQL[_ANSWERS[wanted.tasks[0]]])
        return [Post(*row) for row in connection.execute(SQL["sample"], parameters).fetchall()]


def posts(home: Home, mention_ids: Iterable[str]) -> list[Post]:
    """These posts, in this order. `InputError` names one that is not there, or has no text any more."""
    found = []
    with open_published(home) as connection:
        for mention_id in mention_ids:
            row = connection.execute(SQL["post"], {"mention_id": mention_id}).fetchone()
            if row is None:
                raise InputError(
                    f"There is no post {mention_id!r:.100} with a text in {home.published}. Expected a mention_id, as "
                    "marts.mentions has it: reddit:t1_abc."
                )
            found.append(Post(*row))
    return found


def topics(home: Home) -> Topics:
    """The topics that an answer may name."""
    with open_published(home) as connection:
        return topics_in(connection)


def known(home: Home) -> Known:
    """What may be labelled, and what the answers may name."""
    with open_published(home) as connection:
        mentions = connection.execute("select mention_id from core.mentions where deleted_at is null").fetchall()
        accounts = connection.execute("select author_id from core.authors").fetchall()
        return Known(
            frozenset(row[0] for row in mentions),
            frozenset(row[0] for row in accounts),
            frozenset({TEXT, *_brands(connection)}),
            topics_in(connection),
        )


def judged_by(person: str, labels: Iterable[Label], wanted: Wanted) -> set[str]:
    """The mentions, or accounts, of which the person has answered every question that is asked."""
    answered: dict[str, set[str]] = {}
    for label in latest(labels).values():
        if label.labelled_by == person and label.target == target_of(label.task, wanted.target):
            answered.setdefault(label.mention_id, set()).add(label.task)
    return {mention_id for mention_id, tasks in answered.items() if tasks >= set(wanted.tasks)}


def check_source(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> None:
    """`InputError` where nothing came from the source that is wanted."""
    sources = [row[0] for row in connection.execute("select distinct source from core.mentions order by 1").fetchall()]
    if wanted.source and wanted.source not in sources:
        raise InputError(f"--source {wanted.source}: no post came from it. Expected one of {_listed(sources)}.")


def _check_target(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> None:
    brands = _brands(connection)
    if wanted.target != TEXT and wanted.target not in brands:
        raise InputError(
            f"--target {wanted.target}: there is no such brand. Expected text, or one of {_listed(brands)}."
        )


def _brands(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [row[0] for row in connection.execute("select brand_id from core.brands order by 1").fetchall()]


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


_ANSWERS = {
    "sentiment": "sentiment_answers",
    "intent": "intent_answers",
    "moderation": "moderation_answers",
    "topic": "topic_answers",
}
"""The statement that makes the macro `answers`, by task."""
