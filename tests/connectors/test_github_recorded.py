"""Answers that GitHub gave, read by the connector: every post a mention, or set aside for a good reason."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors import CONNECTORS
from connectors.contract import CredentialsError, Mention, Page, RateLimited, Record, SourceError
from connectors.http_api import NotThere
from tests.connectors.recorded import FOLDER, bodies, items_in, misfits, objects, recorded

github = CONNECTORS["github"]

REFUSALS = {
    "401_bad_credentials": CredentialsError,
    "403_rate_limited_anonymous": RateLimited,
    "404_not_found": NotThere,
    "502": SourceError,
}
WITHOUT_TIME = {"discussions_graphql_seq"}
"""The query that was recorded did not ask for addresses and times."""


def records_of(path: Path) -> list[Record]:
    return [record for body in bodies(path) for record in github.parse(None, Page("", body))]


def _issues_of_repositories(body: Any) -> int:
    """Titles of issues that a recorded query listed under each discussion's repository: no posts of that answer."""
    found = (body.get("data") or {}).get("repository", {}).get("discussions", {}) if isinstance(body, dict) else {}
    return sum(len(node["repository"].get("issues", {}).get("nodes", [])) for node in found.get("nodes", []))


def posts_in(path: Path) -> int:
    """Issues, discussions and comments in an answer, counted by their addresses."""
    kinds = ("/issues/", "/pull/", "/discussions/")
    found = [one for one in objects(bodies(path)) if one.keys() & {"created_at", "createdAt"}]
    addresses = [str(one.get("html_url") or one.get("url")) for one in found]
    return len({address for address in addresses if any(kind in address for kind in kinds)})


@pytest.mark.parametrize("path", recorded("github"))
def test_recorded_answer_of_github(path: Path) -> None:
    records = records_of(path)
    found = [record for record in records if isinstance(record, Mention)]
    assert len({mention.mention_id for mention in found}) == len(found)
    if path.parent.name in WITHOUT_TIME:
        assert Counter(reason for _, reason in misfits(records)) == {"has no readable time of creation": items_in(path)}
        return
    assert misfits(records) == []
    assert len(found) == posts_in(path)
    if path.name.startswith("webhook_"):  # these hold one discussion, and the comment that was marked as its answer
        found = [mention for mention in found if mention.kind == "post"]
    assert path.parent.name != "errors" or found == []
    others = sum(map(_issues_of_repositories, bodies(path)))
    assert items_in(path) in (None, len(found) + others)


@pytest.mark.parametrize("path", [path for path in recorded("github") if path.values[0].parent.name in WITHOUT_TIME])
def test_recorded_answer_without_times_is_read_in_all_but_these(path: Path) -> None:
    [body] = bodies(path)
    nodes = body["data"]["repository"]["discussions"]["nodes"]
    place = "https://github.com/a/b/discussions"
    for number, node in enumerate(nodes, 1):
        node |= {"url": f"{place}/{number}", "createdAt": "2026-04-21T08:00:00Z"}
    records = list(github.parse(None, Page("", body)))
    assert misfits(records) == []
    assert len([record for record in records if isinstance(record, Mention)]) == items_in(path) == len(nodes)


@pytest.mark.parametrize("name", REFUSALS)
def test_recorded_refusal_of_github(name: str) -> None:
    path = FOLDER / "github" / "errors" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no recorded answers in {FOLDER}")
    told = json.loads(path.with_suffix(".headers.json").read_text(encoding="utf-8"))
    answer = requests.Response()
    answer.status_code, answer.url, answer._content = told["status"], told["url"], path.read_bytes()
    answer.headers.update(told["headers"])
    client = github.connect(github.Settings(id="code", type="github", search=True), {})
    failure = client._what_went_wrong(answer)
    assert isinstance(getattr(failure, "failure", failure), REFUSALS[name])
    assert records_of(path) == []
