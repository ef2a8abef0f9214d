"""The texts of posts that people labelled."""

from collections.abc import Iterable
from typing import NamedTuple

import duckdb
import pyarrow as pa

from pipelines.enrich.step import full_text
from pipelines.store.statements import statements

SQL = statements(__file__)


class LabelledPost(NamedTuple):
    """What of a post decides how it is read."""

    source: str
    lang: str | None
    text: str
    """Title and text, as enrich reads them."""


def texts_of(connection: duckdb.DuckDBPyConnection, mention_ids: Iterable[str]) -> dict[str, LabelledPost]:
    """Those of the posts that are there and have words, by mention_id, in its order."""
    connection.register("wanted", pa.table({"mention_id": pa.array(sorted(mention_ids), pa.string())}))
    rows = connection.execute(SQL["posts"]).fetchall()
    return {
        mention_id: LabelledPost(source, lang, full_text(title, text)) for mention_id, source, lang, title, text in rows
    }
