"""Both notebooks run from top to bottom over a published file, say what is in it, and are committed clean."""

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pytest
from filelock import FileLock
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from pipelines.store.home import Home

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = ("feedback", "influencers")


def read(path: Path) -> Any:
    """A notebook as it stands in a file."""
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]


class Executed:
    """A notebook that ran: values of its variables, and everything that it showed."""

    def __init__(self, notebook: Any) -> None:
        *cells, asked = notebook.cells
        self.answers: dict[str, Any] = json.loads(asked.outputs[0]["text"])
        self.outputs = [output for cell in cells for output in cell.get("outputs", ())]

    @property
    def shown(self) -> str:
        """Everything that a browser would render as HTML."""
        return "\n".join(
            output["data"]["text/html"] for output in self.outputs if "text/html" in output.get("data", {})
        )

    @property
    def charts(self) -> int:
        """How many pictures there are."""
        return sum("image/png" in output.get("data", {}) for output in self.outputs)

    @property
    def complaints(self) -> list[str]:
        """What was written to the standard error, where warnings go."""
        return [output["text"] for output in self.outputs if output.get("name") == "stderr"]


def execute(name: str, questions: Mapping[str, str], home: Path) -> Any:
    """Run a notebook over a home, and after its last cell one that answers the questions."""
    notebook = read(FOLDER / f"{name}.ipynb")
    asked = ", ".join(f"{key!r}: {expression}" for key, expression in questions.items())
    question = f"import json\nprint(json.dumps({{{asked}}}, default=str))"
    notebook.cells.append(nbformat.v4.new_code_cell(question))  # type: ignore[no-untyped-call]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARSHOT_HOME", str(home))
        client = NotebookClient(
            notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
        )
        client.execute()
    return notebook


def executed(name: str, home: Home, questions: Mapping[str, str]) -> Executed:
    """The notebook, run; several test processes run it once between them."""
    kept = home.root.parent / f"{name}.executed.ipynb"
    with FileLock(kept.with_suffix(".lock")):
        if not kept.exists():
            nbformat.write(execute(name, questions, home.root), kept)  # type: ignore[no-untyped-call]
    return Executed(read(kept))


@pytest.fixture(scope="session")
def feedback(home: Home) -> Executed:
    """The feedback notebook, run."""
    counts = "['brand_name', 'mentions', 'positive', 'neutral', 'negative', 'unscored', 'n']"
    return executed(
        "feedback",
        home,
        {
            "brand": "BRAND",
            "brands": f"brands[{counts}].values.tolist()",
            "halmora": "brands.loc[brands['brand_name'] == 'Halmora', 'net':'to'].iloc[0].tolist()",
            "is_tillwick_blank": "bool(brands.set_index('brand_name')['net'].isna()['Tillwick'])",
            "themes": "themes[['theme_name', 'positive', 'negative']].values.tolist()",
            "weeks": "weekly[['week', 'mentions', 'is_whole']].astype(str).values.tolist()",
            "unscored": "unscored[['reason', 'posts']].values.tolist()",
            "loudest_bad": "examples.query('polarity == \"bad\"').sort_values('engagement')['author_handle'].iloc[-1]",
        },
    )


@pytest.fixture(scope="session")
def influencers(home: Home) -> Executed:
    """The influencers notebook, run."""
    return executed(
        "influencers",
        home,
        {
            "first": "people['handle'].head(3).tolist()",
            "voices": "voices[['heard', 'people', 'times']].head(2).values.tolist()",
            "heard": "voices['heard'].tolist()",
            "advocates": "advocates['handle'].tolist()",
            "detractors": "detractors['handle'].tolist()",
            "concentration": 'concentration.query(\'brand == "Halmora" and measure == "posts"\')'
            "[['n', 'total', 'share_of_top_10']].astype(float).iloc[0].tolist()",
            "gini_of_equals": "gini(pd.Series([5, 5, 5, 5]))",
            "gini_of_one_winner": "gini(pd.Series([0, 0, 0, 8]))",
            "newcomers": "sorted(newcomers['handle'])",
        },
    )


