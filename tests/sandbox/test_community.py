"""The community's files: what they must say, and that they say it."""

import json
from datetime import datetime

import pytest

from sandbox.community import FOLDER, NETWORKS, CommunityError, community, load

PERSON = {"net": "reddit", "handle": "ines", "name": None, "followers": None, "since": "2020-01-31"} | {
    "bio": None,
    "role": None,
}
POST = {
    **{
        "id": "a001",
        "net": "reddit",
        "place": "r/halmora",
        "at": "2026-03-02T07:41:09Z",
        "by": "Ines",
        "title": "Pods",
    },
    **{"text": "new", "link": None, "to": None, "quotes": None, "reposts_of": None, "likes": 1, "reposts": None},
    **{"views": None, "edited": {"at": "2026-03-02T08:00:00Z", "before": "old"}, "deleted_at": "2026-03-03T00:00:00Z"},
    **{"removed_by": "author", "lang": "en"},
}
ANSWER = POST | {"id": "a002", "at": "2026-03-02T07:50:00Z", "title": None, "to": "a001", "edited": None}


def test_post_at_different_times():
    post = community([PERSON], [POST, ANSWER]).by_id["a001"]
    moments = [datetime.fromisoformat(f"2026-03-0{day}T07:59:59") for day in (2, 3, 4)]
    assert [post.text_at(now) for now in moments] == ["old", "new", "new"]
    assert [post.is_deleted(now) for now in moments] == [False, True, True]


def test_threads_and_answers():
    whole = community([PERSON], [ANSWER, POST])
    assert [post.id for post in whole.posts] == ["a001", "a002"]
    assert whole.root(whole.by_id["a002"]).id == "a001"
    assert [post.id for post in whole.answers["a001"]] == ["a002"]
    assert [post.id for post in whole.threads["a001"]] == ["a001", "a002"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"id": "1"}, "an id is a letter and three digits"),
        ({"at": "yesterday"}, "does not match format"),
        ({"by": "nobody"}, "there is no account 'nobody' on reddit"),
        ({"at": "2019-01-01T00:00:00Z"}, "is older than its author"),
        ({"net": "x"}, "has no place 'r/halmora'"),
        ({"title": None}, "a Reddit post has a title"),
        ({"text": None}, "says nothing"),
        ({"quotes": "a009"}, "there is no post 'a009'"),
        ({"edited": {"at": "2026-03-01T00:00:00Z", "before": ""}}, "is edited before it is written"),
        ({"removed_by": None}, "or by nobody in particular"),
        ({"mood": "good"}, "not known ['mood']"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_fault_is_named(change, fault):
    with pytest.raises(CommunityError) as caught:
        community([PERSON], [POST | change])
    assert fault in str(caught.value)


def test_all_faults_at_once():
    with pytest.raises(CommunityError, match=r"(?s)post 'a001'.*post 'a002': to: there is no post 'b001'"):
        community([PERSON], [POST | {"likes": 1, "title": None}, ANSWER | {"to": "b001"}])


def test_load_names_file_and_line(tmp_path):
    (tmp_path / "accounts-a.jsonl").write_text(json.dumps(PERSON) + "\n\n{", encoding="utf-8")
    with pytest.raises(CommunityError, match=r"accounts-a.jsonl line 3: is not JSON"):
        load(tmp_path)


def test_the_communitys_own_files():
    whole = load(FOLDER)
    assert {post.net for post in whole.posts} == NETWORKS
