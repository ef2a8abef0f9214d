"""Answers that Mastodon servers gave: every post with an identity a mention, every refusal met as it is meant."""

import json
from pathlib import Path

import pytest
import requests

from connectors import CONNECTORS
from connectors.contract import CredentialsError, Drift, Mention, Page
from connectors.http_api import Clock, HttpApi, NotThere
from connectors.mastodon.client import _meaning
from tests.connectors.recorded import bodies, items_in, misfits, objects, recorded

mastodon = CONNECTORS["mastodon"]

VERSIONS_OF_A_POST = {"page01.json": 1, "page04.json": 2}
"""Earlier versions in status_edit_seq, which name no post: what asks for them knows whose they are."""


def posts_in(path: Path) -> int:
    """Posts for everybody in an answer, counted by their names."""
    shown = [one for one in objects(bodies(path)) if one.get("visibility") in ("public", "unlisted")]
    return len({one["uri"] for one in shown if "content" in one})


@pytest.mark.parametrize("path", recorded("mastodon"))
def test_recorded_answer_of_mastodon(path: Path) -> None:
    records = [record for body in bodies(path) for record in mastodon.parse(None, Page("", body))]
    found = {record.mention_id: record for record in records if isinstance(record, Mention)}
    versions = VERSIONS_OF_A_POST.get(path.name, 0) if path.parent.name == "status_edit_seq" else 0
    assert [reason for _, reason in misfits(records)] == ["has no uri, so it can't be told from other posts"] * versions
    assert [record for record in records if isinstance(record, Drift)] == []
    assert items_in(path) in (None, len(found) + versions)
    assert len(found) == posts_in(path)
    assert path.parent.name != "errors" or found == {}
    for mention in found.values():
        assert mention.text is not None
        assert mention.author_id
        assert "<p>" not in mention.text


MEANINGS = {
    "401_home_no_token.json": CredentialsError,
    "401_invalid_token.json": CredentialsError,
    "404_link_timeline.json": NotThere,
    "404_status_missing.json": NotThere,
}


@pytest.mark.parametrize("has_token", [True, False], ids=["with a token", "without"])
@pytest.mark.parametrize("path", recorded("mastodon/errors"))
def test_recorded_refusal_is_met_as_mastodon_means_it(path: Path, has_token: bool) -> None:
    told = json.loads(path.with_suffix(".headers.json").read_text())
    answer = requests.Response()
    answer.status_code, answer._content = told["status"], path.read_bytes()
    answer.headers.update(told["headers"])
    client = HttpApi("plants.example", requests.Session(), 0, _meaning("plants.example", "TOKEN", has_token=has_token))
    client.clock = Clock()
    meant = client._what_went_wrong(answer)
    assert type(meant) is MEANINGS[path.name]
    assert ("set TOKEN" in str(meant)) is (told["status"] == 401 and not has_token)
