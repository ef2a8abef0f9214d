"""Labels: what people say of posts. A file in the home is the truth; the warehouse gets a copy with each load.

Nothing in that file is ever changed: who judges again adds a line, and the latest of each person holds.
"""

import json
import logging
import os
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from pipelines.errors import InputError
from pipelines.store import tables
from pipelines.store.arrow import arrow_schema
from pipelines.store.home import Home

log = logging.getLogger(__name__)
TEXT = "text"
"""The target of a label that is about the whole post."""
SEPARATOR = " | "
LONGEST = 80
"""Characters of a topic or of a person's name."""
WAIT_SECONDS = 30


GUIDELINE = r"guideline:[a-z0-9][a-z0-9_-]{0,39}"
"""A rule of the community, by its id in the config."""


class Question(NamedTuple):
    """What is asked of a post, and what may be answered."""

    asks: str
    choices: tuple[str, ...] = ()
    """Empty: any words."""
    nothing: str | None = None
    """The answer that none of them holds; None where one always does."""
    also: str = ""
    """Pattern of other choices, which the config names."""

    @property
    def takes_several(self) -> bool:
        """Whether any number of choices may hold."""
        return bool(self.choices) and self.nothing is not None

    @property
    def expected(self) -> str:
        """What may be answered, for messages."""
        if not self.choices:
            others = f"; or {self.nothing}" if self.nothing else ""
            return f"id or name of a topic, or a few words, at most {LONGEST} characters on one line{others}"
        if self.nothing is None:
            return f"one of {', '.join(self.choices)}"
        others = ", guideline:ID" if self.also else ""
        return f"{self.nothing}, or some of {', '.join(self.choices)}{others}, separated by |"


QUESTIONS = {
    "sentiment": Question("How does the writer feel?", ("positive", "neutral", "negative")),
    "intent": Question(
        "What does the writer want?",
        ("bug_report", "churn_risk", "complaint", "praise", "purchase_intent", "question", "request", "story"),
        "none",
    ),
    "topic": Question("What is it about?", nothing="none"),
    "moderation": Question(
        "Does it break the guidelines?",
        (
            *("hate", "insult", "personal-data", "profanity", "promotion"),
            *("scam", "self-harm", "sexual", "spam", "threat"),
        ),
        "fine",
        GUIDELINE,
    ),
    "account": Question("What is this account?", ("bot", "repeater"), "neither"),
}
"""By the name of the task."""
TOPIC = "topic"
ACCOUNT = "account"
"""The task that asks about who writes, not about a post."""


class Label(NamedTuple):
    """One answer of one person, in the order of the columns of `core.labels`."""

    mention_id: str
    """The post; of the task `account` the account."""
    task: str
    target: str
    """`text`, or the id of the brand that the answer is about."""
    labelled_by: str
    labelled_at: datetime
    value: str | None
    """Of several choices all, in alphabetical order; None takes back what was said before."""


Judged = tuple[str, str, str]
"""Mention, task and target."""


def target_of(task: str, target: str) -> str:
    """What an answer is about: only a feeling may be about a brand, all else is about the whole post."""
    return target if task == "sentiment" else TEXT


def meant(task: str, words: str) -> str:
    """The answer that words stand for: whole choices, or as much of one as tells it from the others.

    `InputError` says what was expected.
    """
    question = QUESTIONS[task]
    if not question.choices:
        topic = " ".join(words.split())
        if not topic or len(topic) > LONGEST or not topic.isprintable():
            raise InputError(f"{task}: {words!r:.{LONGEST + 9}} is not {question.expected}.")
        return topic.casefold()
    parts = re.split(r"[|,;\s]+", _joined(question, words)) if question.takes_several else [words.strip()]
    chosen = {_choice(task, question, part) for part in parts if part}
    if not chosen or (question.nothing in chosen and len(chosen) > 1):
        raise InputError(f"{task}: expected {question.expected}; {words!r:.60} is not that.")
    return SEPARATOR.join(sorted(chosen))


def _joined(question: Question, words: str) -> str:
    """The words, with choices of several words as one: `personal data` is `personal-data`."""
    plain = words.casefold()
    for choice in question.choices:
        plain = plain.replace(re.sub("[-_]", " ", choice), choice)
    return plain


