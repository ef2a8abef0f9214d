"""Monthly dumps of Reddit through the files connector: the same mentions as Reddit's API gives."""

import html
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import Author, Listening, Mention, Metrics, Misfit, Page, Record, SourceError, Window
from sandbox.community import Community
from sandbox.reddit_things import listing, thing
from sandbox.world import World
from tests.connectors.mangling import json_values

files = CONNECTORS["files"]

reddit = CONNECTORS["reddit"]

ALL_TIME = Window(datetime.min, datetime(2026, 6, 1))
NEW_YEAR = 1767225600


def settings(path: object = "RC_2026-01.zst", **more: Any) -> files.Settings:
    return files.Settings(id="dump", type="files", format="reddit-dump", path=str(path), **more)


def records(path: Path, window: Window = ALL_TIME) -> list[Record]:
    chosen = settings(path)
    (query,) = files.queries(chosen, Listening())
    return [record for page in files.fetch(None, chosen, query, window) for record in files.parse(chosen, page)]


def comment(**more: Any) -> dict[str, Any]:
    told = {"id": "c1", "subreddit": "halmora", "author": "Ines", "body": "It hums", "created_utc": NEW_YEAR}
    return {**told, "link_id": "t3_p1", "parent_id": "t1_c0", "score": 4, "edited": False, **more}


def post(**more: Any) -> dict[str, Any]:
    told = {"id": "p1", "subreddit": "halmora", "author": "gerrit", "title": "Lamp", "selftext": "Dark"}
    return {**told, "created_utc": NEW_YEAR, "is_self": True, "num_comments": 2, "score": -1, **more}


@pytest.fixture
def dump(tmp_path: Path) -> Callable[..., Path]:
    """A dump of these rows, packed as the monthly ones are."""

    def write(*rows: dict[str, Any] | str, name: str = "RC_2026-01.zst") -> Path:
        lines = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
        parameters = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
        path = tmp_path / name
        path.write_bytes(zstandard.ZstdCompressor(compression_params=parameters).compress(lines.encode()))
        return path

    return write


def only(path: Path) -> Mention:
    (mention,) = (record for record in records(path) if isinstance(record, Mention))
    return mention


# The same as the API's answers ------------------------------------------------------------------------


def test_a_dump_and_the_api_give_the_same(
    dump: Callable[..., Path],
    build: Callable[[list[dict[str, Any]]], Community],
    line: Callable[..., dict[str, Any]],
) -> None:
    gone = {"deleted_at": "2026-04-22T08:00:00Z", "removed_by": "moderator"}
    posts = [
        line("a001", datetime(2026, 4, 21, 8), "gerrit", "a < b & c", title="Pump & lamp"),
        line("a002", datetime(2026, 4, 21, 9), "ines", "> a < b\n\nno", to="a001"),
        line("a003", datetime(2026, 4, 21, 10), "Mira", "why?", to="a002"),
        line("a004", datetime(2026, 4, 21, 11), "ines", None, title="See", link="https://pics.example/?a=1&b=2"),
        line("a005", datetime(2026, 4, 21, 12), "gerrit", "buy now", to="a001", **gone),
        line("a006", datetime(2026, 4, 21, 13), "gerrit", "sold", title="Sale", **gone),
        line(
            "a007",
            datetime(2026, 4, 21, 14),
            "ines",
            "6",
            title="At",
            edited={"at": "2026-04-22T07:00:00Z", "before": "5"},
        ),
    ]
    world = World(build(posts))
    things = [thing(world, one) for one in world.community.posts]
    from_api = list(reddit.parse(None, Page("r/halmora/new", listing(things))))
    rows = [
        json.loads(_escaped(json.dumps(one["data"]))) for one in things
    ]  # the dumps were asked for without raw_json
    assert records(dump(*rows)) == from_api
    bare = [{name: value for name, value in row.items() if not name.endswith("_html")} for row in rows]
    assert records(dump(*bare)) == from_api


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def test_a_comment_and_a_post_as_rows(dump: Callable[..., Path]) -> None:
    assert records(dump(comment(), post())) == [
        Mention(
            *("reddit:t1_c1", "reddit", "r/halmora", "comment", None, "It hums"),
            *("https://www.reddit.com/r/halmora/comments/p1/_/c1/", "reddit:ines", "reddit:t1_c0", "reddit:t3_p1"),
            datetime(2026, 1, 1),
        ),
        Author("reddit:ines", "reddit", "Ines"),
        Metrics("reddit:t1_c1", score=4),
        Mention(
            *("reddit:t3_p1", "reddit", "r/halmora", "post", "Lamp", "Dark"),
            *("https://www.reddit.com/r/halmora/comments/p1/", "reddit:gerrit", None, "reddit:t3_p1"),
            datetime(2026, 1, 1),
        ),
        Author("reddit:gerrit", "reddit", "gerrit"),
        Metrics("reddit:t3_p1", replies=2, score=-1),
    ]


# What dumps do differently ----------------------------------------------------------------------------


@pytest.mark.parametrize("told", [NEW_YEAR, float(NEW_YEAR), str(NEW_YEAR), f"{NEW_YEAR}.0"])
def test_times_as_numbers_and_as_text(dump: Callable[..., Path], told: object) -> None:
    mention = only(dump(comment(created_utc=told, edited=told)))
    assert (mention.created_at, mention.edited_at) == (datetime(2026, 1, 1), datetime(2026, 1, 1))


