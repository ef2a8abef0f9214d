"""Answers that Reddit and X gave, read by the connectors: every post a mention, or set aside for a good reason."""

from pathlib import Path
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.contract import Deletion, Mention, Misfit, Page, Record
from tests.connectors.recorded import FOLDER, bodies, items_in, misfits, objects, recorded

reddit, x = CONNECTORS["reddit"], CONNECTORS["x"]


def check_reddit(path: Path, records: list[Record]) -> None:
    """Every comment and post of an answer is one mention, in order, none twice."""
    found = [record.mention_id for record in records if isinstance(record, Mention)]
    assert misfits(records) == []
    assert len(set(found)) == len(found)
    assert len(found) == sum(one.get("kind") in ("t1", "t3") for one in objects(bodies(path)))
    assert items_in(path) in (None, len(found))


def check_x(path: Path, records: list[Record]) -> None:
    """Every post that was asked for is a mention; the posts that these refer to come on top."""
    found = {record.mention_id: record for record in records if isinstance(record, Mention)}
    assert misfits(records) == []
    posts = [post for body in bodies(path) for post in _asked_for(body)]
    assert len(found) == len({_first_id(post) for post in [*posts, *_referred_to(path)]})
    for post in posts:
        mention = found[f"x:{_first_id(post)}"]
        assert mention.text, "a post without words"
        assert (
            "created_at" not in post
            or mention.edited_at
            or post["created_at"].startswith(mention.created_at.isoformat(timespec="seconds"))
        )
    assert items_in(path) in (None, len(posts))


def _asked_for(body: Any) -> list[dict[str, Any]]:
    data = body.get("data", []) if isinstance(body, dict) else []
    return [post for post in ([data] if isinstance(data, dict) else data) if "text" in post]


def _referred_to(path: Path) -> list[dict[str, Any]]:
    shown = [one.get("includes", {}).get("tweets", []) for one in bodies(path) if isinstance(one, dict)]
    return [post for posts in shown for post in posts]


def _first_id(post: dict[str, Any]) -> str:
    return str(post.get("edit_history_tweet_ids", [post["id"]])[0])


def check_refusal(path: Path, records: list[Record]) -> None:
    """A refusal holds no posts. What isn't even JSON is set aside whole."""
    found = [(type(record), record.place) for record in records if isinstance(record, Misfit)]
    assert found == ([] if path.suffix == ".json" else [(Misfit, "page")])
    assert len(found) == len(records)


def records_of(connector: Any, path: Path) -> list[Record]:
    return [record for body in bodies(path) for record in connector.parse(None, Page("", body))]


@pytest.mark.parametrize("path", recorded("reddit"))
def test_recorded_answer_of_reddit(path: Path) -> None:
    check = check_refusal if path.parent.name == "errors" else check_reddit
    check(path, records_of(reddit, path))


@pytest.mark.parametrize("path", recorded("x"))
def test_recorded_answer_of_x(path: Path) -> None:
    check = check_refusal if path.parent.name == "errors" else check_x
    check(path, records_of(x, path))


def rechecked(connector: Any, path: Path, asked: list[str]) -> tuple[set[str], set[str]]:
    """Ids of the mentions and of the deletions in an answer to a re-check of these posts."""
    if not path.exists():
        pytest.skip(f"{path.name} is not in {FOLDER}")
    (body,) = bodies(path)
    records = list(connector.parse(None, Page("recheck", {"asked": asked, "answer": body})))
    return (
        {record.mention_id for record in records if isinstance(record, Mention)},
        {record.mention_id for record in records if isinstance(record, Deletion)},
    )


def test_recorded_lookup_of_x_of_which_most_are_gone() -> None:
    path = FOLDER / "x" / "tweets_lookup" / "15_ids_11_missing.json"
    there, gone = rechecked(x, path, [])
    (body,) = bodies(path)
    missing = {f"x:{problem['value']}" for problem in body["errors"] if problem["parameter"] == "ids"}
    assert (len(missing), gone) == (11, set())
    assert rechecked(x, path, sorted(missing | there | {"x:99"})) == (there, missing)


def test_recorded_comment_of_reddit_that_was_deleted() -> None:
    path = FOLDER / "reddit" / "deleted" / "comment_info.json"
    there, gone = rechecked(reddit, path, [])
    (body,) = bodies(path)
    emptied = {f"reddit:t1_{comment['data']['id']}" for comment in body["data"]["children"]}
    assert (there, gone, len(emptied)) == (set(), set(), 1)
    assert rechecked(reddit, path, [*emptied, "reddit:t1_zzzz"]) == (set(), {*emptied, "reddit:t1_zzzz"})


def test_recorded_answer_of_reddit_that_knows_none() -> None:
    path = FOLDER / "reddit" / "info_invalid_id_empty.json"
    assert rechecked(reddit, path, ["reddit:t1_zzzz"]) == (set(), {"reddit:t1_zzzz"})
