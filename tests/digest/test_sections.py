"""A section is a folder, and one list gives the order of all."""

from dataclasses import fields
from itertools import chain
from pathlib import Path

import pytest

from pipelines.digest import sections
from pipelines.digest.sections import ORDER, section

FOLDER = Path(sections.__file__).parent


def test_every_folder_stands_in_the_list_once() -> None:
    assert sorted(ORDER) == sorted(path.parent.name for path in FOLDER.glob("*/__init__.py"))


@pytest.mark.parametrize("name", ORDER)
def test_a_section_has_all_that_it_needs(name: str) -> None:
    found = {path.name for path in (FOLDER / name).iterdir() if path.is_file()}
    queries = {file for file in found if file.endswith(".sql")}
    assert found - queries == {"__init__.py", "section.html.jinja", "section.md.jinja"}
    assert queries
    assert section(name).LINK


def test_no_two_sections_say_things_under_one_name() -> None:
    names = list(chain.from_iterable(fields(section(name).Data) for name in ORDER))
    told = [field.name for field in names if field.name != "searches"]
    assert len(told) == len(set(told))


def test_every_query_has_a_name_of_its_own() -> None:
    names = [path.stem for path in FOLDER.parent.rglob("*.sql")]
    assert len(names) == len(set(names))
