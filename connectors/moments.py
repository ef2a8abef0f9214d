"""When something was written, out of the many ways in which files, feeds and mail say it. Pure.

Nothing that a text says is passed over, and nothing that it doesn't say is added: a word that nobody knows, a missing
year and a date with two readings make it unreadable. What is settled by rule:

- A date without a time is its midnight; a time without a zone is one of `time_zone`. An hour that a clock change
  brings twice is the first of the two.
- Years lie between 1970 and 2100. What is outside is a placeholder or another calendar. Of two digits, 00 to 49 are
  20xx and 90 to 99 are 19xx, where POSIX and RFC 2822 agree. They stand last, or may stand first as well, which makes
  two readings.
- Dots are day first (`02.03.2026`), unless the column shows otherwise. Slashes and dashes have two readings where both
  numbers may be months; a whole column or feed settles them (`order_of`), or the weekday does.
- A weekday that is not the date's makes it unreadable: it is the only check that a date carries, and says that some
  part was not meant as it would be read.
- Abbreviations of zones are read where they have one meaning in use, and by RFC 2822 in the sense of the United States;
  `CST` outside mail, `IST` and the like only where `time_zone` itself uses them.
- A word means what it means in English; else in the languages that CLDR covers best; else in any that Babel knows.
  Where languages disagree, the other words and the weekday settle it, or nothing does.
- Numbers are seconds, milli-, micro- or nanoseconds since 1970 by their size, from 1990 to 2100, or a date in digits.
  Days since 1899, as spreadsheets count them, only where the whole column is of that kind.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from connectors.contract import utc
from connectors.moment_words import LIKELIHOODS, SHARED_ZONES, ZONES, ZONES_IN_MAIL, Meaning, Phrase, meanings, plain

Order = Literal["day-first", "month-first", "mixed", "serial"]
"""How a column or feed writes its dates: `mixed` where it contradicts itself, `serial` for a spreadsheet's days."""
YEARS = range(1970, 2101)
LONGEST = 120
"""Characters; what is longer is no time."""

MISSING = "the time is missing"
UNREADABLE = "the time can't be read"
OTHER_FORMAT = "the time is not in time_format"
OTHER_YEAR = f"the year of the time is not between {YEARS[0]} and {YEARS[-1]}"
NO_EPOCH = "the time is a number that is neither a date nor seconds since 1970"
ROUNDED = "the time is a number that a spreadsheet rounded"
TWO_ORDERS = "the time can be read day first or month first"
TWO_NUMBERS = "the time is a number with two readings"
TWO_MEANINGS = "the time has a word with two meanings"
SHARED_ZONE = "the time names a zone as several places do; set time_zone to the one that is meant"
OTHER_ZONE = "the time names two zones that contradict each other"
OTHER_WEEKDAY = "the weekday of the time is not that of its date"


class UnreadableMoment(ValueError):
    """A value that says no moment. The message is the same for all values of its kind."""


class AmbiguousMoment(UnreadableMoment):
    """A value with several readings; `readings` holds them, in UTC without zone."""

    def __init__(self, message: str, readings: Iterable[datetime]) -> None:
        super().__init__(message)
        self.readings = tuple(sorted(readings))


