"""Answers that Bluesky gave, read by its connector: every post a mention, unless its author or a moderator hides it."""

import json
from datetime import datetime
from pathlib import Path

import pytest
import requests

from connectors import CONNECTORS
from connectors.bluesky.client import _meaning
from connectors.bluesky.parse import is_kept, uri_of
from connectors.contract import CredentialsError, Deletion, Drift, Mention, Misfit, Page, utc
from connectors.http_api import Refused, wait_asked_for
from tests.connectors.recorded import bodies, items_in, objects, recorded

bluesky = CONNECTORS["bluesky"]

OPEN = bluesky.Settings(id="sky", type="bluesky", logged_in_only=True)
MEANINGS = {
    "400_invalid_request.json": (Refused, "must not be longer than 300 graphemes"),
    "401_createSession.json": (CredentialsError, "Invalid identifier or password"),
}


def found_in(body):
    """Posts that were asked for; in a thread those around it, too."""
    entries = body.get("posts", []) + [item["post"] for item in body.get("feed", [])]
    return entries or [node["post"] for node in objects(body.get("thread")) if "post" in node]


def named_in(body):
    """The addresses of all posts that are shown, those around them and those that they quote as well."""
    shown = [one for one in objects(body) if "author" in one and isinstance(one.get("record", one.get("value")), dict)]
    return {one["uri"] for one in shown if "text" in one.get("record", one.get("value"))}


@pytest.mark.parametrize("path", recorded("bluesky"))
def test_recorded_answer_of_bluesky(path: Path) -> None:
    [body] = bodies(path)
    records = list(bluesky.parse(OPEN, Page("", body)))
    assert [record for record in records if isinstance(record, Misfit | Drift)] == []
    mentions = {record.mention_id: record for record in records if isinstance(record, Mention)}
    posts = found_in(body)
    assert items_in(path) in (None, len(posts))
    assert mentions.keys() == {f"bluesky:{uri}" for uri in named_in(body)}
    assert path.parent.name != "errors" or mentions == {}
    for post in posts:
        mention = mentions[f"bluesky:{uri_of(post)}"]
        assert mention.text or "embed" in post
        assert mention.created_at <= utc(datetime.fromisoformat(post["record"]["createdAt"]))
    gone = {record.mention_id for record in records if isinstance(record, Deletion)}
    assert gone & mentions.keys() == set()


@pytest.mark.parametrize("path", recorded("bluesky"))
def test_recorded_wish_for_logged_in_readers_is_heeded(path: Path) -> None:
    [body] = bodies(path)
    kept = {record.mention_id for record in bluesky.parse(None, Page("", body)) if isinstance(record, Mention)}
    posts = {f"bluesky:{uri_of(post)}": post for post in found_in(body)}
    assert kept & posts.keys() == {mention_id for mention_id, post in posts.items() if is_kept(post)}


@pytest.mark.parametrize("path", recorded("bluesky/errors"))
def test_recorded_refusal_is_met_as_bluesky_means_it(path: Path) -> None:
    told = json.loads(path.with_suffix(".headers.json").read_text())
    answer = requests.Response()
    answer.status_code, answer._content = told["status"], path.read_bytes()
    answer.headers.update(told["headers"])
    kind, says = MEANINGS[path.name]
    meant = _meaning(answer)
    assert type(meant) is kind
    assert says in str(meant)
    assert wait_asked_for(answer, datetime.fromisoformat("2025-05-22T16:13:43")) is None
