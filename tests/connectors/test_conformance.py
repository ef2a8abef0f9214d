"""What every connector does, whatever its network: each at its rig, on the sandbox or on files."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.contract import (
    CredentialsError,
    Deletion,
    Drift,
    Known,
    Mention,
    Metrics,
    Misfit,
    RateLimited,
    SourceError,
    Truncated,
    Window,
)
from tests.connectors.rigs import EVERY, RIGS, Rigged, account, exhausted, posts
from tests.connectors.times import WEEK, Time, at

PAGED = sorted(name for name, rig in RIGS.items() if rig.has_pages)
WITH_LOGIN = sorted(name for name in RIGS if CONNECTORS[name].NETWORK.credentials)
RECHECKED = sorted(name for name in RIGS if CONNECTORS[name].NETWORK.recheck_size)


def minutes(count: int, end: datetime = WEEK.end) -> list[datetime]:
    """So many moments, a minute apart, the last a minute before the end."""
    return [end - timedelta(minutes=n) for n in range(count, 0, -1)]


@pytest.fixture
def rigged(build: Any, run: Any, time: Time, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Rigged]:
    """A connector at its rig, where these posts were written."""

    def make(name: str, lines: list[dict[str, Any]]) -> Rigged:
        network = CONNECTORS[name].NETWORK
        if network.page_size > 200:
            monkeypatch.setattr(f"connectors.{name}.fetch.NETWORK", replace(network, page_size=100))
        return Rigged(name, run(build(lines if name in RIGS else []), now=WEEK.end), time, tmp_path, lines)

    return make


@pytest.fixture
def time() -> Time:
    """The week has just ended: a search that reaches back seven days still sees all of it."""
    return Time(WEEK.end)


@pytest.fixture
def people() -> list[dict[str, Any]]:
    return [account(name) for name in RIGS]


def mentions(records: list[Any]) -> dict[str, Mention]:
    return {record.mention_id: record for record in records if isinstance(record, Mention)}


def size(name: str) -> int:
    """Posts on a page of the network's list."""
    return min(CONNECTORS[name].NETWORK.page_size, 100 if CONNECTORS[name].NETWORK.page_size > 200 else 200)


def test_every_connector_has_a_rig() -> None:
    assert EVERY.keys() == CONNECTORS.keys()


# Pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGED)
def test_all_pages_are_read_to_the_last_and_none_twice(rigged: Any, name: str) -> None:
    count = 2 * size(name) + 1
    own = rigged(name, posts(name, minutes(count)))
    pages, error = own.fetched()
    assert error is None
    found = [record.mention_id for record in own.records(pages) if isinstance(record, Mention)]
    assert len(set(found)) == count + (own.rig.below is not None)
    asked = [(request.path, *sorted(request.params.items())) for request in own.server.world.requests]
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("name", PAGED)
def test_page_3_fails_and_what_was_not_seen_is_told(rigged: Any, name: str) -> None:
    count = 3 * size(name)
    own = rigged(name, posts(name, minutes(count)))
    own.server.world.misbehave("status", own.rig.listing, nth=3, times=None, status=502)
    pages, error = own.fetched()
    assert isinstance(error, SourceError)
    assert not isinstance(error, CredentialsError | RateLimited)
    assert error.unseen_from is not None
    assert error.unseen_to is not None
    before = mentions(own.records(pages))
    assert before
    own.server.world.behave()
    again, fault = own.fetched(client=own.connected(own.credentials))
    assert fault is None
    whole = mentions(own.records(again))
    missed = [mention.created_at for id_, mention in whole.items() if id_ not in before]
    assert missed
    assert error.unseen_from <= min(missed) <= max(missed) < error.unseen_to + timedelta(seconds=1)
    assert before.items() <= whole.items()


@pytest.mark.parametrize("name", PAGED)
def test_pages_in_circles_end_as_a_fault(rigged: Any, name: str) -> None:
    own = rigged(name, posts(name, minutes(3 * size(name))))
    own.server.world.misbehave("again", own.rig.listing, times=None)
    _, error = own.fetched()
    assert isinstance(error, SourceError)
    asked = [request for request in own.server.world.requests if request.path.startswith(own.rig.listing)]
    assert len(asked) < 10


