"""Learning intents from labels: what is made of them beside the examples, when it takes over, and that it says so."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from rich.console import Console

from connectors.contract import Window
from pipelines.config.settings import Config
from pipelines.enrich.learned import intents_for, manifest_path
from pipelines.evaluation import measures
from pipelines.learn import decisions, intents
from pipelines.learn import step as learning
from pipelines.learn.decisions import Decision, Learnt, decide
from pipelines.learn.intents import macro_recall, wants_of
from pipelines.learn.step import learn
from pipelines.learn.table import as_tables
from pipelines.people import labels as store
from pipelines.people.labels import Label
from pipelines.store.home import Home
from pipelines.store.warehouse import create_tables
from reading import intent, linear
from reading.intent import INTENTS
from tests.pipelines import steps

NOON = datetime(2026, 3, 5, 12)
MADE = ("mug", "bowl", "teapot", "jar", "plate", "vase", "cup", "tile", "lid", "pitcher", "saucer", "urn")
SAID = {
    "complaint": ("the glaze crawled on my {}", "pinholes over the {}, as ever", "my {} came out with a bloating rim"),
    "request | praise": (
        "a cone seven version of the {} next",
        "celadon on the {} pools, more of it",
        "glassy {} twice",
    ),
    "none": ("bisque for the {} on monday", "reclaim day, the {} waits", "the {} stands on the drying rack"),
}
"""What potters mean, in words that the examples do not hold."""


def pottery(count: int) -> list[tuple[str, str]]:
    """So many different posts of potters, each with what its writer wants."""
    said = [
        (label, text)
        for row in zip(*([(name, t) for t in SAID[name]] for name in SAID), strict=True)
        for label, text in row
    ]
    return [
        (said[number % 9][1].format(f"{MADE[number // 9 % 12]} no {number}"), said[number % 9][0])
        for number in range(count)
    ]


@pytest.fixture(scope="module", autouse=True)
def _few_examples() -> Iterator[None]:
    """Six examples of each intent and two folds, so that learning takes no time."""
    shipped, counts, few = intent.seeds(), dict.fromkeys(INTENTS, 0), []
    for seed in shipped:
        if seed.lang == "en" and any(counts[name] < 6 for name in seed.intents):
            few.append(seed)
            counts |= {name: counts[name] + 1 for name in seed.intents}
    caches = (intent.model, intent._learned)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intent, "seeds", lambda: few)
        for module in (decisions, intents, linear):
            patch.setattr(module, "FOLDS", 2)
        for cache in caches:
            cache.cache_clear()
        yield
    for cache in caches:
        cache.cache_clear()


@pytest.fixture
def home(new_home: Callable[..., Home]) -> Home:
    """A home with a published file in which potters speak."""
    home = new_home()
    home.root.mkdir()
    with duckdb.connect(home.published) as connection:
        create_tables(connection)
        connection.executemany(_MENTION, [(f"forum:{n}", text) for n, (text, _) in enumerate(pottery(150))])
    return home


_MENTION = """
insert into core.mentions by name
select
    $1 as mention_id, 'forum' as source, 'forum' as network, 'post' as kind, $2 as text, 'en' as lang,
    timestamp '2026-03-05' as created_at, timestamp '2026-03-05' as first_seen_at,
    timestamp '2026-03-05' as last_seen_at
