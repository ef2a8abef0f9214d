"""Marts for each test."""

from pathlib import Path

import pytest

from tests.digest.small_marts import Marts


@pytest.fixture
def marts(tmp_path: Path) -> Marts:
    """No mention, every day of both periods completely covered."""
    empty = Marts(tmp_path / "earshot.duckdb")
    empty.covered()
    return empty
