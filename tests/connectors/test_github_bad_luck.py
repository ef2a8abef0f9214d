"""GitHub, as a server before it, an answer in parts, or bad luck would have it."""

import json

import pytest

from connectors import CONNECTORS
from connectors.contract import Deletion, Known, Mention, Misfit, Page, Query, SchemaDrift, SourceError, Window
from sandbox.world import CREDENTIALS
from tests.connectors.times import at

github = CONNECTORS["github"]

WEEK = Window(at("20"), at("27"))
ISSUES = Query("issues", "/halmora/firmware/issues")
REPOSITORY = "/github/repos/halmora/firmware"
HTML = "https://github.com/halmora/firmware"


def settings(**more):
    given = {"id": "code", "type": "github", "repositories": ("halmora/firmware",), "pace": 0, "threads": False}
    return github.Settings(**{**given, **more})


def issue(number, **more):
    told = {"html_url": f"{HTML}/issues/{number}", "number": number, "title": "t", "body": "a", "state": "open"}
    times = {"created_at": "2026-04-21T08:00:00Z", "updated_at": "2026-04-21T08:00:00Z"}
    return {**told, **times, "user": {"login": "gerrit", "id": 7, "type": "User"}, "comments": 0, **more}


def known(number, kind="issues"):
    name = f"github:halmora/firmware#{number}"
    return Known(name, "post", "halmora/firmware", f"{HTML}/{kind}/{number}", name, at("21T08:00"))


@pytest.fixture
def asked(run, build, time, collect):
    def make(*answers, of=(), **more):
        server = run(build([]))
        for path, nth, answer in answers:
            headers = {
                name: value.replace("HOME", f"{server.url}/github") for name, value in answer.pop("headers", {}).items()
            }
            how = {"kind": "status", "status": 200, "path": path, "nth": nth, "headers": headers, **answer}
            server.world.misbehave(**how)
        own = settings(api=f"{server.url}/github", **more)
        client = github.connect(own, CREDENTIALS["github"])
        client.clock = time.clock
        pages, error = collect(github.recheck(client, own, of) if of else github.fetch(client, own, ISSUES, WEEK))
        return pages, error, [record for page in pages for record in github.parse(own, page)]

    return make


def gone(records):
    return [record.mention_id for record in records if isinstance(record, Deletion)]


def told(answer, **more):
    return {"body": json.dumps(answer), **more}


THERE = (REPOSITORY, 1, told({"name": "firmware"}))


# Fetch ------------------------------------------------------------------------------------------------


def test_empty_pages_that_always_lead_on(asked):
    onward = [
        (
            f"{REPOSITORY}/issues",
            n,
            told([], headers={"link": f'<HOME/repos/halmora/firmware/issues?page={n + 1}>; rel="next"'}),
        )
        for n in range(1, 20)
    ]
    pages, error, _ = asked(*onward)
    assert error is None
    assert [page.seen for page in pages] == [0, 0]


def test_a_link_that_is_no_address(asked):
    broken = told([issue(1)], headers={"link": '<http://[>; rel="next"'})
    _, error, _ = asked((f"{REPOSITORY}/issues", 1, broken), (f"{REPOSITORY}/issues/comments", 1, told([])))
    assert isinstance(error, SchemaDrift)


# Recheck ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["<html>404 Not Found", "", '{"error": "no route"}', "[" * 100_000], ids=len)
@pytest.mark.parametrize("status", [404, 410])
def test_a_web_server_that_finds_nothing_deletes_nothing(asked, status, body):
    missing = (f"{REPOSITORY}/issues", 1, {"status": status, "body": body, "times": None})
    pages, error, records = asked(THERE, missing, of=[known(1)])
    assert isinstance(error, SourceError)
    assert (pages, gone(records)) == ([], [])


def test_issues_that_were_switched_off_are_not_deleted(asked):
    off = told({"message": "Issues are disabled for this repo"}, status=410, times=None)
    _, error, records = asked(THERE, (f"{REPOSITORY}/issues", 1, off), of=[known(1)])
    assert isinstance(error, SourceError)
    assert gone(records) == []


def test_an_issue_that_was_deleted_is_gone(asked):
    answers = [THERE, (f"{REPOSITORY}/issues", 1, told([]))]
    deleted = (f"{REPOSITORY}/issues/1", 1, told({"message": "This issue was deleted"}, status=410))
    _, error, records = asked(*answers, deleted, of=[known(1)])
    assert error is None
    assert gone(records) == [known(1).mention_id]


@pytest.mark.parametrize("answer", [issue(1, created_at="soon"), issue(1, created_at=None)], ids=["time", "no time"])
@pytest.mark.parametrize("is_listed", [True, False], ids=["listed", "alone"])
def test_an_issue_that_cannot_be_read_is_there(asked, answer, is_listed):
    listing = (f"{REPOSITORY}/issues", 1, told([answer] if is_listed else []))
    _, error, records = asked(THERE, listing, (f"{REPOSITORY}/issues/1", 1, told(answer)), of=[known(1)])
    assert error is None
    assert gone(records) == []
    assert len([record for record in records if isinstance(record, Misfit)]) == 1


def test_pull_requests_that_are_not_wanted_any_more_are_there(asked):
    pull = issue(2, html_url=f"{HTML}/pull/2", pull_request={"html_url": f"{HTML}/pull/2"})
    listing = (f"{REPOSITORY}/issues", 1, told([issue(1), pull]))
    _, error, records = asked(THERE, listing, of=[known(1), known(2, "pull")], pull_requests=False)
    assert error is None
    assert gone(records) == []


def test_an_issue_that_moved_to_another_repository_is_gone(asked):
    elsewhere = told(issue(9, html_url="https://github.com/halmora/app/issues/9"))
    answers = [THERE, (f"{REPOSITORY}/issues", 1, told([])), (f"{REPOSITORY}/issues/1", 1, elsewhere)]
    _, _, records = asked(*answers, of=[known(1)])
    assert gone(records) == [known(1).mention_id]
    assert [record.mention_id for record in records if isinstance(record, Mention)] == ["github:halmora/app#9"]


@pytest.mark.parametrize(
    ("kind", "is_gone"), [("NOT_FOUND", True), ("SERVICE_UNAVAILABLE", False), (None, False), ("FORBIDDEN", False)]
)
def test_a_discussion_that_could_not_be_shown_is_not_gone(asked, kind, is_gone):
    errors = [{"type": kind, "message": "Something went wrong while executing your query."}]
    answer = told({"data": {"repository": {"discussion": None}}, "errors": errors})
    _, error, records = asked(THERE, ("/github/graphql", 1, answer), of=[known(5, "discussions")])
    assert gone(records) == ([known(5).mention_id] if is_gone else [])
    assert error is None if is_gone else "could not show discussion 5" in str(error)


# Hostile text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["javascript:alert(1)", f"{HTML}/issues/1\n|x", None])
def test_an_address_that_leads_nowhere(address):
    comment = issue(
        1, html_url=None, url=address, id=5, issue_url="https://api.github.com/repos/halmora/firmware/issues/1"
    )
    records = list(github.parse(settings(), Page("repos/halmora/firmware/issues/comments", [comment])))
    assert [(record.mention_id, record.url) for record in records if isinstance(record, Mention)] == [
        ("github:halmora/firmware#1-issuecomment-5", None)
    ]