# Windows ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(EVERY))
def test_windows_that_overlap_give_the_same_mentions(rigged: Any, name: str) -> None:
    own = rigged(name, posts(name, [at("20T06:00"), at("21T06:00"), at("22T06:00"), at("23T06:00")]))
    early, _ = own.fetched(Window(at("20"), at("23")))
    late, _ = own.fetched(Window(at("21"), at("24")), own.connected(own.credentials))
    first, second = (mentions(own.records(pages)) for pages in (early, late))
    both = first.keys() & second.keys()
    assert len(both) >= 2
    assert {id_: first[id_] for id_ in both} == {id_: second[id_] for id_ in both}


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_moment_at_the_edge_counts_in_one_window(rigged: Any, name: str) -> None:
    own = rigged(name, posts(name, [at("20T01:00"), at("20T23:59:59"), at("21"), at("21T23:59:59"), at("22")]))
    counted = []
    for day in ("20", "21", "22"):
        window = Window(at(day), at(day) + timedelta(days=1))
        pages, error = own.fetched(window, own.connected(own.credentials))
        assert error is None or isinstance(error, Truncated)  # a feed shows what it shows
        counted.append(sum(page.posts for page in pages))
    assert counted == [2 + (own.rig.below is not None), 2, 1]


# Refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(RIGS))
def test_the_network_is_given_the_time_that_it_asks_for(rigged: Any, name: str) -> None:
    own = rigged(name, posts(name, minutes(3)))
    own.server.world.misbehave("status", own.rig.listing, status=429, headers={"retry-after": "1700"}, times=None)
    pages, error = own.fetched()
    assert isinstance(error, RateLimited)
    assert mentions(own.records(pages)).keys() == set() or own.rig.below
    asked = [request for request in own.server.world.requests if request.path.startswith(own.rig.listing)]
    assert len(asked) == 1


@pytest.mark.parametrize("name", WITH_LOGIN)
def test_a_login_that_no_longer_holds_is_told_as_that(rigged: Any, name: str) -> None:
    own = rigged(name, posts(name, minutes(2 * size(name))))
    own.server.world.misbehave("logged-out", own.rig.listing, nth=2, times=None)
    pages, error = own.fetched()
    assert isinstance(error, CredentialsError)
    assert mentions(own.records(pages))


@pytest.mark.parametrize("name", WITH_LOGIN)
def test_no_secret_is_told_anywhere(rigged: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(lambda record: not record.name.startswith("uvicorn"))  # the sandbox's own
    own = rigged(name, posts(name, minutes(2)))
    pages, error = own.fetched()
    assert error is None
    told = [caplog.text, json.dumps([page.body for page in pages]), repr(own.client), repr(own.settings)]
    wrong = {key: f"{value}-wrong" for key, value in own.credentials.items()}
    for kind, client in (
        ("status", own.client),
        ("logged-out", own.client),
        ("cut", own.client),
        (None, own.connected(wrong)),
    ):
        own.server.world.behave()
        if kind:
            own.server.world.misbehave(kind, times=None)
        pages, error = own.fetched(client=client)
        told += [str(error), repr(error), caplog.text]
    for secret in (*own.credentials.values(), *wrong.values()):
        assert secret not in "".join(told) or secret in ("listener", "listening.halmora.example")


# What answers hold ------------------------------------------------------------------------------------


def names_in(value: Any) -> Iterator[str]:
    """The keys of all objects in a JSON value."""
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from names_in(inner)


@pytest.mark.parametrize("name", sorted(RIGS.keys() - {"rss"}))
def test_a_field_that_is_missing_loses_no_post_in_silence(rigged: Any, name: str) -> None:
    own = rigged(name, posts(name, minutes(3)))
    pages, _ = own.fetched()
    whole = mentions(own.records(pages))
    lost = {}
    for key in sorted({key for page in pages for key in names_in(page.body)}):
        own.server.world.behave()
        own.server.world.misbehave("without", key=key, times=None)
        pages, error = own.fetched(client=own.connected(own.credentials))
        records = own.records(pages)
        told = error is not None or any(isinstance(record, Misfit | Drift) for record in records)
        if len(mentions(records)) < len(whole) and not told:
            lost[key] = len(mentions(records))
    assert lost == {}


HOSTILE: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        10**30,
        1e308,
        float("nan"),
        "",
        "\x00\ud800",
        "<script>alert(1)</script>",
        "9999-99-99T99:99:99Z",
    ),
    *("javascript:alert(1)", "../../../etc/passwd", [], {}, [[]], {"a": {}}, "x" * 100_000),
)