def _choice(task: str, question: Question, word: str) -> str:
    choices = [*question.choices, *([question.nothing] if question.nothing else [])]
    if question.also and re.fullmatch(question.also, word.casefold()):
        return word.casefold()
    asked = word.casefold().replace("-", "_")
    named = [choice for choice in choices if choice.replace("-", "_") == asked]
    found = named or [choice for choice in choices if choice.replace("-", "_").startswith(asked)]
    if len(found) != 1 or not asked:
        raise InputError(f"{task}: what is {word!r:.60}? Expected {question.expected}.")
    return found[0]


# The file ----------------------------------------------------------------------------------------------


def add(home: Home, labels: Sequence[Label]) -> None:
    """Put labels on disk for good; several people may do so at once."""
    if not labels:
        return
    lines = "".join(f"{_as_json(label)}\n" for label in labels).encode()
    home.labels.parent.mkdir(parents=True, exist_ok=True)
    with home.only_one("labels", wait_seconds=WAIT_SECONDS), home.labels.open("ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a line that was cut off by a full disk or a dead machine
                lines = b"\n" + lines
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())


def _as_json(label: Label) -> str:
    return json.dumps(label._asdict(), ensure_ascii=False, default=datetime.isoformat)


def read(home: Home) -> list[Label]:
    """Every label that was ever given, the earliest first, each once. Damaged lines are named in the log and left."""
    try:
        lines = home.labels.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found: dict[tuple[object, ...], Label] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        label = _from_json(line)
        if label is None:
            log.warning("%s, line %s is no label; it stays, and is passed over", home.labels, number)
        else:
            found[label[:-1]] = label
    return sorted(found.values(), key=lambda label: (label.labelled_at, label[:4]))


def _from_json(line: bytes) -> Label | None:
    try:
        content = json.loads(line)
        label = Label(**{**content, "labelled_at": datetime.fromisoformat(content["labelled_at"])})
        for word in (label.mention_id, label.task, label.target, label.labelled_by):
            word.encode()  # half a character, which JSON can hold, no table can
        value = None if label.value is None else meant(label.task, label.value)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, InputError):
        return None
    is_sound = all(label[:4]) and label.task in QUESTIONS and label.labelled_at.tzinfo is None
    return label._replace(value=value) if is_sound else None


# What holds --------------------------------------------------------------------------------------------


def latest(labels: Iterable[Label]) -> dict[tuple[str, str, str, str], Label]:
    """What each person says last of each mention, task and target; nothing where that was taken back."""
    held = {label[:4]: label for label in sorted(labels, key=lambda label: label.labelled_at)}
    return {key: label for key, label in held.items() if label.value is not None}


def verdicts(labels: Iterable[Label]) -> dict[Judged, str]:
    """The one answer for each mention, task and target, as `staging.stg_verdicts` has it.

    Most people's answer, among equals the newest. Of several choices each holds by itself where more people say so
    than don't, among equals where the newest answer does.
    """
    given: dict[Judged, list[Label]] = {}
    for label in latest(labels).values():
        given.setdefault(label[:3], []).append(label)
    return {judged: _verdict(QUESTIONS[judged[1]], found) for judged, found in given.items()}


def _verdict(question: Question, labels: list[Label]) -> str:
    if not question.takes_several:
        tally: dict[str, list[datetime]] = {}
        for label in labels:
            tally.setdefault(label.value or "", []).append(label.labelled_at)
        return min(tally, key=lambda value: (-len(tally[value]), -max(tally[value]).timestamp(), value))
    newest = max(label.labelled_at for label in labels)
    said = [(set((label.value or "").split(SEPARATOR)), label.labelled_at == newest) for label in labels]
    holding = []
    for choice in sorted(set().union(*(choices for choices, _ in said)) - {question.nothing}):
        more = 2 * sum(choice in choices for choices, _ in said) - len(said)
        if more > 0 or (more == 0 and any(is_newest and choice in choices for choices, is_newest in said)):
            holding.append(choice)
    return SEPARATOR.join(holding) or question.nothing or ""


# The warehouse -----------------------------------------------------------------------------------------


def load(connection: duckdb.DuckDBPyConnection, home: Home) -> int:
    """Make `core.labels` anew from the file; the number of labels."""
    labels = read(home)
    schema = arrow_schema(tables.labels, [column.name for column in tables.labels.columns])
    rows: list[dict[str, Any]] = [label._asdict() for label in labels]
    connection.register("given_labels", pa.Table.from_pylist(rows, schema=schema))
    connection.execute("delete from core.labels")
    connection.execute("insert into core.labels by name select * from given_labels")
    connection.unregister("given_labels")
    return len(labels)
