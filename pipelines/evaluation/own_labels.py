"""The home's own labels as a labelled file, so that engines are measured on them as on any other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.errors import InputError
from pipelines.evaluation.evaluate import Columns
from pipelines.people.labels import SEPARATOR, TEXT, TOPIC, latest, read
from pipelines.people.posts import texts_of
from pipelines.people.topics import NOWHERE
from pipelines.pull.landing import encode
from pipelines.store.home import Home
from pipelines.store.published import open_published
from reading.moderation import abuse, spam


def _one_intent(answer: str) -> str | None:
    """The intent, where it is one: the engine is asked for the likeliest."""
    return None if SEPARATOR in answer else answer


def _is_abuse(answer: str) -> str:
    return "offensive" if set(answer.split(SEPARATOR)) & set(abuse.OFFENSIVE) else "acceptable"


def _is_spam(answer: str) -> str:
    return "spam" if set(answer.split(SEPARATOR)) & set(spam.FLAGS) else "ham"


def _is_topic(answer: str) -> str | None:
    return None if answer == NOWHERE else answer


MEASURED: dict[str, tuple[str, Callable[[str], str | None]]] = {
    "sentiment": ("sentiment", str),
    "intent": ("intent", _one_intent),
    "moderation": ("moderation", _is_abuse),
    "spam": ("moderation", _is_spam),
    "topics": (TOPIC, _is_topic),
}
"""By measured task: what people are asked, and the label that their answer stands for; None where it is none."""


@contextmanager
def labelled_file(home: Home, task: str) -> Iterator[tuple[Path, Columns]]:
    """A file of the posts that people labelled for a task, a column of labels for each person, for as long as the
    block lasts. `InputError` where nobody has labelled a post that is still there.
    """
    if task not in MEASURED:
        raise InputError(f"--labels: people are not asked for {task}. Expected {', '.join(MEASURED)}.")
    question, says = MEASURED[task]
    given: dict[str, dict[str, str | None]] = {}
    for (mention_id, asked, target, person), label in latest(read(home)).items():
        if asked == question and target == TEXT and label.value:
            given.setdefault(mention_id, {})[f"by {person}"] = says(label.value)
    with open_published(home) as connection:
        posts = texts_of(connection, given)
    if not posts:
        raise InputError(f"Nobody has labelled a post that is there. Run `earshot label --task {question}` first.")
    people = tuple(sorted({column for mention_id in posts for column in given[mention_id]}))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "labels"
        with path.open("wb") as file:
            for mention_id, (source, lang, text) in posts.items():
                row = {"text": text, "source": source, "lang": lang} | dict.fromkeys(people) | given[mention_id]
                file.write(encode(row) + b"\n")
        yield path, Columns("text", people, None, ("source", "lang"))
