"""What the user guide tells people to type works."""

import re
import tomllib
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from connectors import CONNECTORS
from pipelines.command.main import app
from pipelines.config.credentials import missing
from pipelines.config.settings import Config, load_config
from pipelines.errors import InputError
from pipelines.store.home import Home
from pipelines.store.published import open_published

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDE = (DOCS / "user-guide.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"([^\n]+)\n\n```sql\n(.*?)```", GUIDE, re.DOTALL)
BRANDS = [{"id": "halmora", "name": "Halmora", "terms": ["halmora"]}]
PAGES = sorted([*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")])


def test_guide_has_ten_queries() -> None:
    assert len(QUERIES) == 10


@pytest.mark.parametrize("sql", [sql for _, sql in QUERIES], ids=[title[:40] for title, _ in QUERIES])
def test_query_of_the_guide_runs(home: Home, sql: str) -> None:
    with open_published(home) as connection:
        answer = connection.sql(sql)
        assert answer is not None
        rows = answer.fetchall()
    # every day of this file was seen in full: that query rightly finds nothing
    assert bool(rows) == ("coverage_days" not in sql)


def test_first_query_agrees_with_a_count_by_hand(home: Home) -> None:
    with duckdb.connect(home.published, read_only=True) as connection:
        assert connection.execute(QUERIES[0][1]).fetchall() == [("Halmora", 26, 25, 0.08), ("Tillwick", 9, 9, -0.33)]


def test_queries_in_command_lines_run(home: Home) -> None:
    asked = re.findall(r'earshot query "([^"]+)"', GUIDE)
    assert len(asked) == 3
    for sql in asked:
        answer = CliRunner().invoke(app, ["query", sql, "--home", str(home.root)])
        assert answer.exit_code == 0, answer.output


def test_every_command_that_the_guide_names_is_there() -> None:
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    named = set(re.findall(r"(?:^|`)earshot ([a-z-]+)", GUIDE, re.MULTILINE))
    assert named - commands == set()
    assert {"run", "check", "status", "query", "score", "export", "publish", "digest"} <= named


@pytest.mark.parametrize("page", ["README.md", "docs/configuration.md"])
def test_first_config_of_a_page_is_sound(page: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (DOCS.parent / page).read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "earshot.toml").write_text(example, encoding="utf-8")
    config = load_config(tmp_path / "earshot.toml")
    assert [brand.id for brand in config.brands] == ["halmora", "tillwick"]
    assert config.sources[0].id == "reddit"


def test_source_of_the_guide_is_sound() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    config = Config.model_validate({"brands": BRANDS, **tomllib.loads(example)})
    assert [source.id for source in config.sources] == ["forum"]


def test_credentials_have_the_names_that_the_guide_tells() -> None:
    sources = [{"type": "reddit", "id": "reddit", "subreddits": ["halmora"]}, {"type": "x", "id": "x-support"}]
    config = Config.model_validate({"brands": BRANDS, "sources": sources})
    reddit, support = (missing(source, environ={}) for source in config.sources)
    assert f"`{reddit[0]}`" in GUIDE
    assert f"`{support[0]}`" in GUIDE


@pytest.mark.parametrize("name", CONNECTORS)
def test_page_of_a_network_names_each_credential_and_how_to_get_it(name: str) -> None:
    page = (DOCS / "networks" / f"{name}.md").read_text(encoding="utf-8")
    network = CONNECTORS[name].NETWORK
    assert [key for key in network.credentials if f"`EARSHOT_TALK_{key.upper()}`" not in page] == []
    assert bool(network.setup) or not network.credentials
    assert bool(network.cannot)


def test_every_status_of_coverage_is_explained() -> None:
    yml = (DOCS.parent / "sql" / "models" / "marts" / "coverage.yml").read_text(encoding="utf-8")
    (statuses,) = re.findall(r"values: \[(ok, [^\]]+)\]", yml)
    assert [status for status in statuses.split(", ") if f"| `{status}` |" not in GUIDE] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    lost = []
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
        name, _, heading = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        if not other.exists() or (heading and heading not in _anchors(other)):
            lost.append(target)
    assert lost == []


def _anchors(page: Path) -> set[str]:
    """What a heading is called in a link: small letters, hyphens for spaces, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_query_without_a_published_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Run `earshot run` first"):
        open_published(Home(tmp_path))
