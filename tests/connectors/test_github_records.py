"""What the GitHub connector reads out of an answer, and what it sets aside."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import Author, Drift, Interaction, Mention, Metrics, Misfit, Page
from connectors.github.parse import plain_markdown
from tests.connectors.mangling import json_values

github = CONNECTORS["github"]

AT = datetime.fromisoformat("2026-04-21T08:00")
SITE = "https://github.com/Halmora/Firmware"
USER = {"login": "gerrit", "id": 7, "type": "User"}
ISSUE = {
    "html_url": f"{SITE}/issues/12",
    "number": 12,
    "id": 900,
    "title": "LED & noise",
    "body": "It hums.\r\nA lot.",
    "user": USER,
    "state": "open",
    "comments": 2,
    "created_at": "2026-04-21T08:00:00Z",
    "updated_at": "2026-04-22T08:00:00Z",
    "reactions": {"total_count": 5, "+1": 3, "-1": 1, "heart": 1, "rocket": 0},
}
COMMENT = {
    "html_url": f"{SITE}/issues/12#issuecomment-55",
    "issue_url": "https://api.github.com/repos/Halmora/Firmware/issues/12",
    "id": 55,
    "body": "@gerrit @nobody same here",
    "user": {"login": "ines", "id": 8, "type": "User"},
    "created_at": "2026-04-21T09:00:00Z",
    "updated_at": "2026-04-21T09:00:00Z",
}
FIRST = Mention(
    *("github:halmora/firmware#12", "github", "Halmora/Firmware", "post", "LED & noise", "It hums.\nA lot."),
    *(f"{SITE}/issues/12", "github:7", None, "github:halmora/firmware#12", AT),
)


def parsed(body, endpoint=""):
    return list(github.parse(None, Page(endpoint, body)))


def test_an_issue():
    assert parsed([ISSUE]) == [
        Author("github:7", "github", "gerrit", is_bot=False),
        FIRST,
        Metrics(FIRST.mention_id, likes=4, replies=2, score=2),
    ]


def test_a_comment_with_whoever_opened_the_issue():
    body = {"comments": [COMMENT], "openers": {"12": USER}}
    comment = "github:halmora/firmware#12-issuecomment-55"
    assert parsed(body) == [
        Author("github:8", "github", "ines", is_bot=False),
        Mention(
            *(comment, "github", "Halmora/Firmware", "comment", None, "@gerrit @nobody same here"),
            *(COMMENT["html_url"], "github:8", FIRST.mention_id, FIRST.mention_id, AT.replace(hour=9)),
        ),
        Metrics(comment),
        Interaction(comment, "github:8", "github:7", "reply"),
    ]


def test_a_comment_that_names_somebody_on_the_same_page():
    records = parsed([COMMENT, COMMENT | {"id": 56, "html_url": f"{SITE}/issues/12#issuecomment-56", "user": USER}])
    assert [record for record in records if isinstance(record, Interaction)] == [
        Interaction("github:halmora/firmware#12-issuecomment-55", "github:8", "github:7", "mention")
    ]


@pytest.mark.parametrize("user", [None, {"login": "ghost", "id": 10137, "type": "User"}], ids=["null", "ghost"])
def test_an_account_that_was_deleted(user):
    (mention, _) = parsed([ISSUE | {"user": user}])
    assert mention == FIRST._replace(author_id=None)


def test_a_bot_has_the_same_name_in_rest_and_graphql():
    told = [{"login": "stale[bot]", "id": 9, "type": "Bot"}, {"login": "stale", "databaseId": 9, "__typename": "Bot"}]
    assert {parsed([ISSUE | {"user": user}])[0] for user in told} == {
        Author("github:9", "github", "stale[bot]", is_bot=True)
    }


def test_numbers_that_the_answer_lacks_stay_unknown():
    told = {key: value for key, value in ISSUE.items() if key not in ("reactions", "comments")}
    assert parsed([told])[-1] == Metrics(FIRST.mention_id)
    assert parsed([told | {"reactions": {"total_count": 2}}])[-1] == Metrics(FIRST.mention_id)


@pytest.mark.parametrize(
    ("change", "drift"),
    [
        ({"state": "merged"}, Drift("post.state", "merged")),
        ({"state": ["open"]}, Drift("post.state", ["open"])),
        ({"title": None}, Drift("post.title")),
        ({"user": USER | {"type": "Agent"}}, Drift("user.type", "Agent")),
    ],
    ids=str,
)
def test_what_nobody_documents_is_told_and_the_post_kept(change, drift):
    records = parsed([ISSUE | change])
    assert drift in records
    assert sum(isinstance(record, Mention) for record in records) == 1


def test_missing_fields_are_told_and_the_post_kept():
    records = parsed([{key: value for key, value in ISSUE.items() if key not in ("body", "user")}])
    assert [record for record in records if isinstance(record, Drift)] == [Drift("post.body"), Drift("post.user")]
    assert FIRST._replace(text=None, author_id=None) in records


@pytest.mark.parametrize("found", [-5, 2.5, "7", True, [], 10**30], ids=str)
@pytest.mark.parametrize(
    ("field", "told", "changed"),
    [
        ("comments", {"comments": ...}, {"replies": None}),
        ("reactions.heart", {"reactions": ISSUE["reactions"] | {"heart": ...}}, {"likes": None}),
        ("reactions.-1", {"reactions": ISSUE["reactions"] | {"-1": ...}}, {"score": None}),
        ("reactions.+1", {"reactions": ISSUE["reactions"] | {"+1": ...}}, {"likes": None, "score": None}),
    ],
    ids=["comments", "heart", "-1", "+1"],
)
def test_a_count_that_is_none_is_unknown(field, told, changed, found):
    author, mention, numbers = parsed([ISSUE])
    change = {
        name: {key: found if value is ... else value for key, value in inner.items()}
        if isinstance(inner, dict)
        else found
        for name, inner in told.items()
    }
    assert parsed([ISSUE | change]) == [author, mention, numbers._replace(**changed), Drift(f"post.{field}", found)]


@pytest.mark.parametrize(
    ("change", "author", "changed", "drift"),
    [
        ({"title": 5}, True, {"title": None}, Drift("post.title", 5)),
        ({"body": ["It hums."]}, True, {"text": None}, Drift("post.body", ["It hums."])),
        ({"user": "gerrit"}, False, {"author_id": None}, Drift("post.user", "gerrit")),
        ({"user": {"login": 7, "id": 7}}, False, {"author_id": None}, Drift("user.login", 7)),
        ({"user": {"id": 7}}, False, {"author_id": None}, Drift("user.login")),
        ({"user": {"login": "gerrit", "id": "7"}}, False, {"author_id": None}, Drift("user.id", "7")),
        ({"user": USER | {"name": 5}}, True, {}, Drift("user.name", 5)),
        ({"updated_at": "soon"}, True, {}, Drift("post.updated_at", "soon")),
        ({"reactions": [3]}, True, {}, Drift("post.reactions", [3])),
    ],
    ids=str,
)
def test_a_side_field_that_can_not_be_read_costs_itself(change, author, changed, drift):
    whole = [Author("github:7", "github", "gerrit", is_bot=False), FIRST._replace(**changed)]
    numbers = (
        Metrics(FIRST.mention_id, replies=2) if "reactions" in change else Metrics(FIRST.mention_id, 4, 2, score=2)
    )
    assert parsed([ISSUE | change]) == [*whole[0 if author else 1 :], numbers, drift]


def test_an_account_of_a_kind_that_nobody_documents_may_be_a_bot():
    (author, *_) = parsed([ISSUE | {"user": USER | {"type": "Agent"}}])
    assert author == Author("github:7", "github", "gerrit")


def test_an_author_of_many_posts_comes_once_in_full():
    named = {"__typename": "User", "login": "gerrit", "databaseId": 7, "name": "Gerrit", "followers": {"totalCount": 3}}
    for users in ([USER, named], [named, USER]):
        posts = [
            COMMENT | {"id": id_, "html_url": f"{SITE}/issues/12#issuecomment-{id_}", "user": user}
            for id_, user in enumerate(users, 1)
        ]
        assert [record for record in parsed(posts) if isinstance(record, Author)] == [
            Author("github:7", "github", "gerrit", "Gerrit", 3, is_bot=False)
        ]


def test_one_id_with_two_texts_is_not_hidden():
    texts = [record.text for record in parsed([ISSUE, ISSUE | {"body": "Otherwise"}]) if isinstance(record, Mention)]
    assert texts == ["It hums.\nA lot.", "Otherwise"]


@pytest.mark.parametrize("above", ["55", -1, {}])
def test_what_a_comment_answers_is_unknown_where_it_can_not_be_read(above):
    review = COMMENT | {"html_url": f"{SITE}/pull/12#discussion_r56", "in_reply_to_id": above}
    [mention] = [record for record in parsed([review]) if isinstance(record, Mention)]
    assert (mention.parent_id, mention.root_id) == (None, "github:halmora/firmware#12")
    assert Drift("comment.in_reply_to_id", above) in parsed([review])


def test_an_address_within_a_thread_is_not_that_of_its_opening():
    review = {name: value for name, value in COMMENT.items() if name != "issue_url"}
    records = parsed([ISSUE, review | {"html_url": f"{SITE}/pull/12#pullrequestreview-9"}])
    assert [record.mention_id for record in records if isinstance(record, Mention)] == [FIRST.mention_id]
    assert [record.reason for record in records if isinstance(record, Misfit)] == [
        "has no address that names a repository and a number"
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<html>", "is not an answer of GitHub's API"),
        ({"posts": []}, "is not an answer of GitHub's API"),
        ([7], "is not a post"),
        ([ISSUE | {"html_url": "https://github.com/Halmora"}], "names a repository and a number"),
        ([ISSUE | {"created_at": "yesterday"}], "no readable time of creation"),
    ],
)
def test_what_cannot_be_read_is_set_aside(body, reason):
    (record,) = parsed(body)
    assert isinstance(record, Misfit)
    assert reason in record.reason


@pytest.mark.parametrize(
    "body", [[], {"message": "Not Found"}, {"total_count": 0, "items": []}, {"data": None}], ids=str
)
def test_answers_without_posts(body):
    assert parsed(body) == []


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<!-- please fill in -->\r\nIt drops", "It drops"),
        ("### Logs\n\n_No response_\n\n### What\n\nIt drops", "### What\n\nIt drops"),
        ("### Logs\n\n_No response_", ""),
        ("`<!-- kept -->` and\n```html\n<!-- kept -->\n```", "`<!-- kept -->` and\n```html\n<!-- kept -->\n```"),
        ("never <!-- closed", "never"),
        ("> quoted\n\nanswer 🌱", "> quoted\n\nanswer 🌱"),
    ],
)
def test_text_is_what_github_shows(written, read):
    assert plain_markdown(written) == read


def test_pull_requests_are_left_out_where_not_wanted():
    settings = github.Settings(id="code", type="github", repositories=("halmora/firmware",))
    pull = ISSUE | {"html_url": f"{SITE}/pull/12", "pull_request": {"html_url": f"{SITE}/pull/12"}}
    comment = COMMENT | {"html_url": f"{SITE}/pull/12#issuecomment-55"}
    assert list(github.parse(settings, Page("", [pull, comment]))) == []
    assert len([record for record in parsed([pull, comment]) if isinstance(record, Mention)]) == 2


JSON = json_values(
    st.sampled_from([*ISSUE.values()]), keys=st.sampled_from([*ISSUE, *COMMENT, "data", "repository", "nodes", "asked"])
)


@given(st.dictionaries(st.sampled_from([*ISSUE, "pull_request", "replies", "reactionGroups"]), JSON))
def test_a_mangled_issue_never_raises(change):
    for item in (ISSUE | change, COMMENT | change):
        assert parsed([item])


@given(JSON, st.sampled_from(["", "recheck repos/a/b/issues", "repos/a/b/issues/12/comments"]))
def test_a_mangled_answer_never_raises(body, endpoint):
    parsed(body, endpoint)
    parsed({"asked": body, "answer": body}, endpoint)
    parsed({"data": {"repository": {"discussions": body, "discussion": body}, "node": body}}, endpoint)
    parsed({"comments": body, "openers": {"12": body}}, endpoint)
