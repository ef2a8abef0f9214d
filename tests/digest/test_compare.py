"""What may be called a change."""

import pytest

from pipelines.digest import compare
from pipelines.digest.frozen import Count, Labels, Rate


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        pytest.param(20, 5, "up", id="clearly-more"),
        pytest.param(5, 20, "down", id="clearly-fewer"),
        pytest.param(60, 50, "steady", id="within-noise"),
        pytest.param(0, 0, "few", id="nothing"),
        pytest.param(5, 0, "few", id="five-could-be-chance"),
        pytest.param(6, 0, "up", id="six-to-none"),
        pytest.param(10_400, 10_000, "up", id="many-posts-need-a-smaller-share"),
        pytest.param(10_100, 10_000, "steady", id="many-posts-within-noise"),
    ],
)
def test_a_count_moves_only_beyond_chance(now: int, before: int, verdict: str) -> None:
    assert compare.count_change(now, now, before, "all") == Count(now, now, before, verdict)


def test_the_exact_and_the_normal_test_agree_where_one_takes_over() -> None:
    exact = compare.split_chance(275, 225)
    normal = compare.split_chance(276, 225)

    assert exact == pytest.approx(0.0283, abs=0.001)
    assert normal == pytest.approx(exact, abs=0.006)


def test_many_themes_need_a_higher_bar() -> None:
    assert compare.count_change(14, 14, 4, "all").verdict == "up"
    assert compare.count_change(14, 14, 4, "all", compare.CHANCE_AMONG_MANY).verdict == "steady"


@pytest.mark.parametrize(("mode", "verdict"), [("none", "different"), ("first", "first")])
def test_nothing_is_compared_where_coverage_does_not_allow_it(mode: str, verdict: str) -> None:
    labels = Labels(50, 25, 0, 25, 0)

    assert compare.count_change(5, 5, 50, mode) == Count(5, None, None, verdict)
    assert compare.net_change(labels, labels, labels, mode).verdict == verdict
    assert compare.share_change((1, 2), (1, 2), (1, 2), mode).verdict == verdict


@pytest.mark.parametrize(
    ("labels", "rate"),
    [
        pytest.param(Labels(10, 6, 2, 2, 0), Rate(0.4, 10), id="all-scored"),
        pytest.param(Labels(10, 3, 0, 0, 7), Rate(1.0, 3), id="unscored-is-in-neither"),
        pytest.param(Labels(7, 0, 0, 0, 7), Rate(None, 0), id="none-scored"),
        pytest.param(Labels(), Rate(None, 0), id="no-post"),
    ],
)
def test_net_sentiment_counts_scored_posts_only(labels: Labels, rate: Rate) -> None:
    assert compare.net_sentiment(labels) == rate


def test_a_net_sentiment_within_noise_is_no_change() -> None:
    now, before = Labels(40, 20, 10, 10, 0), Labels(40, 18, 10, 12, 0)

    change = compare.net_change(now, now, before, "all")

    assert (change.now, change.points, change.verdict) == (Rate(0.25, 40), 10.0, "steady")
    assert change.error == pytest.approx(18.4, abs=0.5)


def test_few_posts_of_one_mind_are_not_certain() -> None:
    now, before = Labels(10, 10, 0, 0, 0), Labels(10, 7, 2, 1, 0)

    assert compare.net_change(now, now, before, "all").verdict == "steady"


def test_a_net_sentiment_of_few_posts_is_not_compared() -> None:
    now, before = Labels(9, 9, 0, 0, 0), Labels(90, 0, 0, 90, 0)

    assert compare.net_change(now, now, before, "all").verdict == "few"


def test_a_clear_fall_of_net_sentiment_is_one() -> None:
    now, before = Labels(100, 20, 20, 60, 0), Labels(100, 60, 20, 20, 0)

    change = compare.net_change(now, now, before, "all")

    assert (change.points, change.verdict) == (-80.0, "down")


def test_a_share_of_nothing_is_not_known() -> None:
    change = compare.share_change((0, 0), (0, 0), (0, 0), "all")

    assert (change.now, change.verdict) == (Rate(None, 0), "few")
