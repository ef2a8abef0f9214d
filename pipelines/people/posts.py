"""The texts of posts that people labelled."""

from collections.abc import Iterable
from typing import NamedTuple

import duckdb
import pyarrow as pa

from pipelines.enrich.step import full_text


class LabelledPost(NamedTuple):
    """What of a post decides how it is read."""

    source: str
    lang: str | None
    text: str
    """Title and text, as enrich reads them."""


def texts_of(connection: duckdb.DuckDBPyConnection, mention_ids: Iterable[str]) -> dict[str, LabelledPost]:
    """Those of the posts that are there and have words, by mention_id, in its order."""
    connection.register("wanted", pa.table({"mention_id": pa.array(sorted(mention_ids), pa.string())}))
    rows = connection.execute(_POSTS).fetchall()
    return {
        mention_id: LabelledPost(source, lang, full_text(title, text)) for mention_id, source, lang, title, text in rows
    }


_POSTS = """
select mention_id, source, lang, title, text
from core.mentions semi join wanted using (mention_id)
where deleted_at is null and coalesce(title, text) is not null
order by mention_id
"""
