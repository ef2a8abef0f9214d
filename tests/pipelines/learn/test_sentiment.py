"""Learning sentiment from labels: what is made of them, when it takes over, and that it says so."""

import io
import shutil
from collections.abc import Callable
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from rich.console import Console

from connectors.contract import Window
from pipelines.config.settings import Config
from pipelines.enrich.learned import manifest_path, trained_for
from pipelines.evaluation import measures
from pipelines.evaluation.measures import ABSTAINED
from pipelines.learn import sentiment
from pipelines.learn.decisions import FEWEST_LABELS, FEWEST_OF_A_LANGUAGE, Decision, Learnt
from pipelines.learn.sentiment import choose_floor
from pipelines.learn.step import learn
from pipelines.learn.table import as_tables
from pipelines.people import labels as store
from pipelines.people.labels import Label
from pipelines.store.home import Home, read_json
from pipelines.store.warehouse import create_tables
from tests.pipelines import steps

NOON = datetime(2026, 3, 5, 12)
MADE = ("mug", "bowl", "teapot", "jar", "plate", "vase", "cup", "tile", "lid", "pitcher", "saucer", "urn")
SAID = {
    "negative": ("the glaze crawled on my {}", "pinholes all over the {} again", "my {} came out with a bloating rim"),
    "positive": (
        "the {} came out with a glassy surface",
        "perfect even crackle on the {}",
        "that celadon on the {} pools",
    ),
    "neutral": ("I fired a {} at cone six", "bisque for the {} is on monday", "which cone for a {} in stoneware"),
}
"""What potters mean, in words that a general word list does not know."""


def pottery(count: int) -> list[tuple[str, str]]:
    """So many different posts of potters, each with what they feel."""
    words = cycle(
        (label, said)
        for row in zip(*([(label, said) for said in SAID[label]] for label in SAID), strict=True)
        for label, said in row
    )
    return [
        (said.format(f"{MADE[number // 9 % 12]} no {number}"), label)
        for number, (label, said) in zip(range(count), words, strict=False)
    ]


@pytest.fixture
def config(configure: Callable[..., Config]) -> Config:
    """The shop's config with a second source."""
    news = '\n[[sources]]\nid = "news"\ntype = "files"\npath = "news*.jsonl"\nnetwork = "news"\n'
    return configure(('network = "forum"\n', f'network = "forum"\n{news}'))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published file: potters of whom a forum and the news tell, all in English."""
    path = tmp_path_factory.mktemp("template") / "earshot.duckdb"
    with duckdb.connect(path) as connection:
        create_tables(connection)
        rows = [(f"forum:{n}", "forum", text) for n, (text, _) in enumerate(pottery(180))]
        rows += [(f"news:{n}", "news", text.replace("no", "nr")) for n, (text, _) in enumerate(pottery(40))]
        connection.executemany(_MENTION, rows)
    return path


_MENTION = """
insert into core.mentions by name
select
    $1 as mention_id, $2 as source, $2 as network, 'post' as kind, $3 as text, 'en' as lang,
    timestamp '2026-03-05' as created_at, timestamp '2026-03-05' as first_seen_at,
    timestamp '2026-03-05' as last_seen_at