"""


@pytest.fixture
def config(configure: Callable[..., Config]) -> Config:
    return configure(('network = "forum"', 'network = "forum"\nlanguage = "en"'))


def judge(home: Home, count: int, by: str = "ana") -> None:
    """Label the first posts as the potters mean them."""
    answers = enumerate(label for _, label in pottery(count))
    given = [Label(f"forum:{n}", "intent", "text", by, NOON, " | ".join(sorted(a.split(" | ")))) for n, a in answers]
    store.add(home, given)


def learn_intents(home: Home, config: Config) -> Learnt:
    """What is learned of intents; nobody has labelled sentiment."""
    sentiment, intents = learn(home, config)
    assert (sentiment.task, sentiment.labels_count) == ("sentiment", 0)
    return intents


def test_what_is_better_takes_over(home: Home, config: Config) -> None:
    judge(home, 150)
    found = learn_intents(home, config)
    (forum,) = found.decisions
    assert (found.task, found.labels_count, found.why_not) == ("intent", 150, None)
    assert (forum.task, forum.engine, forum.is_used) == ("intent", "learned", True)
    assert forum.compared_with == f"seeds {intent.engine_version()}"
    assert forum.learned_recall is not None
    assert forum.compared_recall is not None
    assert forum.difference_low is not None
    assert forum.learned_recall > 0.9 > 0.7 > forum.compared_recall
    assert forum.difference_low > 0
    assert forum.why.startswith("better: the 95 % interval of the difference lies above 0; macro-F1 ")
    trained = intents_for(home, "forum")
    assert trained is not None
    assert trained.fingerprint == forum.engine_version
    assert set(trained.languages) == intent.LANGUAGES
    assert intents_for(home, "news") is None


def test_labels_that_follow_nothing_change_nothing(home: Home, config: Config) -> None:
    chance = np.random.default_rng(3)
    kinds = ("complaint", "praise", "none")
    given = [Label(f"forum:{n}", "intent", "text", "ana", NOON, kinds[chance.integers(3)]) for n in range(150)]
    store.add(home, given)
    (forum,) = learn_intents(home, config).decisions
    assert (forum.labels_count, forum.is_used) == (150, False)
    assert forum.why.startswith("not surely better")
    assert intents_for(home, "forum") is None


def test_the_same_labels_make_the_same_model_once(home: Home, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(home, 60)
    first = learn_intents(home, config)
    manifest = manifest_path(home, "intent")
    files = {path.name: path.read_bytes() for path in home.models.iterdir()}
    manifest.unlink()
    assert learn_intents(home, config) == first
    assert {path.name: path.read_bytes() for path in home.models.iterdir()} == files
    monkeypatch.setattr(intent, "train", None)  # nothing is trained again
    assert learn_intents(home, config) == first
    judge(home, 60, by="bob")  # somebody agrees
    assert learn_intents(home, config) == first
    assert first.decisions[0].why == "fewer than 100 labelled posts of this source"


def test_old_models_go_and_that_of_the_examples_stays(
    home: Home, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intents, "judged_unseen", lambda examples, *_: np.zeros((len(examples), len(INTENTS)), bool))
    of_the_examples = home.models / f"intent-{intent.engine_version()}.npz"
    home.models.mkdir(parents=True)
    of_the_examples.write_bytes(b"made before")
    for count in (45, 48, 51):
        judge(home, count)
        learn_intents(home, config)
    assert len(list(home.models.glob("intent-learned-*.npz"))) == 2
    assert of_the_examples.exists()


@pytest.mark.parametrize(("count", "told"), [(0, "no intent"), (18, "6 complaint, 6 praise, 6 request")])
def test_too_few_labels_make_no_model(home: Home, config: Config, count: int, told: str) -> None:
    judge(home, count)
    found = learn_intents(home, config)
    assert found.labels_count == count
    assert found.why_not == f"labelled so far: {told}; a model needs 10 posts of at least one intent"
    assert not list(home.models.glob("intent-learned-*.npz"))
    assert [decision.is_used for decision in found.decisions] == [False] * bool(count)


def test_what_other_examples_made_reads_nothing_until_it_is_learned_anew(
    home: Home, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(home, 120)
    (before,) = learn_intents(home, config).decisions
    monkeypatch.setattr(intent, "engine_version", lambda: "f00")
    assert intents_for(home, "forum") is None
    (after,) = learn_intents(home, config).decisions
    assert intents_for(home, "forum") is not None
    assert (after.is_used, after.compared_with) == (True, "seeds f00")
    assert after.engine_version != before.engine_version


def test_a_language_that_the_examples_lack_is_read_where_enough_posts_are_labelled(home: Home, config: Config) -> None:
    with duckdb.connect(home.published) as connection:
        connection.execute("update core.mentions set lang = 'sv' where split_part(mention_id, ':', 2)::int < 90")
        connection.execute("update core.mentions set lang = 'fi' where split_part(mention_id, ':', 2)::int >= 110")
    judge(home, 150)
    learn(home, config)
    trained = intents_for(home, "forum")
    assert trained is not None
    assert set(trained.languages) == intent.LANGUAGES | {"sv"}
    engine = intent.engine(home.models, trained)
    text = "the glaze crawled on my xyzzy"
    swedish, finnish = engine.read([text] * 2, ["sv", "fi"])
    assert ([found.name for found in swedish], finnish) == (["complaint"], ())


def test_an_answer_names_the_intents_of_the_engine() -> None:
    assert wants_of("none") == {"other"}
    assert wants_of("complaint | question") == {"complaint", "question"}
    asked = {*store.QUESTIONS["intent"].choices, "none"}
    assert all(intents.is_label(answer) for answer in asked)
    assert not intents.is_label("complaint | rant")


def test_of_spam_which_nobody_is_asked_for_the_examples_are_believed() -> None:
    assert intents.UNASKED == ("spam",)
    told = np.array([name in ("spam", "question") for name in INTENTS])
    assert intents._with_unasked("none", told) == {"spam"}
    assert intents._with_unasked("complaint", told) == {"complaint", "spam"}
    assert intents._with_unasked("none", np.zeros(len(INTENTS), bool)) == {"other"}


def test_the_table_says_what_is_measured() -> None:
    forum = Decision("intent", "forum", "learned", "f00", "seeds 1", 120, 0.7, 0.6, 0.02, 0.18, True, "better")
    console = Console(width=200, file=io.StringIO(), record=True)
    for part in as_tables(Learnt("intent", 120, None, decisions=(forum,))):
        console.print(part)
    shown = console.export_text()
    assert "macro-recall of each intent that 10 posts or more have" in shown
    assert "+0.020 to +0.180" in shown
    assert "seeds 1" not in shown
    assert "It gives a label" not in shown


def test_learning_can_be_switched_off(home: Home, configure: Callable[..., Config]) -> None:
    judge(home, 150)
    off = configure(('[[themes]]\nid = "price"', '[intents]\nlearned = false\n\n[[themes]]\nid = "price"'))
    (forum,) = learn_intents(home, off).decisions
    assert (forum.is_used, forum.why) == (False, "the config says learned = false")
    assert intents_for(home, "forum") is None


# A night -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_night_reads_the_source_with_what_was_learned_and_says_so(
    shop: Path,
    write_posts: Callable[..., Path],
    config: Config,
    new_home: Callable[..., Home],
    march: Callable[[int, int], Window],
    publish: Callable[[Home], Path],
) -> None:
    write_posts(
        [
            {"id": str(n), "created_at": "2026-03-02T10:00:00", "author": f"a{n}", "text": f"{text} here with us"}
            for n, (text, _) in enumerate(pottery(120))
        ]
    )
    home = new_home()

    def night() -> list[tuple[Any, ...]]:
        learn(home, config)
        steps.pull(home, config, "forum", march(1, 4), {})
        steps.tidy(home, config, "forum", march(1, 4))
        steps.enrich(home, config, "forum", march(1, 4))
        steps.load(home, config)
        publish(home)
        with duckdb.connect(home.published, read_only=True) as connection:
            engines = "select distinct engine, engine_version from core.mention_intents"
            return connection.execute(engines).fetchall()

    assert night() == [("seeds", intent.engine_version())]
    judge(home, 120)
    ((engine, engine_version),) = night()
    assert engine == "learned"
    with duckdb.connect(home.published, read_only=True) as connection:
        told = connection.execute("select task, source, labels_count, is_used, engine_version from core.models")
        assert told.fetchall() == [("intent", "forum", 120, True, engine_version)]
        wants = connection.execute(
            "select intent, probability between 0.25 and 1 from core.mention_intents where mention_id = 'forum:0'"
        ).fetchall()
        assert wants == [("complaint", True)]


# Figures -----------------------------------------------------------------------------------------------


def test_seeing_an_intent_everywhere_or_nowhere_is_chance() -> None:
    truth = np.array([[True, False], [False, False], [False, True], [False, False]])
    assert macro_recall(truth, np.ones((4, 2), bool)) == 0.5
    assert macro_recall(truth, np.zeros((4, 2), bool)) == 0.5
    assert macro_recall(truth, truth) == 1
    assert macro_recall(truth, ~truth) == 0
    assert macro_recall(truth, truth | np.array([True, False])) == 0.75


def decided(truth: np.ndarray, learned: np.ndarray, compared: np.ndarray) -> Decision:
    def wide(column: np.ndarray) -> np.ndarray:
        return np.array([[name == "complaint" for name in INTENTS]]) & column[:, None]

    found = intents._compared(wide(truth), wide(learned), wide(compared), None)
    return decide("intent", "forum", ("learned", "f00", "seeds 1"), found, why_not=None, is_wanted=True)


def test_what_finds_more_by_seeing_it_where_it_is_not_does_not_take_over() -> None:
    """Of 30 complaints among 1,000 posts it finds all instead of half, and 140 more that are none."""
    number = np.arange(1000)
    found = decided(number < 30, number < 170, number < 15)
    assert found.difference_low is not None
    assert found.difference_low > 0
    assert not found.is_used
    assert found.why == "more is found, but too much that is not there: macro-F1 0.300 against 0.667"


def test_without_an_intent_that_is_common_enough_nothing_is_measured() -> None:
    number = np.arange(120)
    found = decided(number < 9, number < 9, number < 0)
    assert (found.learned_recall, found.compared_recall, found.difference_low) == (None, None, None)
    assert (found.is_used, found.why) == (False, "no intent has 10 labelled posts of this source")


def test_a_difference_of_several_has_an_interval_of_the_same_rows() -> None:
    truth = np.array([[True, False], [False, True]] * 90)
    half = truth & (np.arange(180) % 4 > 1)[:, None]
    difference = measures.of_difference_of_several(measures.macro_recall, truth, truth, half)
    assert difference.value == pytest.approx(0.5)
    assert difference.low is not None
    assert difference.high is not None
    assert 0.4 < difference.low < 0.5 < difference.high < 0.6
    same = measures.of_difference_of_several(measures.macro_recall, truth, half, half)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    nothing = np.zeros((0, 2), bool)
    assert measures.of_difference_of_several(measures.macro_recall, nothing, nothing, nothing).value is None


def test_every_task_that_is_learned_comes_into_the_warehouse() -> None:
    from pipelines.enrich.learned import TASKS

    assert tuple(learning._TASKS) == TASKS
