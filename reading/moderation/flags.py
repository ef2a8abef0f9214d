"""A flag on a post: what it may be, how much it matters, how likely it is, and by which words."""

from collections.abc import Iterable
from math import prod
from typing import Literal, NamedTuple

Severity = Literal["low", "medium", "high"]
SEVERITIES: dict[Severity, str] = {
    "low": "unwelcome in some places, and nobody is hurt by it: look when there is time",
    "medium": "aimed at a person, or harms those who read it: look at it today",
    "high": "somebody may come to harm: look at it now",
}
"""What each severity means, the mildest first."""
LEAST = 0.5
"""A flag less likely than this is not raised."""
LONGEST_EVIDENCE = 200


class Flag(NamedTuple):
    """Something that a person should look at; never a verdict, and nothing is hidden or deleted by it."""

    flag: str
    severity: Severity
    probability: float
    """0 … 1, by the weights that people gave the words."""
    evidence: str
    """The words or signs that speak for it, separated by ` | `; personal data stand in it masked."""


def at_least_one(probabilities: Iterable[float]) -> float:
    """How likely it is that one of several independent signs is right (noisy or)."""
    return 1.0 - prod(1.0 - probability for probability in probabilities)


def listed(signs: Iterable[str]) -> str:
    """Signs as evidence: each once, in the order of the text, and no more than a line of them."""
    told = " | ".join(dict.fromkeys(signs))
    return told if len(told) <= LONGEST_EVIDENCE else f"{told[: LONGEST_EVIDENCE - 1]}…"
