"""Brands of which not the same was seen, or whose query changed, are not set beside each other without saying so."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from pipelines.digest import render
from tests.digest.small_marts import BEFORE, NOW


@pytest.fixture
def week(marts: Any) -> Any:
    """Two brands, each with enough posts in both periods to compare their shares."""
    marts.mentions(40, NOW, "positive")
    marts.mentions(12, BEFORE, "positive")
    marts.rival(12, NOW, "positive")
    marts.rival(40, BEFORE, "positive")
    return marts


def seen(marts: Any, brand: str, status: str, days: int) -> None:
    for number in range(days):
        marts.brand_coverage.append(
            {
                **{"brand_id": brand, "brand_name": brand.title(), "source": "reddit", "network": "reddit"},
                **{"day_date": NOW - timedelta(days=number), "status": status},
                **{"queries_count": 1, "complete_queries_count": int(status == "complete")},
            }
        )


def test_equal_coverage_lets_shares_be_compared(week: Any) -> None:
    seen(week, "halmora", "complete", 3)
    seen(week, "tillwick", "complete", 3)
    frozen = week.freeze()
    assert (frozen.coverage.unequal, frozen.sections["brands"].brands[0].figures.share_of_voice.verdict) == ([], "up")


def test_less_seen_of_one_brand_is_said_and_its_share_not_compared(week: Any) -> None:
    seen(week, "halmora", "complete", 3)
    seen(week, "tillwick", "missing", 2)
    frozen = week.freeze()
    assert [(one.brand_name, one.source, one.days) for one in frozen.coverage.unequal] == [("Tillwick", "reddit", 2)]
    assert frozen.sections["brands"].brands[0].figures.share_of_voice.verdict == "different"
    said = (
        "Less was seen of Tillwick than of others on reddit (2 days of both periods): its share of voice is too small."
    )
    assert said in render.html(frozen)
    assert "Less was seen of Tillwick" in render.markdown_text(frozen)


def test_days_on_which_nothing_was_seen_of_anybody_are_no_inequality(week: Any) -> None:
    seen(week, "halmora", "missing", 3)
    seen(week, "tillwick", "missing", 3)
    assert week.freeze().coverage.unequal == []


def test_a_changed_query_is_said_and_no_change_of_what_people_say(week: Any) -> None:
    versions: list[tuple[str, Callable[[], datetime], Callable[[], datetime]]] = [
        ("old", lambda: datetime(2026, 3, 1), lambda: datetime(2026, 4, 26)),
        ("new", lambda: datetime(2026, 4, 26), lambda: datetime(2026, 5, 1)),
    ]
    for version, first, last in versions:
        week.brand_queries.append(
            {
                **{"brand_id": "halmora", "brand_name": "Halmora", "query_version": version, "query": "halmora"},
                **{"first_window_start": first(), "last_window_end": last(), "is_current": version == "new"},
            }
        )
    frozen = week.freeze()
    assert [(one.brand_name, one.since) for one in frozen.coverage.redefined] == [("Halmora", date(2026, 4, 26))]
    assert frozen.sections["brands"].brands[0].figures.share_of_voice.verdict == "different"
    assert "The query of Halmora changed on" in render.html(frozen)
