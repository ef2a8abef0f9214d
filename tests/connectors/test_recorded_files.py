"""Files as others exported them, from the folder that EARSHOT_RECORDED names: any folder of that shape can be tried."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.contract import Listening, Mention, Misfit, Window
from connectors.files.fetch import read_records
from tests.connectors.recorded import items_in

mail = CONNECTORS["mail"]

files = CONNECTORS["files"]

EVER = Window(datetime(1990, 1, 1), datetime(2026, 1, 1))
REDDIT_DUMP = {"format": "reddit-dump"}
SETTINGS: dict[str, dict[str, Any]] = {
    "csv/mayweather_mcgregor_500.csv": {"columns": {"author": "screen_name", "url": "link"}},
    "csv/trump_poll_tweets_full.csv": {"time_format": "%m/%d/%Y %H:%M:%S"},
    "csv/trump_ratio_300.csv": {
        "time_format": "%m/%d/%y %H:%M",
        "columns": {"author": "user", "likes": "favorites", "reposts": "retweets"},
    },
    "jsonl/x_v2_flattened_first_25.jsonl": {
        "columns": {"author": "author.username", "likes": "public_metrics.like_count"}
    },
    "jsonl/x_v2_stream_with_broken_line.jsonl": {
        "columns": {"id": "data.id", "created_at": "data.created_at", "text": "data.text", "author": "data.author_id"}
    },
}
"""What a person would write into the config for each file; any other file is read with the columns of its kind."""


def read(path: Path, chosen: dict[str, Any]) -> tuple[int, list[Mention], list[Misfit]]:
    """Records met, mentions and misfits of a file."""
    settings = files.Settings(id="recorded", type="files", path=str(path), **chosen)
    mentions, misfits, met = [], [], 0
    for query in files.queries(settings, Listening()):
        met += sum(1 for _ in read_records(path, settings))
        for page in files.fetch(None, settings, query, EVER):
            for record in files.parse(settings, page):
                if isinstance(record, Mention):
                    mentions.append(record)
                elif isinstance(record, Misfit):
                    misfits.append(record)
    return met, mentions, misfits


def recorded_files(recorded: Path, kind: str) -> list[Path]:
    folder = recorded / "files" / kind
    if not folder.is_dir():
        pytest.skip(f"no recorded {kind} files in {recorded}: set EARSHOT_RECORDED to a folder that has some")
    return sorted(path for path in folder.iterdir() if path.is_file())


@pytest.mark.parametrize("kind", ["csv", "jsonl", "reddit_dump"])
def test_every_recorded_line_is_a_mention_or_a_misfit_with_its_reason(recorded: Path, kind: str) -> None:
    for path in recorded_files(recorded, kind):
        known = SETTINGS.get(f"{kind}/{path.name}", REDDIT_DUMP if kind == "reddit_dump" else {})
        met, mentions, misfits = read(path, known)
        assert met == len(mentions) + len(misfits), path
        assert met > 0, path
        assert len(mentions) >= (items_in(path) or 1), path
        assert len(mentions) > len(misfits), path
        assert all(mention.text or mention.title or mention.is_deleted for mention in mentions), path
        assert all(2005 <= mention.created_at.year < 2100 for mention in mentions), path
        assert all(misfit.reason and misfit.place for misfit in misfits), path
        assert len({mention.mention_id for mention in mentions}) == len(mentions), path


@pytest.mark.parametrize(
    ("name", "mentions", "misfits"),
    [
        ("csv/mayweather_mcgregor_500.csv", 500, []),
        (
            "csv/trump_poll_tweets_full.csv",
            445,
            ["what 'id' holds was rounded, so that different posts may share it"] * 3,
        ),
        ("csv/trump_ratio_300.csv", 300, []),
        ("jsonl/x_v2_flattened_first_25.jsonl", 25, []),
        ("jsonl/x_v2_stream_with_broken_line.jsonl", 7, ["is not JSON"]),
    ],
)
def test_the_files_that_are_known_come_out_in_full(
    recorded: Path, name: str, mentions: int, misfits: list[str]
) -> None:
    path = recorded / "files" / name
    if not path.exists():
        pytest.skip(f"{name} is not in {recorded}")
    _, found, set_aside = read(path, SETTINGS[name])
    reasons = [misfit.reason.partition(" (")[0] for misfit in set_aside]
    assert (len(found), reasons) == (mentions, misfits)


def test_the_packed_dump_says_what_the_plain_one_says(recorded: Path) -> None:
    plain, packed = (
        recorded / "files" / "reddit_dump" / name
        for name in ("RC_sample_comments.ndjson", "RC_sample_comments_zst.zst")
    )
    if not (plain.exists() and packed.exists()):
        pytest.skip(f"no Reddit dump in {recorded}")
    met, from_plain, misfits = read(plain, REDDIT_DUMP)
    assert (len(from_plain), misfits, read(packed, REDDIT_DUMP)) == (met, [], (met, from_plain, []))
    assert all(mention.mention_id.startswith("reddit:t1_") for mention in from_plain)
    assert all(mention.root_id and mention.root_id.startswith("reddit:t3_") for mention in from_plain)
    assert not any("&gt;" in (mention.text or "") for mention in from_plain)


def test_every_recorded_mail_is_a_mention(recorded: Path) -> None:
    found = 0
    for path in recorded_files(recorded, "mbox"):
        chosen = mail.Settings(id="recorded", type="mail", path=str(path))
        records = [
            record
            for query in mail.queries(chosen, Listening())
            for page in mail.fetch(None, chosen, query, EVER)
            for record in mail.parse(chosen, page)
        ]
        mentions = [record for record in records if isinstance(record, Mention)]
        assert [record for record in records if isinstance(record, Misfit)] == [], path
        assert items_in(path) in (None, len(mentions)), path
        assert all(mention.text and mention.title and mention.author_id for mention in mentions), path
        found += len(mentions)
    assert found > 0
