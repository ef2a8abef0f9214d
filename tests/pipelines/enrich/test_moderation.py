"""Flags on mentions: from enrich into the warehouse, by the config's guidelines, and gone when not deserved."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from connectors.contract import Window
from pipelines.config.settings import Config
from pipelines.enrich.lens import Lens, lens_of
from pipelines.enrich.step import READ, read_batch
from pipelines.errors import ConfigError
from pipelines.evaluation.evaluate import Columns, evaluate
from pipelines.store.home import Home
from query.parsing import parse
from tests.pipelines import steps

March = Callable[[int, int], Window]
RULE = """
[[guidelines]]
id = "no-politics"
name = "No politics"
query = "election* AND (vote OR party)"
severity = "low"

[[sources]]
id = "forum\""""
LENS = Lens(
    (("wren", parse("wren"), (), "v1"),),
    (),
    ("de", "en"),
    None,
    (),
    guidelines=(("no-politics", parse("election* AND vote"), "low"),),
    domains=("wren.example",),
)


def flags(*texts: str, lens: Lens = LENS) -> list[tuple[Any, ...]]:
    rows = [
        {**dict.fromkeys(READ), "mention_id": f"forum:{n}", "network": "forum", "seq": n, "text": text}
        for n, text in enumerate(texts)
    ]
    schema = pa.schema([pa.field(name, pa.int64() if name == "seq" else pa.string()) for name in READ])
    found = read_batch(pa.RecordBatch.from_pylist(rows, schema), lens)["mention_flags"].to_pylist()
    return sorted((row["mention_id"], row["flag"], row["severity"], row["evidence"], row["engine"]) for row in found)


def test_a_post_may_have_several_flags_each_with_its_engine() -> None:
    assert flags(
        "Wren is nice", "You are an idiot, go and vote in the election!", "jana@post.de, not help@wren.example"
    ) == [
        ("forum:1", "guideline:no-politics", "low", "election* | vote", "terms"),
        ("forum:1", "insult", "medium", "idiot", "moderation words"),
        ("forum:2", "personal-data", "low", "e-mail: j…@….de", "personal data"),
    ]


def test_guidelines_and_domains_are_read_from_the_config(shop: Path, configure: Callable[..., Config]) -> None:
    config = configure(
        ('[[sources]]\nid = "forum"', RULE), ('team = ["forum', 'domains = ["Wren.example"]\nteam = ["forum')
    )
    lens = lens_of(config)
    assert [(name, severity) for name, _, severity in lens.guidelines] == [("no-politics", "low")]
    assert lens.domains == ("wren.example",)
    assert lens.version != lens_of(configure()).version
    assert lens._replace(guidelines=(("no-politics", parse("election*"), "low"),)).version != lens.version


def test_a_guideline_is_checked_like_a_theme(configure: Callable[..., Config]) -> None:
    with pytest.raises(ConfigError, match=r"guidelines .no-politics., severity: write .low., .medium. or .high."):
        configure(('[[sources]]\nid = "forum"', RULE.replace('"low"', '"urgent"')))


def test_flags_come_into_the_warehouse_and_go_with_the_words(
    shop: Path, configure: Callable[..., Config], new_home: Callable[..., Home], march: March, write_posts: Any
) -> None:
    home, config = new_home(), configure()
    line = {"id": "1", "created_at": "2026-03-01T09:00:00", "author": "ann", "parent_id": None, "likes": 0}

    def held(text: str, window: Window) -> list[tuple[Any, ...]]:
        write_posts([line | {"text": text}])
        steps.pull(home, config, "forum", window, {})
        steps.tidy(home, config, "forum", window)
        steps.enrich(home, config, "forum", window)
        steps.load(home, config)
        with duckdb.connect(home.warehouse, read_only=True) as connection:
            return connection.execute(
                "select mention_id, flag, evidence from core.mention_flags order by all"
            ).fetchall()

    assert held("you are an idiot, Wren", march(1, 2)) == [("forum:1", "insult", "idiot")]
    assert held("sorry, Wren, that was rude", march(1, 3)) == []


@pytest.mark.parametrize(
    ("task", "rows", "expected"),
    [
        (
            "moderation",
            [("you are an idiot", "OFF"), ("have a nice day, all of you", "NOT")],
            {("offensive", "offensive"), ("acceptable", "acceptable")},
        ),
        (
            "spam",
            [("check out my new channel", "spam"), ("the kettle leaks again", "ham")],
            {("spam", "spam"), ("ham", "ham")},
        ),
    ],
)
def test_both_can_be_measured_on_labelled_files(
    tmp_path: Path, task: str, rows: list[tuple[str, str]], expected: set[tuple[str, str]]
) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
    found = evaluate(path, task, Columns(text="text", labels=("label",)), LENS)
    assert {(cell.label, cell.answer) for cell in found.overall.confusion if cell.rows} == expected
