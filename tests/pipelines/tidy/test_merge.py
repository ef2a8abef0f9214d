"""What several pages of a window say of one mention is one row, whatever the order in which they came."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Mention, Window
from pipelines.store.arrow import TableFiles, to_batch
from pipelines.tidy import step as tidy
from pipelines.tidy.merge import Answered, Merged, merge_mentions, page_of, place

DAY = Window(datetime(2026, 3, 1), datetime(2026, 3, 2))
NINE, TEN = datetime(2026, 3, 1, 9), datetime(2026, 3, 1, 10)

Said = dict[str, Any]


def told(**fields: Any) -> Said:
    """What a page says of a mention, all else unknown."""
    unknown: Said = dict.fromkeys(Mention._fields)
    return unknown | {"mention_id": "forum:1", "network": "forum", "kind": "post", "created_at": NINE} | fields


def merged(
    folder: Path, pages: list[list[Said]], queries: list[str] | None = None, *, is_one_answer: bool = False
) -> tuple[list[Said], Merged]:
    """The rows after the merge of these pages, all of one attempt unless a row tells its `attempt`."""
    rows, places = [], []
    for number, page in enumerate(pages):
        attempt = page[0].get("attempt", 0) if page else 0
        places.append(((queries or ["all"] * len(pages))[number], "pages", number + 1, place(attempt, number, 0)))
        for position, row in enumerate(page):
            values = [row[field] for field in Mention._fields if field != "is_deleted"]
            rows.append((*values, place(attempt, number, position)))
    with TableFiles(folder, tidy.PARSED) as files:
        files.write({"mentions": to_batch(rows, tidy.PARSED["mentions"])})
        files.write({"pages": to_batch(places, tidy.PARSED["pages"])})
    found = merge_mentions(folder, DAY, is_one_answer=is_one_answer)
    read = pq.read_table(folder / "mentions.parquet").drop_columns(["seq"]).to_pylist()
    return sorted(read, key=lambda row: row["mention_id"]), found


def row(**fields: Any) -> Said:
    """A row of the merged table."""
    return {field: value for field, value in told(**fields).items() if field != "is_deleted"}


BOTH_ORDERS = pytest.mark.parametrize("turn", [1, -1], ids=["in order", "the other way round"])


@BOTH_ORDERS
def test_what_one_page_leaves_out_another_tells(tmp_path: Path, turn: int) -> None:
    thread = told(kind="comment", parent_id="forum:0", root_id="forum:0", text="Mine hums")
    search = told(kind="comment", text="Mine hums", community="lamps", network_lang="en")
    rows, found = merged(tmp_path, [[thread], [search]][::turn])
    assert rows == [
        row(
            kind="comment",
            parent_id="forum:0",
            root_id="forum:0",
            text="Mine hums",
            community="lamps",
            network_lang="en",
        )
    ]
    assert found == Merged({"all": Answered(1, 1, NINE, NINE)}, [])


@BOTH_ORDERS
def test_a_page_without_the_parent_does_not_make_a_comment_the_opening_of_its_thread(tmp_path: Path, turn: int) -> None:
    export = told(text="Mine hums", root_id="forum:1")
    thread = told(kind="comment", parent_id="forum:0", text="Mine hums")
    rows, _ = merged(tmp_path, [[export], [thread]][::turn])
    assert rows == [row(kind="comment", parent_id="forum:0", text="Mine hums")]


@BOTH_ORDERS
def test_of_two_texts_the_later_edit_stands(tmp_path: Path, turn: int) -> None:
    first, edited = told(text="It hums"), told(text="It hums no more", edited_at=TEN)
    rows, found = merged(tmp_path, [[first], [edited]][::turn])
    assert rows == [row(text="It hums no more", edited_at=TEN)]
    assert found.clashes == []


@BOTH_ORDERS
def test_a_deletion_takes_the_words_that_another_page_still_shows(tmp_path: Path, turn: int) -> None:
    shown, gone = told(text="It hums", author_id="forum:ada"), told(deleted_at=DAY.end)
    rows, _ = merged(tmp_path, [[shown], [gone]][::turn])
    assert rows == [row(deleted_at=DAY.end)]


def test_a_later_attempt_stands_above_an_earlier_one(tmp_path: Path) -> None:
    earlier = told(text="It hums", deleted_at=DAY.end)
    later = told(text="It hums again", attempt=1)
    rows, _ = merged(tmp_path, [[earlier], [later]])
    assert rows == [row(text="It hums again")]


def test_the_words_of_every_row_are_kept_for_whoever_has_to_take_them_out(tmp_path: Path) -> None:
    merged(tmp_path, [[told(text="It hums")], [told(text="It hums no more", edited_at=TEN)]])
    columns = ["mention_id", "text", "seq"]
    rows = [
        (said["text"], page_of(said["seq"]))
        for name in ("mentions", "superseded")
        for said in pq.read_table(tmp_path / f"{name}.parquet", columns=columns).to_pylist()
    ]
    assert sorted(rows) == [("It hums", 0), ("It hums no more", 1)]


@BOTH_ORDERS
def test_one_id_on_two_texts_of_a_page_is_no_post(tmp_path: Path, turn: int) -> None:
    page = [told(text="The first of two"), told(text="The second of two"), told(mention_id="forum:2", text="Another")]
    rows, found = merged(tmp_path, [page[::turn]])
    assert rows == [row(mention_id="forum:2", text="Another")]
    assert sorted((clash.mention_id, clash.query, clash.text) for clash in found.clashes) == [
        ("forum:1", "all", "The first of two"),
        ("forum:1", "all", "The second of two"),
    ]
    assert found.answered == {"all": Answered(1, 1, NINE, NINE)}


def test_a_file_is_one_answer_however_many_pages_it_makes(tmp_path: Path) -> None:
    pages = [[told(text="The first of two")], [told(text="The second of two")]]
    assert [clash.text for clash in merged(tmp_path, pages, is_one_answer=True)[1].clashes] == [
        "The first of two",
        "The second of two",
    ]
    assert merged(tmp_path, pages, is_one_answer=False)[1].clashes == []
    assert merged(tmp_path, pages, ["file of May", "file of June"], is_one_answer=True)[1].clashes == []


def test_the_same_row_twice_is_one_mention(tmp_path: Path) -> None:
    rows, found = merged(tmp_path, [[told(text="It hums"), told(text="It hums")]], is_one_answer=True)
    assert (rows, found.clashes) == ([row(text="It hums")], [])


def test_posts_are_counted_by_query_as_they_were_read(tmp_path: Path) -> None:
    old = datetime(2026, 2, 27)
    listing = [told(), told(mention_id="forum:2", created_at=TEN), told(mention_id="forum:3", created_at=old)]
    _, found = merged(tmp_path, [listing, [told()], []], ["listing", "search", "quiet"])
    assert found.answered == {"listing": Answered(3, 2, NINE, TEN), "search": Answered(1, 1, NINE, NINE)}


FIELDS = st.fixed_dictionaries(
    {
        "mention_id": st.sampled_from(["forum:1", "forum:2"]),
        "kind": st.sampled_from(["post", "comment"]),
        "text": st.sampled_from([None, "a", "b", "bb"]),
        "title": st.sampled_from([None, "t"]),
        "author_id": st.sampled_from([None, "forum:ada", "forum:bo"]),
        "community": st.sampled_from([None, "lamps", "garden"]),
        "parent_id": st.sampled_from([None, "forum:0"]),
        "root_id": st.sampled_from([None, "forum:0", "forum:1"]),
        "edited_at": st.sampled_from([None, TEN]),
        "deleted_at": st.sampled_from([None, None, DAY.end]),
        "network_lang": st.sampled_from([None, "en", "de"]),
        "rating": st.sampled_from([None, 1.0, 5.0]),
        "created_at": st.sampled_from([NINE, TEN]),
    }
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=st.lists(st.lists(FIELDS, max_size=3), max_size=5), data=st.data())
def test_no_order_of_the_pages_changes_what_is_merged(tmp_path: Path, pages: list[list[Said]], data: Any) -> None:
    said = [[told(**fields) for fields in page] for page in pages]
    shuffled = [data.draw(st.permutations(page)) for page in data.draw(st.permutations(said))]
    assert merged(tmp_path, said)[0] == merged(tmp_path, shuffled)[0]
