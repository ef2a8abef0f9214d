"""How well models of the config's own hear emotion, irony and offence: one of the file's tones in a text, or none."""

import re
from collections.abc import Sequence

from pipelines.enrich.lens import Lens
from pipelines.errors import InputError
from pipelines.evaluation.task import Answers, Example
from reading.transformers import Flag, Model, flagger

NONE = "none"
_SPELLED = {
    "irony": ("irony", "ironic", "sarcasm", "sarcastic"),
    "offensive": ("offensive", "abusive", "toxic"),
    NONE: (
        *("none", "no", "neutral", "other", "no emotion", "not ironic", "non irony", "not irony", "literal"),
        *("not offensive", "non offensive", "acceptable"),
    ),
}


def classes(found: set[str]) -> dict[str, str]:
    """Common spellings of irony, offence and nothing; any other word is an emotion."""
    by_spelling = {spelling: meant for meant, written in _SPELLED.items() for spelling in written}
    plain = {label: " ".join(re.sub("[-_]", " ", label.casefold()).split()) for label in found}
    named = {label: name.removeprefix("emotion:").strip() for label, name in plain.items()}
    return {
        label: by_spelling.get(name) or f"emotion:{name}"
        for label, name in named.items()
        if name in by_spelling or re.fullmatch("[a-z][a-z ]*", name)
    }


def answer(examples: Sequence[Example], lens: Lens) -> Answers:
    """Of each example the likeliest tone among the file's; where none is heard, none, if the file has that."""
    heard = _likeliest(examples, lens)
    languages = _languages(_models(examples, lens))
    labels: list[str | None] = []
    reasons: list[str | None] = []
    for example, tone in zip(examples, heard, strict=True):
        reason = _unread(example, languages)
        if not reason and not tone and NONE not in example.among:
            reason = "uncertain"
        labels.append(None if reason else _plain(tone.flag) if tone else NONE)
        reasons.append(reason)
    return Answers(labels, reasons)


def confidences(examples: Sequence[Example], answers: Answers, lens: Lens) -> list[float | None]:
    """The probability of the tone that was heard; nobody says how sure it is that there is none."""
    heard = _likeliest(examples, lens)
    return [tone.probability if tone and label else None for tone, label in zip(heard, answers.labels, strict=True)]


def version(lens: Lens) -> str:
    """Names and versions of the models."""
    return ", ".join(tones.version for tones in lens.flaggers)


def _likeliest(examples: Sequence[Example], lens: Lens) -> list[Flag | None]:
    texts, langs = [example.text for example in examples], [example.lang for example in examples]
    told = [flagger(model).read(texts, langs) for model in _models(examples, lens)]
    return [
        max(
            (flag for flags in found for flag in flags if _plain(flag.flag) in example.among),
            key=lambda flag: flag.probability,
            default=None,
        )
        for example, *found in zip(examples, *told, strict=True)
    ]


def _models(examples: Sequence[Example], lens: Lens) -> list[Model]:
    """The models that may say one of the file's tones. `InputError` where there is none."""
    among = examples[0].among if examples else ()
    models = [model for model in lens.classifiers if model.purpose != "sentiment"]
    asked = [model for model in models if set(among) & set(_tones(model))]
    if among and not asked:
        told = sorted({tone for model in models for tone in _tones(model)})
        raise InputError(
            f"tones: the labels are {', '.join(among)}, and the config has no model that says any of them"
            + (f"; its models say {', '.join(told)}. " if told else ". ")
            + 'Give a config with -c that has a [[transformers]] section with purpose = "emotion", "irony" or '
            '"offensive", or say with --map what the labels mean.'
        )
    return asked


def _tones(model: Model) -> list[str]:
    prefix = "emotion:" if model.purpose == "emotion" else ""
    return [_plain(f"{prefix}{meaning}") for _, meaning in model.labels if meaning]


def _plain(tone: str) -> str:
    return tone.replace("-", " ")


def _languages(models: Sequence[Model]) -> frozenset[str] | None:
    """What the models read; None where one of them reads every language."""
    if not all(model.languages for model in models):
        return None
    return frozenset(lang for model in models for lang in model.languages)


def _unread(example: Example, languages: frozenset[str] | None) -> str | None:
    if not example.text or example.text.isspace():
        return "no-text"
    if languages is None or example.lang in languages:
        return None
    return f"language:{example.lang}" if example.lang else "unknown-language"
