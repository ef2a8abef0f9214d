"""A published file for the examples in the docs."""

import pytest

from pipelines.store.home import Home
from tests.docs.small_community import published_community


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Home:
    """Forty posts that went the whole way from a CSV file to `earshot.duckdb`."""
    base = tmp_path_factory.getbasetemp()
    return published_community(base if worker_id == "master" else base.parent)
