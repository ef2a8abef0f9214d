"""Learn: train engines on this home's labels, and let them take over where they are better than what read before.

The same labels of the same posts give the same models, the same figures and the same decisions.
"""

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

from pipelines.config.settings import Config
from pipelines.enrich.learned import manifest_path
from pipelines.learn import intents, sentiment
from pipelines.learn.decisions import Decision, Example, Learnt, Made
from pipelines.people import labels as store
from pipelines.people.posts import texts_of
from pipelines.store.home import Home, read_json, write_json
from pipelines.store.published import open_published
from reading.fingerprints import fingerprint
from reading.prose import own_words

WAIT_SECONDS = 600


class _Task(NamedTuple):
    """Something that can be learned."""

    is_label: Callable[[str], bool]
    """Whether something can be learned from an answer."""
    made_with: Callable[[Config], list[object]]
    """What decides, beside the labels and their posts, what is made of them."""
    make: Callable[[Home, Config, list[Example]], Made]
    files: str
    """Pattern of its models' names."""


_TASKS = {
    "sentiment": _Task(sentiment.is_label, sentiment.made_with, sentiment.make, "sentiment-*.npz"),
    "intent": _Task(intents.is_label, intents.made_with, intents.make, "intent-learned-*.npz"),
}


def learn(home: Home, config: Config) -> tuple[Learnt, ...]:
    """Learn each task from its labels, unless that was done from the same ones already; what came of it, by task.

    What was learned before stays where there is no published file to read the labelled posts from.
    """
    with home.only_one("learn", wait_seconds=WAIT_SECONDS):
        return tuple(_learn(home, config, name, task) for name, task in _TASKS.items())


def _learn(home: Home, config: Config, name: str, task: _Task) -> Learnt:
    path = manifest_path(home, name)
    held = read_json(path)
    if home.published.exists():
        examples = _examples(home, _labels(home, name, task))
        made_from = fingerprint([task.made_with(config), examples])
        if held is None and not examples:
            return task.make(home, config, []).learnt
        if held is None or held["fingerprint"] != made_from or not _is_there(home, held):
            made = _manifest(task.make(home, config, examples), made_from)
            write_json(path, made)
            _forget(home, task, made, held)
            held = made
    if held is None:
        return Learnt(name, 0, "there is no published file yet to read the posts from")
    decisions = tuple(Decision(**row) for row in held["sources"])
    return Learnt(**{**held["learnt"], "decisions": decisions})


def _manifest(made: Made, made_from: str) -> dict[str, Any]:
    learnt = asdict(made.learnt)
    sources = learnt.pop("decisions")
    return {"fingerprint": made_from, "model": made.model, "learnt": learnt, "sources": sources}


def _labels(home: Home, name: str, task: _Task) -> dict[str, str]:
    """Mention → what people say of it as a whole."""
    found = store.verdicts(label for label in store.read(home) if label.task == name)
    return {
        mention_id: value
        for (mention_id, _, target), value in found.items()
        if target == store.TEXT and task.is_label(value)
    }


def _examples(home: Home, given: dict[str, str]) -> list[Example]:
    """The labelled posts that are there, by id; of copies the first, so that none is judged by its own copy."""
    with open_published(home) as connection:
        posts = texts_of(connection, given)
    by_words: dict[str, Example] = {}
    for mention_id, (source, lang, text) in posts.items():
        if own := own_words(text).strip():
            example = Example(mention_id, source, lang, text, own, given[mention_id])
            by_words.setdefault(" ".join(own.casefold().split()), example)
    return list(by_words.values())


def _is_there(home: Home, manifest: dict[str, Any]) -> bool:
    """Whether the model that a manifest names lies beside it, undamaged."""
    if manifest["model"] is None:
        return True
    try:
        with zipfile.ZipFile(home.models / manifest["model"]["file"]) as parts:
            return parts.testzip() is None
    except (OSError, zipfile.BadZipFile, zlib.error):
        return False


def _forget(home: Home, task: _Task, made: dict[str, Any], held: dict[str, Any] | None) -> None:
    """Remove models that neither this manifest nor the one before it names: a run that began earlier may read that."""
    kept = {manifest["model"]["file"] for manifest in (made, held) if manifest and manifest["model"]}
    for path in home.models.glob(task.files):
        if path.name not in kept:
            path.unlink(missing_ok=True)
