"""Models of the config's own read sentiment and tones, in every step that reads posts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.contract import Window
from pipelines.config.settings import Config, load_config
from pipelines.enrich.lens import lens_of
from pipelines.errors import ConfigError, InputError
from pipelines.evaluation.evaluate import Columns, evaluate
from pipelines.store.home import Home
from pipelines.store.warehouse import open_warehouse
from tests.pipelines import steps
from tests.reading import tiny_model

MODELS = """
[sentiment]
engine = "vader"
engines = { en = "transformers" }

[[transformers]]
purpose = "sentiment"
model = "moods"
labels = { bad = "negative", middling = "neutral", good = "positive" }
min_probability = 0.6
languages = ["en"]

[[transformers]]
purpose = "emotion"
model = "feelings"
labels = { sadness = "sadness", neutral = "", joy = "joy" }
min_probability = 0.6
"""
Write = Callable[..., Path]


@pytest.fixture
def models(tmp_path: Path) -> None:
    tiny_model.make(tmp_path / "moods", limit=16)
    tiny_model.make(tmp_path / "feelings", labels=("sadness", "neutral", "joy"), limit=16)


@pytest.fixture
def with_models(write_config: Write, models: None) -> Callable[..., Config]:
    """The shop's config with two models, some of their text changed."""

    def made(*changes: tuple[str, str]) -> Config:
        path = write_config()
        text = MODELS
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
        return load_config(path)

    return made


def test_what_the_models_say_stands_in_the_warehouse(
    with_models: Callable[..., Config], write_posts: Write, new_home: Callable[[], Home], march: Callable[..., Window]
) -> None:
    said = ["Lovely lovely lovely", "The tea is so awful, broken, doomed and broken", "Which of the teas do you mean?"]
    write_posts(
        {"id": str(number), "created_at": "2026-03-01T09:00:00", "author": "ann", "text": text, "lang": "en"}
        for number, text in enumerate(said)
    )
    config, home, window = with_models(), new_home(), march(1, 2)
    steps.pull(home, config, "forum", window, {})
    steps.tidy(home, config, "forum", window)
    steps.enrich(home, config, "forum", window)
    steps.load(home, config)
    with open_warehouse(home) as connection:
        scores = connection.execute(
            "select mention_id, label, reason, engine, engine_version like 'moods, weights %' from core.sentiment "
            "where target = 'text' order by 1"
        ).fetchall()
        tones = connection.execute(
            "select mention_id, tone, probability, engine, engine_version like 'feelings, weights %' "
            "from core.mention_tones order by 1"
        ).fetchall()
    assert scores == [
        ("forum:0", "positive", None, "transformers", True),
        ("forum:1", None, "uncertain", "transformers", True),
        ("forum:2", None, "uncertain", "transformers", True),
    ]
    assert tones == [("forum:0", "emotion:joy", 0.9094, "transformers", True)]


def test_other_settings_of_a_model_read_posts_anew(with_models: Callable[..., Config]) -> None:
    version = lens_of(with_models()).version
    assert lens_of(with_models()).version == version
    assert (
        lens_of(with_models(("min_probability = 0.6\nlanguages", "min_probability = 0.7\nlanguages"))).version
        != version
    )
    assert lens_of(with_models(('joy = "joy"', 'joy = "happiness"'))).version != version


def test_a_model_is_measured_on_labels(with_models: Callable[..., Config], tmp_path: Path) -> None:
    file = tmp_path / "labelled.jsonl"
    rows = [("lovely", "positive"), ("awful", "positive"), ("tea", "neutral")]
    file.write_text("".join(json.dumps({"text": text, "mood": mood}) + "\n" for text, mood in rows), encoding="utf-8")
    found = evaluate(file, "sentiment", Columns("text", ("mood",)), lens_of(with_models(), "en"), engine="transformers")
    assert (found.engine, found.overall.answered) == ("transformers", 2)
    assert found.overall.over_answered.accuracy.value == 0.5


def test_tones_are_measured_on_labels(with_models: Callable[..., Config], tmp_path: Path) -> None:
    file = tmp_path / "labelled.jsonl"
    rows = [("lovely", "joy"), ("awful", "Joy"), ("ok", "neutral"), ("awful", "emotion:sadness"), (" ", "joy")]
    file.write_text("".join(json.dumps({"text": text, "felt": felt}) + "\n" for text, felt in rows), encoding="utf-8")
    found = evaluate(file, "tones", Columns("text", ("felt",)), lens_of(with_models(), "en"))
    assert [(cell.label, cell.answer, cell.rows) for cell in found.overall.confusion] == [
        ("emotion:joy", "emotion:joy", 1),
        ("emotion:joy", "emotion:sadness", 1),
        ("emotion:joy", None, 1),
        ("emotion:sadness", "emotion:sadness", 1),
        ("none", "none", 1),
    ]
    assert found.overall.abstained == {"no-text": 1}
    assert found.overall.calibration_error is not None
    named = {"joy": "irony", "emotion:sadness": "none"}
    with pytest.raises(InputError, match="the labels are irony, none, and the config has no model that says any"):
        evaluate(file, "tones", Columns("text", ("felt",)), lens_of(with_models(), "en"), mapping=named)


def test_without_a_model_there_is_nothing_to_measure(configure: Callable[..., Config], tmp_path: Path) -> None:
    file = tmp_path / "labelled.jsonl"
    file.write_text('{"text": "lovely", "mood": "positive"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"Give a config with -c that has a \[\[transformers\]\] section"):
        evaluate(file, "sentiment", Columns("text", ("mood",)), lens_of(configure()), engine="transformers")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('bad = "negative"', 'bad = "angry"'),
            r"'angry' is nothing that a model for sentiment says; allowed: positive",
        ),
        (
            ('joy = "joy"', 'joy = "Joy!"'),
            "'Joy!' is nothing that a model for emotion says; allowed: names of emotions",
        ),
        (('sadness = "sadness", neutral = "", joy = "joy"', 'a = "", b = ""'), "none of them means anything"),
        (
            ('engines = { en = "transformers" }', ""),
            r"there are 1 such sections, and \[sentiment\] names no such engine",
        ),
        (('purpose = "sentiment"', 'purpose = "irony"'), "'negative' is nothing that a model for irony says"),
        (("min_probability = 0.6\nlanguages", "min_probability = 0\nlanguages"), "min_probability"),
    ],
    ids=["other mood", "no name", "nothing said", "not asked for", "other purpose", "no least probability"],
)
def test_settings_that_make_no_sense_are_faults(
    with_models: Callable[..., Config], change: tuple[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        with_models(change)


def test_a_model_that_cannot_be_used_is_named_with_its_purpose(with_models: Callable[..., Config]) -> None:
    config = with_models(('model = "feelings"', 'model = "nowhere"'))
    with pytest.raises(ConfigError, match=r"\[\[transformers\]\] for emotion: nowhere: there is no such folder"):
        lens_of(config)
