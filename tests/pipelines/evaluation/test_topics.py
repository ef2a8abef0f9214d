"""`earshot evaluate topics`: found topics against groups that people made."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.command.main import app
from pipelines.errors import InputError
from pipelines.evaluation.topics import evaluate_topics

PUMP = ("pump", "noise", "loud", "hum", "rattle", "motor")
SEED = ("basil", "seeds", "sprout", "leaves", "grow", "harvest")


def texts_of(words: tuple[str, ...]) -> list[str]:
    return [
        f"the {words[n % 6]} and the {words[(n + 1 + n // 6) % 6]} of my {words[(n + 3) % 6]} {n}" for n in range(40)
    ]


def test_groups_that_people_made_are_found_again() -> None:
    texts = texts_of(PUMP) + texts_of(SEED)
    found = evaluate_topics(texts, ["pump"] * 40 + ["seed"] * 40, "use")
    assert (found.texts, found.groups) == (80, 2)
    assert found.nmi > 0.5
    assert sum(size for _, size in found.found) == round(80 * (1 - found.left_over))


def test_too_few_texts_are_refused() -> None:
    with pytest.raises(InputError, match="2 different labelled texts in 2 groups: expected at least 60"):
        evaluate_topics(["one", "two", "two", "", None], ["a", "b", "b", "a", "a"], "use")


def test_an_unknown_engine_is_named_with_those_there_are() -> None:
    with pytest.raises(InputError, match="--engine: embedding engine 'nosuch' is not known; known: use"):
        evaluate_topics(texts_of(PUMP) + texts_of(SEED), ["a"] * 40 + ["b"] * 40, "nosuch")


def test_the_command_tells_it_for_a_file(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "group"])
        writer.writerows([(text, "pump") for text in texts_of(PUMP)] + [(text, "seed") for text in texts_of(SEED)])
    words = ["evaluate", "topics", str(path), "--text", "text", "--label", "group", "--json"]
    done = CliRunner().invoke(app, words)
    assert json.loads(done.stdout)["texts"] == 80
