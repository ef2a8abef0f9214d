"""The page on how to add a section, followed to the letter."""

from pathlib import Path

import pytest

from tests.docs.pages import copy_of_the_project, follow, run

SECTION = "pipelines/digest/sections/voices"
PROGRAM = """
import sys
from pathlib import Path
from pipelines.config.settings import DigestSettings
from pipelines.digest.step import digest
from tests.digest.small_marts import UNTIL, Marts

folder = Path(sys.argv[1])
marts = Marts(folder / "earshot.duckdb")
marts.covered()
marts.fill_a_week()
digest(marts.publish(), folder / "digests", DigestSettings(), UNTIL)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = copy_of_the_project(tmp_path_factory.mktemp("project"))
    touched = follow("add-a-section.md", project)
    assert [str(path.relative_to(project)) for path in touched] == [
        *(f"{SECTION}/{name}" for name in ("__init__.py", "voices.sql", "section.html.jinja", "section.md.jinja")),
        "pipelines/digest/sections/__init__.py",
    ]
    return project


def test_the_section_stands_in_the_page_in_markdown_and_in_json(project: Path) -> None:
    (project / "make_digest.py").write_text(PROGRAM, encoding="utf-8")
    done = run(project, "make_digest", str(project))
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = (project / "digests").iterdir()
    html, markdown, json = ((made / f"digest.{kind}").read_text(encoding="utf-8") for kind in ("html", "md", "json"))
    assert '<a href="#voices">Voices</a>' in html
    assert "<li>English: 32 posts</li>" in html
    assert "## Voices\n\n- English: 32 posts\n- German: 2 posts\n" in markdown
    assert '"voices": [' in json


def test_what_the_page_shows_is_formatted_and_sound(project: Path) -> None:
    for command in (("ruff", "format", "--check"), ("ruff", "check")):
        done = run(project, *command, f"{SECTION}/__init__.py")
        assert done.returncode == 0, done.stdout + done.stderr
    lint = ("sqlfluff", "lint", "--disable-progress-bar", "--templater", "placeholder")
    done = run(project, *lint, f"{SECTION}/voices.sql")
    assert done.returncode == 0, done.stdout + done.stderr