def swapped(value: Any, key: str, other: Any) -> Any:
    """The JSON value with another value at each such key."""
    if isinstance(value, dict):
        return {name: other if name == key else swapped(inner, key, other) for name, inner in value.items()}
    return [swapped(inner, key, other) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", sorted(EVERY))
def test_hostile_values_break_no_page_off(rigged: Any, name: str) -> None:
    own = rigged(name, posts(name, minutes(3)))
    pages, _ = own.fetched()
    for key in sorted({key for page in pages for key in names_in(page.body)}):
        for value in HOSTILE:
            changed = [page._replace(body=swapped(page.body, key, value)) for page in pages]
            for record in own.records(changed):
                assert_sound(record, name, f"{key} = {value!r:.40}")


def assert_sound(record: Any, network: str, where: str) -> None:
    """A record that tables can hold."""
    if isinstance(record, Misfit):
        assert "can't be read to its end" not in record.reason, where
    elif isinstance(record, Mention):
        assert record.network == network, where
        assert isinstance(record.created_at, datetime), where
        assert record.created_at.tzinfo is None, where
        assert record.url is None or re.fullmatch(r"https?://\S+", record.url), where
        assert all(id_ is None or (isinstance(id_, str) and id_) for id_ in ids_of(record)), where
        assert all(text is None or isinstance(text, str) for text in (record.title, record.text)), where
    elif isinstance(record, Metrics):
        assert all(
            number is None or (isinstance(number, int) and not isinstance(number, bool)) for number in record[1:]
        ), where


def ids_of(mention: Mention) -> tuple[str | None, ...]:
    return (mention.mention_id, mention.author_id, mention.parent_id, mention.root_id)


# What became of posts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECHECKED)
def test_a_deletion_is_carried_through(rigged: Any, name: str) -> None:
    lines = posts(name, [at("21T06:00"), at("22T06:00"), at("23T06:00")])
    lines[-2] |= {"deleted_at": "2026-04-28T12:00:00Z", "removed_by": "author"}
    own = rigged(name, lines)
    pages, error = own.fetched()
    assert error is None
    before = mentions(own.records(pages))
    [gone] = [id_ for id_, mention in before.items() if mention.created_at.replace(microsecond=0) == at("22T06:00")]
    own.server.world.now = at("29")
    known = [
        Known(one.mention_id, one.kind, one.community, one.url, one.root_id, one.created_at) for one in before.values()
    ]
    pages, error = exhausted(own.connector.recheck(own.connected(own.credentials), own.settings, known))
    assert error is None
    records = own.records(pages)
    assert {record.mention_id for record in records if isinstance(record, Deletion)} == {gone}
    assert mentions(records).keys() == before.keys() - {gone}


@pytest.mark.parametrize("name", RECHECKED)
def test_a_recheck_that_fails_deletes_nothing(rigged: Any, name: str) -> None:
    own = rigged(name, posts(name, minutes(3)))
    pages, _ = own.fetched()
    known = [
        Known(one.mention_id, one.kind, one.community, one.url, one.root_id, one.created_at)
        for one in mentions(own.records(pages)).values()
    ]
    for kind in ("status", "cut", "html", "empty", "half-json"):
        own.server.world.behave()
        own.server.world.misbehave(kind, times=None)
        pages, error = exhausted(own.connector.recheck(own.connected(own.credentials), own.settings, known))
        assert isinstance(error, SourceError)
        assert not any(isinstance(record, Deletion) for record in own.records(pages))
