"""What may be called a change: net sentiment, shares and counts of two periods, with their noise.

The tests are plain ones and are explained to readers in docs/digest.md.
"""

from math import comb, erfc, sqrt

from pipelines.digest.frozen import Count, Labels, Mode, Rate, RateChange, Verdict

ENOUGH = 10
"""Scored posts needed in both periods before a rate is compared."""
CLEAR = 1.96
"""Standard errors that the change of a rate must exceed: noise alone does so once in 20 times."""
CHANCE = 0.05
"""The same for counts: the probability of such a split by chance must be below this."""
CHANCE_AMONG_MANY = 0.01
"""For themes. Many of them are looked at, so the bar is higher."""
EXACT_UP_TO = 500


def count_change(
    now: int | None, like_now: int | None, like_before: int | None, mode: Mode, chance: float = CHANCE
) -> Count:
    """A count and whether it moved: would posts that fall into either period by the toss of a coin split like this?"""
    without = _not_compared(mode)
    if without or like_now is None or like_before is None:
        return Count(now, None, None, without or "different")
    if 2 * 0.5 ** (like_now + like_before) >= chance:
        return Count(now, like_now, like_before, "few")
    if split_chance(like_now, like_before) >= chance:
        return Count(now, like_now, like_before, "steady")
    return Count(now, like_now, like_before, "up" if like_now > like_before else "down")


def split_chance(one: int, other: int) -> float:
    """Probability that a fair coin splits as unevenly as this: the exact test of two Poisson counts, two-sided."""
    both = one + other
    if both > EXACT_UP_TO:
        return erfc(abs(count_z(one, other)) / sqrt(2))
    at_least = sum(comb(both, heads) for heads in range(max(one, other), both + 1))
    return min(1.0, float(2 * at_least / 2**both))


def count_z(now: int, before: int) -> float:
    """Standard errors between two Poisson counts."""
    return (now - before) / sqrt(now + before) if now + before else 0.0


def net_sentiment(labels: Labels) -> Rate:
    """(positive - negative) / (positive + neutral + negative), and that n. Unscored posts are in neither."""
    n = labels.scored
    return Rate(round((labels.positive - labels.negative) / n, 6) if n else None, n)


def net_change(now: Labels, like_now: Labels | None, like_before: Labels | None, mode: Mode) -> RateChange:
    """Net sentiment and whether it moved: two means of +1, 0 and -1, and the standard error between them."""
    without = _not_compared(mode)
    if without or like_now is None or like_before is None:
        return RateChange(net_sentiment(now), None, None, None, None, without or "different")
    return _rate_change(
        net_sentiment(now),
        net_sentiment(like_now),
        net_sentiment(like_before),
        sqrt(_net_variance(like_now) + _net_variance(like_before)),
    )


def share_change(
    now: tuple[int, int], like_now: tuple[int, int] | None, like_before: tuple[int, int] | None, mode: Mode
) -> RateChange:
    """A share (part, whole) and whether it moved: two proportions, after Agresti & Caffo (2000)."""
    without = _not_compared(mode)
    if without or like_now is None or like_before is None:
        return RateChange(_share(*now), None, None, None, None, without or "different")
    error = sqrt(_share_variance(*like_now) + _share_variance(*like_before))
    return _rate_change(_share(*now), _share(*like_now), _share(*like_before), error)


def _rate_change(now: Rate, like_now: Rate, like_before: Rate, error: float) -> RateChange:
    if like_now.value is None or like_before.value is None or min(like_now.n or 0, like_before.n or 0) < ENOUGH:
        return RateChange(now, like_now, like_before, None, None, "few")
    difference = like_now.value - like_before.value
    verdict: Verdict = "steady" if abs(difference) < CLEAR * error else "up" if difference > 0 else "down"
    return RateChange(now, like_now, like_before, round(difference * 100, 4), round(error * 100, 4), verdict)


def _not_compared(mode: Mode) -> Verdict | None:
    if mode == "first":
        return "first"
    return "different" if mode == "none" else None


def _share(part: int, whole: int) -> Rate:
    return Rate(round(part / whole, 6) if whole else None, whole)


def _share_variance(part: int, whole: int) -> float:
    """Of one share, with one post added to each side so that 0 of 12 is not certain."""
    smoothed = (part + 1) / (whole + 2)
    return smoothed * (1 - smoothed) / (whole + 2)


def _net_variance(labels: Labels) -> float:
    """Of net sentiment, with one post added to each label so that 12 of 12 is not certain."""
    n = labels.scored + 3
    positive, negative = (labels.positive + 1) / n, (labels.negative + 1) / n
    return (positive + negative - (positive - negative) ** 2) / n