def test_feedback_counts_are_those_of_the_file(feedback: Executed) -> None:
    assert feedback.answers["brand"] == "halmora"
    assert feedback.answers["brands"] == [["Halmora", 26, 13, 1, 11, 1, 25], ["Tillwick", 9, 2, 2, 5, 0, 9]]
    assert feedback.answers["themes"] == [["App", 3, 4], ["Light", 7, 0], ["Price", 0, 7]]
    assert feedback.answers["unscored"] == [["scored", 25], ["language:de", 1]]


def test_shares_come_with_their_interval_and_not_below_the_fewest(feedback: Executed) -> None:
    assert feedback.answers["halmora"] == [0.08, 0.44, 0.27, 0.63]
    assert feedback.answers["is_tillwick_blank"]


def test_weeks_that_were_seen_in_full_are_known(feedback: Executed) -> None:
    weeks = feedback.answers["weeks"]
    assert sum(int(mentions) for _, mentions, _ in weeks) == 26
    assert {is_whole for *_, is_whole in weeks} == {"True"}


def test_examples_are_the_posts_people_reacted_to(feedback: Executed) -> None:
    assert feedback.answers["loudest_bad"] == "gus"


def test_ranking_follows_the_mart(influencers: Executed) -> None:
    assert influencers.answers["first"] == ["dora", "ben", "ana"]


def test_voices_count_people_before_times_and_leave_the_team_out(influencers: Executed) -> None:
    assert influencers.answers["voices"] == [["dora", 2, 3], ["hugo", 2, 2]]
    assert influencers.answers["heard"] == ["dora", "hugo", "ben", "gus"]


def test_advocates_and_detractors_have_enough_posts_of_their_own(influencers: Executed) -> None:
    assert influencers.answers["advocates"] == ["ana", "dora"]
    assert influencers.answers["detractors"] == ["ben", "eli"]


def test_concentration_comes_with_its_n(influencers: Executed) -> None:
    assert influencers.answers["concentration"] == [11, 26, 25 / 26]
    assert influencers.answers["gini_of_equals"] == 0
    assert influencers.answers["gini_of_one_winner"] == 0.75


def test_newcomers_first_spoke_in_the_last_two_weeks(influencers: Executed) -> None:
    assert influencers.answers["newcomers"] == ["jo", "kit", "lou"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_hostile_posts_are_shown_as_text(name: str, request: pytest.FixtureRequest) -> None:
    notebook: Executed = request.getfixturevalue(name)
    assert "<script" not in notebook.shown
    assert 'href="javascript' not in notebook.shown
    assert 'href="https://kitchen.example/' in notebook.shown


def test_hostile_post_is_among_those_shown(feedback: Executed) -> None:
    assert "&lt;script&gt;" in feedback.shown


@pytest.mark.parametrize(("name", "charts"), [("feedback", 3), ("influencers", 1)])
def test_charts_are_drawn_without_a_warning(name: str, charts: int, request: pytest.FixtureRequest) -> None:
    notebook: Executed = request.getfixturevalue(name)
    assert notebook.charts == charts
    assert notebook.complaints == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_home_without_a_published_file_is_said_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError, match=r"No earshot\.duckdb in .*Set EARSHOT_HOME"):
        execute(name, {}, tmp_path)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_committed_notebook_is_valid_and_clean(name: str) -> None:
    notebook = read(FOLDER / f"{name}.ipynb")
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []
    for cell in code:
        ast.parse(cell.source)


def test_notebooks_do_not_change_the_published_file(home: Home, feedback: Executed, influencers: Executed) -> None:
    with duckdb.connect(home.published, read_only=True) as connection:
        assert connection.execute("select count(distinct mention_id) from marts.mentions").fetchone() == (40,)
    assert not home.published.with_name("earshot.duckdb.wal").exists()
