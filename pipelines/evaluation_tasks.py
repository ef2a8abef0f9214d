"""What can be measured: for each task its labels, and the engines that answer it as enrich and discover run them.

A new task is an entry of `TASKS`, a new engine one of its `engines`.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import duckdb
import pyarrow as pa

from pipelines import duplicates
from pipelines.enrich import Lens
from pipelines.warehouse import create_tables
from reading import language, sentiment


class Example(NamedTuple):
    """What an engine gets to read: a text, or a pair of texts; the language only in tasks that read it."""

    text: str | None
    other: str | None = None
    lang: str | None = None


class Answers(NamedTuple):
    """For each example the answer, and why there is none where there is none."""

    labels: list[str | None]
    reasons: list[str | None]


class Engine(NamedTuple):
    """Something that answers examples."""

    name: str
    version: Callable[[Lens], str]
    answer: Callable[[Sequence[Example], Lens], Answers]
    confidences: Callable[[Sequence[Example], Answers, Lens], list[float | None]] | None = None
    """How sure it is of each answer, 0 … 1, and None where it gives none; no engine has to know."""


class Task(NamedTuple):
    """A question that labels answer."""

    expected: str
    """Which labels are understood, for messages."""
    classes: Callable[[set[str]], dict[str, str]]
    """The class of each of a file's labels that is understood; all are given, as some tell only beside others."""
    engines: tuple[Engine, ...]
    """The first is the one that enrich or discover runs."""
    order: tuple[str, ...] = ()
    """How classes are listed, where it is not by name."""
    reads_language: bool = False
    takes_pairs: bool = False


# Sentiment ---------------------------------------------------------------------------------------------

_MOODS = {
    "positive": ("positive", "pos", "+"),
    "neutral": ("neutral", "neu"),
    "negative": ("negative", "neg", "-"),
}
_SIGNS = {"1": "positive", "+1": "positive", "0": "neutral", "-1": "negative"}


def _moods(found: set[str]) -> dict[str, str]:
    """Words in common spellings; numbers only beside a -1, as 0 and 1 stand for other things in other files."""
    known = _spelled(found, _MOODS)
    signs = {label: _SIGNS[number] for label in found if (number := label.removesuffix(".0")) in _SIGNS}
    return known | signs if "negative" in signs.values() else known


def _spelled(found: set[str], spellings: dict[str, tuple[str, ...]]) -> dict[str, str]:
    by_spelling = {spelling: meant for meant, written in spellings.items() for spelling in written}
    return {label: by_spelling[label.casefold()] for label in found if label.casefold() in by_spelling}


def _vader(examples: Sequence[Example], lens: Lens) -> Answers:
    scores = [sentiment.score(example.text, example.lang, lens.lexicon) for example in examples]
    return Answers([score.label for score in scores], [score.reason for score in scores])


def _vader_version(lens: Lens) -> str:
    return sentiment.version_with(lens.lexicon)[1]


# Language ----------------------------------------------------------------------------------------------


def _codes(found: set[str]) -> dict[str, str]:
    """`en` for en, EN, en-GB and en_GB."""
    codes = {label: re.fullmatch(r"([a-z]{2,3})([-_][a-z0-9]+)*", label.casefold()) for label in found}
    return {label: code[1] for label, code in codes.items() if code and code[1] not in ("und", "zxx", "mul")}


def _py3langid(examples: Sequence[Example], lens: Lens) -> Answers:
    texts = [example.text or "" for example in examples]
    told = [lang for lang, _ in language.detector(lens.languages).detect(texts)]
    return Answers(told, [None if lang else _untold(text) for lang, text in zip(told, texts, strict=True)])


def _untold(text: str) -> str:
    if not text.strip():
        return "no-text"
    return "uncertain" if sum(map(language.has_letters, language.prose(text))) >= 3 else "too-short"


def _py3langid_confidences(examples: Sequence[Example], answers: Answers, lens: Lens) -> list[float | None]:
    detector = language.detector(lens.languages)
    return [
        float(detector.classify(language.prose(example.text))[1]) if lang and example.text else None
        for example, lang in zip(examples, answers.labels, strict=True)
    ]


# Duplicates --------------------------------------------------------------------------------------------

_SAME = {
    "duplicate": ("duplicate", "duplicates", "dup", "same", "true", "yes", "1"),
    "different": ("different", "distinct", "not_duplicate", "false", "no", "0"),
}


def _minhash(examples: Sequence[Example], lens: Lens) -> Answers:  # noqa: ARG001
    """Whether both texts of each pair end in one cluster, among all texts of the file."""
    pairs = [pair for pair, _ in enumerate(examples) for _ in range(2)]
    texts = [text for example in examples for text in example[:2]]
    mentions = pa.table({"pair": pairs, "side": [0, 1] * len(examples), "text": pa.array(texts, pa.string())})
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        create_tables(connection)
        connection.register("given", mentions)
        connection.execute(_AS_MENTIONS)
        duplicates.find_duplicates(connection)
        found = connection.execute(_TOGETHER, {"fewest": duplicates.FEWEST_WORDS_NEAR}).fetchall()
    labels: list[str | None] = []
    reasons: list[str | None] = []
    for example, (are_together, are_long) in zip(examples, found, strict=True):
        labels.append("duplicate" if are_together else "different" if are_long else None)
        reasons.append(None if labels[-1] else _unlike(example))
    return Answers(labels, reasons)


def _unlike(example: Example) -> str:
    if all(text and text.strip() for text in example[:2]):
        return f"fewer-than-{duplicates.FEWEST_WORDS_NEAR}-words"
    return "no-text"


_AS_MENTIONS = """
insert into core.mentions by name
select
    pair || ':' || side as mention_id,
    'file' as network,
    'file' as source,
    'post' as kind,
    text,
    timestamp '2000-01-01' as created_at,
    timestamp '2000-01-01' as first_seen_at,
    timestamp '2000-01-01' as last_seen_at
from given
"""

# Texts with too few words are not compared with what is only nearly like them: nobody knows whether those are alike.
_TOGETHER = """
with
told as (
    select
        given.pair,
        duplicates.cluster_id,
        len(string_split(distinct_words.words, ' ')) >= $fewest as is_long
    from given
    left join core.duplicates as duplicates on given.pair || ':' || given.side = duplicates.mention_id
    left join distinct_words on given.pair || ':' || given.side = distinct_words.mention_id
)
select
    count(cluster_id) = 2 and min(cluster_id) = max(cluster_id) as are_together,
    coalesce(count_if(is_long) = 2, false) as are_long
from told
group by pair
order by pair
"""


TASKS = {
    "sentiment": Task(
        expected="positive, neutral and negative, or pos, neu and neg, or 1, 0 and -1",
        classes=_moods,
        engines=(Engine("vader", _vader_version, _vader),),
        order=("positive", "neutral", "negative"),
        reads_language=True,
    ),
    "language": Task(
        expected="ISO 639 codes such as en or pt-BR",
        classes=_codes,
        engines=(Engine("py3langid", lambda _: language.ENGINE, _py3langid, _py3langid_confidences),),
    ),
    "duplicates": Task(
        expected="duplicate and different, or 1 and 0",
        classes=lambda found: _spelled(found, _SAME),
        engines=(Engine("minhash", lambda _: duplicates.ENGINE_VERSION, _minhash),),
        order=("duplicate", "different"),
        takes_pairs=True,
    ),
}
"""What `earshot evaluate` measures, by the name of the task."""
