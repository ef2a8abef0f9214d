"""What Slack's messages say, as records."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import Author, Deletion, Drift, Interaction, Mention, Metrics, Misfit, Page
from connectors.slack.parse import key_of, moment, stamp
from tests.connectors.mangling import json_values, mangled

slack = CONNECTORS["slack"]
SETTINGS = slack.Settings(id="pilots", type="slack", channels=("help",))
NAME = "slack:T1/C9/"
TS = "1776844800.000100"
BESIDE = {
    "workspace": {"team_id": "T1", "url": "https://halmora-pilots.slack.com/"},
    "channel": {"id": "C9", "name": "help"},
    "people": {
        "U1": {"name": "ines.v", "real_name": "Ines V.", "display_name": "ines", "is_bot": False},
        "U2": {"name": "mira", "real_name": "Mira", "display_name": "", "is_bot": False},
    },
}


def message(**more):
    return {"type": "message", "user": "U1", "ts": TS, "text": "It hums.", **more}


def parse(*messages, **beside):
    body = {**BESIDE, **beside, "answer": {"ok": True, "messages": list(messages)}}
    return list(slack.parse(SETTINGS, Page("conversations.history", body)))


def only(kind, records):
    return [record for record in records if isinstance(record, kind)]


def text_of(text, **more):
    [found] = only(Mention, parse(message(text=text, **more)))
    return found.text


def test_a_message_as_records():
    records = parse(
        message(
            text="<@U2> It hums.",
            thread_ts=TS,
            reply_count=2,
            edited={"user": "U1", "ts": "1776845000.000000"},
            reactions=[
                {"name": "+1::skin-tone-3", "count": 2},
                {"name": "eyes", "count": 5},
                {"name": "tada", "count": 1},
            ],
        )
    )
    assert records == [
        Mention(
            *(f"{NAME}{TS}", "slack", "halmora-pilots/#help", "message", None, "@mira It hums."),
            *("https://halmora-pilots.slack.com/archives/C9/p1776844800000100", "slack:T1/U1", None, f"{NAME}{TS}"),
            *(datetime(2026, 4, 22, 8, 0, 0, 100), datetime(2026, 4, 22, 8, 3, 20)),
        ),
        Metrics(f"{NAME}{TS}", likes=3, replies=2),
        Author("slack:T1/U1", "slack", "ines", "Ines V.", is_bot=False),
        Interaction(f"{NAME}{TS}", "slack:T1/U1", "slack:T1/U2", "mention"),
    ]


def test_an_answer_as_records():
    root = "1776840000.000000"
    found, *rest = parse(message(thread_ts=root, parent_user_id="U2"))
    assert (found.kind, found.parent_id, found.root_id) == ("comment", NAME + root, NAME + root)
    assert found.url == f"https://halmora-pilots.slack.com/archives/C9/p1776844800000100?thread_ts={root}&cid=C9"
    assert Metrics(f"{NAME}{TS}", likes=0) in rest
    assert Interaction(f"{NAME}{TS}", "slack:T1/U1", "slack:T1/U2", "reply") in rest


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a &lt;b&gt; &amp; c &amp;lt;", "a <b> & c &lt;"),
        ("<https://halmora.example/a?b=1&amp;c=2>", "https://halmora.example/a?b=1&c=2"),
        ("<https://halmora.example|our shop>", "our shop (https://halmora.example)"),
        ("<https://halmora.example|halmora.example>", "https://halmora.example"),
        ("<mailto:a@b.example|a@b.example>", "mailto:a@b.example"),
        ("<@U1> and <@U9> and <@W8|jo>", "@ines and @U9 and @jo"),
        ("<#C1|shops> <!here> <!subteam^S1|@pilots> <!date^1^x|today>", "#shops @here @pilots @today"),
        ("*bold* _sloped_ ~gone~ `code`", "*bold* _sloped_ ~gone~ `code`"),
        ("a < b", "a < b"),
    ],
)
def test_markup(written, shown):
    assert text_of(written) == shown


def test_what_hangs_below_a_message_is_said_too():
    assert text_of(
        "", attachments=[{"fallback": "Build 7 failed"}], files=[{"title": "wilted basil"}, {"title": ""}]
    ) == ("Build 7 failed\n\n[wilted basil]")


def test_a_bot_speaks_under_a_name_of_its_own():
    [author] = only(Author, parse({**message(subtype="bot_message", bot_id="B7", username="Pump watch"), "user": None}))
    assert author == Author("slack:T1/B7", "slack", "Pump watch", "Pump watch", is_bot=True)


@pytest.mark.parametrize("subtype", ["channel_join", "channel_topic", "pinned_item", "bot_add", "huddle_thread"])
def test_notes_of_the_workspace_are_not_posts(subtype):
    assert parse(message(subtype=subtype)) == []


def test_a_subtype_that_nobody_documents_is_drift_and_its_message_is_kept():
    records = parse(message(subtype="hologram"))
    assert len(only(Mention, records)) == 1
    assert only(Drift, records) == [Drift("message.subtype", "hologram")]


def test_a_tombstone_is_a_deletion():
    assert parse(message(subtype="tombstone", text="This message was deleted.")) == [Deletion(f"{NAME}{TS}")]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"ts": None}, "no readable ts"),
        ({"ts": "yesterday"}, "no readable ts"),
        ({"type": "event"}, "is not a message"),
        ({"text": ""}, "says nothing"),
    ],
)
def test_messages_that_are_set_aside(changed, reason):
    [misfit] = parse(message(**changed))
    assert isinstance(misfit, Misfit)
    assert reason in misfit.reason
    assert misfit.place == "messages[0]"


def test_what_is_missing_from_a_recheck_is_gone():
    records = parse(message(), asked=[f"{NAME}{TS}", f"{NAME}1776800000.000000", "slack:T1/C9/odd"])
    assert only(Deletion, records) == [Deletion(f"{NAME}1776800000.000000")]


def test_nothing_is_missing_where_a_message_cannot_be_told_from_others():
    assert only(Deletion, parse(message(ts=7), asked=[f"{NAME}{TS}"])) == []


@pytest.mark.parametrize("count", [True, -1, "3", None])
def test_likes_that_cannot_be_counted_are_unknown(count):
    [metrics] = only(Metrics, parse(message(reactions=[{"name": "+1", "count": count}, {"name": "tada", "count": 2}])))
    assert metrics.likes is None


@given(st.datetimes(datetime(2001, 9, 10), datetime(2200, 1, 1)))
def test_a_moment_and_its_stamp(at):
    assert moment(stamp(at)) == at


@given(st.text())
def test_a_key_is_read_or_not(name):
    assert key_of(name) is None or name.startswith("slack:")


@given(
    mangled(
        {
            **BESIDE,
            "asked": [f"{NAME}{TS}"],
            "answer": {
                "ok": True,
                "messages": [
                    message(
                        reactions=[{"name": "+1", "count": 1}],
                        files=[{"title": "x"}],
                        attachments=[{"text": "y"}],
                        edited={"ts": TS},
                        thread_ts=TS,
                    )
                ],
            },
        },
        values=json_values(),
    )
)
def test_no_answer_makes_reading_fail(body):
    for record in slack.parse(SETTINGS, Page("", body)):
        assert not isinstance(record, Misfit) or "can't be read to its end" not in record.reason
