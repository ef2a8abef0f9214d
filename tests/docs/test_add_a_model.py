"""The page on how to add a model, followed to the letter."""

from pathlib import Path

import pytest

from tests.docs.pages import copy_of_the_project, follow, run

CONFIG = """
[[brands]]
id = "wren"
name = "Wren"
terms = ["wren"]
[sentiment]
engine = "faces"
[[sources]]
id = "posts"
type = "files"
path = "posts.csv"
"""
POSTS = """id,created_at,text,author
1,2026-03-01T10:00:00Z,The Wren tea came today :) and it is lovely :),ana
2,2026-03-01T11:00:00Z,The Wren tea never came :( and nobody answers,ben
3,2026-03-01T12:00:00Z,The Wren tea is what it is and always was,cleo
"""
LABELLED = "text,label\nWhat a day :),positive\nWhat a day :(,negative\nWhat a lovely day,positive\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = copy_of_the_project(tmp_path_factory.mktemp("project"))
    touched = follow("add-a-model.md", project)
    assert [str(path.relative_to(project)) for path in touched] == [
        "reading/faces.py",
        "sql/models/marts/brand_languages.sql",
        "sql/models/marts/brand_languages.yml",
        "reading/engines.py",
    ]
    (project / "earshot.toml").write_text(CONFIG, encoding="utf-8")
    (project / "posts.csv").write_text(POSTS, encoding="utf-8")
    (project / "labelled.csv").write_text(LABELLED, encoding="utf-8")
    return project


def test_an_engine_and_a_mart_are_there_after_a_night(project: Path) -> None:
    night = ("pipelines.command.main", "run", "--since", "2026-03-01", "--until", "2026-03-02", "--home", "home")
    done = run(project, *night)
    assert done.returncode == 0, done.stdout + done.stderr
    asked = "select mention_id, label, reason, engine from core.sentiment where target = 'text' order by all"
    rows = run(project, "pipelines.command.main", "query", asked, "--home", "home", "--format", "csv").stdout
    assert rows.splitlines()[1:] == [
        "files:1,positive,,faces",
        "files:2,negative,,faces",
        "files:3,,no-faces,faces",
    ]
    asked = "from marts.brand_languages"
    rows = run(project, "pipelines.command.main", "query", asked, "--home", "home", "--format", "csv").stdout
    assert rows.splitlines() == ["brand_id,lang,mentions_count,unscored_count", "wren,en,3,1"]


def test_the_engine_is_measured_by_the_name_that_the_config_takes(project: Path) -> None:
    measured = ("evaluate", "sentiment", "labelled.csv", "--text", "text", "--label", "label", "--engine", "faces")
    done = run(project, "pipelines.command.main", *measured, "--language", "en")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "faces" in done.stdout


def test_what_the_page_shows_is_formatted_and_sound(project: Path) -> None:
    for command in (("ruff", "format", "--check"), ("ruff", "check")):
        done = run(project, *command, "reading/faces.py", "reading/engines.py")
        assert done.returncode == 0, done.stdout + done.stderr
    done = run(project, "sqlfluff", "lint", "--disable-progress-bar", "sql/models/marts/brand_languages.sql")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dictionary_takes_the_types_of_the_mart(project: Path) -> None:
    done = run(project, "bootstrap.dictionary")
    assert done.returncode == 0, done.stdout + done.stderr
    page = (project / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert "brand_languages" in page
