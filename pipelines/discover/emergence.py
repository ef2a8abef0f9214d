"""Emergence: words, word pairs, hashtags, links, themes and topics that stand out on a day against their own past.

Counted are people, not posts, among all who spoke that day in the same part of the community: neither a busy day, nor
one account that repeats itself, nor a source that failed or was added makes anything stand out. A day depends on its
own posts and those of the weeks before it, and is only looked at again when one of them has changed.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.config.settings import EmergenceSettings
from pipelines.people import topics
from pipelines.store.statements import statements
from reading import emergence
from reading.emergence import Counts
from reading.fingerprints import fingerprint

SQL = statements(__file__)

GAP_DAYS = 7
"""Days right before the day that are no part of its past: what began on Tuesday still stands out on Thursday."""
LEAST_KNOWN_DAYS = 14
"""Days of its past on which a source was seen; of a source with fewer the past is unknown."""
GROWTH = 2.0
"""Times as many people as expected, however sure the growth: a little more of what all speak of is no news."""
COMMON_SHARE = 0.02
"""Share of all people from which on a word is common: in a name of several words it says little."""
QUIET_DAYS = 3
"""After so many days without standing out an episode is over."""
POSTS_AT_ONCE = 150_000
"""Posts of the days that are looked at together; with those of their past this bounds the work on disk."""
EVERYTHING = "*"
"""Stands in place of a brand where all posts are looked at."""
BLOCK = 2000


class Day(NamedTuple):
    """What was counted on a day for a brand, or for everything; arrays as `reading.emergence.outlook` takes them."""

    brand_id: str
    day: date
    items: list[str]
    today: Counts
    past: Counts
    volume_today: emergence.Numbers
    volume_past: emergence.Numbers
    tests: int
    """Different items that anybody spoke of that day."""


class Finding(NamedTuple):
    """Items of a day that stand out: their places, and what was expected of them."""

    places: list[int]
    expected: list[float]
    p_values: list[float]
    q_values: list[float]
    is_common: list[bool]


Judge = Callable[[Day, EmergenceSettings], Finding]


def find_emerging(
    connection: duckdb.DuckDBPyConnection, settings: EmergenceSettings, judge: Judge | None = None
) -> int:
    """Bring core.emerging and core.judged_days up to date with the posts that stand; the days looked at again.

    `judge` says what stands out on a day; by default `stands_out`.
    """
    _prepare(connection)
    version = fingerprint([emergence.VERSION, settings.model_dump(), _constants(), _brand_names(connection)])
    days = {day: (posts, f"{version} {made_of}") for day, posts, made_of in connection.execute(SQL["days"]).fetchall()}
    held = dict(connection.execute("select day_date, fingerprint from ops.emergence_days").fetchall())
    changed = {day for day in days.keys() | held.keys() if held.get(day) != days.get(day, (0, None))[1]}
    reach = range(GAP_DAYS + settings.past_days + 1)
    first = max(days, default=date.max) - timedelta(days=settings.days)
    _tell_what_was_judged(connection, first, settings)
    if not changed:
        return 0
    touched = {day + timedelta(days=later) for day in changed for later in reach}
    # an old day that something stood out on is looked at again: a post behind it may be gone
    found = {day for (day,) in connection.execute("select distinct day_date from core.emerging").fetchall()}
    due = sorted(day for day in touched if days.get(day, (0, ""))[0] > 0 and (day > first or day in found))
    connection.register("touched", pa.table({"day_date": pa.array(sorted(touched), pa.date32())}))
    connection.execute("delete from core.emerging where day_date in (select day_date from touched)")
    for chunk in _chunks(due, {day: posts for day, (posts, _) in days.items()}, settings.past_days):
        _look_at(connection, chunk, settings, judge or stands_out)
    connection.execute("delete from ops.emergence_days")
    told = pa.table(
        {"day_date": pa.array(days, pa.date32()), "fingerprint": pa.array([made for _, made in days.values()])}
    )
    connection.register("told", told)
    connection.execute("insert into ops.emergence_days by name select * from told")
    for name in ("touched", "told"):
        connection.unregister(name)
    _name_episodes(connection)
    return len(due)


def _tell_what_was_judged(connection: duckdb.DuckDBPyConnection, first: date, settings: EmergenceSettings) -> None:
    """Renew core.judged_days after a day; of those before it stays what was told when they were looked at."""
    connection.execute("delete from core.judged_days where day_date > $first", {"first": first})
    parameters = {"first": first} | _past(settings)
    connection.execute(SQL["judged_days"], parameters)


def stands_out(day: Day, settings: EmergenceSettings) -> Finding:
    """What is spoken of by more people than can be chance among so many items, and by twice those expected."""
    places = np.arange(len(day.items))
    blocks = [places[start : start + BLOCK] for start in range(0, len(places), BLOCK)] or [places]
    is_same_weekday = np.arange(day.past.shape[2])[::-1] % 7 == (6 - GAP_DAYS) % 7
    looks = [
        emergence.outlook(day.today[block], day.past[block], day.volume_today, day.volume_past, is_same_weekday)
        for block in blocks
    ]
    expected = np.concatenate([look.expected for look in looks])
    p_values = np.concatenate([look.p_value for look in looks])
    q_values = emergence.false_discovery_rates(p_values, max(day.tests, len(places)))
    is_out = (
        (q_values <= settings.false_discoveries) & (day.today >= settings.people) & (day.today >= GROWTH * expected)
    )
    common = COMMON_SHARE * float(day.volume_today.sum())
    shares = {item[5:]: mean for item, mean in zip(day.items, expected, strict=True) if item.startswith("word:")}
    found = np.flatnonzero(is_out)
    return Finding(
        found.tolist(),
        expected[found].tolist(),
        p_values[found].tolist(),
        q_values[found].tolist(),
        [any(shares.get(word, 0.0) > common for word in _words(day.items[place])) for place in found],
    )


def _words(item: str) -> list[str]:
    kind, _, text = item.partition(":")
    return text.split() if kind == "pair" else []


def _constants() -> list[Any]:
    return [GAP_DAYS, LEAST_KNOWN_DAYS, GROWTH, COMMON_SHARE]


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    topics.place(connection)
    connection.execute(SQL["standing"])
    connection.execute(SQL["seen_days"])
    connection.execute(SQL["brand_names"])


def _brand_names(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for (name,) in connection.execute("select name from brand_names order by name").fetchall()]


def _chunks(due: list[date], posts: dict[date, int], past_days: int) -> Iterator[list[date]]:
    """Days to look at together: near each other, and together not too many posts."""
    chunk: list[date] = []
    held = 0
    for day in due:
        if chunk and ((day - chunk[-1]).days > past_days or held + posts[day] > POSTS_AT_ONCE):
            yield chunk
            chunk, held = [], 0
        chunk.append(day)
        held += posts[day]
    if chunk:
        yield chunk


def _look_at(connection: duckdb.DuckDBPyConnection, due: list[date], settings: EmergenceSettings, judge: Judge) -> None:
    """Insert what stands out on some days."""
    first = due[0] - timedelta(days=GAP_DAYS + settings.past_days)
    connection.register("due", pa.table({"day_date": pa.array(due, pa.date32())}))
    connection.execute(SQL["chosen"], {"first": first, "last": due[-1]})
    for name in ("spoken", "voices", "item_days"):
        connection.execute(SQL[name])
    connection.execute(SQL["candidates"], {"people": settings.people})
    rows: list[dict[str, Any]] = []
    for day, sources in _days(connection, due, settings):
        finding = judge(day, settings)
        counts = day.past.sum(axis=1)[:, day.volume_past.sum(axis=0) > 0]
        for place, expected, p_value, q_value, is_common in zip(*finding, strict=True):
            kind, _, item = day.items[place].partition(":")
            low, high = np.quantile(counts[place], [0.1, 0.9], method="closest_observation")
            rows.append(
                {
                    "number": len(rows),
                    "kind": kind,
                    "item": item,
                    "found_item": day.items[place],
                    "brand_id": day.brand_id,
                    "day_date": day.day,
                    "sources": sources,
                    "expected": expected,
                    "usual_low": int(low),
                    "usual_high": int(high),
                    "p_value": p_value,
                    "q_value": q_value,
                    "is_new": not counts[place].any(),
                    "is_common": is_common,
                }
            )
    if rows:
        _insert(connection, rows, f"{emergence.VERSION}, settings {fingerprint(settings.model_dump())}")


def _days(
    connection: duckdb.DuckDBPyConnection, due: list[date], settings: EmergenceSettings
) -> Iterator[tuple[Day, list[str]]]:
    """The counts of each brand and day, with the sources that they are of."""
    connection.execute(SQL["candidate_items"])
    connection.execute(SQL["slices"])
    known_sources = _known_sources(connection, due, settings)
    tests = {(brand_id, day): count for brand_id, day, count in connection.execute(SQL["tests"]).fetchall()}
    items = [item for (item,) in connection.execute("select item from candidate_items order by item_id").fetchall()]
    slices = connection.execute("select brand_id, source from slices order by slice_id").fetchall()
    start = due[0] - timedelta(days=settings.past_days + GAP_DAYS)
    volumes, counts = _columns(connection, SQL["volumes"], start), _columns(connection, SQL["counts"], start)
    volume = np.zeros((len(slices), (due[-1] - start).days + 1))
    volume[volumes["slice_id"], volumes["offset"]] = volumes["people_count"]
    for brand_id, day, item_ids in connection.execute(SQL["wanted"]).fetchall():
        sources = [source for source in known_sources[day] if (brand_id, source) in slices]
        ours = [place for place, (brand, source) in enumerate(slices) if brand == brand_id and source in sources]
        at = (day - start).days
        before = (at - GAP_DAYS - settings.past_days, at - GAP_DAYS)
        past = volume[ours, slice(*before)]
        if past.any():
            yield (
                Day(
                    brand_id,
                    day,
                    [items[item_id] for item_id in item_ids],
                    _dense(counts, item_ids, ours, (at, at + 1)).sum(axis=(1, 2)),
                    _dense(counts, item_ids, ours, before),
                    volume[ours, at],
                    past,
                    tests[brand_id, day],
                ),
                sources,
            )


def _dense(
    counts: dict[str, Counts], item_ids: Sequence[int], slice_ids: Sequence[int], days: tuple[int, int]
) -> Counts:
    """People by item, slice and day, from a day to one before another."""
    first, last = np.searchsorted(counts["offset"], days)
    item_id, slice_id, offset, people_count = (
        counts[name][first:last] for name in ("item_id", "slice_id", "offset", "people_count")
    )
    items, slices = np.asarray(item_ids), np.asarray(slice_ids)
    item = np.minimum(np.searchsorted(items, item_id), len(items) - 1)
    seat = np.minimum(np.searchsorted(slices, slice_id), len(slices) - 1)
    ours = (items[item] == item_id) & (slices[seat] == slice_id)
    people = np.zeros((len(items), len(slices), days[1] - days[0]), np.int64)
    people[item[ours], seat[ours], offset[ours] - days[0]] = people_count[ours]
    return people


def _known_sources(
    connection: duckdb.DuckDBPyConnection, due: list[date], settings: EmergenceSettings
) -> dict[date, list[str]]:
    """For each day the sources that were seen on enough days of its past."""
    known: dict[date, list[str]] = {day: [] for day in due}
    for day, source in connection.execute(SQL["known_sources"], _past(settings)).fetchall():
        known[day].append(source)
    return known


def _past(settings: EmergenceSettings) -> dict[str, int]:
    return {"gap": GAP_DAYS, "past": settings.past_days, "least": min(LEAST_KNOWN_DAYS, settings.past_days)}


def _columns(connection: duckdb.DuckDBPyConnection, query: str, start: date) -> dict[str, Counts]:
    """The columns of an answer as arrays, with the day as `offset` from a start."""
    table = connection.sql(query).to_arrow_table()
    columns = {name: table.column(name).to_numpy() for name in table.column_names if name != "day_date"}
    columns["offset"] = table.column("day_date").cast(pa.int32()).to_numpy() - (start - date(1970, 1, 1)).days
    return columns


def _insert(connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], version: str) -> None:
    """Add what lies behind the findings, join them to stories, and write them."""
    asked = {
        "number": "number",
        "item": "found_item",
        "brand_id": "brand_id",
        "day_date": "day_date",
        "sources": "sources",
    }
    connection.register("found", pa.table({name: [row[of] for row in rows] for name, of in asked.items()}))
    behind: dict[int, frozenset[int]] = {}
    for number, mentions, voices, authors, texts, examples, hashes in connection.execute(SQL["behind"]).fetchall():
        behind[number] = frozenset(hashes)
        rows[number] |= {
            "mentions_count": mentions,
            "people_count": voices,
            "ratio": voices / rows[number]["expected"],
            "authors_count": authors,
            "texts_count": texts,
            "examples": " | ".join(examples[:3]),
            "engine": emergence.ENGINE,
            "engine_version": version,
        }
    by_day: dict[tuple[str, date], list[dict[str, Any]]] = {}
    for row in rows:
        by_day.setdefault((row["brand_id"], row["day_date"]), []).append(row)
    for together in by_day.values():
        together.sort(key=lambda row: (row["is_common"], row["p_value"], -len(row["item"]), row["kind"], row["item"]))
        leads = emergence.stories([behind[row["number"]] for row in together])
        for row, lead in zip(together, leads, strict=True):
            row["story"] = f"{together[lead]['kind']}:{together[lead]['item']}"
    connection.register("emerging_rows", pa.Table.from_pylist(rows))
    connection.execute(SQL["emerging"])
    connection.unregister("emerging_rows")


def _name_episodes(connection: duckdb.DuckDBPyConnection) -> None:
    """Give stories of following days that share an item one id, and the day on which they began."""
    stories = connection.execute(SQL["stories"]).fetchall()
    open_by_item: dict[tuple[str, str], tuple[date, str, date]] = {}
    named: list[tuple[str, date, str, str, date]] = []
    for brand_id, day, story, items in stories:
        running = [open_by_item[brand_id, item] for item in items if (brand_id, item) in open_by_item]
        going_on = [(began, name) for began, name, last in running if (day - last).days <= QUIET_DAYS]
        began, name = min(going_on, default=(day, f"{brand_id}:{day}:{story}"))
        for item in items:
            open_by_item[brand_id, item] = (began, name, day)
        named.append((brand_id, day, story, name, began))
    names = ("brand_id", "day_date", "story", "episode_id", "first_date")
    columns = [pa.array(column) for column in zip(*named, strict=True)] if named else []
    if named:
        connection.register("named", pa.table(dict(zip(names, columns, strict=True))))
        connection.execute(SQL["episodes"])
        connection.unregister("named")
