"""The steps in their order, by the names under which the command line, the DAGs and `run` call them."""

from pipelines.build.step import build
from pipelines.digest.step import DigestFiles, digest
from pipelines.discover.step import discover
from pipelines.enrich.step import enrich
from pipelines.learn.step import learn
from pipelines.load.step import load
from pipelines.publish.step import publish
from pipelines.pull.step import pull, pull_with_gaps
from pipelines.tidy.step import tidy

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
