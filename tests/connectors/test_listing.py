"""How far a listing has been read, with entries out of order in it."""

import pytest

from connectors.listing import come_down, come_up
from tests.connectors.times import at

OLD, FUTURE = at("01"), at("30")


@pytest.mark.parametrize(
    ("days", "reached"),
    [
        ([], at("27")),
        ([None], at("27")),
        ([at("26")], at("26")),
        ([at("26"), at("25"), at("24"), at("23")], at("25")),
        ([OLD, at("26"), at("25"), at("24")], at("26")),
        ([at("26"), at("25"), at("24"), OLD], at("25")),
        ([OLD, at("26")], at("26")),
        ([FUTURE, at("26"), at("25"), at("24")], at("26")),
        ([at("26"), at("25"), FUTURE], at("27")),
        ([at("19"), at("18"), None, at("17"), None], at("19")),
    ],
    ids=["none", "unreadable", "one", "in order", "pinned", "old at the end", "pinned and one", "future", "end", "old"],
)
def test_one_entry_out_of_order_does_not_tell_how_far_a_list_has_come(days, reached):
    assert come_down(at("27"), days) == reached


def test_a_list_never_goes_back_up():
    assert come_down(at("24"), [at("26"), at("26"), at("26")]) == at("24")


@pytest.mark.parametrize(
    ("days", "reached"),
    [
        ([at("20"), at("21"), at("22"), FUTURE], at("21")),
        ([at("20"), at("21"), at("22"), OLD], at("19")),
        ([at("02"), at("03")], at("19")),
    ],
    ids=["future", "old at the end", "before"],
)
def test_a_list_that_shows_the_oldest_first(days, reached):
    assert come_up(at("19"), days) == reached
