"""Slack against the sandbox: channels, threads, edits and deletions of a workspace, over real HTTP."""

import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.contract import (
    CredentialsError,
    Deletion,
    Interaction,
    Known,
    Listening,
    Mention,
    Query,
    RateLimited,
    SchemaDrift,
    Truncated,
    Window,
)
from connectors.http_api import NotThere
from sandbox import slack_api
from sandbox.world import CREDENTIALS
from tests.connectors.times import NOW, at, series

slack = CONNECTORS["slack"]
HELP = Query("#help", "help")
HISTORY, REPLIES = "/slack/api/conversations.history", "/slack/api/conversations.replies"
GONE = {"deleted_at": "2026-04-22T00:00:00Z", "removed_by": "author"}


def settings(**more):
    return slack.Settings(**{"id": "pilots", "type": "slack", "channels": ("help",), "pace": 0, **more})


@pytest.fixture
def people():
    return [
        {"net": "slack", "handle": "ines", "since": "2020-01-31", "name": "Ines"},
        {"net": "slack", "handle": "mira", "since": "2020-01-31", "name": "Mira", "role": "team"},
        {"net": "slack", "handle": "pump-bot", "since": "2020-01-31", "role": "bot"},
    ]


@pytest.fixture
def say(line):
    def make(id_, moment, by, text, **more):
        return line(id_, moment, by, text, **{"net": "slack", "place": "#help", **more})

    return make


@pytest.fixture
def client(time):
    def make(server, credentials=CREDENTIALS["slack"], **more):
        made = slack.connect(settings(api=f"{server.url}/slack", **more), credentials)
        made.api.clock = time.clock
        return made

    return make


@pytest.fixture
def fetched(client, week, collect):
    def make(server, asked=HELP, window=week, **more):
        return collect(slack.fetch(client(server), settings(**more), asked, window))

    return make


@pytest.fixture
def rechecked(client, collect):
    def make(server, mentions):
        known = [
            Known(each.mention_id, each.kind, each.community, each.url, each.root_id, each.created_at)
            for each in mentions
        ]
        pages, error = collect(slack.recheck(client(server), settings(), known))
        return [record for page in pages for record in slack.parse(settings(), page)], error

    return make


@pytest.fixture
def talk(say):
    return [
        say("a001", at("10T08:00"), "ines", "Which pump is in the Loft?"),
        say("a002", at("19T08:00"), "ines", "an old one that nobody answers"),
        say("b001", at("21T08:00"), "mira", "@ines the quiet one", to="a001"),
        say("b002", at("21T09:00"), "ines", "Thanks & <3", to="a001"),
        say("b003", at("22T08:00"), "ines", "It hums."),
        say("b004", at("22T09:00"), "pump-bot", "Pump 7 reports 41 dB"),
        say("c001", at("28T00:00"), "ines", "after the week", to="b003"),
        say("d001", at("22T10:00"), "ines", "elsewhere", place="#shops"),
    ]


def asked(server, path):
    return [request.params for request in server.world.requests if request.path == path]


def texts(found):
    return sorted(mention.text for mention in found.values())


# Settings and queries ---------------------------------------------------------------------------------


def test_a_query_for_each_channel():
    own = settings(channels=("#Help", "shops", " help ", "C024BE91L"))
    assert slack.queries(own, Listening()) == [
        Query("#help", "help"),
        Query("#shops", "shops"),
        Query("#c024be91l", "c024be91l"),
    ]


@pytest.mark.parametrize(
    "wrong", [{"channels": ()}, {"channels": ("two words",)}, {"channels": ("#",)}, {"token": "x"}]
)
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_connect_names_the_token_that_is_missing(run, build, client):
    server = run(build([]))
    with pytest.raises(CredentialsError, match="EARSHOT_PILOTS_TOKEN"):
        client(server, {})
    client(server)
    assert list(server.world.requests) == []


# Channels and threads ---------------------------------------------------------------------------------


def test_a_channel_with_the_threads_in_which_somebody_answered(run, build, talk, fetched, mentions):
    server = run(build(talk), now=NOW)
    pages, error = fetched(server)
    assert error is None
    found = mentions(slack, pages)
    assert texts(found) == sorted(
        [
            "Which pump is in the Loft?",
            "an old one that nobody answers",
            "@ines the quiet one",
            "Thanks & <3",
            "It hums.",
        ]
        + ["Pump 7 reports 41 dB", "after the week"]
    )
    assert sum(page.posts for page in pages) == 4
    answered = {mention.root_id.rpartition("/")[2] for mention in found.values() if mention.kind == "comment"}
    assert {params["ts"] for params in asked(server, REPLIES)} == answered


