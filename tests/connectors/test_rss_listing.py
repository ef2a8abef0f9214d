"""Since when a feed's listing is whole, whatever stands in it that is not where its moment belongs."""

import random
from datetime import datetime, timedelta

import pytest

from connectors.rss.listing import Shown, listing

NOW = datetime(2026, 3, 8)
NEWEST = datetime(2026, 3, 7, 23, 30)
NOON = datetime(2026, 3, 7, 12)


def entry(name, written_at, changed_at=None, **more):
    return Shown(str(name), written_at, changed_at or written_at, **more)


def half_hours(count=24):
    return [entry(number, NEWEST - timedelta(minutes=30 * number)) for number in range(count)]


def whole_from(*shown):
    return listing(shown, NOW).whole_from


@pytest.mark.parametrize("is_reversed", [False, True], ids=["newest first", "oldest first"])
@pytest.mark.parametrize("at", [0, 1, 12, 23, 24])
@pytest.mark.parametrize(
    "stray",
    [
        entry("pinned", datetime(2025, 6, 1)),
        entry("ahead", datetime(2026, 6, 1)),
        entry("soon", datetime(2026, 3, 8, 0, 5)),
        entry("long ahead", datetime(2099, 1, 1)),
    ],
    ids=lambda stray: stray.name,
)
def test_a_stray_entry_neither_shortens_nor_lengthens_a_listing(stray, at, is_reversed):
    shown = half_hours()
    shown.insert(at, stray)
    found = listing(shown[::-1] if is_reversed else shown, NOW)
    assert (found.whole_from, set(found.regular)) == (NOON, {str(number) for number in range(24)})


@pytest.mark.parametrize("at", [0, 12, 24])
def test_three_pinned_entries(at):
    pinned = [entry(f"pinned {day}", datetime(2025, 6, day)) for day in (20, 9, 2)]
    shown = half_hours()
    assert whole_from(*shown[:at], *pinned, *shown[at:]) == NOON


def test_a_pinned_entry_of_yesterday():
    assert whole_from(entry("pinned", datetime(2026, 3, 6, 20)), *half_hours()) == NOON
    assert whole_from(*half_hours(), entry("pinned", datetime(2026, 3, 6, 20))) == NOON


def test_an_entry_that_says_itself_that_it_is_pinned():
    shown = [*half_hours(3), entry("pinned", datetime(2026, 3, 7, 20), is_pinned=True)]
    assert whole_from(*shown) == datetime(2026, 3, 7, 22, 30)


def test_a_blog_with_pauses_is_whole_to_its_oldest_entry():
    days = [datetime(2026, 3, 7, 9), datetime(2026, 3, 1, 10), datetime(2026, 2, 3, 8), datetime(2026, 1, 29, 9)]
    assert whole_from(*map(entry, "abcd", days)) == days[-1]


def test_a_listing_by_the_last_change_is_whole_since_the_oldest_change():
    created = [NEWEST - timedelta(days=700 * (number % 3 == 1), minutes=31 * number) for number in range(24)]
    shown = [entry(n, at, NEWEST - timedelta(minutes=30 * n)) for n, at in enumerate(created)]
    assert whole_from(*shown) == NOON


def test_a_last_entry_that_was_long_there_and_has_changed_says_no_more_than_its_change():
    shown = [*half_hours(5), entry("old", datetime(2026, 3, 7, 18), datetime(2026, 3, 7, 21))]
    assert whole_from(*shown) == datetime(2026, 3, 7, 21)


def test_edits_do_not_shorten_a_listing_by_when_entries_were_written():
    shown = half_hours()
    shown[20] = shown[20]._replace(changed_at=NEWEST)
    assert whole_from(*shown) == NOON
    assert whole_from(*(each._replace(changed_at=NEWEST) for each in half_hours())) == NOON


def test_of_entries_in_no_order_only_the_newest_tells():
    shown = half_hours()
    random.Random(7).shuffle(shown)
    found = listing(shown, NOW)
    assert (found.whole_from, found.is_ordered, found.regular) == (NEWEST, False, {})


