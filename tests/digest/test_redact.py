"""A post that its author took down goes from the digests that quote it."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.digest.step import DigestFiles, digest
from tests.digest.small_marts import SETTINGS, UNTIL

SECRET = "The pump hums. Will you fix it?"
LATER = datetime.fromisoformat("2026-05-02")


def contents(files: DigestFiles) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in (files.html, files.markdown, files.json))


def test_a_deleted_post_goes_from_earlier_digests_and_nothing_else_changes(marts: Any, tmp_path: Path) -> None:
    marts.fill_a_week()
    first = digest(marts.publish(), tmp_path / "digests", SETTINGS, UNTIL)
    assert SECRET in contents(first)
    before = json.loads(first.json.read_text(encoding="utf-8"))
    (post,) = [row for row in marts.rows if row["text"] == SECRET]
    post |= {"text": None, "author_handle": None, "deleted_at": LATER, "is_earned": False}
    marts.path = tmp_path / "later.duckdb"
    digest(marts.publish(), tmp_path / "digests", SETTINGS, LATER)
    assert SECRET not in contents(first)
    assert '"tam"' not in first.json.read_text(encoding="utf-8")
    after = json.loads(first.json.read_text(encoding="utf-8"))
    assert after["headline"] == before["headline"]
    assert after["own"] == before["own"]
    items = after["waiting"]["items"]
    assert [item["quote"]["text"] for item in items] == ["(deleted since)"]
    assert "(deleted since)" in first.html.read_text(encoding="utf-8")


def test_digests_that_quote_nothing_that_is_gone_keep_their_bytes(marts: Any, tmp_path: Path) -> None:
    marts.fill_a_week()
    first = digest(marts.publish(), tmp_path / "digests", SETTINGS, UNTIL)
    before = contents(first)
    marts.path = tmp_path / "later.duckdb"
    digest(marts.publish(), tmp_path / "digests", SETTINGS, LATER)
    assert contents(first) == before


def test_a_digest_from_before_a_section_was_added_loses_the_post_and_gets_no_such_section(
    marts: Any, tmp_path: Path
) -> None:
    marts.fill_a_week()
    first = digest(marts.publish(), tmp_path / "digests", SETTINGS, UNTIL)
    before = json.loads(first.json.read_text(encoding="utf-8"))
    for name in ("languages", "learned"):
        del before[name]
    del before["searches"]["languages"]
    first.json.write_text(json.dumps(before), encoding="utf-8")
    (post,) = [row for row in marts.rows if row["text"] == SECRET]
    post |= {"text": None, "author_handle": None, "deleted_at": LATER, "is_earned": False}
    marts.path = tmp_path / "later.duckdb"
    digest(marts.publish(), tmp_path / "digests", SETTINGS, LATER)
    assert SECRET not in contents(first)
    after = json.loads(first.json.read_text(encoding="utf-8"))
    assert list(after) == list(before)
    assert list(after["searches"]) == list(before["searches"])
    assert '<section id="themes">' in first.html.read_text(encoding="utf-8")
    assert '<section id="languages">' not in first.html.read_text(encoding="utf-8")
