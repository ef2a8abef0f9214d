"""`earshot evaluate`: what an engine is worth on a file that people labelled."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.config.settings import LanguageSettings
from pipelines.enrich.lens import Lens
from pipelines.errors import InputError
from pipelines.evaluation.evaluate import Agreement, Cell, Columns, Evaluation, Group, evaluate, read_mapping
from pipelines.evaluation.measures import Estimate
from pipelines.evaluation.task import Answers, Engine, Example
from pipelines.evaluation.tasks import TASKS

ROOT = Path(__file__).resolve().parents[3]
LENS = Lens((), (), LanguageSettings().expected, None, ())
ONE = Estimate(1.0, 1.0, 1.0)
REVIEWS = [
    ("The tea is wonderful and I love the new tin", "positive", "forum"),
    ("What an awful parcel, the tin arrived broken", "negative", "forum"),
    ("The parcel arrived on Tuesday in the afternoon", "neutral", "shop"),
    ("Great, another delay of my order, wonderful service", "negative", "shop"),
    ("Der Tee ist leider nicht angekommen, und niemand antwortet", "negative", "shop"),
    ("ok", "neutral", "shop"),
    ("", "neutral", None),
    ("The tea is wonderful", None, "forum"),
]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write rows of columns `text`, `label` and more as JSON Lines."""

    def write(rows: list[dict[str, Any]], name: str = "labels.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


@pytest.fixture
def reviews(write: Callable[..., Path]) -> Path:
    return write([{"text": text, "label": label, "source": source} for text, label, source in REVIEWS])


def sentiment_of(path: Path, *labels: str, lens: Lens = LENS, **options: Any) -> Evaluation:
    return evaluate(path, "sentiment", Columns("text", labels or ("label",)), lens, **options)


def cells(found: Evaluation) -> set[Cell]:
    return set(found.overall.confusion)


# Sentiment ---------------------------------------------------------------------------------------------


def test_sentiment_is_told_as_enrich_tells_it_and_abstentions_are_no_answers(reviews: Path) -> None:
    found = evaluate(reviews, "sentiment", Columns("text", ("label",), None, ("source",)), LENS)
    overall = found.overall
    assert (found.task, found.engine, found.file) == ("sentiment", "vader", "labels.jsonl")
    assert found.engine_version.startswith("vaderSentiment ")
    assert (found.rows, found.unread, found.unlabelled, overall.n, overall.answered) == (8, 0, 1, 7, 4)
    assert overall.abstained == {"language:de": 1, "no-text": 1, "unknown-language": 1}
    assert cells(found) == {
        Cell("positive", "positive", 1),
        Cell("neutral", "neutral", 1),
        Cell("neutral", None, 2),
        Cell("negative", "negative", 1),
        Cell("negative", "positive", 1),
        Cell("negative", None, 1),
    }
    assert (overall.over_answered.accuracy.value, overall.over_all.accuracy.value) == pytest.approx((3 / 4, 3 / 7))
    assert overall.over_all.macro_recall.value == pytest.approx((1 + 1 / 3 + 1 / 3) / 3)
    assert overall.over_all.macro_f1.value == pytest.approx((2 / 3 + 1 / 2 + 1 / 2) / 3)
    assert [(figures.label, figures.labelled, figures.answered) for figures in overall.classes] == [
        ("positive", 1, 2),
        ("neutral", 3, 1),
        ("negative", 3, 1),
    ]
    assert overall.calibration_error is None
    assert found.texts_per_second > 0
    assert [(group.column, group.value, group.report.n, group.report.answered) for group in found.groups] == [
        ("source", "shop", 4, 2),
        ("source", "forum", 2, 2),
        ("source", None, 1, 0),
    ]
    assert found.groups[1].report.over_all.accuracy == ONE
    assert found.groups[2].report.over_answered.accuracy == Estimate(None, None, None)


def test_a_given_language_is_that_of_texts_too_short_to_tell(reviews: Path) -> None:
    found = sentiment_of(reviews, lens=LENS._replace(language_of_short_posts="en"))
    assert found.overall.abstained == {"language:de": 1, "no-text": 1}


def test_words_of_the_config_count(write: Callable[..., Path]) -> None:
    path = write([{"text": "I fly with United again this week", "label": "neutral"}])
    assert cells(sentiment_of(path)) == {Cell("neutral", "positive", 1)}
    assert cells(sentiment_of(path, lens=LENS._replace(lexicon=(("united", 0.0),)))) == {Cell("neutral", "neutral", 1)}


@pytest.mark.parametrize(
    ("written", "mapping"),
    [
        (("positive", "neutral", "negative"), {}),
        (("POS", "Neu", "neg"), {}),
        ((1, 0, -1), {}),
        ((1.0, 0.0, -1.0), {}),
        (("+1", "0", "-1"), {}),
        ((2, 1, 0), {"2": "positive", "1": "neutral", "0": "negative"}),
        (("LABEL_2", "LABEL_1", "LABEL_0"), {"label_2": "pos", "label_1": "neu", "label_0": "neg"}),
    ],
)
def test_labels_are_understood_in_common_spellings_and_as_they_are_mapped(
    write: Callable[..., Path], written: tuple[Any, ...], mapping: dict[str, str]
) -> None:
    rows = zip([REVIEWS[0][0], REVIEWS[2][0], REVIEWS[1][0]], written, strict=True)
    found = sentiment_of(write([{"text": text, "label": label} for text, label in rows]), mapping=mapping)
    assert found.overall.over_all.accuracy == ONE
    assert {cell.label for cell in cells(found)} == {"positive", "neutral", "negative"}


def test_rows_whose_label_is_mapped_to_nothing_are_left_out(write: Callable[..., Path]) -> None:
    path = write([{"text": REVIEWS[0][0], "label": "pos"}, {"text": REVIEWS[1][0], "label": "mixed"}])
    found = sentiment_of(path, mapping=read_mapping(["Mixed="]))
    assert (found.unlabelled, found.overall.n) == (1, 1)


# Language and duplicates -------------------------------------------------------------------------------


def test_language_is_measured_with_its_confidence(write: Callable[..., Path]) -> None:
    rows = [
        ("The parcel arrived broken and nobody answers my letters", "en-GB"),
        ("Das Paket ist leider noch nicht angekommen, und niemand antwortet", "DE"),
        ("Le colis est arrivé cassé et personne ne me répond", "es"),
        ("ok", "en"),
        ("  ", "en"),
        (None, "en"),
    ]
    path = write([{"text": text, "label": label} for text, label in rows])
    found = evaluate(path, "language", Columns("text", ("label",)), LENS)
    assert cells(found) == {Cell("en", "en", 1), Cell("de", "de", 1), Cell("es", "fr", 1), Cell("en", None, 3)}
    assert found.overall.abstained == {"no-text": 2, "too-short": 1}
    assert found.overall.calibration_error.value == pytest.approx(1 / 3, abs=0.05)  # sure of all three, one is wrong


BROKEN = "the parcel from wren arrived broken, terrible packaging"
PAIRS = [
    ("The parcel from Wren arrived broken, what a terrible packaging", "the parcel from wren arrived broken!", 1),
    ("The parcel from Wren arrived broken: terrible packaging", BROKEN, 1),
    ("I have been drinking this tea every morning for years", "My order was shipped to the wrong house once again", 0),
    ("Same here", "Same here", 1),
    ("Where is my parcel", "where is my parcel?", 1),
    (None, BROKEN, 0),
]


def test_pairs_are_the_same_where_they_fall_into_one_cluster(write: Callable[..., Path]) -> None:
    path = write([{"one": one, "two": two, "label": label} for one, two, label in PAIRS])
    found = evaluate(path, "duplicates", Columns("one", ("label",), "two"), LENS)
    assert cells(found) == {
        Cell("duplicate", "duplicate", 2),  # the second; and the fifth, whose four words are the very same
        Cell("duplicate", None, 2),
        Cell("different", "different", 1),
        Cell("different", None, 1),
    }
    assert found.overall.abstained == {"fewer-than-8-words": 2, "no-text": 1}


# Several people ----------------------------------------------------------------------------------------


def test_of_several_people_the_majority_is_measured_on_and_their_agreement_told(write: Callable[..., Path]) -> None:
    votes = [("pos", "positive", "neg"), ("neg", "neg", None), ("neu", "pos", None), ("neu", None, None)]
    rows = [{"text": text, "a": a, "b": b, "c": c} for (text, *_), (a, b, c) in zip(REVIEWS[:4], votes, strict=True)]
    found = sentiment_of(write(rows), "a", "b", "c")
    assert cells(found) == {
        Cell("positive", "positive", 1),
        Cell("negative", "negative", 1),
        Cell("neutral", "positive", 1),
    }
    # By hand: Σ o_cc = 2/2 + 2/1 = 3, n = 7, n_c = 3, 3 and 1.
    alpha = found.agreement.alpha
    assert found.agreement == Agreement(("a", "b", "c"), rows=3, disputed=1, alpha=alpha)
    assert alpha.value == pytest.approx((6 * 3 - 12) / (42 - 12))
    assert alpha.low <= alpha.value <= alpha.high


# Any engine, any file ----------------------------------------------------------------------------------


def parrot(name: str = "parrot") -> Engine:
    """An engine that says what the text says, and nothing where it is 'hush'."""

    def answer(examples: Any, lens: Lens) -> Answers:
        said = [None if example.text == "hush" else example.text for example in examples]
        return Answers(said, [None if text else "hushed" for text in said])

    return Engine(name, lambda _: "1", answer)


MOODS = st.sampled_from(["positive", "neutral", "negative"])


@given(st.lists(st.tuples(MOODS, MOODS | st.just("hush")), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_a_file_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], random: Any
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    reports = []
    for _ in range(2):
        path = folder / "rows.parquet"
        pq.write_table(pa.table({"label": [row[0] for row in rows], "text": [row[1] for row in rows]}), path)
        reports.append(sentiment_of(path, engine=parrot()).overall)
        random.shuffle(rows)
    assert reports[0] == reports[1]
    assert reports[0].n == reports[0].answered + sum(reports[0].abstained.values()) == len(rows)
    assert sum(cell.rows for cell in reports[0].confusion) == len(rows)


@given(st.lists(MOODS, min_size=1, max_size=30))
def test_perfect_answers_give_1_in_all_and_in_each_group(
    tmp_path_factory: pytest.TempPathFactory, labels: list[str]
) -> None:
    path = tmp_path_factory.mktemp("perfect") / "rows.parquet"
    pq.write_table(
        pa.table({"label": labels, "text": labels, "half": [place % 2 for place in range(len(labels))]}), path
    )
    found = evaluate(path, "sentiment", Columns("text", ("label",), None, ("half",)), LENS, engine=parrot())
    for report in (found.overall, *(group.report for group in found.groups)):
        for figures in (report.over_all, report.over_answered):
            assert (figures.accuracy, figures.macro_f1, figures.macro_recall) == (ONE, ONE, ONE)


def test_lines_that_cannot_be_read_are_counted(write: Callable[..., Path]) -> None:
    path = write([{"text": "positive", "label": "pos"}])
    path.write_text(path.read_text() + "no json\n" + '{"text": "hush", "label": "neg"}\n')
    found = sentiment_of(path, engine=parrot())
    assert (found.rows, found.unread, found.overall.n, found.overall.abstained) == (2, 1, 2, {"hushed": 1})


def test_what_strangers_wrote_into_a_group_cannot_steer_a_terminal(write: Callable[..., Path]) -> None:
    path = write([{"text": "positive", "label": "pos", "source": "for\x1b[2Jum"}])
    found = evaluate(path, "sentiment", Columns("text", ("label",), None, ("source",)), LENS, engine=parrot())
    assert [group.value for group in found.groups] == ["for[2Jum"]


def test_nested_columns_are_found_by_their_path(write: Callable[..., Path]) -> None:
    path = write([{"post": {"text": "positive", "lang": "en"}, "by": {"ann": "pos"}}])
    found = evaluate(path, "sentiment", Columns("post.text", ("by.ann",), None, ("post.lang",)), LENS, engine=parrot())
    assert found.overall.over_all.accuracy == ONE
    assert found.groups == (Group("post.lang", "en", found.overall),)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_engine_answers_each_example_or_says_why_not(name: str) -> None:
    texts = [None, "", " \n", "ok", "🫖❤️", "@ann https://example.com", "\x00\x1b[31m", "word " * 20_000, "荷物が壊れて"]
    examples = [Example(text, text, "en", ("bug_report", "other")) for text in texts]
    for engine in TASKS[name].engines:
        if engine.name == "transformers":  # there is none without a config that names it
            continue
        answers = engine.answer(examples, LENS)
        assert [label is None for label in answers.labels] == [reason is not None for reason in answers.reasons]
        assert engine.answer([], LENS) == Answers([], [])
        if engine.confidences:
            told = engine.confidences(examples, answers, LENS)
            assert [sure is None for sure in told] == [label is None for label in answers.labels]


def test_a_confidence_that_is_no_number_is_none(write: Callable[..., Path]) -> None:
    path = write([{"text": "a", "label": "positive"}, {"text": "b", "label": "negative"}])
    unsure = Engine(
        "unsure",
        lambda _: "1",
        lambda examples, _: Answers(["positive"] * len(examples), [None] * len(examples)),
        lambda *_: [0.5, float("nan")],
    )
    found = evaluate(path, "sentiment", Columns("text", LABELS), LENS, engine=unsure)
    assert found.overall.calibration_error is not None
    assert found.overall.calibration_error.value == 0.5


# What is refused ---------------------------------------------------------------------------------------

LABELS = ("label",)


@pytest.mark.parametrize(
    ("task", "columns", "options", "told"),
    [
        (
            "mood",
            Columns("text", LABELS),
            {},
            "There is no task 'mood'. There is: sentiment, language, moderation, spam, intent, tones, duplicates.",
        ),
        ("sentiment", Columns("text", LABELS), {"engine": "oracle"}, "There is no engine 'oracle'. There is: vader, "),
        ("sentiment", Columns("words", LABELS), {}, "--text words: no row of labels.jsonl has it. It has: 'text', "),
        ("sentiment", Columns("text", ("mood",)), {}, "--label mood: no row of labels.jsonl has it."),
        ("sentiment", Columns("text", LABELS, None, ("lang",)), {}, "--group lang: no row of labels.jsonl has it."),
        ("sentiment", Columns("text", LABELS, "label"), {}, "--other label: sentiment reads one text a row."),
        ("duplicates", Columns("text", LABELS), {}, "name the column of the second with --other"),
        ("sentiment", Columns("text", ("source",)), {}, "what is 'forum', 'shop'? Expected positive, neutral and"),
        ("sentiment", Columns("text", LABELS), {"mapping": {"neutral": "meh"}}, "what is 'meh'?"),
        ("language", Columns("text", LABELS), {}, "Expected ISO 639 codes such as en or pt-BR. Say it with --map"),
        (
            "sentiment",
            Columns("text", LABELS),
            {"mapping": {"positive": "", "neutral": "", "negative": ""}},
            "no row of labels.jsonl has a label to measure on",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_told(
    reviews: Path, task: str, columns: Columns, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        evaluate(reviews, task, columns, LENS, **options)


def test_ones_and_noughts_are_no_moods_by_themselves(write: Callable[..., Path]) -> None:
    path = write([{"text": "positive", "label": 1}, {"text": "negative", "label": 0}])
    with pytest.raises(
        InputError, match=re.escape("what is '0', '1'? Expected positive, neutral and negative, or pos")
    ):
        sentiment_of(path)


def test_a_language_for_short_texts_is_refused_where_language_itself_is_measured(reviews: Path) -> None:
    lens = LENS._replace(language_of_short_posts="en")
    with pytest.raises(InputError, match="--language en: language is told by the text alone"):
        evaluate(reviews, "language", Columns("text", ("label",)), lens)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape("nowhere.csv: No such file")):
        sentiment_of(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("word", ["LABEL_2", "=positive", ""])
def test_a_mapping_of_another_form_is_refused(word: str) -> None:
    with pytest.raises(InputError, match="expected OLD=NEW"):
        read_mapping([word])


def test_a_mapping_may_hold_an_equals_sign_in_the_old_name() -> None:
    assert read_mapping(["a=b=pos", "LABEL_2= neg", "x="]) == {"a=b": "pos", "label_2": "neg", "x": ""}


# The command -------------------------------------------------------------------------------------------


def test_the_command_shows_tables(reviews: Path, earshot: Callable[..., Any]) -> None:
    done = earshot("evaluate", "sentiment", reviews, "--text", "text", "--label", "label", "--group", "source")
    assert done.returncode == 0, done.stderr
    lines = [re.sub(r"\s+", " ", line).strip() for line in done.stdout.splitlines()]
    assert "7 labelled rows, 4 answered, 3 not: language:de 1, no-text 1, unknown-language 1" in lines
    assert "left out: 1 without a label" in lines
    assert "negative 1 0 1 1" in lines
    assert any(re.fullmatch(r"accuracy 0\.750 \S+–\S+ 0\.429 \S+–\S+", line) for line in lines), done.stdout
    assert any(line.startswith("forum 2 100% 1.000 ") for line in lines)


def test_the_command_gives_machines_everything(reviews: Path, earshot: Callable[..., Any]) -> None:
    options = ("--text", "text", "--label", "label", "--label", "source", "--map", "forum=", "--map", "shop=neg")
    done = earshot("evaluate", "sentiment", reviews, *options, "--language", "en", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["overall"]["abstained"] == {"language:de": 1, "no-text": 1}
    assert set(told["agreement"]) == {"columns", "rows", "disputed", "alpha"}
    assert set(told["overall"]["over_all"]["macro_f1"]) == {"value", "low", "high"}


def test_the_command_refuses_an_unknown_task(reviews: Path, earshot: Callable[..., Any]) -> None:
    done = earshot("evaluate", "mood", reviews, "--text", "text", "--label", "label")
    assert (done.returncode, "There is no task 'mood'" in done.stderr) == (2, True)


# All labelled sets of a folder --------------------------------------------------------------------------


def measure_all(folder: Path) -> str:
    """What `make eval` prints."""
    variables = os.environ | {"EARSHOT_EVAL": str(folder), "EARSHOT_POSTS": str(folder), "COLUMNS": "200"}
    command = [sys.executable, "-m", "bench.evaluation", "sentiment"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=300, check=True)
    return " ".join(done.stdout.split())


def test_without_labelled_sets_nothing_is_measured_and_that_is_no_fault(tmp_path: Path) -> None:
    assert measure_all(tmp_path / "nowhere").endswith("nothing measured. Name their folder with EARSHOT_EVAL.")


def test_each_set_that_is_there_has_a_row_for_ours_and_for_what_is_simpler(tmp_path: Path) -> None:
    (tmp_path / "sentiment").mkdir()
    texts, labels, _ = zip(*REVIEWS[:4], strict=True)
    pq.write_table(pa.table({"text": texts, "label": labels}), tmp_path / "sentiment" / "us_airline.parquet")
    printed = measure_all(tmp_path)
    assert "│ sentiment │ us_airline │ macro-F1 │ 4 │ 100% │ 0.778 │ plain VADER 0.778 │" in printed
    assert "│ │ us_airline │ macro-recall │ 4 │ 100% │ 0.833 │ plain VADER 0.833 │" in printed
