"""How well emergence works as an alarm: crises dropped into communities that have none.

Each crisis' posts fall on three days into months of other people's posts, as so many hundredths of them. The other
posts are real, but drawn anew for each day from a long span, so that nothing happens that is not dropped in: single
posts where a community posts, stretches of twenty where it chats, so that a conversation stays one. The crises have no
authors: each of their posts counts as another person's. Reposts and posts that people called unrelated are left out.
Settings were chosen on one half of the crises and communities; rows are of the other half.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.config.settings import EmergenceSettings
from pipelines.discover.emergence import EVERYTHING, GAP_DAYS, Day, Finding, Judge, find_emerging, stands_out
from pipelines.store.statements import statements
from pipelines.store.warehouse import create_tables

SQL = statements(__file__)

CRISES = "topics/crisislex_t26.parquet"
SHARES = (0.02, 0.05, 0.2)
DROPPED_DAYS = 3
SPACING = 12
CRISES_AT_ONCE = 5
MONTH = 30
START = datetime(2020, 1, 6)
LEVELS = (0.5, 0.1, 0.05, 0.02, 0.01)
"""Shares of false discoveries between which the trade-off is shown."""
SETTINGS = EmergenceSettings(false_discoveries=LEVELS[0], days=3660)


class Community(NamedTuple):
    """Where the other posts come from."""

    name: str
    file: str
    author: str
    first: str
    last: str
    posts_a_day: int
    stretch: int = 1


COMMUNITIES = (
    (
        Community("chat 2020", "zig_irc.parquet", "author", "2020-01-01", "2021-01-01", 320, 20),
        Community("airlines", "airlines.csv", "author", "2015-02-17", "2015-02-22", 300),
        Community("links 2012", "reddit_top.parquet", "null", "2012-06-01", "2013-01-01", 200),
    ),
    (
        Community("chat 2019", "zig_irc.parquet", "author", "2019-01-01", "2020-01-01", 250, 20),
        Community("links 2013", "reddit_top.parquet", "null", "2013-01-01", "2013-08-01", 400),
        Community("news", "hackernews_posts.parquet", "author", "2015-09-06", "2016-10-01", 100),
    ),
)
"""Those that settings were chosen on, and those that are reported."""


class Alarms(NamedTuple):
    """What a run gave: alarms on what was dropped and on what was not, and after how many days each crisis rang one."""

    months: float
    false_episodes: int
    right_episodes: int
    days_to_detection: dict[tuple[float, str], int | None]


class Post(NamedTuple):
    """A post in the making."""

    day: int
    author: str | None
    text: str
    crisis: str | None = None


def alarm_rows(eval_folder: Path, posts_folder: Path) -> list[tuple[str, ...]]:
    """Rows of a table, heading first: crises found, false alarms a month and precision, by judge and community.

    There are none where the files are not there.
    """
    rows = [HEADING]
    for name, judge in JUDGES.items():
        for community in COMMUNITIES[1]:
            if (posts_folder / community.file).is_file() and (eval_folder / CRISES).is_file():
                told = f"{community.name}, {community.posts_a_day} posts a day"
                runs = list(_runs(eval_folder, posts_folder, community, half=1, judge=judge))
                levels = LEVELS if judge is stands_out else LEVELS[-1:]
                rows += [
                    _row(told, f"{name}, q ≤ {level:g}" if judge is stands_out else name, [run[level] for run in runs])
                    for level in levels
                ]
    return rows if len(rows) > 1 else []


HEADING = (
    "community",
    "judge",
    *(f"found at {share:.0%}, day 1 / 3" for share in SHARES),
    "false alarms a month",
    "precision",
)


def _row(community: str, judge: str, runs: list[Alarms]) -> tuple[str, ...]:
    found = []
    for share in SHARES:
        days = [day for run in runs for (of, _), day in run.days_to_detection.items() if of == share]
        within = [sum(day is not None and day < limit for day in days) / len(days) for limit in (1, DROPPED_DAYS)]
        found.append(" / ".join(f"{value:.0%}" for value in within))
    false, right = sum(run.false_episodes for run in runs), sum(run.right_episodes for run in runs)
    months = sum(run.months for run in runs)
    return (community, judge, *found, f"{false / months:.1f}", f"{right / max(right + false, 1):.2f}")


# Judges -------------------------------------------------------------------------------------------------


def _z_score(day: Day, settings: EmergenceSettings) -> Finding:
    """More than three standard deviations above the mean of the past."""
    past = day.past.sum(axis=1)
    return _plain(day, settings, day.today > past.mean(axis=1) + 3 * past.std(axis=1))


def _ratio(day: Day, settings: EmergenceSettings) -> Finding:
    """Three times the mean of the past."""
    return _plain(day, settings, day.today > 3 * day.past.sum(axis=1).mean(axis=1))


def _plain(day: Day, settings: EmergenceSettings, is_out: np.ndarray) -> Finding:
    places = np.flatnonzero(is_out & (day.today >= settings.people)).tolist()
    strength = [1 / (1 + float(day.today[place])) for place in places]
    return Finding(places, [1.0] * len(places), strength, [0.0] * len(places), [False] * len(places))


JUDGES: dict[str, Judge] = {"ours": stands_out, "z > 3": _z_score, "3 × mean": _ratio}


# Runs ---------------------------------------------------------------------------------------------------


def _runs(
    eval_folder: Path, posts_folder: Path, community: Community, *, half: int, judge: Judge, seed: int = 1
) -> Iterator[dict[float, Alarms]]:
    """What each warehouse gave, by share of false discoveries."""
    for share, drops, connection in _warehouses(eval_folder, posts_folder, community, half, seed):
        find_emerging(connection, SETTINGS, judge)
        yield {level: _alarms(connection, share, drops, level) for level in LEVELS}


def _warehouses(
    eval_folder: Path, posts_folder: Path, community: Community, half: int, seed: int
) -> Iterator[tuple[float, dict[str, int], duckdb.DuckDBPyConnection]]:
    """Warehouses in memory, each with some crises of a half dropped into a community at one share."""
    said = _crises(eval_folder / CRISES)
    names = sorted(said)[half::2]
    chance = np.random.default_rng(seed)
    pool = _pool(posts_folder / community.file, community)
    for start in range(0, len(names), CRISES_AT_ONCE):
        together = names[start : start + CRISES_AT_ONCE]
        before = SETTINGS.past_days + GAP_DAYS
        posts = list(_steady(pool, community, before + SPACING * (len(together) + 1), chance))
        volumes = np.bincount([post.day for post in posts])
        drops = {
            name: before + SPACING * place + int(chance.integers(0, SPACING - DROPPED_DAYS))
            for place, name in enumerate(together)
        }
        for share in SHARES:
            with duckdb.connect(config={"memory_limit": "1GB", "threads": 1}) as connection:
                dropped = [post for name, day in drops.items() for post in _drop(name, said[name], day, share, volumes)]
                _fill(connection, [*posts, *dropped])
                yield share, drops, connection


def _crises(path: Path) -> dict[str, list[str]]:
    rows = duckdb.execute(SQL["crises"], {"file": str(path)}).fetchall()
    said: dict[str, list[str]] = {}
    for name, text in rows:
        said.setdefault(name, []).append(text)
    return said


def _pool(path: Path, community: Community) -> list[tuple[str | None, str]]:
    reader = "read_csv" if path.suffix == ".csv" else "read_parquet"
    return duckdb.execute(
        f"select {community.author}, text from {reader}(?) where created_at between ? and ? order by created_at, id",  # noqa: S608
        [str(path), community.first, community.last],
    ).fetchall()


def _steady(
    pool: list[tuple[str | None, str]], community: Community, days: int, chance: np.random.Generator
) -> Iterator[Post]:
    for day in range(days):
        stretches = max(1, chance.poisson(community.posts_a_day) // community.stretch)
        for start in chance.integers(0, len(pool) - community.stretch, stretches):
            for author, text in pool[start : start + community.stretch]:
                yield Post(day, author, text)


def _drop(name: str, said: list[str], day: int, share: float, volumes: np.ndarray) -> Iterator[Post]:
    """The crisis' posts from its beginning on, as so large a share of the other posts of three days."""
    place = 0
    for later in range(DROPPED_DAYS):
        count = max(1, round(share * volumes[day + later]))
        for text in said[place : place + count]:
            yield Post(day + later, f"{name} {place}", text, name)
            place += 1


