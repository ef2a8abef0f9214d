"""What went wrong on the way of one query, told as one error."""

from datetime import datetime

import pytest

from connectors.contract import CredentialsError, RateLimited, SchemaDrift, SourceError, Truncated
from connectors.failures import Failures
from connectors.http_api import NotThere

MONDAY, TUESDAY, FRIDAY = (datetime.fromisoformat(f"2026-04-{day}") for day in (20, 21, 24))


def test_nothing_went_wrong():
    failures = Failures()
    failures.raise_noted()
    assert not failures


def test_one_error_of_the_gravest_kind_tells_all():
    failures = Failures()
    failures.note(Truncated("no more."), MONDAY, TUESDAY)
    failures.note(SchemaDrift("odd."), TUESDAY, FRIDAY)
    failures.note(SchemaDrift("odd."))
    with pytest.raises(SourceError) as caught:
        failures.raise_noted()
    assert type(caught.value) is SchemaDrift
    assert str(caught.value) == "no more. odd."
    assert (caught.value.unseen_from, caught.value.unseen_to) == (MONDAY, FRIDAY)


def test_many_reasons_are_counted():
    failures = Failures()
    for number in range(9):
        failures.over()
        failures.note(NotThere(f"{number}."))
    with pytest.raises(SourceError, match=r"^0\. 1\. 2\. \(and 5 more\) 8\.$") as caught:
        failures.raise_noted()
    assert type(caught.value) is SourceError


@pytest.mark.parametrize("failure", [CredentialsError("no"), RateLimited("wait")])
def test_some_are_raised_at_once(failure):
    with pytest.raises(type(failure)) as caught:
        Failures().note(failure, MONDAY, TUESDAY)
    assert (caught.value.unseen_from, caught.value.unseen_to) == (MONDAY, TUESDAY)


def test_after_three_in_a_row_the_network_is_down():
    failures = Failures()
    failures.note(SourceError("1."))
    failures.over()
    failures.note(SourceError("2."))
    failures.note(Truncated("no failure."))
    failures.note(SourceError("3."))
    with pytest.raises(SourceError, match="gave up after 3 failures in a row"):
        failures.note(SourceError("4."), MONDAY, TUESDAY)
