"""What can be measured: for each task its labels, and the engines that answer it as enrich and discover run them.

A new task is an entry of `TASKS`, a new engine one of its `engines`; those that read sentiment are the config's.
"""

import re
from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.discover import duplicates
from pipelines.enrich.lens import Lens
from pipelines.errors import InputError
from pipelines.evaluation import tones
from pipelines.evaluation.task import Answers, Engine, Example, Task
from pipelines.store.statements import statements
from pipelines.store.warehouse import create_tables
from reading import engines, intent, language, sentiment, transformers
from reading.moderation import abuse, spam
from reading.moderation.reader import moderator
from reading.tokens import tokenize

SQL = statements(__file__)

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


def _reading_sentiment(name: str) -> Engine:
    """One of the engines that the config may name."""

    def made(lens: Lens) -> sentiment.Engine:
        if name == transformers.ENGINE and not any(model.purpose == "sentiment" for model in lens.classifiers):
            raise InputError(
                f"{name}: there is no model to measure. Give a config with -c that has a [[transformers]] section with "
                'purpose = "sentiment".'
            )
        return engines.engine(name, lens.lexicon, lens.classifiers)

    def answer(examples: Sequence[Example], lens: Lens) -> Answers:
        texts, langs = [example.text for example in examples], [example.lang for example in examples]
        engine = made(lens)
        scores = sentiment.read(texts, langs, lambda _: engine)
        sure = [score.confidence for score in scores]
        knows = any(confidence is not None for confidence in sure)
        return Answers([score.label for score in scores], [score.reason for score in scores], sure if knows else None)

    return Engine(name, lambda lens: made(lens).version, answer)


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


# Intent ------------------------------------------------------------------------------------------------

_INTENTS = {
    "bug_report": ("bug_report", "bug", "bugs", "bugreport", "defect", "fault", "crash"),
    "churn_risk": ("churn_risk", "churn", "cancellation", "cancel"),
    "complaint": ("complaint", "complain", "complaints", "grievance"),
    "other": ("other", "others", "none", "rest", "misc", "no_intent", "irrelevant"),
    "praise": ("praise", "compliment", "thanks", "appreciation", "kudos"),
    "purchase_intent": ("purchase_intent", "purchase", "buy", "buying", "purchase_intention"),
    "question": ("question", "questions", "inquiry", "enquiry", "support", "help"),
    "request": (
        "request",
        "feature_request",
        "feature",
        "features",
        "enhancement",
        "suggestion",
        "feature_suggestion",
        "improvement",
    ),
    "spam": ("spam", "advert", "advertisement", "promotion"),
    "story": ("story", "stories", "experience", "narrative"),
}


def _intents(found: set[str]) -> dict[str, str]:
    """Words in common spellings, with spaces and dashes as they come."""
    plain = {label: "_".join(label.replace("-", " ").replace("_", " ").split()) for label in found}
    known = _spelled(set(plain.values()), _INTENTS)
    return {label: known[spelled] for label, spelled in plain.items() if spelled in known}


def _likely_intents(examples: Sequence[Example], lens: Lens) -> tuple[np.ndarray, np.ndarray]:
    """The probability of each class that the file has for each example, and which examples can be read."""
    learned = intent.model(lens.models)
    tokens = tokenize([example.text or "" for example in examples])
    is_readable = intent.readable(tokens, [example.lang for example in examples], learned)
    likely = intent.probabilities(tokens, learned)
    columns = [intent.INTENTS.index(name) for name in _wants(examples)]
    return likely[:, columns], is_readable


def _wants(examples: Sequence[Example]) -> list[str]:
    return [name for name in (examples[0].among if examples else ()) if name != intent.OTHER]


def _seeds(examples: Sequence[Example], lens: Lens) -> Answers:
    """The likeliest of the file's classes. Where one of them is `other`, that is all that is none of the rest."""
    wants, (likely, is_readable) = _wants(examples), _likely_intents(examples, lens)
    has_other = bool(examples) and intent.OTHER in examples[0].among
    labels: list[str | None] = []
    for chances, read in zip(likely, is_readable, strict=True):
        best = int(chances.argmax()) if wants else None
        if not read:
            labels.append(None)
        elif best is None or (has_other and chances[best] < intent.THRESHOLDS[wants[best]]):
            labels.append(intent.OTHER)
        else:
            labels.append(wants[best])
    reasons = [None if label else _unread(example) for label, example in zip(labels, examples, strict=True)]
    return Answers(labels, reasons)