def read_moment(
    value: Any, *, time_zone: str = "UTC", time_format: str | None = None, order: Order | None = None
) -> datetime:
    """The moment in UTC, without zone. `UnreadableMoment` says why there is none, `AmbiguousMoment` that there are two.

    `time_zone` is that of times that name none, `time_format` a strptime format that texts then must have, `order` what
    `order_of` found in the column or feed.
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        if time_format is not None:
            return _in_format(value.strip(), time_format, time_zone)
        return _of_text(value, time_zone, order)
    if value is None:
        raise UnreadableMoment(MISSING)
    if isinstance(value, datetime):
        return _in_utc(value, time_zone)
    if isinstance(value, date):
        return _in_utc(datetime(value.year, value.month, value.day), time_zone)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _of_number(value, time_zone, order)
    raise UnreadableMoment(UNREADABLE)


def order_of(values: Iterable[Any]) -> Order | None:
    """How the values of a whole column or feed write their dates; None where nothing in them tells."""
    order = OrderOfColumn()
    for value in values:
        order.see(value)
    return order.found


class OrderOfColumn:
    """Finds the order from one value after the other, whatever their number."""

    def __init__(self) -> None:
        self._day_first = self._month_first = self._serial = self._other = False

    def see(self, value: Any) -> None:
        """Take one more value of the column into account."""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if value is None or (isinstance(value, str) and not value.strip()):
            return
        if not _may_depend(value):
            self._other = True
        elif _is_serial(value):
            self._serial = True
        else:
            self._other = True
            if isinstance(value, str) and (found := _numeric_date(plain(value))):
                first, second = int(found[1]), int(found[3])
                self._day_first |= first > 12 >= second and len(found[4]) == 4
                self._month_first |= second > 12 >= first

    @property
    def found(self) -> Order | None:
        """What the values so far tell."""
        if self._serial and not self._other:
            return "serial"
        if self._day_first and self._month_first:
            return "mixed"
        return "day-first" if self._day_first else "month-first" if self._month_first else None


def depends_on_column(value: Any) -> bool:
    """Whether other values of the column may decide how this one is read."""
    if not _may_depend(value):
        return False
    return _is_serial(value) or (isinstance(value, str) and _numeric_date(plain(value)) is not None)


def _may_depend(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST and not _ISO.fullmatch(value)
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _in_utc(moment: datetime, time_zone: str) -> datetime:
    if moment.year not in YEARS:
        raise UnreadableMoment(OTHER_YEAR)
    if moment.tzinfo is None:
        return moment if time_zone == "UTC" else utc(moment.replace(tzinfo=ZoneInfo(time_zone)))
    return utc(moment)


def _in_format(text: str, time_format: str, time_zone: str) -> datetime:
    if not text:
        raise UnreadableMoment(MISSING)
    try:
        moment = datetime.strptime(text, time_format)
    except ValueError as error:
        raise UnreadableMoment(OTHER_FORMAT) from error
    return _in_utc(moment, time_zone)


# Numbers ----------------------------------------------------------------------------------------------

_EPOCH = datetime(1970, 1, 1)
_FIRST, _LAST = 631_152_000, 4_102_444_800
"""Seconds since 1970 of the years 1990 and 2100."""
_FIRST_SERIAL, _LAST_SERIAL = 32_874, 73_051
"""Days of the same two in a spreadsheet."""
_UNITS = (1, 10**3, 10**6, 10**9)
_TICKS, _SECONDS_TO_1970 = 10**7, 62_135_596_800
"""What .NET counts: ten millions a second, from the year 1. Its present falls into 1990 as nanoseconds do."""
_NUMBER = re.compile(r"\d{1,30}(?:[.,]\d+)?", re.ASCII)
_ROUNDED = re.compile(r"[+-]?\d+(?:[.,]\d+)?e\+?\d+", re.ASCII)


def _of_number(value: float | Decimal, time_zone: str, order: Order | None) -> datetime:
    if not 0 < value < 10**20:  # what isn't a number at all is not between them either
        raise UnreadableMoment(NO_EPOCH)
    number = int(value) if value == int(value) else Decimal(str(value))
    if order == "serial" and _FIRST_SERIAL <= number < _LAST_SERIAL:
        # a spreadsheet keeps milliseconds; what is finer comes from writing them as fractions of a day
        milliseconds = round(Decimal(number) * 86_400_000)
        return _in_utc(datetime(1899, 12, 30) + timedelta(milliseconds=milliseconds), time_zone)
    readings = {
        _EPOCH + timedelta(microseconds=int(number * 10**6 // unit))
        for unit in _UNITS
        if _FIRST * unit <= number < _LAST * unit
    }
    if isinstance(number, int):
        readings |= {_in_utc(moment, time_zone) for moment in _in_digits(str(number))}
        if _FIRST <= number // _TICKS - _SECONDS_TO_1970 < _LAST:
            readings.add(_EPOCH + timedelta(microseconds=number // 10 - _SECONDS_TO_1970 * 10**6))
    if not readings:
        raise UnreadableMoment(NO_EPOCH)
    if len(readings) > 1:
        raise AmbiguousMoment(TWO_NUMBERS, readings)
    return readings.pop()


def _in_digits(digits: str) -> list[datetime]:
    """20260302, 2026030212, 202603021233, 20260302123320, with or without 3 or 6 digits of a fraction."""
    if not 1990 <= int(digits[:4]) < 2100:
        return []
    fraction = digits[14:] if len(digits) in {17, 20} else ""
    whole = digits[: len(digits) - len(fraction)]
    if len(whole) not in {8, 10, 12, 14}:
        return []
    parts = [int(whole[at : at + 2]) for at in range(4, len(whole), 2)] + [0, 0, 0]
    try:
        return [_day(int(whole[:4]), parts[0], parts[1]) + _clock(parts[2], parts[3], parts[4], fraction)]
    except UnreadableMoment:
        return []


def _is_serial(value: Any) -> bool:
    text = plain(value) if isinstance(value, str) else f"{value}"
    return _NUMBER.fullmatch(text) is not None and _FIRST_SERIAL <= float(text.replace(",", ".")) < _LAST_SERIAL


# Texts ------------------------------------------------------------------------------------------------

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
"""What nearly all say, and the standard library reads by itself."""


def _of_text(value: str, time_zone: str, order: Order | None) -> datetime:
    if found := _ISO.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            if found[4] != "60" and found[2] != "24":
                raise UnreadableMoment(UNREADABLE) from None
        else:
            return _in_utc(moment, time_zone)
    if len(value) > LONGEST:
        raise UnreadableMoment(UNREADABLE)
    text = plain(value)
    if not text:
        raise UnreadableMoment(MISSING)
    if _NUMBER.fullmatch(text):
        number = text.replace(",", ".")
        return _of_number(Decimal(number) if "." in number else int(number), time_zone, order)
    if _ROUNDED.fullmatch(text):
        raise UnreadableMoment(ROUNDED)
    region = ""
    if found := _REGION.search(value):
        region = found[1]
        text = plain(value[: found.start()] + " " + value[found.end() :])
    clock = None
    if found := _CLOCK.search(text):
        clock = (int(found[1]), int(found[2]), int(found[3] or 0), found[4] or "")
        text = f"{text[: found.start()]}{_TIME}{text[found.end() :]}"
    return _frame(text, region, time_zone, order).moment(clock)


_REGION = re.compile(
    r"\[?(?<!\w)((?:Etc|Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[\w/+-]+)\]?"
)


def _region(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise UnreadableMoment(UNREADABLE) from error


_MAIL = re.compile(r"(?:[a-z]{3}, ?)?\d\d? [a-z]{3} (?:\d\d|\d{4}) \x01 [a-z]{3}")
_WEEK = re.compile(r"(?<!\d)(\d{4})-?w(\d\d)-?([1-7])(?!\d)")
_DAY_OF_YEAR = re.compile(r"(?<!\d)(\d{4})-(\d{3})(?!\d)")
_BASIC = re.compile(r"(?<!\d)(\d{4})(\d\d)(\d\d)(?![\d])")
_BASIC_CLOCK = re.compile(r"(?<=\x02)(?:t| (?=\d{4}))(\d\d)(?:(\d\d)(?:(\d\d)(?:[.,](\d+))?)?)?(?![\d:])")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4}) ?([-/.]) ?(\d\d?) ?\2 ?(\d\d?)(?!\d)\.?")
_IN_SIGNS = re.compile(r"(?<!\d)(\d{4}) ?[年년] ?(\d\d?) ?[月월] ?(\d\d?) ?[日号號일]")
_NUMERIC_DATE = re.compile(r"(?<![\d:])(\d\d?) ?([-/.]) ?(\d\d?) ?\2 ?(\d{4}|\d\d)(?![\d/-]|\.\d)")
_FOUR_DIGITS = re.compile(r"(?<!\d)\d{4}(?!\d)")
_VIETNAMESE_MONTH = re.compile(r"(?:tháng|thg) ?(\d\d?)(?!\d)")
_CLOCK = re.compile(r"(?<![\d.+-])(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?![\d:])")
_CLOCK_IN_SIGNS = re.compile(r"(?<!\d)(\d\d?) ?[時时點点시] ?(?:(\d\d?) ?[分분] ?(?:(\d\d?) ?[秒초])?)?")
_CLOCK_WITH_H = re.compile(
    r"(?<!\d)(\d\d?) ?h(?![^\W\d])(?: ?(\d\d)(?: ?(?:min|m)(?![^\W\d])(?: ?(\d\d) ?s(?!\w))?)?)?(?![\d:])"
)
_CLOCK_WITH_DOTS = re.compile(r"(?<![\d.])(\d\d?)\.(\d\d)(?:\.(\d\d))?(?![\d:]|\.\d)")
_HOUR = re.compile(r"(?<![\d.:])(\d\d?)(?= ?[ap]\.? ?m(?!\w))")
_OFFSET = re.compile(r"(?<![^\s\d(\x01\x02])((?:gmt|utc|ut|z) ?)?([+-])(\d\d?)(?::?(\d\d)(?::?00)?)?(?![\d/.:-]|\w)")
_COMMENT = re.compile(r"\s?\(([^()]*)\)")
_PIECE = re.compile(r"(\d+)|([^\s\d.,/:;()|@\-\x01\x02]+)|([\s.\-])|(.)", re.DOTALL)
_TIME, _DATE = "\x01", "\x02"
"""Stand in a text where a time and a date in numbers were taken out."""


Clock = tuple[int, int, int, str]
"""Hour, minute, second and the digits of a fraction."""


class _Reading(NamedTuple):
    """One way to read all of a text but its clock."""

    day: datetime
    hours: tuple[int, int] | None
    """Seconds of the day between which the time lies: the morning, the afternoon."""
    zones: tuple[tzinfo, ...]


@lru_cache(maxsize=4096)
def _frame(text: str, region: str, time_zone: str, order: Order | None) -> "_Frame":
    """What stands around the clock of a text. Many rows share it."""
    return _Frame(text, region, time_zone, order)


class _Frame:
    """A text around its clock, of which one part after the other is taken until nothing is left."""

    def __init__(self, text: str, region: str, time_zone: str, order: Order | None) -> None:
        if text.count(_TIME) > 1 or _DATE in text:
            raise UnreadableMoment(UNREADABLE)
        self.text = text
        self.time_zone = time_zone
        self.order = order
        self.is_mail = _MAIL.fullmatch(text) is not None
        self.is_iso = False
        self.zones: list[tzinfo] = [_region(region)] if region else []
        self.dates: list[datetime] = []
        """The readings of a date in numbers."""
        self.month: int | None = None
        self.clock: Clock | None = None
        """A clock without colons."""
        self._take_date()
        if _TIME not in text:
            self._take_clock()
        self._take_offset()
        self.numbers, self.runs = self._left()
        self._known: dict[int, list[_Reading | str]] = {}

    def moment(self, clock: Clock | None) -> datetime:
        """The one moment that the text says with this clock."""
        why = UNREADABLE
        for readings in self._by_likelihood():
            moments = set()
            for reading in readings:
                try:
                    moments.add(self._at(reading, clock or self.clock))
                except UnreadableMoment as error:
                    why = str(error) if why == UNREADABLE else why
            if len(moments) == 1:
                return moments.pop()
            if moments:
                raise AmbiguousMoment(TWO_ORDERS if len(self.dates) > 1 else TWO_MEANINGS, moments)
        raise UnreadableMoment(why)

    def _by_likelihood(self) -> Iterator[list[_Reading | str]]:
        """The readings, or why there are none; worked out once, and no further than they are asked for."""
        for likelihood in range(LIKELIHOODS):
            if likelihood not in self._known:
                self._known[likelihood] = list(self._read(meanings(self.runs, likelihood)))
            yield self._known[likelihood]

    def _read(self, ways: Iterable[tuple[Meaning, ...]]) -> Iterator[_Reading | str]:
        for words in ways:
            try:
                yield from self._readings(words)
            except UnreadableMoment as error:
                yield str(error)

    def _at(self, reading: _Reading | str, clock: Clock | None) -> datetime:
        if isinstance(reading, str):
            raise UnreadableMoment(reading)
        day, hours, zones = reading
        if clock:
            hour, minute, second, fraction = clock
            if hours:
                hour = _hour_within(hour, minute * 60 + second, *hours)
            day += _clock(hour, minute, second, fraction)
        elif hours:
            raise UnreadableMoment(UNREADABLE)
        if not zones:
            return _in_utc(day, self.time_zone)
        moments = {utc(day.replace(tzinfo=zone)) for zone in zones}
        if len(moments) > 1:
            raise UnreadableMoment(OTHER_ZONE)
        return moments.pop()

    def _take(self, pattern: re.Pattern[str], sign: str) -> re.Match[str] | None:
        found = pattern.search(self.text)
        if found:
            self.text = f"{self.text[: found.start()]}{sign}{self.text[found.end() :]}"
        return found

    def _take_date(self) -> None:
        if found := self._take(_WEEK, _DATE):
            try:
                self.dates = [datetime.fromisocalendar(*(int(part) for part in found.groups()))]
            except ValueError as error:
                raise UnreadableMoment(UNREADABLE) from error
        elif found := self._take(_DAY_OF_YEAR, _DATE):
            first, number = _day(int(found[1]), 1, 1), int(found[2])
            self.dates = [first + timedelta(days=number - 1)]
            if number < 1 or self.dates[0].year != first.year:
                raise UnreadableMoment(UNREADABLE)
        elif found := self._take(_IN_SIGNS, _DATE) or self._take(_BASIC, _DATE):
            self.dates = [_day(int(found[1]), int(found[2]), int(found[3]))]
        elif found := self._take(_YEAR_FIRST, _DATE):
            self.dates = [_day(int(found[1]), int(found[3]), int(found[4]))]
            self.is_iso = found[2] == "-"
        elif found := _numeric_date(self.text):
            self.text = f"{self.text[: found.start()]}{_DATE}{self.text[found.end() :]}"
            self.dates = self._in_some_order(int(found[1]), int(found[3]), found[4], found[2])
        elif found := self._take(_VIETNAMESE_MONTH, " "):
            self.month = int(found[1])

    def _in_some_order(self, first: int, second: int, third: str, sign: str) -> list[datetime]:
        """The readings of `first/second/third`; a year of two digits may also be the first of them."""
        readings = []
        orders = {"day-first": (second, first), "month-first": (first, second)}
        if self.order in orders:
            chosen = [orders[self.order]]
        elif sign == "." and self.order is None and second <= 12:
            chosen = [orders["day-first"]]
        else:
            chosen = [orders["day-first"], orders["month-first"]]
        for month, day in chosen:
            readings += _valid(_year(third), month, day)
        is_german = sign == "." and not re.search(r"\. |\.$", self.text)  # others set the year first: "26. 3. 2."
        if len(third) == 2 and not is_german and self.order != "month-first":
            readings += _valid(_year(f"{first:02}"), second, int(third))
        if not readings:
            raise UnreadableMoment(OTHER_YEAR if len(third) == 4 and int(third) not in YEARS else UNREADABLE)
        return list(dict.fromkeys(readings))

    def _take_clock(self) -> None:
        found = self._take(_BASIC_CLOCK, _TIME) if self.dates else None
        found = found or self._take(_CLOCK_IN_SIGNS, _TIME)
        found = found or self._take(_CLOCK_WITH_H, _TIME) or self._take(_CLOCK_WITH_DOTS, _TIME)
        if found:
            fraction = found[4] if len(found.groups()) > 3 else None
            self.clock = (int(found[1]), int(found[2] or 0), int(found[3] or 0), fraction or "")
        elif found := self._take(_HOUR, _TIME):
            self.clock = (int(found[1]), 0, 0, "")

    def _take_offset(self) -> None:
        start = self.text.find(_TIME if _TIME in self.text else _DATE)
        found = _OFFSET.search(self.text, start + 1) if start >= 0 else None
        if not found or not (found[1] or len(found[3]) == 2):
            return
        if not self.is_iso and found[0].startswith("-") and ":" in found[0] and self.text[found.start() - 1] == _TIME:
            raise UnreadableMoment(UNREADABLE)  # 10:00-11:00 may as well be from ten to eleven
        minutes = int(found[3]) * 60 + int(found[4] or 0)
        if minutes > 14 * 60 or int(found[4] or 0) > 59:
            raise UnreadableMoment(UNREADABLE)
        offset = timedelta(minutes=-minutes if found[2] == "-" else minutes)
        self.zones.append(timezone(offset))
        rest = self.text[found.end() :]
        if comment := _COMMENT.match(rest):  # the zone once more, in whatever language the writer's clock speaks
            named = ZONES.get(comment[1].strip())
            if named is not None and timedelta(minutes=named) != offset:
                raise UnreadableMoment(OTHER_ZONE)
            rest = rest[comment.end() :]
        self.text = f"{self.text[: found.start()]} {rest}"

    def _left(self) -> tuple[list[str], tuple[Phrase, ...]]:
        """Numbers that are left, and words, in runs that nothing but space, dots and hyphens stands between."""
        numbers: list[str] = []
        runs: list[list[str]] = [[]]
        for number, word, joint, _ in _PIECE.findall(self.text):
            if word:
                runs[-1].append(word)
            elif not joint and runs[-1]:
                runs.append([])
            if number:
                numbers.append(number)
        return numbers, tuple(tuple(run) for run in runs if run)

    def _readings(self, words: tuple[Meaning, ...]) -> list[_Reading]:
        """What one meaning of the words gives."""
        found: dict[str, list[Any]] = {"month": [], "weekday": [], "hours": [], "zone": []}
        for word in words:
            found[word.kind].append(word.value)
        if self.month is not None:
            found["month"].append(self.month)
        if len(found["weekday"]) > 1 or len(found["hours"]) > 1:
            raise UnreadableMoment(UNREADABLE)
        days = self._days(found["month"])
        on_weekday = [day for day in days if day.weekday() in (found["weekday"] or [day.weekday()])]
        if not on_weekday:
            raise UnreadableMoment(OTHER_WEEKDAY)
        named = [_named_zone(name, self.time_zone, self.is_mail) for name in found["zone"]]
        hours = found["hours"][0] if found["hours"] else None
        return [_Reading(day, hours, (*self.zones, *named)) for day in on_weekday]

    def _days(self, months: list[int]) -> list[datetime]:
        if self.dates and not self.numbers and not months:
            return self.dates
        if self.dates or len(self.numbers) != 2 or len(months) != 1:
            raise UnreadableMoment(UNREADABLE)
        day, year = self.numbers if len(self.numbers[0]) < 3 else reversed(self.numbers)
        if len(day) > 2:
            raise UnreadableMoment(UNREADABLE)
        return [_day(_year(year) or 0, months[0], int(day))]


@lru_cache
def _named_zone(name: str, time_zone: str, is_mail: bool) -> tzinfo:
    """What an abbreviation means; first of all what the configured zone calls itself."""
    for month in (1, 7):
        there = datetime(2026, month, 1, tzinfo=ZoneInfo(time_zone))
        offset = there.utcoffset()
        if (there.tzname() or "").casefold() == name and offset is not None:
            return timezone(offset)
    if is_mail and name in ZONES_IN_MAIL:
        return timezone(timedelta(minutes=ZONES_IN_MAIL[name]))
    if name in SHARED_ZONES:
        raise UnreadableMoment(SHARED_ZONE)
    return timezone(timedelta(minutes=ZONES[name]))


def _numeric_date(text: str) -> re.Match[str] | None:
    """`2/3/2026`; `2/3/26` only where no other number is the year: in `2. maaliskuuta 2026 12.07.20` it is a time."""
    found = _NUMERIC_DATE.search(text)
    if found and len(found[4]) == 2 and _FOUR_DIGITS.search(text):
        return None
    return found


def _hour_within(hour: int, seconds: int, start: int, end: int) -> int:
    """The hour of 24 between two seconds of the day: 1 in the afternoon is 13, 12 in the morning is 0."""
    found = {
        one
        for one in {hour, hour + 12 if hour < 12 else hour, 0 if hour == 12 else hour}
        if (start <= one * 3600 + seconds < end if start < end else not end <= one * 3600 + seconds < start)
    }
    if len(found) != 1:
        raise UnreadableMoment(UNREADABLE)
    return found.pop()


def _year(digits: str) -> int | None:
    if len(digits) == 4:
        return int(digits)
    if len(digits) != 2:
        return None
    return int(digits) + (2000 if int(digits) < 50 else 1900) if not 50 <= int(digits) < 90 else None


def _valid(year: int | None, month: int, day: int) -> list[datetime]:
    try:
        return [] if year is None else [_day(year, month, day)]
    except UnreadableMoment:
        return []


def _day(year: int, month: int, day: int) -> datetime:
    if year not in YEARS:
        raise UnreadableMoment(OTHER_YEAR if year > 99 else UNREADABLE)
    try:
        return datetime(year, month, day)
    except ValueError as error:
        raise UnreadableMoment(UNREADABLE) from error


def _clock(hour: int, minute: int, second: int, fraction: str) -> timedelta:
    """Time since midnight. The end of a day is 24:00, and a leap second is its minute's 60th."""
    is_end = hour == 24 and not (minute or second or fraction.strip("0"))
    if (hour > 23 and not is_end) or minute > 59 or second > 60:
        raise UnreadableMoment(UNREADABLE)
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=int(f"{fraction[:6]:0<6}"))