def test_neighbours_the_wrong_way_round_cost_a_little():
    shown = half_hours()
    for number in range(0, 24, 2):
        shown[number], shown[number + 1] = shown[number + 1], shown[number]
    assert whole_from(*shown) == NOON + timedelta(minutes=90)


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([NOON] * 9, NOON + timedelta(seconds=1)),
        ([NEWEST, NOON, NOON], NEWEST),
        ([datetime(2026, 3, 7)] * 9, NOW),
        ([datetime(2026, 3, day) for day in (7, 5, 5, 4)], datetime(2026, 3, 5)),
        ([NOON], NOON),
        ([NOON, NEWEST], NEWEST),
        ([datetime(2027, 1, 1)], None),
        ([], None),
    ],
    ids=["one moment", "oldest shared", "one day", "days", "one entry", "two that rise", "ahead only", "none"],
)
def test_what_may_stand_below_the_oldest_entry_counts_as_unseen(moments, expected):
    assert whole_from(*(entry(number, at) for number, at in enumerate(moments))) == expected


# From one visit to the next ---------------------------------------------------------------------------


def test_a_pinned_entry_joins_no_two_visits():
    pinned = entry("pinned", datetime(2025, 6, 1))
    before = listing([pinned, *half_hours()], NOW)
    later = [each._replace(name=f"new {each.name}") for each in half_hours()]
    later = [entry(each.name, each.written_at + timedelta(days=3)) for each in later]
    now = listing([pinned, *later], NOW + timedelta(days=3))
    assert not now.goes_on_from(before)
    for some in (half_hours(4), half_hours(1)):
        assert listing([pinned, *later[:20], *some], NOW + timedelta(days=3)).goes_on_from(before)
    assert not listing([*later, half_hours()[7]], NOW + timedelta(days=3)).goes_on_from(before)


def test_an_entry_that_was_dated_ahead_joins_no_two_visits():
    ahead = entry("ahead", NOW + timedelta(hours=12))
    before = listing([ahead, *half_hours()], NOW)
    later = [entry(f"new {number}", NOW + timedelta(days=1, minutes=-30 * number)) for number in range(24)]
    assert not listing([*later, ahead], NOW + timedelta(days=1)).goes_on_from(before)


def test_an_entry_that_was_moved_up_joins_no_two_visits():
    def topics(start, *, moved):
        shown = [entry(f"{start} {n}", start - timedelta(minutes=30 * n)) for n in range(10)]
        return [entry("topic", datetime(2026, 1, 1), moved), *shown]

    before = listing(topics(NEWEST, moved=NEWEST + timedelta(minutes=5)), NOW)
    later = NEWEST + timedelta(days=2)
    assert not listing(topics(later, moved=later + timedelta(minutes=5)), later + timedelta(hours=1)).goes_on_from(
        before
    )


# Silence ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_between", "count", "quiet_after"),
    [(1, 10, 14), (4, 10, 14), (7, 10, 21), (30, 4, 90), (1, 2, 90), (1, 1, 90)],
)
def test_a_feed_may_have_stopped_after_thrice_its_longest_silence_and_two_weeks(days_between, count, quiet_after):
    found = listing([entry(n, NOON - timedelta(days=days_between * n)) for n in range(count)], NOW)
    assert found.quiet_since(NOON + timedelta(days=quiet_after)) is None
    assert found.quiet_since(NOON + timedelta(days=quiet_after, seconds=1)) == NOON


def test_neither_pinned_entries_nor_ones_ahead_hide_that_a_feed_has_stopped():
    shown = [entry("ahead", datetime(2027, 1, 1)), entry("pinned", datetime(2024, 6, 1)), *half_hours()]
    assert listing(shown, NOW + timedelta(days=20)).quiet_since(NOW + timedelta(days=20)) == NEWEST


def test_an_edit_is_a_sign_of_life():
    shown = half_hours()
    shown[3] = shown[3]._replace(changed_at=NOW + timedelta(days=10))
    assert listing(shown, NOW + timedelta(days=20)).quiet_since(NOW + timedelta(days=20)) is None
