"""How people name topics: by id, by the name that readers see, or in words of their own."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import duckdb
import pyarrow as pa

from pipelines.errors import InputError
from pipelines.people.labels import TOPIC, Label, meant, verdicts
from pipelines.store.statements import statements

SQL = statements(__file__)

NOWHERE = "none"
"""What is said of a post that is in no topic."""
MOST_SHOWN = 200
_ID = re.compile("t[0-9]{4,}")


class Topics(NamedTuple):
    """The topics of a published file, the greatest first."""

    names: Mapping[str, str] = {}
    """By id, those that stand for themselves."""
    heirs: Mapping[str, str] = {}
    """What each id counts for by now: itself, or the topic that it is part of."""

    def meant(self, words: str) -> str:
        """The id of the topic that words name, else the words. `InputError` for an id that no topic has."""
        said = meant(TOPIC, words)
        if said == NOWHERE:
            return said
        if _ID.fullmatch(said):
            if said not in self.heirs:
                raise InputError(f"{TOPIC}: there is no topic {said}. Expected one of marts.topics, or {NOWHERE}.")
            return self.heirs[said]
        for topic_id, name in self.names.items():
            if " ".join(name.split()).casefold() == said:
                return topic_id
        return said


def topics_in(connection: duckdb.DuckDBPyConnection) -> Topics:
    """The topics that a warehouse holds."""
    rows = connection.execute(SQL["topics"]).fetchall()
    heirs = {topic_id: merged_into or topic_id for topic_id, _, merged_into in rows}
    for topic_id in heirs:
        while heirs[heirs[topic_id]] != heirs[topic_id]:
            heirs[topic_id] = heirs[heirs[topic_id]]
    return Topics({topic_id: name for topic_id, name, merged_into in rows if not merged_into}, heirs)


def place(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table `told_topics` of a warehouse: mention and the topic that it is in, where people named
    one, or none, as they say; as `staging.stg_mention_topics` has it.
    """
    heirs = topics_in(connection).heirs
    labels = [Label(*row) for row in connection.execute(SQL["labels"]).fetchall()]
    said = verdicts(label._replace(value=heirs.get(label.value or "", label.value)) for label in labels)
    told = {mention_id: value for (mention_id, _, _), value in said.items() if value == NOWHERE or value in heirs}
    topic_ids = [None if value == NOWHERE else value for value in told.values()]
    schema = pa.schema([("mention_id", pa.string()), ("topic_id", pa.string())])
    connection.register("said_topics", pa.table([list(told), topic_ids], schema=schema))
    connection.execute(SQL["told_topics"])
    connection.unregister("said_topics")