def _fill(connection: duckdb.DuckDBPyConnection, posts: Iterable[Post]) -> None:
    create_tables(connection)
    rows = [
        {
            "mention_id": f"{post.crisis or 'other'}:{number}",
            "author_id": post.author,
            "text": post.text,
            "created_at": START + timedelta(days=post.day, seconds=number % 86400),
        }
        for number, post in enumerate(posts)
    ]
    connection.register("made", pa.Table.from_pylist(rows))
    connection.execute(SQL["mentions"])
    connection.execute(SQL["authors"])


def _alarms(connection: duckdb.DuckDBPyConnection, share: float, drops: dict[str, int], level: float) -> Alarms:
    rows = connection.execute(
        "select day_date, episode_id, examples from core.emerging where q_value <= ? and brand_id = ? order by all",
        [level, EVERYTHING],
    ).fetchall()
    found: dict[tuple[float, str], int | None] = {(share, name): None for name in drops}
    right, false = set(), set()
    for day, episode, examples in rows:
        names = [example.partition(":")[0] for example in examples.split(" | ")]
        name = max(set(names), key=lambda name: (names.count(name), name))
        if name in drops and names.count(name) * 2 > len(names):
            right.add(episode)
            after = (day - START.date()).days - drops[name]
            known = found[share, name]
            found[share, name] = after if known is None else min(known, after)
        else:
            false.add(episode)
    days = connection.execute("select count(distinct created_at::date) from core.mentions").fetchone()
    tested = (int(days[0]) if days else 0) - SETTINGS.past_days - GAP_DAYS
    return Alarms(tested / MONTH, len(false - right), len(right), found)