"""


@pytest.fixture
def home(template: Path, new_home: Callable[..., Home]) -> Home:
    home = new_home()
    home.root.mkdir()
    shutil.copy(template, home.published)
    return home


def judge(home: Home, count: int, source: str = "forum", by: str = "ana") -> None:
    """Label the first posts of a source as the potters mean them."""
    store.add(
        home,
        [
            Label(f"{source}:{number}", "sentiment", "text", by, NOON, label)
            for number, (_, label) in enumerate(pottery(count))
        ],
    )


def learn_sentiment(home: Home, config: Config) -> Learnt:
    """What is learned of sentiment; nobody has labelled intents."""
    sentiment, intents = learn(home, config)
    assert (intents.task, intents.labels_count, intents.decisions) == ("intent", 0, ())
    return sentiment


def test_what_is_better_takes_over_where_there_are_enough_labels(home: Home, config: Config) -> None:
    judge(home, 180)
    judge(home, 40, "news")
    learnt = learn_sentiment(home, config)
    forum, news = learnt.decisions
    assert (learnt.labels_count, learnt.why_not) == (220, None)
    assert forum.is_used
    assert forum.learned_recall is not None
    assert forum.compared_recall is not None
    assert forum.difference_low is not None
    assert forum.learned_recall > 0.9 > 0.5 > forum.compared_recall
    assert forum.difference_low > 0
    assert not news.is_used
    assert news.why == "fewer than 100 labelled posts of this source"
    trained = trained_for(home, "forum")
    assert trained is not None
    assert (trained.fingerprint, trained.languages) == (forum.engine_version, ("en",))
    assert trained_for(home, "news") is None


def test_labels_that_follow_nothing_change_nothing(home: Home, config: Config) -> None:
    chance = np.random.default_rng(3)
    kinds = ("positive", "neutral", "negative")
    store.add(
        home,
        [Label(f"forum:{n}", "sentiment", "text", "ana", NOON, kinds[chance.integers(3)]) for n in range(180)],
    )
    (forum,) = learn_sentiment(home, config).decisions
    assert (forum.labels_count, forum.is_used) == (180, False)
    assert forum.why.startswith("not surely better")


def test_the_same_labels_make_the_same_model_once(
    home: Home, config: Config, new_home: Callable[..., Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_home("other")
    other.root.mkdir()
    shutil.copy(home.published, other.published)
    judge(home, 60)
    for number, (_, label) in reversed(list(enumerate(pottery(60)))):  # the same, in another order
        store.add(other, [Label(f"forum:{number}", "sentiment", "text", "ana", NOON, label)])
    first = learn_sentiment(home, config)
    assert learn_sentiment(other, config) == first
    files = {path.name: path.read_bytes() for path in home.models.iterdir()}
    assert files == {path.name: path.read_bytes() for path in other.models.iterdir()}
    monkeypatch.setattr(sentiment, "train", None)  # nothing is trained again
    assert learn_sentiment(home, config) == first
    judge(home, 60, by="bob")  # somebody agrees
    assert learn_sentiment(home, config) == first


@pytest.mark.parametrize("left", [0, 1, 1000, -1])
def test_a_model_that_something_damaged_is_made_anew_with_the_same_bytes(home: Home, config: Config, left: int) -> None:
    judge(home, 120)
    first = learn_sentiment(home, config)
    (path,) = home.models.glob("sentiment-*.npz")
    content = path.read_bytes()
    path.write_bytes(content[:left])
    assert learn_sentiment(home, config) == first
    assert path.read_bytes() == content


def test_a_changed_mind_makes_another_model_and_the_last_but_one_goes(home: Home, config: Config) -> None:
    for count in (60, 63, 66):
        judge(home, count)
        learn(home, config)
    assert len(list(home.models.glob("sentiment-*.npz"))) == 2
    named = home.models / read_json(manifest_path(home, "sentiment"))["model"]["file"]
    held = named.read_bytes()
    named.unlink()
    learn(home, config)
    assert named.read_bytes() == held


@pytest.mark.parametrize("count", [0, 20])
def test_too_few_labels_make_no_model(home: Home, config: Config, count: int) -> None:
    judge(home, count)
    learnt = learn_sentiment(home, config)
    assert learnt.labels_count == count
    assert learnt.why_not is not None
    assert learnt.why_not.startswith("labelled so far in languages with 50 labels: 0 positive, 0 neutral, 0 negative")
    assert not list(home.models.glob("*.npz"))
    assert all(not decision.is_used for decision in learnt.decisions)


def test_copies_and_deleted_posts_teach_nothing(home: Home, config: Config) -> None:
    with duckdb.connect(home.published) as connection:
        connection.execute(
            "update core.mentions set text = 'the GLAZE crawled' where mention_id in ('forum:1', 'forum:2')"
        )
        connection.execute("update core.mentions set text = 'the glaze crawled' where mention_id in ('forum:3')")
        connection.execute("update core.mentions set deleted_at = created_at, text = null where mention_id = 'forum:4'")
    judge(home, 40)
    assert learn_sentiment(home, config).labels_count == 37


def test_without_a_published_file_what_was_learned_stays(home: Home, config: Config) -> None:
    judge(home, 105)
    first = learn_sentiment(home, config)
    home.published.unlink()
    judge(home, 10, by="bob")
    assert learn_sentiment(home, config) == first
    assert trained_for(home, "forum") is not None


def test_learning_can_be_switched_off(home: Home, configure: Callable[..., Config]) -> None:
    judge(home, 120)
    off = configure(('[[themes]]\nid = "price"', '[sentiment]\nlearned = false\n\n[[themes]]\nid = "price"'))
    (forum,) = learn_sentiment(home, off).decisions
    assert (forum.is_used, forum.why) == (False, "the config says learned = false")


def test_the_table_names_each_source_and_why() -> None:
    why = "better: the 95 % interval of the difference lies above 0"
    forum = Decision("sentiment", "forum", "learned", "f00", "vader 3.3.2", 120, 0.7, 0.5, 0.1, 0.3, True, why)
    console = Console(width=200, file=io.StringIO(), record=True)
    for part in as_tables(Learnt("sentiment", 120, None, 0.98, 0.02, 0.3, (forum,))):
        console.print(part)
    shown = console.export_text()
    assert "forum" in shown
    assert why in shown
    assert "+0.100 to +0.300" in shown
    assert "at least 30% likely to be right: to 98% of the labelled posts" in shown


# A night -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_night_reads_the_source_with_what_was_learned_and_says_so(
    shop: Path,
    write_posts: Callable[..., Path],
    configure: Callable[..., Config],
    new_home: Callable[..., Home],
    march: Callable[[int, int], Window],
    publish: Callable[[Home], Path],
) -> None:
    posts = [
        {"id": str(n), "created_at": "2026-03-02T10:00:00", "author": f"a{n}", "text": f"{text}, I think of it often"}
        for n, (text, _) in enumerate(pottery(150))
    ]
    write_posts(posts)
    home, config = new_home(), configure(('network = "forum"', 'network = "forum"\nlanguage = "en"'))

    def night(config: Config) -> list[tuple[Any, ...]]:
        learn(home, config)
        steps.pull(home, config, "forum", march(1, 4), {})
        steps.tidy(home, config, "forum", march(1, 4))
        steps.enrich(home, config, "forum", march(1, 4))
        steps.load(home, config)
        publish(home)
        with duckdb.connect(home.published, read_only=True) as connection:
            return connection.execute(
                "select distinct engine from core.sentiment union all select engine from core.models where is_used"
            ).fetchall()

    assert night(config) == [("vader",)]
    judge(home, 150)
    assert night(config) == [("learned",), ("learned",)]
    with duckdb.connect(home.published, read_only=True) as connection:
        told = connection.execute(
            "select label, confidence between 0 and 1, abs(positive + neutral + negative - 1) < 0.001, "
            "sentiment.engine_version = models.engine_version "
            "from core.sentiment as sentiment, core.models as models where mention_id = 'forum:0' and target = 'text'"
        ).fetchall()
        assert told == [("negative", True, True, True)]
        assert connection.execute("select source, labels_count from core.models").fetchall() == [("forum", 150)]
    off = configure(
        ('network = "forum"', 'network = "forum"\nlanguage = "en"'),
        ('[[themes]]\nid = "price"', '[sentiment]\nlearned = false\n\n[[themes]]\nid = "price"'),
    )
    assert night(off) == [("vader",)]


# Figures -----------------------------------------------------------------------------------------------


def test_a_difference_has_an_interval_of_the_same_rows() -> None:
    labels_given = np.array([0, 1, 2] * 60)
    right, wrong = labels_given, np.where(np.arange(180) % 4 == 0, ABSTAINED, labels_given)
    difference = measures.of_difference(measures.macro_recall, labels_given, right, wrong, 3)
    assert difference.value == pytest.approx(0.25)
    assert difference.low is not None
    assert difference.high is not None
    assert 0.15 < difference.low < 0.25 < difference.high < 0.35
    same = measures.of_difference(measures.macro_recall, labels_given, wrong, wrong, 3)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    nothing = np.array([], int)
    assert measures.of_difference(measures.macro_recall, nothing, nothing, nothing, 3).value is None


def test_the_floor_silences_what_is_mostly_wrong_where_that_costs_little() -> None:
    sure = np.tile([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]], (100, 1))
    unsure = np.tile([0.38, 0.31, 0.31], (6, 1))
    given = ["positive", "neutral", "negative"] * 100
    trial = np.vstack([sure, unsure])
    assert choose_floor(trial, [*given, *["negative"] * 5, "positive"]) == 0.5
    assert choose_floor(trial, [*given, *["positive"] * 5, "negative"]) == 0.35
    assert choose_floor(np.vstack([sure, sure * 0.1]), [*given, *given]) == 0.0


def test_fewest_labels_are_as_documented() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "labels.md").read_text(encoding="utf-8")
    assert f"at least {FEWEST_LABELS} labels" in page
    assert f"at least {FEWEST_OF_A_LANGUAGE} labels" in page
    for question in store.QUESTIONS.values():
        assert ", ".join(question.choices) in page
