"""A published file for the notebooks to look at."""

from collections.abc import Iterator

import pytest

from pipelines.store.home import Home
from tests.docs.small_community import published_community


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Home:
    """Forty posts that went the whole way from a CSV file to `earshot.duckdb`."""
    base = tmp_path_factory.getbasetemp()
    return published_community(base if worker_id == "master" else base.parent)


@pytest.fixture(scope="session", autouse=True)
def _kernels_write_nowhere_else(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """IPython and Jupyter keep files in the person's home, which may not be there."""
    folder = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, str(folder / name.lower()))
        yield
