"""How a night went, source by source."""

from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from pipelines.run import Night
from pipelines.store import runs
from pipelines.store.home import Home
from pipelines.store.runs import Run
from pipelines.terminal import cell


def summary(home: Home, night: Night) -> dict[str, Any]:
    """A night as JSON has it."""
    return {
        "mentions_loaded": night.mentions,
        "failures": night.failures,
        "windows": {
            source: {"start": window.start, "end": window.end} for source, window in sorted(night.windows.items())
        },
        "steps": [run._asdict() for run in _last_tries(home, night)],
        "digest": night.digest._asdict() if night.digest else None,
        "tables": str(home.published),
    }


def as_table(home: Home, night: Night) -> Table:
    """A line for each source: what it was asked for, what came, how long it took, and what went wrong."""
    table = Table(*("source", "from", "until", "posts", "seconds", "outcome"), box=SIMPLE, caption="times in UTC")
    steps: dict[str, list[Run]] = {}
    for run in _last_tries(home, night):
        if run.source:
            steps.setdefault(run.source, []).append(run)
    for source, done in sorted(steps.items()):
        window = night.windows.get(source)
        failed = [run for run in done if run.error]
        table.add_row(
            cell(source),
            f"{window.start:%Y-%m-%d %H:%M}" if window else "–",
            f"{window.end:%Y-%m-%d %H:%M}" if window else "nothing to ask",
            f"{max((run.posts_count or 0 for run in done if run.step == 'pull'), default=0):,}",
            f"{sum(run.seconds for run in done):,.1f}",
            cell(f"{failed[0].step}: {failed[0].error}" if failed else "ok"),
            style="yellow" if failed else None,
        )
    return table


def _last_tries(home: Home, night: Night) -> list[Run]:
    """Each step of the night with its last try."""
    noted = (run for run in runs.read_last(home) if run.night == night.name)
    return list({(run.step, run.source): run for run in noted}.values())
