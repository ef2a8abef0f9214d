"""How people label: post by post on a terminal, or in a spreadsheet. An answer is on disk before the next question."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from connectors.contract import SourceError
from connectors.files.formats import read_rows
from pipelines.errors import InputError
from pipelines.people.labels import (
    ACCOUNT,
    LONGEST,
    QUESTIONS,
    SEPARATOR,
    TEXT,
    TOPIC,
    Label,
    Question,
    add,
    latest,
    meant,
    read,
    target_of,
)
from pipelines.people.sampling import Known, Post, known
from pipelines.people.topics import MOST_SHOWN, Topics
from pipelines.store.home import Home, whole_file
from pipelines.terminal import harmless

LONGEST_SHOWN = 2000
"""Characters of a text that a terminal shows; what a post is about stands at the start."""
MOST_DIGITS = 9
"""Up to so many choices each is one key."""
TAKE_BACK = "-"
"""What a cell says to take an earlier answer back."""
SHOWN = ("mention_id", "source", "lang", "created_at", "url", "title", "text")
"""Columns of the file that say what is asked about."""

Ask = Callable[[Question], str | None]
"""What the person says to a question: a key or words; None at the end of the input."""
Clock = Callable[[], datetime]


def person(name: str) -> str:
    """A name that labels can stand under. `InputError` where it can't be one."""
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST or not plain.isprintable():
        raise InputError(f"--by {name!r:.100}: expected a name on one line, of at most {LONGEST} characters.")
    return plain


def _meant(task: str, words: str, topics: Topics) -> str:
    """The answer that words stand for; `InputError` says what was expected."""
    return topics.meant(words) if task == TOPIC else meant(task, words)


# On a terminal -----------------------------------------------------------------------------------------


@dataclass
class Session:
    """One person at a terminal, with a home to keep the answers in."""

    home: Home
    person: str
    tasks: tuple[str, ...]
    target: str
    ask: Ask
    console: Console
    now: Clock
    topics: Topics = field(default_factory=Topics)
    answered: int = 0
    _said: dict[tuple[str, str], str] = field(default_factory=dict)

    def label(self, posts: Sequence[Post]) -> int:
        """Ask about each post until there is none left or the person has enough; the number of answers kept."""
        labels = latest(read(self.home))
        for (mention_id, task, target, who), label in labels.items():
            if who == self.person and target == target_of(task, self.target):
                self._said[mention_id, task] = label.value or ""
        steps = [(number, post, task) for number, post in enumerate(posts, start=1) for task in self.tasks]
        place, shown = 0, 0
        while place < len(steps):
            number, post, task = steps[place]
            if shown != number:
                self._show(post, f"{number} of {len(posts)}")
                shown = number
            words = self._ask(post, task)
            command = words and words.strip().casefold()
            if words is None or command in ("q", "quit"):
                break
            if command == "?" and task == TOPIC:
                self._list_topics()
                continue
            if command in ("b", "back"):
                place = max(place - 1, 0)
            elif command in ("s", "skip") or self._keep(post, task, words.strip()):
                place += 1
        return self.answered

    def _show(self, post: Post, where: str) -> None:
        told = [where, post.source, post.community, post.lang, f"{post.created_at:%Y-%m-%d %H:%M}", post.author]
        self.console.print()
        self.console.print(Rule(Text(harmless(" · ".join(filter(None, told)))), align="left"))
        if post.title:
            self.console.print(Text(harmless(post.title), style="bold"))
        if post.text:
            cut = post.text[:LONGEST_SHOWN]
            self.console.print(Text(harmless(cut) + (" …" if cut != post.text else "")))
        if post.url:
            self.console.print(Text(harmless(post.url), style="dim"))

    def _ask(self, post: Post, task: str) -> str | None:
        question = QUESTIONS[task]
        about = target_of(task, self.target)
        asks = question.asks if about == TEXT else f"{question.asks[:-1]} about {about}?"
        options = [f"{number} {choice}" for number, choice in enumerate(question.choices, start=1)]
        options += ["id or name of a topic, or your own words", "? lists topics"] if task == TOPIC else []
        options += [f"0 {question.nothing}"] if question.nothing else []
        options += ["s skip", "b back", "q quit"]
        line = Text(f"{asks}  ", style="bold").append(" · ".join(options), style="not bold")
        if (said := self._said.get((post.mention_id, task))) is not None:
            line.append(f"  (you said {said}; x takes it back)", style="not bold dim")
        self.console.print(line)
        return self.ask(question)

    def _list_topics(self) -> None:
        for topic_id, name in list(self.topics.names.items())[:MOST_SHOWN]:
            self.console.print(Text(harmless(f"  {topic_id}  {name}")))
        if not self.topics.names:
            self.console.print(Text("  No topic has been found yet.", style="dim"))

    def _keep(self, post: Post, task: str, words: str) -> bool:
        """Whether the words were an answer."""
        value = None
        if words.casefold() not in ("x", TAKE_BACK):
            try:
                value = _meant(task, _with_names(QUESTIONS[task], words), self.topics)
            except InputError as error:
                self.console.print(Text(harmless(str(error)), style="red"))
                return False
        add(self.home, [Label(post.mention_id, task, target_of(task, self.target), self.person, self.now(), value)])
        self.answered += 1
        self.console.print(Text(f"  {value or 'taken back'}", style="green"))
        if value is None:
            self._said.pop((post.mention_id, task), None)
        else:
            self._said[post.mention_id, task] = value
        return True


