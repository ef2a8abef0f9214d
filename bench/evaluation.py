"""`make eval`: how well the models agree with people, beside simpler ones, over every labelled set that is there.

Reads the folder that EARSHOT_EVAL names (default ../shared/eval). The sets stay where they are, and nothing learns from
them. Takes a minute on one core.
"""

import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from rich.console import Console
from rich.table import Table
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from pipelines.config import EXPECTED_LANGUAGES
from pipelines.enrich import Lens
from pipelines.evaluate import Columns, Evaluation, evaluate
from pipelines.evaluation_table import shown
from pipelines.evaluation_tasks import Answers, Engine, Example
from reading import sentiment
from reading.language import prose

ROOT = Path(__file__).parents[1]
console = Console(highlight=False)


class LabelledSet(NamedTuple):
    """A file of labels, and how it is to be read."""

    task: str
    path: str
    language: str | None = None
    """Language that a config would tell of the source."""
    label: str = "label"
    other: str | None = None
    group: str | None = None
    mapping: tuple[tuple[str, str], ...] = ()
    only_expected: bool = False
    """Whether labels that the detector does not choose from are left out."""


_NORWEGIAN = (("nb", "no"), ("nn", "no"))
SETS = (
    LabelledSet("sentiment", "sentiment/tweeteval_val.parquet", "en"),
    LabelledSet("sentiment", "sentiment/semeval2013_2016.parquet", "en"),
    LabelledSet("sentiment", "sentiment/us_airline.parquet", "en"),
    LabelledSet("sentiment", "sentiment/senti4sd_stackoverflow.parquet", "en"),
    LabelledSet("sentiment", "sentiment/goemotions_reddit.parquet", "en"),
    LabelledSet("sentiment", "sentiment/vader_tweets.parquet", "en"),
    LabelledSet("sentiment", "sentiment/vader_amazon.parquet", "en"),
    LabelledSet("sentiment", "sentiment/xlmt_8lang.parquet", group="lang"),
    LabelledSet("language", "langid/carter_twitterlid_5lang.parquet"),
    LabelledSet("language", "langid/lingua_75lang.parquet", group="kind", mapping=_NORWEGIAN, only_expected=True),
    LabelledSet("language", "langid/lingua_75lang.parquet", mapping=_NORWEGIAN),
    LabelledSet("language", "sentiment/xlmt_8lang.parquet", label="lang", group="lang"),
    LabelledSet("duplicates", "dedup/sts_pairs.parquet", other="text2", mapping=(("close", "different"),)),
)


def main() -> int:
    """Print the table. Where the sets are not there, say so: that is no fault."""
    folder = Path(os.environ.get("EARSHOT_EVAL", ROOT.parent / "shared" / "eval"))
    there = [labelled for labelled in SETS if (folder / labelled.path).is_file()]
    if not there:
        console.print(f"No labelled sets in {folder}: nothing measured. Name their folder with EARSHOT_EVAL.")
        return 0
    table = Table(
        *(
            "set",
            "engine",
            "n",
            "answered",
            "accuracy",
            "macro-F1",
            "macro-recall",
            "macro-F1 of all",
            "calib.",
            "texts/s",
        ),
        title="agreement with people: of the answered, and of all where no answer counts as wrong",
        caption="behind macro-F1: its 95 % bootstrap interval; calib.: expected calibration error",
    )
    notes = []
    for labelled in there:
        for number, engine in enumerate((None, *BASELINES.get(labelled.task, ()))):
            found = _measured(folder, labelled, engine)
            _add(table, labelled, found, is_ours=number == 0)
            if labelled.other:
                notes.append(_of_duplicates(found))
        table.add_section()
    console.print(table)
    for note in notes:
        console.print(note)
    return 0


def _measured(folder: Path, labelled: LabelledSet, engine: Engine | None) -> Evaluation:
    path = folder / labelled.path
    columns = Columns("text", (labelled.label,), labelled.other, (labelled.group,) if labelled.group else ())
    mapping = dict(labelled.mapping)
    if labelled.only_expected:
        labels = set(pq.read_table(path, columns=[labelled.label])[labelled.label].to_pylist())
        mapping |= dict.fromkeys(labels - {*EXPECTED_LANGUAGES, *mapping}, "")
    lens = Lens((), (), EXPECTED_LANGUAGES, labelled.language, ())
    return evaluate(path, labelled.task, columns, lens, engine=engine, mapping=mapping)


def _add(table: Table, labelled: LabelledSet, found: Evaluation, *, is_ours: bool) -> None:
    """The row of a set, and under ours one for each of its groups."""
    name = f"{labelled.task}: {Path(labelled.path).stem}" + (", expected only" if labelled.only_expected else "")
    reports = [(name if is_ours else "", found.overall)]
    if is_ours:
        reports += [(f"  {group.column} {group.value}", group.report) for group in found.groups]
    for place, (label, report) in enumerate(reports):
        answered = report.over_answered
        table.add_row(
            label,
            found.engine if place == 0 else "",
            f"{report.n:,}",
            f"{report.answered / report.n:.1%}",
            _figure(answered.accuracy.value),
            shown(answered.macro_f1),
            _figure(answered.macro_recall.value),
            shown(report.over_all.macro_f1),
            _figure(report.calibration_error.value if report.calibration_error else None),
            f"{found.texts_per_second:,.0f}" if place == 0 and found.texts_per_second else "",
            style="bold" if is_ours and place == 0 else "",
        )


def _of_duplicates(found: Evaluation) -> str:
    """Pairs are nearly all different: what counts is how many of the others are found."""
    (same,) = (figures for figures in found.overall.classes if figures.label == "duplicate")
    return (
        f"{found.file}, {found.engine}: duplicates found with precision {shown(same.precision)}, "
        f"recall {shown(same.recall)}, F1 {shown(same.f1)}"
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


# Simpler engines ---------------------------------------------------------------------------------------


def _plain_vader(examples: Sequence[Example], lens: Lens) -> Answers:  # noqa: ARG001
    """What vaderSentiment says of any text, in whatever language."""
    analyzer = _vader_analyzer()
    labels = [sentiment.label(analyzer.polarity_scores(example.text or "")["compound"]) for example in examples]
    return Answers([*labels], [None] * len(labels))


@lru_cache(maxsize=1)
def _vader_analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def _free_langid(examples: Sequence[Example], lens: Lens) -> Answers:  # noqa: ARG001
    """py3langid's best guess among all that it knows, on the text without links and names."""
    identifier = _identifier()
    told = [str(identifier.classify(prose(example.text or ""))[0]) for example in examples]
    labels = [dict(_NORWEGIAN).get(code, code) for code in told]
    return Answers([*labels], [None] * len(labels))


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


BASELINES = {
    "sentiment": (Engine("plain vader", lambda _: version("vaderSentiment"), _plain_vader),),
    "language": (Engine("py3langid, unlimited", lambda _: version("py3langid"), _free_langid),),
}


if __name__ == "__main__":
    sys.exit(main())
