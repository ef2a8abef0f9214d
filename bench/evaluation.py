"""`make eval`: one table of what the models are worth, beside simpler ones and others' tools, with the goals.

Reads the labelled sets in the folder that EARSHOT_EVAL names (default ../shared/eval) and the posts in the one that
EARSHOT_POSTS names (default ../shared/posts). The sets stay where they are, and nothing that ships learns from them.
Takes some ten minutes on two cores; `python -m bench.evaluation sentiment intent` measures these tasks alone.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
from rich.console import Console

from bench.baselines import NORWEGIAN, baselines, missing
from bench.figures import Figure, table_of
from pipelines.config.settings import EXPECTED_LANGUAGES
from pipelines.enrich.lens import Lens
from pipelines.evaluation.evaluate import Columns, Evaluation, evaluate
from pipelines.evaluation.task import Engine

ROOT = Path(__file__).parents[1]
console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)


class LabelledSet(NamedTuple):
    """A file of labels, how it is to be read, and what is aimed at."""

    task: str
    path: str
    goal: float | None = None
    """Of `measure`."""
    measure: str = "macro-F1"
    language: str | None = None
    """Language that a config would tell of the source."""
    label: str = "label"
    other: str | None = None
    mapping: tuple[tuple[str, str], ...] = ()
    only_expected: bool = False
    """Whether labels that the detector does not choose from are left out."""


_NORWEGIAN = tuple(NORWEGIAN.items())
_CHAT = tuple(
    (act, "other")
    for act in (
        *("statement", "system", "greet", "emotion", "accept", "bye", "emphasis", "continuer", "reject", "yanswer"),
        *("nanswer", "clarify"),
    )
)
SETS = (
    LabelledSet("sentiment", "sentiment/tweeteval_val.parquet", language="en"),
    LabelledSet("sentiment", "sentiment/semeval2013_2016.parquet", language="en"),
    LabelledSet("sentiment", "sentiment/us_airline.parquet", language="en"),
    LabelledSet("sentiment", "sentiment/us_airline.parquet", measure="macro-recall", language="en"),
    LabelledSet("sentiment", "sentiment/senti4sd_stackoverflow.parquet", language="en"),
    LabelledSet("sentiment", "sentiment/goemotions_reddit.parquet", language="en"),
    LabelledSet("sentiment", "sentiment/vader_tweets.parquet", language="en"),
    LabelledSet("sentiment", "sentiment/vader_amazon.parquet", language="en"),
    LabelledSet("sentiment", "sentiment/xlmt_8lang.parquet"),
    LabelledSet("language", "langid/carter_twitterlid_5lang.parquet", measure="accuracy"),
    LabelledSet("language", "langid/lingua_75lang.parquet", measure="accuracy", mapping=_NORWEGIAN, only_expected=True),
    LabelledSet("language", "sentiment/xlmt_8lang.parquet", measure="accuracy", label="lang"),
    LabelledSet(
        "intent",
        "intent/app_reviews_playstore.parquet",
        0.62,
        "macro-F1 of all",
        "en",
        mapping=(("user experience", "other"), ("rating", "other")),
    ),
    LabelledSet("intent", "intent/nlbse24_issues.parquet", 0.58, "macro-F1 of all", "en"),
    LabelledSet(
        "intent",
        "intent/nps_chat_acts.parquet",
        0.90,
        language="en",
        mapping=(("ynquestion", "question"), ("whquestion", "question"), *_CHAT),
    ),
    LabelledSet("moderation", "moderation/tweeteval_offensive.parquet", 0.732, "macro-F1 of all", "en"),
    LabelledSet(
        "moderation",
        "moderation/davidson_hate_offensive.parquet",
        None,
        "macro-F1 of all",
        "en",
        mapping=(("hate", "offensive"), ("neither", "acceptable")),
    ),
    LabelledSet("spam", "moderation/youtube_spam.parquet", 0.913),
    LabelledSet("spam", "moderation/sms_spam.parquet", 0.820),
    LabelledSet("duplicates", "dedup/sts_pairs.parquet", None, "precision", other="text2", mapping=(("close", ""),)),
    LabelledSet("duplicates", "dedup/sts_pairs.parquet", None, "F1", other="text2", mapping=(("close", ""),)),
)


def main(tasks: Sequence[str] = ()) -> int:
    """Print the table. Where the sets are not there, say so: that is no fault."""
    labelled = Path(os.environ.get("EARSHOT_EVAL", ROOT.parent / "shared" / "eval"))
    posts = Path(os.environ.get("EARSHOT_POSTS", ROOT.parent / "shared" / "posts"))
    figures: list[Figure] = []
    for figure in _figures(labelled, posts, set(tasks)):
        console.print(f"[dim]{figure.task}: {figure.on}, {figure.measure}[/]", soft_wrap=True)
        figures.append(figure)
    if not figures:
        console.print(f"No labelled sets in {labelled}: nothing measured. Name their folder with EARSHOT_EVAL.")
        return 0
    console.print(table_of(figures))
    for task in dict.fromkeys(figure.task for figure in figures):
        if not_here := missing(task):
            console.print(f"{task}: not installed, so not beside it: {', '.join(not_here)} (bench/requirements.txt)")
    return 0


def _figures(labelled: Path, posts: Path, tasks: set[str]) -> Iterator[Figure]:
    for one in SETS:
        if (labelled / one.path).is_file() and (not tasks or one.task in tasks):
            yield _of_labels(labelled, one)
    if not any((labelled / one.path).is_file() for one in SETS):
        return
    parts: dict[str, Callable[[Path, Path], Iterator[Figure]]] = {
        "learned": _of_learning,
        "topics": _of_topics,
        "emergence": _of_alarms,
        "duplicates": _of_duplicates,
    }
    for task, part in parts.items():
        if not tasks or task in tasks:
            yield from part(labelled, posts)


# Labelled sets -----------------------------------------------------------------------------------------


def _of_labels(folder: Path, one: LabelledSet) -> Figure:
    ours = _measured(folder, one, None)
    beside = [(engine.name, _score(_measured(folder, one, engine), one)) for engine in baselines(one.task)]
    report = ours.overall
    return Figure(
        one.task,
        Path(one.path).stem + (", expected only" if one.only_expected else ""),
        one.measure,
        _score(ours, one),
        beside,
        one.goal,
        report.n,
        report.answered / report.n,
        ours.texts_per_second,
    )


def _score(found: Evaluation, one: LabelledSet) -> float | None:
    if one.task == "duplicates":
        # pairs are nearly all different: what counts is how the others are found
        (same,) = (figures for figures in found.overall.classes if figures.label == "duplicate")
        return (same.precision if one.measure == "precision" else same.f1).value
    measures = found.overall.over_all if one.measure.endswith(" of all") else found.overall.over_answered
    name = one.measure.removesuffix(" of all")
    estimate = {"macro-F1": measures.macro_f1, "macro-recall": measures.macro_recall, "accuracy": measures.accuracy}
    return estimate[name].value


def _measured(folder: Path, one: LabelledSet, engine: Engine | None) -> Evaluation:
    path = folder / one.path
    mapping = dict(one.mapping)
    if one.only_expected:
        labels = set(pq.read_table(path, columns=[one.label])[one.label].to_pylist())
        mapping |= dict.fromkeys(labels - {*EXPECTED_LANGUAGES, *mapping}, "")
    lens = Lens((), (), EXPECTED_LANGUAGES, one.language, ())
    return evaluate(path, one.task, Columns("text", (one.label,), one.other), lens, engine=engine, mapping=mapping)


# What one file of labels can't tell ----------------------------------------------------------------------


def _of_learning(labelled: Path, posts: Path) -> Iterator[Figure]:  # noqa: ARG001
    from bench.learning import intent_rows, learned_rows

    for embeds in (False, True):
        for row in learned_rows(labelled, embeds=embeds):
            if not embeds or row.goal is not None:
                beside = [("VADER", row.baseline)]
                yield Figure(
                    "sentiment, learned", row.labelled_set, f"macro-recall, {row.what}", row.score, beside, row.goal
                )
    for row in intent_rows(labelled):
        measure = f"{row.measure}, {row.what}"
        yield Figure("intent, learned", row.labelled_set, measure, row.score, [(row.compared_with, row.baseline)])


def _of_topics(labelled: Path, posts: Path) -> Iterator[Figure]:
    from bench.topic_stability import stability_rows
    from bench.topics import topic_rows

    rows = topic_rows(labelled / "topics")
    for name in dict.fromkeys(row.on for row in rows):
        ours, *others = [row for row in rows if row.on == name]
        beside = [(row.engine, row.nmi) for row in others] or [("BERTopic", None)]
        goal = max([ours.goal or 0.0, *(round(row.nmi, 3) for row in others)]) or None
        speed = ours.texts / ours.seconds if ours.seconds else None
        yield Figure("topics", name, "NMI", ours.nmi, beside, goal, ours.texts, 1 - ours.left_over, speed)
        for measure, attribute in (("NPMI coherence", "coherence"), ("diversity", "diversity")):
            scores = [(row.engine, float(getattr(row, attribute))) for row in others]
            yield Figure("topics", name, measure, float(getattr(ours, attribute)), scores)
        if others:
            share = ours.seconds / others[0].seconds
            yield Figure(
                "topics", name, "time, as a share of BERTopic's", share, goal=0.1, less_is_better=True, digits=2
            )
    for found in stability_rows(posts, labelled / "topics" / "tweet89.parquet"):
        told = f"{found.name}, {found.nights} nights"
        yield Figure("topics", told, "same id night by night and all at once", found.same_id, n=found.posts)
        yield Figure("topics", told, "still in the topic of its own night", found.kept_id, n=found.posts)


def _of_alarms(labelled: Path, posts: Path) -> Iterator[Figure]:
    from bench.alarm import alarm_rows

    for community, judge, *found, false, precision in alarm_rows(labelled, posts)[1:]:
        told = ", ".join(f"{share} {days}" for share, days in zip(("2 %:", "5 %:", "20 %:"), found, strict=True))
        is_default = judge.endswith("q ≤ 0.05")
        yield Figure(
            "emergence",
            community,
            f"false alarms a month, {judge}",
            float(false),
            goal=1.0 if is_default else None,
            less_is_better=True,
            digits=1,
            note=f"(found on day 1 / 3 {told}; precision {precision})",
        )


def _of_duplicates(labelled: Path, posts: Path) -> Iterator[Figure]:  # noqa: ARG001
    from bench.duplicates import duplicate_rows

    if posts.is_dir():
        rates = duplicate_rows(posts)
        yield Figure(
            "duplicates", "all posts, all new", "posts/s", rates.posts_per_second, goal=50_000, n=rates.posts, digits=0
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