def _unread(example: Example) -> str:
    if not example.text or not any(map(str.isalpha, example.text)) or example.lang in intent.LANGUAGES:
        return "no-text"  # nothing but links, names or numbers
    return f"language:{example.lang}" if example.lang else "unknown-language"


def _seeds_confidences(examples: Sequence[Example], answers: Answers, lens: Lens) -> list[float | None]:
    """The probability of the answer, among those of the file's classes where none of them is `other`."""
    wants, (likely, _) = _wants(examples), _likely_intents(examples, lens)
    sure: list[float | None] = []
    for label, chances in zip(answers.labels, likely, strict=True):
        most = float(chances.max(initial=0.0))
        if label is None or intent.OTHER in examples[0].among:
            sure.append(None if label is None else 1 - most if label == intent.OTHER else most)
        else:
            sure.append(float(chances[wants.index(label)] / max(float(chances.sum()), 1e-9)))
    return sure


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
        connection.execute(SQL["as_mentions"])
        duplicates.find_duplicates(connection)
        found = connection.execute(SQL["together"]).fetchall()
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


# Moderation and spam -----------------------------------------------------------------------------------

_MANNERS = {
    "offensive": ("offensive", "off", "abusive", "abuse", "toxic", "insult", "profanity", "hate", "hateful", "1"),
    "acceptable": (
        *("acceptable", "not-offensive", "not_offensive", "non-offensive", "inoffensive", "not", "neither", "none"),
        *("normal", "clean", "ok", "non-toxic", "not-toxic", "0"),
    ),
}
_SPAM = {
    "spam": ("spam", "scam", "promotion", "true", "yes", "1"),
    "ham": ("ham", "not-spam", "not_spam", "legit", "legitimate", "normal", "false", "no", "0"),
}


def _spam_or_ham(examples: Sequence[Example], lens: Lens) -> Answers:
    """Spam where enrich raises one of its flags, the milder promotion among them."""
    reader = moderator(lens.domains)
    labels: list[str | None] = []
    for example in examples:
        text = (example.text or "").strip()
        is_spam = any(flag.flag in spam.FLAGS for flag in reader.read(text, example.lang))
        labels.append(("spam" if is_spam else "ham") if text else None)
    return Answers(labels, [None if label else "no-text" for label in labels])


def _moderated(examples: Sequence[Example], lens: Lens) -> Answers:
    reader = moderator(lens.domains)
    labels: list[str | None] = []
    for example in examples:
        text = (example.text or "").strip()
        offends = reader.offensive(text, example.lang) >= abuse.OFFENSIVE_FROM
        labels.append(("offensive" if offends else "acceptable") if text else None)
    return Answers(labels, [None if label else "no-text" for label in labels])


def _moderation_version(lens: Lens) -> str:
    return moderator(lens.domains).engine("insult")[1]


def _spam_version(lens: Lens) -> str:
    return moderator(lens.domains).engine("spam")[1]


TASKS = {
    "sentiment": Task(
        expected="positive, neutral and negative, or pos, neu and neg, or 1, 0 and -1",
        classes=_moods,
        engines=tuple(map(_reading_sentiment, engines.ENGINES)),
        order=("positive", "neutral", "negative"),
        reads_language=True,
    ),
    "language": Task(
        expected="ISO 639 codes such as en or pt-BR",
        classes=_codes,
        engines=(Engine("py3langid", lambda _: language.ENGINE, _py3langid, _py3langid_confidences),),
    ),
    "moderation": Task(
        expected="offensive and not-offensive, or 1 and 0",
        classes=lambda found: _spelled(found, _MANNERS),
        engines=(Engine("words", _moderation_version, _moderated),),
        order=("offensive", "acceptable"),
        reads_language=True,
    ),
    "spam": Task(
        expected="spam and ham, or 1 and 0",
        classes=lambda found: _spelled(found, _SPAM),
        engines=(Engine("signs", _spam_version, _spam_or_ham),),
        order=("spam", "ham"),
    ),
    "intent": Task(
        expected=", ".join(intent.INTENTS) + ", or common spellings such as bug and feature",
        classes=_intents,
        engines=(Engine(intent.ENGINE, lambda _: intent.engine_version(), _seeds, _seeds_confidences),),
        reads_language=True,
        answers_among=True,
    ),
    "tones": Task(
        expected="irony, offensive, names of emotions such as joy, or none",
        classes=tones.classes,
        engines=(Engine("transformers", tones.version, tones.answer, tones.confidences),),
        reads_language=True,
        answers_among=True,
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
