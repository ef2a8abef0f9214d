"""The steps in their order, by the names under which the command line, the DAGs and `run` call them."""

from pipelines.build import build
from pipelines.digest import DigestFiles, digest
from pipelines.discover import discover
from pipelines.enrich import enrich
from pipelines.learning.learn import learn
from pipelines.load import load
from pipelines.publish import publish
from pipelines.pull import pull, pull_with_gaps
from pipelines.tidy import tidy

__all__ = [
    "DigestFiles",
    "build",
    "digest",
    "discover",
    "enrich",
    "learn",
    "load",
    "publish",
    "pull",
    "pull_with_gaps",
    "tidy",
]