@pytest.mark.parametrize("told", [None, "", "soon", True, [], "9" * 40, -1, "nan", "inf"])
def test_a_row_without_a_readable_time_is_set_aside(dump: Callable[..., Path], told: object) -> None:
    (misfit,) = records(dump(comment(created_utc=told)))
    assert isinstance(misfit, Misfit)
    assert (misfit.reason, misfit.place) == (
        "has no created_utc, so its time can't be told",
        "file RC_2026-01.zst, line 1",
    )


@pytest.mark.parametrize(
    "row",
    [
        comment(author="[deleted]", body="[deleted]"),
        comment(body="[removed]"),
        comment(_meta={"was_deleted_later": True}),
        comment(_meta={"removal_type": "removed by reddit"}),
        post(selftext="[removed]"),
        post(_meta={"was_deleted_later": True, "removal_type": "deleted"}),
    ],
)
def test_what_was_deleted_even_later_is_deleted(dump: Callable[..., Path], row: dict[str, Any]) -> None:
    found = records(dump(row))
    mention = found[0]
    assert isinstance(mention, Mention)
    assert (mention.is_deleted, mention.title, mention.text, mention.author_id) == (True, None, None, None)
    assert not any(isinstance(record, Author) for record in found)


def test_words_that_were_deleted_later_do_not_even_land(dump: Callable[..., Path]) -> None:
    gone = {"_meta": {"was_deleted_later": True}, "permalink": "/r/halmora/comments/p1/x/", "selftext_html": "Dark"}
    chosen = settings(dump(comment(**gone), post(url="https://pics.example/dark", **gone)))
    (query,) = files.queries(chosen, Listening())
    (page,) = files.fetch(None, chosen, query, ALL_TIME)
    landed = json.dumps(page.body)
    assert page.posts == 2
    assert not any(word in landed for word in ("hums", "Ines", "gerrit", "Lamp", "Dark", "dark"))


@pytest.mark.parametrize("meta", [None, {}, {"was_deleted_later": False, "removal_type": None}, "?", {"is_edited": 1}])
def test_other_notes_of_the_collector_change_nothing(dump: Callable[..., Path], meta: object) -> None:
    assert only(dump(comment(_meta=meta))).text == "It hums"


def test_only_the_window_is_taken(dump: Callable[..., Path]) -> None:
    path = dump(*(comment(id=f"c{hour}", created_utc=NEW_YEAR + 3600 * hour) for hour in range(48)))
    chosen = settings(path)
    (query,) = files.queries(chosen, Listening())
    (page,) = files.fetch(None, chosen, query, Window(datetime(2026, 1, 1), datetime(2026, 1, 2)))
    assert (page.posts, page.seen) == (24, 48)
    assert (page.first_at, page.last_at) == (datetime(2026, 1, 1), datetime(2026, 1, 1, 23))


def test_a_broken_line_costs_itself(dump: Callable[..., Path]) -> None:
    found = records(dump(comment(), '{"id": "c2", "bod', "[1]", comment(id="c3")))
    assert [(one.place, one.reason.partition(" (")[0]) for one in found if isinstance(one, Misfit)] == [
        ("file RC_2026-01.zst, line 2", "is not JSON"),
        ("file RC_2026-01.zst, line 3", "is not a JSON object"),
    ]
    assert [one.mention_id for one in found if isinstance(one, Mention)] == ["reddit:t1_c1", "reddit:t1_c3"]


# Settings ---------------------------------------------------------------------------------------------


def test_a_dump_is_of_reddit() -> None:
    assert settings().network == settings(network="reddit").network == "reddit"
    assert files.Settings(id="x", type="files", path="x").network == "files"


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"network": "x"}, "network"),
        ({"columns": {}, "id_prefix": "t1_"}, "columns, id_prefix"),
        ({"kind": "post"}, "kind"),
    ],
)
def test_what_a_dump_says_itself_may_not_be_said_again(more: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"says that itself; take {named} out"):
        settings(**more)


def test_a_dump_that_nobody_said_to_be_one_is_told(dump: Callable[..., Path]) -> None:
    chosen = files.Settings(id="dump", type="files", path=str(dump(comment())))
    (query,) = files.queries(chosen, Listening())
    with pytest.raises(SourceError, match=r'looks like a monthly dump of Reddit.*format = "reddit-dump"'):
        list(files.fetch(None, chosen, query, ALL_TIME))


def test_a_table_without_the_columns_of_a_dump_is_told(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("id,text\n1,Hi\n")
    with pytest.raises(SourceError, match="has no column 'created_utc', 'subreddit'"):
        records(path)


# Anything at all --------------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from(sorted({*comment(), *post(), "_meta", "name"})), json_values()))
def test_every_row_is_a_mention_or_a_misfit(row: dict[str, Any]) -> None:
    body = {"records": [{"line": 1, "row": {**comment(), **row}}, {"line": 2, "row": row}]}
    found = list(files.parse(settings(), Page("file d", body)))
    assert sum(isinstance(record, Mention | Misfit) for record in found) == 2


@given(json_values())
def test_any_page_is_read_without_raising(body: Any) -> None:
    for value in (body, {"records": body}, {"records": [body]}, {"records": [{"row": body}]}):
        list(files.parse(settings(), Page("file d", value)))