def test_an_answer_knows_its_thread_and_whom_it_answers(run, build, talk, fetched, mentions):
    pages, _ = fetched(run(build(talk), now=NOW))
    by_text = {mention.text: mention for mention in mentions(slack, pages).values()}
    question, answer = by_text["Which pump is in the Loft?"], by_text["@ines the quiet one"]
    assert (question.kind, question.parent_id, question.root_id) == ("message", None, question.mention_id)
    assert (answer.kind, answer.parent_id, answer.root_id) == ("comment", question.mention_id, question.mention_id)
    assert answer.community == "halmora-pilots/#help"
    assert answer.url.startswith("https://halmora-pilots.slack.com/archives/CHELP/p1776758400")
    assert f"thread_ts={question.mention_id.rpartition('/')[2]}&cid=CHELP" in answer.url
    records = [record for page in pages for record in slack.parse(settings(), page)]
    assert Interaction(answer.mention_id, answer.author_id, question.author_id, "reply") in records


def test_a_thread_that_began_before_the_days_watched_is_not_seen(run, build, talk, fetched, mentions):
    pages, error = fetched(run(build(talk), now=NOW), watch_days=3)
    assert error is None
    assert "@ines the quiet one" not in texts(mentions(slack, pages))


def test_without_threads_only_the_channel_is_read(run, build, talk, fetched, mentions):
    server = run(build(talk), now=NOW)
    pages, error = fetched(server, threads=False)
    assert (error, asked(server, REPLIES)) == (None, [])
    assert texts(mentions(slack, pages)) == ["It hums.", "Pump 7 reports 41 dB"]


def test_a_bot_is_known_as_one_and_a_person_by_the_name_shown(run, build, talk, fetched):
    pages, _ = fetched(run(build(talk), now=NOW))
    records = [record for page in pages for record in slack.parse(settings(), page)]
    people = {record.handle: (record.name, record.is_bot) for record in records if hasattr(record, "handle")}
    assert people == {"ines": ("Ines", False), "mira": ("Mira", False), "pump-bot": (None, True)}


