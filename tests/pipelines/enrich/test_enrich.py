"""Enrich: what each post says by itself, however the work is divided."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Window
from pipelines.config.settings import Config
from pipelines.enrich import step as enriching
from pipelines.enrich.lens import Lens, lens_of
from pipelines.enrich.step import READ, read_batch
from pipelines.store.home import Home
from query.parsing import parse
from tests.pipelines import steps

March = Callable[[int, int], Window]
LENS = Lens(
    (("wren", parse("wren"), ("forum:tea",), "v1"),), (("price", parse("cheap")),), ("de", "en", "fr"), None, ()
)


def batch(*posts: dict[str, Any]) -> pa.RecordBatch:
    """Mentions as enrich reads them; what a post does not say is NULL."""
    empty = dict.fromkeys(READ)
    rows = [{**empty, "mention_id": f"forum:{n}", "network": "forum", "seq": n, **post} for n, post in enumerate(posts)]
    schema = pa.schema([pa.field(name, pa.int64() if name == "seq" else pa.string()) for name in READ])
    return pa.RecordBatch.from_pylist(rows, schema)


def read(*posts: dict[str, Any], lens: Lens = LENS) -> dict[str, list[dict[str, Any]]]:
    return {name: rows.to_pylist() for name, rows in read_batch(batch(*posts), lens).items()}


def test_a_post_is_read_with_its_title() -> None:
    found = read({"title": "Wren opens a shop", "text": "The tea there is wonderful and cheap"})
    assert [(row["brand_id"], row["matched_by"], row["terms"]) for row in found["brand_mentions"]] == [
        ("wren", "term", "wren")
    ]
    assert [(row["theme_id"], row["terms"]) for row in found["mention_themes"]] == [("price", "cheap")]
    assert [row["lang"] for row in found["languages"]] == ["en"]
    assert [(row["target"], row["label"], row["reason"]) for row in found["sentiment"]] == [
        ("text", "positive", None),
        ("wren", "positive", None),
    ]


def test_a_place_speaks_for_the_brand_unless_the_text_does() -> None:
    found = read({"text": "what a day", "community": "Tea"}, {"text": "wren", "community": "tea"}, {"text": "so so"})
    assert [(row["mention_id"], row["matched_by"], row["terms"]) for row in found["brand_mentions"]] == [
        ("forum:0", "community", None),
        ("forum:1", "term", "wren"),
    ]


@pytest.mark.parametrize(
    ("post", "usual", "lang", "engine", "reason"),
    [
        ({"text": "Das ist leider sehr langsam geworden"}, "en", "de", "py3langid", "language:de"),
        ({"text": "ok"}, None, None, None, "unknown-language"),
        ({"text": "ok"}, "en", "en", "config", None),
        ({"text": "ok", "network_lang": "de"}, "en", "de", "told by forum", "language:de"),
        ({"text": "❤️"}, None, None, None, None),
        ({}, None, None, None, "no-text"),
        ({}, "en", "en", "config", "no-text"),
    ],
)
def test_language_and_the_reason_for_no_sentiment(
    post: dict[str, Any], usual: str | None, lang: str | None, engine: str | None, reason: str | None
) -> None:
    found = read(post, lens=LENS._replace(language_of_short_posts=usual))
    (language,), (scored,) = found["languages"], found["sentiment"]
    assert (language["lang"], (language["lang_engine"] or "").split(" 0")[0] or None) == (lang, engine)
    assert (scored["reason"], scored["label"] is None) == (reason, reason is not None)


def test_every_mention_has_one_language_and_one_sentiment_row_whatever_it_says() -> None:
    texts = ["", " ", "Wren", "❤️", "茶", "x" * 100_000, "a\u202eb", "\u0000"]
    found = read(*({"text": text} for text in texts))
    of_text = [row["seq"] for row in found["sentiment"] if row["target"] == "text"]
    assert [row["seq"] for row in found["languages"]] == of_text == list(range(8))


phrases = st.sampled_from(["wren", "cheap", "I love it", "das ist schlecht", "c'est la vie", "❤️", "ok", "", "terrible"])


@given(st.lists(st.lists(phrases, max_size=5).map(" ".join), min_size=2, max_size=12), st.data())
def test_what_a_post_says_does_not_depend_on_its_neighbours(texts: list[str], data: st.DataObject) -> None:
    posts = [{"text": text, "mention_id": f"forum:{n}", "seq": n} for n, text in enumerate(texts)]
    together = read(*posts)
    shuffled = data.draw(st.permutations(posts))
    cut = data.draw(st.integers(0, len(posts)))
    apart = [read(*part) for part in (shuffled[:cut], shuffled[cut:])]
    for name, rows in together.items():
        again = [row for part in apart for row in part[name]]
        assert sorted(again, key=repr) == sorted(rows, key=repr)


def tables(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {path.stem: pq.read_table(path).to_pylist() for path in sorted(folder.glob("*.parquet"))}


def test_two_workers_and_small_batches_write_what_one_writes(
    monkeypatch: pytest.MonkeyPatch,
    shop: Path,
    configure: Callable[..., Config],
    new_home: Callable[[str], Home],
    march: March,
) -> None:
    written = []
    for workers, size in ((1, enriching.BATCH), (2, 2)):
        monkeypatch.setattr(enriching, "BATCH", size)
        monkeypatch.setattr("pipelines.parallel.SMALL", 0)
        home, config = new_home(f"home-{workers}"), configure(("workers = 1", f"workers = {workers}"))
        steps.pull(home, config, "forum", march(1, 4), {})
        tidied = tables(steps.tidy(home, config, "forum", march(1, 4)))
        written.append((tidied, tables(steps.enrich(home, config, "forum", march(1, 4)))))
    assert written[0] == written[1]


def test_the_lens_changes_with_what_is_looked_for_and_not_with_the_workers(configure: Callable[..., Config]) -> None:
    version = lens_of(configure()).version
    assert lens_of(configure(("workers = 1", "workers = 2"), ("Price", "Cost"))).version == version
    assert lens_of(configure(('"expensive", ', ""))).version != version
    assert lens_of(configure(('["moss"]', '["moss", "sons"]'))).version != version
    assert lens_of(configure(), "en").version != version
