"""What writers want: from enrich into rows, each with its engine, and how it is measured on labelled files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from connectors.contract import Window
from pipelines.config.settings import Config
from pipelines.enrich.lens import Lens
from pipelines.enrich.step import READ, read_batch
from pipelines.evaluation.evaluate import Columns, evaluate
from pipelines.store.home import Home
from reading import intent
from tests.pipelines import steps

March = Callable[[int, int], Window]

LENS = Lens((), (), ("de", "en"), None, ())


def intents(*texts: str) -> list[dict[str, Any]]:
    rows = [
        {**dict.fromkeys(READ), "mention_id": f"forum:{n}", "network": "forum", "seq": n, "text": text}
        for n, text in enumerate(texts)
    ]
    schema = pa.schema([pa.field(name, pa.int64() if name == "seq" else pa.string()) for name in READ])
    found: list[dict[str, Any]] = read_batch(pa.RecordBatch.from_pylist(rows, schema), LENS)[
        "mention_intents"
    ].to_pylist()
    return found


def test_a_post_has_a_row_for_each_intent_and_none_where_nothing_can_be_read() -> None:
    rows = intents(
        "It crashes whenever I open it. Worst update ever, terrible!", "🎉", "Council opens new bridge on Sunday"
    )
    assert {(row["mention_id"], row["intent"]) for row in rows} >= {
        ("forum:0", "bug_report"),
        ("forum:0", "complaint"),
        ("forum:2", "other"),
    }
    assert {row["mention_id"] for row in rows} == {"forum:0", "forum:2"}
    assert {(row["engine"], row["engine_version"]) for row in rows} == {("seeds", intent.engine_version())}


def test_evidence_is_null_where_no_word_speaks_for_it() -> None:
    by_intent = {row["intent"]: row["evidence"] for row in intents("Council opens new bridge on Sunday")}
    assert by_intent == {"other": None}
    evidence = {row["intent"]: row["evidence"] for row in intents("The player crashes with an error")}
    assert {"crashes", "error"} <= set(evidence["bug_report"].split(" | "))


def test_where_they_are_kept_does_not_change_the_lens(tmp_path: Path) -> None:
    assert LENS._replace(models=tmp_path).version == LENS.version


def test_intents_come_into_the_warehouse_and_go_with_the_words(
    shop: Path,
    configure: Callable[..., Config],
    new_home: Callable[..., Home],
    march: March,
    write_posts: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intent, "BUILT", tmp_path / "not made")  # as where nobody ran `make`
    intent.model.cache_clear()
    home, config = new_home(), configure()
    line = {"id": "1", "created_at": "2026-03-01T09:00:00", "author": "ann", "parent_id": None, "likes": 0}

    def held(text: str, window: Window) -> list[tuple[Any, ...]]:
        write_posts([line | {"text": text}])
        steps.pull(home, config, "forum", window, {})
        steps.tidy(home, config, "forum", window)
        steps.enrich(home, config, "forum", window)
        steps.load(home, config)
        with duckdb.connect(home.warehouse, read_only=True) as connection:
            return connection.execute("select mention_id, intent from core.mention_intents order by all").fetchall()

    assert held("Where can I buy the Wren kettle?", march(1, 2)) == [
        ("forum:1", "purchase_intent"),
        ("forum:1", "question"),
    ]
    assert held("🎉 🎉", march(1, 3)) == []
    assert [path.name for path in home.models.glob("intent-*")] == [f"intent-{intent.engine_version()}.npz"]


def labelled(folder: Path, *rows: tuple[str, str]) -> Path:
    path = folder / "wants.jsonl"
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
    return path


def test_the_answer_is_the_likeliest_of_the_classes_that_a_file_has(tmp_path: Path) -> None:
    path = labelled(
        tmp_path,
        ("The app crashes with an error when I open the map.", "Bug"),
        ("Please add an option to sort my list by date.", "feature-request"),
        ("How do I export my list to another phone?", "question"),
    )
    report = evaluate(path, "intent", Columns("text", ("label",)), LENS).overall
    assert [figures.label for figures in report.classes] == ["bug_report", "question", "request"]
    assert [(cell.label, cell.answer) for cell in report.confusion if cell.label != cell.answer] == []
    assert report.calibration_error is not None


def test_other_is_what_is_none_of_the_rest(tmp_path: Path) -> None:
    path = labelled(
        tmp_path,
        ("How do I export my list to another phone?", "question"),
        ("I love this app, best ever!", "none"),
        ("🎉", "none"),
    )
    report = evaluate(path, "intent", Columns("text", ("label",)), LENS).overall
    assert {(cell.label, cell.answer) for cell in report.confusion} == {
        ("question", "question"),
        ("other", "other"),
        ("other", None),
    }
    assert report.abstained == {"no-text": 1}