def test_a_person_is_asked_for_once(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    fetched(server)
    users = [params["user"] for params in asked(server, "/slack/api/users.info")]
    assert sorted(users) == ["UINES", "UMIRA", "UPUMPBOT"]


def test_a_private_channel_by_its_id(run, build, talk, fetched, mentions):
    pages, error = fetched(run(build(talk), now=NOW), Query("#cshops", "cshops"))
    assert error is None
    assert texts(mentions(slack, pages)) == ["elsewhere"]


# What goes wrong --------------------------------------------------------------------------------------


def test_a_channel_that_is_not_there_is_told_with_those_that_are(run, build, talk, fetched):
    _, error = fetched(run(build(talk), now=NOW), Query("#helpp", "helpp"))
    assert isinstance(error, NotThere)
    assert "no channel 'helpp' to this token; there are '#help, #shops'" in str(error)


@pytest.mark.parametrize(
    ("word", "kind", "told"),
    [
        ("token_expired", CredentialsError, "refused the token ('token_expired')"),
        ("missing_scope", CredentialsError, "it needs the scope 'channels:history'"),
        ("not_allowed_token_type", CredentialsError, "check it in api.slack.com/apps"),
        ("not_in_channel", NotThere, "/invite"),
        ("ratelimited", RateLimited, "wants us to wait"),
        ("fatal_error", Exception, "run this window again later"),
    ],
)
def test_what_slack_says_with_status_200(run, build, talk, fetched, week, word, kind, told):
    server = run(build(talk), now=NOW)
    body = json.dumps({"ok": False, "error": word, "needed": "channels:history"})
    server.world.misbehave("status", HISTORY, status=200, body=body, times=None)
    pages, error = fetched(server)
    assert (pages, type(error).__mro__.count(kind)) == ([], 1)
    assert told in str(error)
    assert (error.unseen_from, error.unseen_to) == week


def test_a_thread_that_fails_costs_itself(run, build, talk, fetched, mentions, week):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", REPLIES, nth=1, times=4)
    pages, error = fetched(server)
    assert "is in trouble (500)" in str(error)
    assert (error.unseen_from, error.unseen_to) == week
    assert "It hums." in texts(mentions(slack, pages))
    assert len(asked(server, REPLIES)) == 5


def test_a_thread_that_was_deleted_a_moment_ago_is_no_fault(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    body = '{"ok": false, "error": "thread_not_found"}'
    server.world.misbehave("status", REPLIES, status=200, body=body, times=None)
    _, error = fetched(server)
    assert error is None


def test_more_without_a_way_to_it_is_told(run, build, say, fetched, monkeypatch):
    server = run(build([say("a001", at("22T08:00"), "ines", "hello")]), now=NOW)
    body = json.dumps({"ok": True, "messages": [], "has_more": True, "response_metadata": {"next_cursor": ""}})
    server.world.misbehave("status", HISTORY, status=200, body=body)
    _, error = fetched(server)
    assert isinstance(error, Truncated)
    assert "there is more, and not how to go on" in str(error)


@pytest.mark.parametrize("body", ["[]", "{}", '{"ok": "yes"}', '{"ok": true, "messages": {}}', "null"])
def test_an_answer_of_another_shape(run, build, talk, fetched, body):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", HISTORY, status=200, body=body, times=None)
    pages, error = fetched(server)
    assert (pages, type(error)) == ([], SchemaDrift)


def test_how_far_a_channel_was_read_is_told(run, build, say, fetched, week):
    posts = [say(id_, moment, "ines", f"post {n}") for n, id_, moment in series(450, minutes=1)]
    server = run(build(posts), now=NOW)
    server.world.misbehave("cut", HISTORY, nth=3, times=4)
    pages, error = fetched(server)
    assert [page.posts for page in pages] == [200, 200]
    assert error.unseen_from == week.start
    assert error.unseen_to.replace(microsecond=0) == week.end - timedelta(minutes=398)


def test_whom_slack_does_not_tell_of_keeps_his_id(run, build, talk, fetched, mentions):
    server = run(build(talk), now=NOW)
    server.world.misbehave(
        "status", "/slack/api/users.info", status=200, body='{"ok": false, "error": "user_not_found"}', times=None
    )
    pages, error = fetched(server)
    assert error is None
    assert "@UINES the quiet one" in texts(mentions(slack, pages))


# What became of messages ------------------------------------------------------------------------------


def test_an_edit_follows_and_what_is_gone_is_deleted(run, build, say, fetched, mentions, rechecked):
    lines = [
        say("a001", at("21T08:00"), "ines", "It hums", edited={"at": "2026-04-28T10:00:00Z", "before": "It hmus"}),
        say("a002", at("21T09:00"), "ines", "never mind", **{**GONE, "deleted_at": "2026-04-28T10:00:00Z"}),
        say("a003", at("21T10:00"), "ines", "a question", **{**GONE, "deleted_at": "2026-04-28T10:00:00Z"}),
        say("a004", at("21T11:00"), "mira", "an answer", to="a003"),
    ]
    server = run(build(lines), now=at("27"))
    before = mentions(slack, fetched(server)[0])
    assert texts(before) == ["It hmus", "a question", "an answer", "never mind"]
    server.world.now = at("29")
    records, error = rechecked(server, before.values())
    assert error is None
    gone = {record.mention_id for record in records if isinstance(record, Deletion)}
    assert {before[id_].text for id_ in gone} == {"never mind", "a question"}
    after = {record.mention_id: record for record in records if isinstance(record, Mention)}
    assert texts(after) == ["It hums", "an answer"]
    assert next(each for each in after.values() if each.text == "It hums").edited_at == at("28T10:00")


def test_a_channel_that_the_bot_had_to_leave_deletes_nothing(run, build, talk, fetched, mentions, rechecked):
    server = run(build(talk), now=NOW)
    found = mentions(slack, fetched(server)[0])
    body = '{"ok": false, "error": "not_in_channel"}'
    server.world.misbehave("status", "/slack/api/conversations.", status=200, body=body, nth=2, times=None)
    records, error = rechecked(server, [each for each in found.values() if each.kind == "message"])
    assert (records, error) == ([], None)


def test_a_thread_that_is_gone_takes_its_answers_along(run, build, talk, fetched, mentions, rechecked):
    server = run(build(talk), now=NOW)
    found = mentions(slack, fetched(server)[0])
    body = '{"ok": false, "error": "thread_not_found"}'
    server.world.misbehave("status", REPLIES, status=200, body=body, times=None)
    answers = [each for each in found.values() if each.kind == "comment" and each.created_at < at("22")]
    records, _ = rechecked(server, answers)
    assert {record.mention_id for record in records if isinstance(record, Deletion)} == {
        each.mention_id for each in answers
    }


def test_the_window_edge_is_its_own(run, build, say, fetched):
    posts = [
        say(f"a00{n}", at(moment), "ines", "x") for n, moment in enumerate(("20T23:59:59", "21", "21T23:59:59", "22"))
    ]
    pages, error = fetched(run(build(posts), now=NOW), window=Window(at("21"), at("22")), threads=False)
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [(2, 2)]


def test_the_sandbox_names_what_it_serves():
    assert slack_api.channel_id("#loft-pilots") == "CLOFTPILOTS"
