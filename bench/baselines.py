"""Simpler engines and others' tools that stand beside Earshot's; those that are not installed are told so.

Rules are plain ones that anybody would write in an afternoon, and know nothing of the labelled sets.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from pipelines.enrich.lens import Lens
from pipelines.evaluation.task import Answers, Engine, Example
from reading import sentiment
from reading.language import prose

NORWEGIAN = {"nb": "no", "nn": "no"}


def installed(package: str) -> str | None:
    """The version of a package; None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def baselines(task: str) -> list[Engine]:
    """The engines beside ours that can run here."""
    return [engine for engine, package in _BASELINES.get(task, ()) if package is None or installed(package)]


def missing(task: str) -> list[str]:
    """Those that are not installed."""
    return [engine.name for engine, package in _BASELINES.get(task, ()) if package and not installed(package)]


def _of_texts(name: str, answer: Callable[[str], str], package: str | None = None) -> tuple[Engine, str | None]:
    """An engine that says something of every text, one by one, and the package that it needs."""

    def answers(examples: Sequence[Example], lens: Lens) -> Answers:  # noqa: ARG001
        return Answers([answer(example.text or "") for example in examples], [None] * len(examples))

    return Engine(name, lambda _: (package and installed(package)) or "1", answers), package


# Sentiment ---------------------------------------------------------------------------------------------


def _plain_vader(text: str) -> str:
    return sentiment.label(_vader_analyzer().polarity_scores(text)["compound"])


@lru_cache(maxsize=1)
def _vader_analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def _textblob(text: str) -> str:
    from textblob import TextBlob

    return sentiment.label(TextBlob(text).sentiment.polarity)


def _afinn(text: str) -> str:
    score = _afinn_list().score(text)
    return "positive" if score > 0 else "negative" if score < 0 else "neutral"


@lru_cache(maxsize=1)
def _afinn_list() -> Any:
    from afinn import Afinn

    return Afinn(emoticons=True)


# Language ----------------------------------------------------------------------------------------------


def _free_langid(text: str) -> str:
    """py3langid's best guess among all that it knows, on the text without links and names."""
    code = str(_identifier().classify(prose(text))[0])
    return NORWEGIAN.get(code, code)


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


# Intent ------------------------------------------------------------------------------------------------

_ASKS = re.compile(
    r"\?|^\W*(?:who|what|where|when|why|which|how|is|are|am|do|does|did|can|could|will|would|should|has|have)\b", re.I
)
_BUG = re.compile(
    r"\b(?:bugs?|crash\w*|errors?|fail\w*|broken|freez\w+|doesn'?t work|not working|stopped working|fix)\b", re.I
)
_WISH = re.compile(
    r"\b(?:add|adding|support|feature|wish|would like|would be (?:nice|great)|please make|should have|allow)\b", re.I
)


def _intent_words(examples: Sequence[Example], lens: Lens) -> Answers:  # noqa: ARG001
    """A question mark or question word first, else a word of bugs, else one of wishes, among the file's classes."""
    labels: list[str | None] = []
    for example in examples:
        text, among = example.text or "", example.among or ()
        found = [("bug_report", _BUG), ("request", _WISH), ("question", _ASKS)]
        told = [name for name, pattern in found if name in among and pattern.search(text)]
        labels.append(told[0] if told else "other" if "other" in among else sorted(among)[-1] if among else None)
    return Answers(labels, [None] * len(labels))


# Moderation and spam -----------------------------------------------------------------------------------


def _profanity_check(examples: Sequence[Example], lens: Lens) -> Answers:  # noqa: ARG001
    from profanity_check import predict

    told = predict([example.text or "" for example in examples])
    return Answers(["offensive" if is_so else "acceptable" for is_so in told], [None] * len(examples))


_SPAM = re.compile(
    r"https?:|www\.|\.com\b|\b(?:subscribe|check out|my channel|free|win|winner|prize|cash|claim|call now|txt|click)\b"
    r"|£\d|\d{5}",
    re.I,
)


def _spam_words(text: str) -> str:
    return "spam" if _SPAM.search(text) else "ham"


_BASELINES: dict[str, tuple[tuple[Engine, str | None], ...]] = {
    "sentiment": (
        _of_texts("plain VADER", _plain_vader),
        _of_texts("TextBlob", _textblob, "textblob"),
        _of_texts("AFINN", _afinn, "afinn"),
    ),
    "language": (_of_texts("py3langid, unlimited", _free_langid),),
    "intent": ((Engine("rules on words", lambda _: "1", _intent_words), None),),
    "moderation": (
        (
            Engine("alt-profanity-check", lambda _: installed("alt-profanity-check") or "", _profanity_check),
            "alt-profanity-check",
        ),
    ),
    "spam": (_of_texts("a rule on words", _spam_words),),
}
