"""Posts per second and peak memory of each step and of the whole run, as ratios to plain vaderSentiment on one core.

Reads the folder of real posts that EARSHOT_POSTS names (default ../shared/posts); without one, the sandbox
community's texts many times over, which says less. Takes a few minutes on two cores.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from bench.corpus import Corpus, corpus
from bench.growth import load_ratio
from bench.memory import peak_memory

STEPS = ("pull", "tidy", "enrich", "load", "discover", "build", "publish", "digest")
console = Console(highlight=False)


class Measure(NamedTuple):
    """Seconds and the peak of resident memory of all processes together, in MB."""

    seconds: float
    megabytes: float


def main() -> int:
    """Print the tables; 1 where a step fails."""
    folder = Path(tempfile.mkdtemp(prefix="earshot-bench-"))
    try:
        whole, half = corpus(folder, share=1.0), corpus(folder, share=0.5)
        console.print(f"{whole.posts:,} posts from {whole.origin}, {os.cpu_count()} cores, {whole.workers} workers")
        analyzer = SentimentIntensityAnalyzer()
        texts = whole.texts()
        middle = len(texts) // 2
        vader = _vader_seconds(analyzer, texts[:middle])  # half before and half after, as machines change their speed
        steps = {step: _earshot(folder / "steps", step, whole) for step in STEPS}
        run_half = _earshot(folder / "half", "run", half)
        run_whole = _earshot(folder / "whole", "run", whole)
        vader += _vader_seconds(analyzer, texts[middle:])
        _print_steps(whole, steps, run_whole, vader)
        _print_memory(half, whole, run_half, run_whole)
        empty, grown = load_ratio(folder, folder / "whole" / "warehouse.duckdb", whole)
        console.print(
            f"load of 20,000 posts: {empty:.2f} s into an empty warehouse, {grown:.2f} s into one of 2,000,000 "
            f"mentions: [bold]× {grown / empty:.2f}[/] (goal: at most × 1.5)"
        )
    except subprocess.CalledProcessError as error:
        console.print(f"{' '.join(error.cmd)} ended with {error.returncode}:\n{error.stderr}", markup=False)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _vader_seconds(analyzer: SentimentIntensityAnalyzer, texts: list[str]) -> float:
    started = time.perf_counter()
    for text in texts:
        analyzer.polarity_scores(text)
    return time.perf_counter() - started


def _earshot(home: Path, step: str, posts: Corpus) -> Measure:
    """Run `earshot STEP` as its own process and measure it."""
    command = [sys.executable, "-m", "pipelines.command.main", step, "--config", str(posts.config), "--home", str(home)]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    with peak_memory(process.pid) as peak:
        _, errors = process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=errors)
    return Measure(seconds, peak())


def _print_steps(posts: Corpus, steps: dict[str, Measure], run: Measure, vader: float) -> None:
    table = Table("", "seconds", "posts/s", "× vader, one core", "peak MB", title="the start of each process included")
    for name, measure in [*steps.items(), ("run, all steps in one", run)]:
        table.add_row(*_row(name, posts.posts, measure.seconds, vader), f"{measure.megabytes:,.0f}")
    table.add_row(*_row("plain vaderSentiment", posts.posts, vader, vader), "")
    console.print(table)
    enrich = steps["enrich"].seconds
    console.print(
        f"enrich: [bold]{vader / enrich:.2f}[/] of plain vaderSentiment's rate on one core (goal: at least 0.6)"
    )
    console.print(f"whole run: [bold]{vader / run.seconds:.2f}[/] of plain vaderSentiment's rate (goal: at least 0.5)")


def _row(name: str, posts: int, seconds: float, vader: float) -> Iterator[str]:
    yield from (name, f"{seconds:.1f}", f"{posts / seconds:,.0f}", f"{vader / seconds:.2f}")


def _print_memory(half: Corpus, whole: Corpus, run_half: Measure, run_whole: Measure) -> None:
    console.print(
        f"peak memory: {run_half.megabytes:,.0f} MB with {half.posts:,} posts, {run_whole.megabytes:,.0f} MB with "
        f"{whole.posts:,}: [bold]× {run_whole.megabytes / run_half.megabytes:.2f}[/] (goal: flat, under 2,000 MB)"
    )


if __name__ == "__main__":
    sys.exit(main())
