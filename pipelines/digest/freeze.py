"""Reads the published file once and freezes what the digest says."""

from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from connectors.contract import utc
from pipelines.config.settings import DigestSettings
from pipelines.digest.frozen import FORMAT, Frozen, Period
from pipelines.digest.given import Given
from pipelines.digest.headline import headline
from pipelines.digest.queries import Asker
from pipelines.digest.sections import ORDER, section
from pipelines.digest.sections.coverage import covered
from pipelines.digest.text import clean
from pipelines.errors import InputError
from pipelines.store.published import open_file


def freeze(published: Path, settings: DigestSettings, until: datetime) -> Frozen:
    """Everything the digest says about the `settings.days` days before `until`, from the schema `marts` of a file."""
    until = utc(until)
    period, previous = periods(until, settings.days)
    try:
        with open_file(published) as connection:
            asker = Asker(
                connection,
                until=until,
                first_day=period.first_day,
                last_day=period.last_day,
                previous_first_day=previous.first_day,
                previous_last_day=previous.last_day,
                start_at=datetime.combine(period.first_day, datetime.min.time()),
                end_at=datetime.combine(period.last_day + timedelta(days=1), datetime.min.time()),
            )
            return _freeze(asker, settings, until, period, previous)
    except duckdb.IOException as error:
        raise InputError(
            f"{published}: can't be opened as a DuckDB file ({_first_line(error)}). Publish one."
        ) from error
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise InputError(
            f"{published}: lacks a mart or column that the digest reads ({_first_line(error)}). Build, publish again."
        ) from error


def periods(until: datetime, days: int) -> tuple[Period, Period]:
    """The days that end with `until`, and as many before them. A day that `until` falls into counts as the last."""
    last = (until - timedelta(microseconds=1)).date()
    middle = last - timedelta(days=days)
    return _period(middle + timedelta(days=1), last), _period(middle - timedelta(days=days - 1), middle)


def _period(first: date, last: date) -> Period:
    return Period(first, last, (last - first).days + 1, f"{first}--{last}")


def _freeze(asker: Asker, settings: DigestSettings, until: datetime, period: Period, previous: Period) -> Frozen:
    given = Given(asker, period, previous, covered(asker, period, previous), settings.quotes)
    for name in ORDER:
        given.frozen[name] = section(name).freeze(given)
    return Frozen(
        format=FORMAT,
        title=clean(settings.title),
        until=until,
        period=period,
        previous=previous,
        headline=headline(given.frozen["brands"], given.frozen["themes"], given.coverage, period),
        own_names=[brand.name for brand in given.frozen["brands"].brands if not brand.is_competitor],
        sections=given.frozen,
        queries=dict(asker.asked),
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
