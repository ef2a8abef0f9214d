"""The one reader of moments: every spelling as it is meant, or refused with a reason; nothing dropped or guessed."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from babel import Locale
from babel.dates import format_date, format_time
from hypothesis import given
from hypothesis import strategies as st

from connectors import moments
from connectors.moment_words import SHARED_ZONES, ZONES
from connectors.moments import AmbiguousMoment, Order, UnreadableMoment, depends_on_column, order_of, read_moment

NOON = datetime(2026, 3, 2, 12)
"""A Monday."""


def reason(value: Any, **settled: Any) -> str:
    with pytest.raises(UnreadableMoment) as raised:
        read_moment(value, **settled)
    return str(raised.value)


def readings(value: Any) -> tuple[datetime, ...]:
    """The moments that a value may mean."""
    try:
        return (read_moment(value),)
    except AmbiguousMoment as error:
        return error.readings


@pytest.mark.parametrize(
    "written",
    [
        # ISO 8601
        "2026-03-02T12:00:00Z",
        "2026-03-02 12:00",
        "2026-03-02T12",
        "2026-03-02T12:00:00.000+0000",
        "2026-03-02T14:00:00+02",
        "2026-03-02T12:00:00,0Z",
        "20260302T120000Z",
        "2026-W10-1T12:00",
        "2026-061T12:00Z",
        "2026-03-02 12:00:00 UTC",
        "2026-03-02 12:00:00 Z",
        "2026-03-02 12:00:00.0",
        "2026-03-02 14:00:00 +0200",
        "2026-03-02T13:00:00+01:00[Europe/Berlin]",
        "2026-03-02 13:00 Europe/Berlin",
        " 2026-03-02\u00a012:00 ",
        "2026-03-02T10:00:00\u221202:00",
        # mail, and what is sent in its place
        "Mon, 02 Mar 2026 12:00:00 GMT",
        "Mon, 2 Mar 2026 12:00 -0000",
        "2 Mar 26 12:00:00 UT",
        "Mon, 02 Mar 2026 07:00:00 EST",
        "Mon, 02 Mar 2026 06:00:00 CST",
        "Mon, 02 Mar 2026 14:00:00 GMT+2",
        "Mon, 02 Mar 2026 12:00:00 PM +0000",
        "Mon, Mar 2 2026 08:00:00 -0400",
        "MON, 02 MAR 2026 13:00:00 cet",
        "Mon, 02 Mar 2026 13:00:00 +0100 (MEZ)",
        "Mo, 02 Mrz 2026 13:00:00 +0100",
        "Seg, 02 Mar 2026 09:00:00 -0300",
        "Ma, 02 Maa 2026 12:00:00 +0000",
        "lun., 02 mars 2026 13:00:00 +0100",
        # programs
        "Mon Mar 02 2026 14:00:00 GMT+0200 (Eastern European Standard Time)",
        "Mon Mar 02 2026 14:00:00 GMT+0200 (Osteuropäische Normalzeit)",
        "Mon Mar  2 12:00:00 2026",
        "Mon Mar 02 12:00:00 +0000 2026",
        "Mon Mar  2 12:00:00 UTC 2026",
        "02/Mar/2026:12:00:00 +0000",
        "202603021200",
        "20260302120000",
        "20260302120000000",
        # people
        "Mar 2, 2026 12:00:00 PM",
        "Mar 2, 2026, 12:00\u202fPM",
        "March 2nd, 2026 at 12pm",
        "2 March 2026 12:00 p.m.",
        "12:00, 2 March 2026 (UTC)",
        "2026/3/2 12:00",
        "2026. 3. 2. 오후 12:00",
        "02.03.2026 12:00",
        "2.3.2026 12.00",
        "2-Mar-2026 12:00",
        "Monday 3/2/2026 12:00",
        "2. März 2026 um 12:00 Uhr",
        "2 DE MARZO DE 2026, 12:00 P. M.",
        "lunes 2 de marzo de 2026 12:00",
        "2 mars 2026 à 12h00",
        "2 fév. 2026 12:00",
        "2 fevrier 2026 12:00",
        "2. maaliskuuta 2026 klo 12.00",
        "2026年3月2日 12:00",
        "2026年3月2日(月) 12時00分",
        "2026年3月2日月曜日 午後0:00",
        "2026年3月2日 中午12:00",
        "2026년 3월 2일 월요일 오후 12:00",
        "٢ مارس ٢٠٢٦ ١٢:٠٠ م",
        "۲ مارس ۲۰۲۶ ۱۲:۰۰",
        "2 марта 2026 г., 12:00",
        "12:00 ngày 2 tháng 3, năm 2026",
    ],
)
def test_each_spelling_is_the_moment_that_it_says(written: str) -> None:
    in_february = NOON.replace(month=2)
    assert read_moment(written) == (in_february if "f" in written.casefold()[:4] else NOON)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Mar 2, 2026 1:33:20 PM", datetime(2026, 3, 2, 13, 33, 20)),
        ("Mar 2, 2026 12:05 AM", datetime(2026, 3, 2, 0, 5)),
        ("Mon, 02 Mar 2026 00:30:00 CET", datetime(2026, 3, 1, 23, 30)),
        ("2026年3月2日 晚上11:15", datetime(2026, 3, 2, 23, 15)),
        ("2026年3月2日 凌晨1:00", datetime(2026, 3, 2, 1)),
        ("2026-03-02T24:00", datetime(2026, 3, 3)),
        ("2026-03-02 24:00:00", datetime(2026, 3, 3)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1)),
        ("31 Dec 2016 23:59:60 UTC", datetime(2017, 1, 1)),
        ("2026-03-02T10:00:00.123456789Z", datetime(2026, 3, 2, 10, 0, 0, 123456)),
        ("2026-03-02", datetime(2026, 3, 2)),
        ("2 March 2026", datetime(2026, 3, 2)),
        ("20260302", datetime(2026, 3, 2)),
        ("2026-03-02+02:00", datetime(2026, 3, 1, 22)),
        ("02.03.26", datetime(2026, 3, 2)),
        ("2 Mar 99", datetime(1999, 3, 2)),
        ("25/12/2026", datetime(2026, 12, 25)),
        ("12/25/2026", datetime(2026, 12, 25)),
        ("3/3/2026", datetime(2026, 3, 3)),
        ("3/25/26", datetime(2026, 3, 25)),
        ("Mon, 02 Mar 2026 12:00:00 AEST", datetime(2026, 3, 2, 2)),
        ("Mon, 02 Mar 2026 12:00:00 BST", datetime(2026, 3, 2, 11)),
        ("Mon, 02 Mar 2026 12:00:00 MEST", datetime(2026, 3, 2, 10)),
    ],
)
def test_halves_of_the_day_ends_of_days_and_dates_alone(written: str, meant: datetime) -> None:
    assert read_moment(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        *(1772452800, 1772452800.0, 1772452800_000, 1772452800_000_000, 1772452800_000_000_000, Decimal(1772452800)),
        *("1772452800", "1772452800.0", "1772452800000", "1772452800000000", "1772452800000000000", b"1772452800"),
        *(
            202603021200,
            20260302120000,
            NOON,
            NOON.replace(tzinfo=UTC),
            datetime(2026, 3, 2, 13, tzinfo=ZoneInfo("CET")),
        ),
    ],
)
def test_numbers_and_typed_values(written: Any) -> None:
    assert read_moment(written) == NOON


def test_days_and_fractions_of_seconds() -> None:
    assert read_moment(date(2026, 3, 2)) == datetime(2026, 3, 2)
    assert read_moment(20260302) == datetime(2026, 3, 2)
    assert read_moment(1772452800.25) == NOON + timedelta(seconds=0.25)
    assert read_moment("1772452800123456") == NOON + timedelta(microseconds=123456)


REFUSED: dict[str, tuple[Any, ...]] = {
    moments.MISSING: (None, "", "  "),
    moments.UNREADABLE: (
        *("soon", "yesterday", "2 hours ago", "2 Mar", "March 2026", "12:00", "2026-03", "2026-02-30", "2026-W10"),
        *("2026-03-02T25:00", "2026-03-02 12:60", "2026-03-02 13:33 AM", "Mon, 02 Mar 2026 12:00:00 foo", "2026-366"),
        *("2026-03-02 12:00 13:00", "2-5 March 2026", "2 March 2026, 10:00-11:00", "~2 March 2026", "2 Mar 2026?"),
        *("about 2 March 2026", "2 May June 2026", "Mon Tue 2 Mar 2026", "2 Mar 26 2026", "2026-03-02 12:00 +1500"),
        *("2 Mar 55", "2026-03-02T12:00Z extra", True, [], {}, "x" * 10_000),
    ),
    moments.OTHER_YEAR: ("0001-01-01T00:00:00Z", "1404-12-11", "2 March 2569", "11/12/1404"),
    moments.NO_EPOCH: (0, "0", "99", "2026", -1, 1e300, float("nan"), 46083, "46083.5", "123456789012"),
    moments.ROUNDED: ("1.77245E+09", "1,77245E+12"),
    moments.TWO_ORDERS: ("03/04/2026", "3-4-2026 12:00", "3/2/26", "25/3/26", "26. 3. 12."),
    moments.TWO_NUMBERS: ("2026030212", 638400000000000000),
    moments.TWO_MEANINGS: ("2. listopad 2026", "2 srp 2026"),
    moments.SHARED_ZONE: ("Mon, 02 Mar 2026 12:00:00 IST", "Mon Mar 02 12:00:00 CST 2026"),
    moments.OTHER_WEEKDAY: ("Tue, 02 Mar 2026 12:00:00 GMT", "dimanche 2 mars 2026"),
    moments.OTHER_ZONE: (
        "Mon, 02 Mar 2026 12:00 +0200 CET",
        "Mon Mar 02 2026 23:30:00 GMT+0200 (PST)",
        "2026-03-02T10:00:00+02:00[Europe/Berlin]",
    ),
}


@pytest.mark.parametrize(("value", "why"), [(value, why) for why, values in REFUSED.items() for value in values])
def test_what_says_no_moment_is_refused_with_the_same_words_for_its_kind(value: Any, why: str) -> None:
    assert reason(value) == why


def test_both_readings_are_told() -> None:
    with pytest.raises(AmbiguousMoment) as raised:
        read_moment("03/04/2026 10:00")
    assert raised.value.readings == (datetime(2026, 3, 4, 10), datetime(2026, 4, 3, 10))


@pytest.mark.parametrize(
    ("column", "order"),
    [
        (["03/04/2026", "13/04/2026", "", None], "day-first"),
        (["03/04/2026", "04/13/2026 12:00"], "month-first"),
        (["13/04/2026", "04/13/2026"], "mixed"),
        (["03/04/2026", "05/06/2026"], None),
        (["03.25.2026", "02.03.2026"], "month-first"),
        (["2026-03-02", "2 March 2026", "13:04:2026"], None),
        (["46083.5", "46084", None, ""], "serial"),
        ([46083.5, 46084], "serial"),
        (["46083,5"], "serial"),
        ([46083.5, "2026-03-02"], None),
        ([1772452800, 1772452800.5, True], None),
        (["25/3/26", "3/4/26"], None),  # the 25 may be a year
        (["3/25/26", "3/4/26"], "month-first"),
        ([], None),
    ],
)
def test_the_order_of_a_column(column: list[Any], order: Order | None) -> None:
    assert order_of(column) == order


@pytest.mark.parametrize(
    ("written", "order", "meant"),
    [
        ("03/04/2026", "day-first", datetime(2026, 4, 3)),
        ("03/04/2026 10:00 PM", "month-first", datetime(2026, 3, 4, 22)),
        ("02.03.2026", "month-first", datetime(2026, 2, 3)),
        ("3/4/26", "month-first", datetime(2026, 3, 4)),
        ("46083.5", "serial", datetime(2026, 3, 2, 12)),
        (46083.523148148148, "serial", datetime(2026, 3, 2, 12, 33, 20)),
        ("46083,5", "serial", datetime(2026, 3, 2, 12)),
    ],
)
def test_a_column_settles_what_one_value_leaves_open(written: Any, order: Order, meant: datetime) -> None:
    assert depends_on_column(written)
    assert read_moment(written, order=order) == meant


def test_a_column_that_contradicts_itself_settles_nothing() -> None:
    for written in ("03/04/2026", "03.04.2026"):
        assert reason(written, order="mixed") == moments.TWO_ORDERS
    assert read_moment("13/04/2026", order="mixed") == datetime(2026, 4, 13)
    assert reason("13/04/2026", order="month-first") == moments.UNREADABLE


def test_a_time_without_a_zone_is_one_of_the_configured_zone() -> None:
    for written in ("2026-03-02 13:00", "2 March 2026 1 pm", "202603021300", "02.03.2026 13:00"):
        assert read_moment(written, time_zone="Europe/Berlin") == NOON
    for written in ("2026-03-02T12:00Z", "1772452800", "Mon, 02 Mar 2026 12:00:00 GMT"):
        assert read_moment(written, time_zone="Europe/Berlin") == NOON
    assert read_moment("46083.5", time_zone="Asia/Tokyo", order="serial") == datetime(2026, 3, 2, 3)


def test_a_shared_abbreviation_is_that_of_the_configured_zone() -> None:
    assert read_moment("Mon, 02 Mar 2026 17:30:00 IST", time_zone="Asia/Kolkata") == NOON
    assert read_moment("Mon Mar 02 20:00:00 CST 2026", time_zone="Asia/Shanghai") == NOON
    assert read_moment("Mon Mar 02 06:00:00 CST 2026", time_zone="America/Chicago") == NOON


def test_a_format_that_is_given_decides_alone() -> None:
    assert read_moment("03/04/26 10:00", time_format="%d/%m/%y %H:%M") == datetime(2026, 4, 3, 10)
    assert reason("2026-03-02", time_format="%d/%m/%y") == moments.OTHER_FORMAT
    assert reason("03/04", time_format="%d/%m") == moments.OTHER_YEAR
    assert read_moment(1772452800, time_format="%d/%m/%y") == NOON


def test_abbreviations_of_zones_mean_what_the_time_zone_database_says() -> None:
    used: dict[str, set[int]] = {}
    for name in available_timezones():
        for month in (1, 7):
            moment = datetime(2026, month, 1, tzinfo=ZoneInfo(name))
            offset = moment.utcoffset()
            if offset is not None and not name.startswith("Etc/"):
                used.setdefault((moment.tzname() or "").casefold(), set()).add(int(offset.total_seconds()) // 60)
    # Manila writes PST too; RFC 2822 gives it, and all of the United States', their meaning
    known = {zone: minutes for zone, minutes in ZONES.items() if zone in used and zone != "pst"}
    assert {zone: used[zone] for zone in known} == {zone: {minutes} for zone, minutes in known.items()}
    assert all(len(used[zone]) > 1 for zone in SHARED_ZONES)


LOCALES = """
en en_GB de fr es es_MX pt pt_PT it nl da sv nb fi pl cs sk hu ro bg ru uk sr hr sl lt lv et el tr ar fa ur he hi bn ta
th vi id ms ja ko zh zh_Hant af sw ca eu gl ga cy is sq mk ka hy az kk uz
"""


@pytest.mark.parametrize("name", LOCALES.split())
def test_what_a_language_writes_is_read_as_it_was_meant_or_refused(name: str) -> None:
    chance = random.Random(name)
    read = tried = 0
    for width in ("full", "long", "medium", "short"):
        joined = str(Locale.parse(name).datetime_formats[width]).replace("'", "")
        for _ in range(12):
            meant = datetime(chance.randint(1999, 2040), chance.randint(1, 12), chance.randint(1, 28))
            meant += timedelta(minutes=chance.randint(0, 1439))
            day = format_date(meant, width, locale=name)
            text = joined.replace("{1}", day).replace("{0}", format_time(meant, "short", locale=name))
            for written, moment in ((day, datetime(meant.year, meant.month, meant.day)), (text, meant)):
                try:
                    assert read_moment(written) == moment, written
                    read += 1
                except UnreadableMoment:
                    pass
                tried += 1
    assert read >= tried * 0.5, f"{read} of {tried}"


moments_of_ours = st.datetimes(datetime(1990, 1, 1), datetime(2049, 12, 31)).map(lambda one: one.replace(microsecond=0))
formats = st.sampled_from(
    [
        *("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S"),
        *("%m/%d/%Y %I:%M:%S %p", "%a, %d %b %Y %H:%M:%S +0000", "%a %b %d %H:%M:%S %Y", "%A, %B %d, %Y %I:%M:%S %p"),
        *(
            "%d-%b-%y %H:%M:%S",
            "%b %d, %Y at %I:%M:%S%p UTC",
            "%G-W%V-%uT%H:%M:%S",
            "%Y-%jT%H:%M:%SZ",
            "%y/%m/%d %H:%M:%S",
        ),
    ]
)


@given(moments_of_ours, formats)
def test_no_text_is_read_as_another_moment(meant: datetime, form: str) -> None:
    assert meant in readings(meant.strftime(form))


@given(moments_of_ours, st.text(st.characters(categories=["L", "S"]), min_size=3, max_size=9))
def test_a_word_that_nobody_knows_makes_a_time_unreadable(meant: datetime, word: str) -> None:
    written = f"{meant:%d %b %Y %H:%M:%S}"
    try:
        assert read_moment(f"{written} {word}") != meant, word
    except UnreadableMoment:
        return


@given(st.one_of(st.text(max_size=40), st.text("0123456789-/.: ,+aptzmon", max_size=30), st.floats(), st.integers()))
def test_whatever_stands_there_is_a_moment_of_our_years_or_refused(value: Any) -> None:
    try:
        assert 1969 <= read_moment(value).year <= 2101
    except UnreadableMoment:
        return