def _with_names(question: Question, words: str) -> str:
    """Choices in place of their numbers: `13` and `1 3` are the first and the third."""
    if not question.choices:
        return question.nothing if words == "0" and question.nothing else words
    names = dict(enumerate(question.choices, start=1)) | ({0: question.nothing} if question.nothing else {})
    parts = words.replace(",", " ").replace("|", " ").split()
    if question.takes_several and len(question.choices) <= MOST_DIGITS:
        parts = [letter for part in parts for letter in (part if part.isdecimal() else [part])]
    return SEPARATOR.join(names.get(int(part), part) if part.isdecimal() else part for part in parts)


# In a spreadsheet --------------------------------------------------------------------------------------


def write_sample(path: Path, posts: Sequence[Post], tasks: Sequence[str], target: str) -> None:
    """The posts as CSV with an empty column for each question; cells that look like formulas are defused.

    `InputError` where the file is there already: it may hold answers that nobody has read back.
    """
    if path.exists():
        raise InputError(f"--out {path}: it is there already, and may be filled in. Give another name, or remove it.")
    with whole_file(path) as making, making.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*SHOWN, "target", *tasks])
        for post in posts:
            cells = [getattr(post, name) for name in SHOWN]
            writer.writerow([*map(_defused, cells), _defused(target), *("" for _ in tasks)])


def _defused(value: Any) -> str:
    """A cell that a spreadsheet won't run (OWASP, "CSV Injection"), as `earshot export` writes it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


@dataclass(frozen=True)
class Import:
    """What came of reading a filled-in file."""

    kept: int
    unchanged: int
    """Answers that the person had given already."""
    bad: tuple[str, ...]
    """Lines that can't be read, and why."""


def read_answers(home: Home, path: Path, by: str, at: datetime) -> Import:
    """Keep the answers of a filled-in CSV (also JSON Lines or Parquet): what is good of it, at once.

    Empty cells say nothing. `InputError` where the file has no column of answers, or can't be read at all.
    """
    there = known(home)
    held = latest(read(home))
    bad: list[str] = []
    given: dict[tuple[str, str, str, str], Label] = {}
    try:
        for number, row in read_rows(path, "utf-8", _delimiter(path), lambda names: _check_columns(path, names)):
            where = f"line {number}" if path.suffix.casefold() == ".csv" else f"row {number}"
            if isinstance(row, str):
                bad.append(f"{where}: {row:.200}")
                continue
            for found in _answers(row, by, at, there):
                if isinstance(found, str):
                    bad.append(f"{where}: {found}")
                else:
                    given[found[:4]] = found
    except SourceError as error:
        raise InputError(str(error)) from error
    new = [label for key, label in given.items() if label.value != (held[key].value if key in held else None)]
    add(home, new)
    return Import(len(new), len(given) - len(new), tuple(bad))


def _delimiter(path: Path) -> str:
    """Comma, semicolon or tab, whichever the line of names has: spreadsheets write what their country is used to."""
    try:
        with path.open("rb") as file:
            names = file.readline(100_000).decode("utf-8-sig", "replace")
    except OSError:
        return ","
    return max(",;\t", key=names.count)


def _check_columns(path: Path, names: list[str]) -> None:
    if "mention_id" not in names or not set(names) & set(QUESTIONS):
        raise InputError(
            f"{path.name} has the columns {', '.join(f'{name!r:.40}' for name in names[:20])}. Expected mention_id and "
            f"at least one of {', '.join(QUESTIONS)}, as `earshot label --out FILE.csv` writes them."
        )


def _answers(row: dict[str, Any], by: str, at: datetime, there: Known) -> list[Label | str]:
    """The answers in a row, and why one is none."""
    cells = {name: str(value).strip() for name, value in row.items() if value is not None and value == value}
    answered = [task for task in QUESTIONS if cells.get(task)]
    if not answered:
        return []
    mention_id, target = cells.get("mention_id", ""), (cells.get("target") or TEXT).removeprefix("'")
    if target not in there.targets:
        brands = ", ".join(sorted(there.targets - {TEXT}))
        return [f"target {target!r:.100} is none; expected {TEXT}, or a brand: {brands}"]
    try:
        who = person(cells.get("labelled_by") or by)
    except InputError as error:
        return [str(error).replace("--by", "labelled_by", 1)]
    found: list[Label | str] = []
    for task in answered:
        if mention_id not in (there.accounts if task == ACCOUNT else there.mentions):
            what = "account" if task == ACCOUNT else "mention"
            found.append(f"there is no {what} {mention_id!r:.100}; expected one of the sample, left as it was")
            break
        try:
            value = None if cells[task] == TAKE_BACK else _meant(task, cells[task], there.topics)
            found.append(Label(mention_id, task, target_of(task, target), who, at, value))
        except InputError as error:
            found.append(str(error))
    return found
