"""A night: its steps in their order, what each needs, and one rule for what fails.

`earshot run` and the DAGs go by this description. The rule: what fails costs itself and what needs it. Where a step of
one source fails, that source goes on with what it has, and all others go on as ever; where a step of the whole fails,
what comes after it is left undone, and what was published before stays. Either way the night counts as failed.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from connectors.contract import Window
from pipelines.config.settings import Config
from pipelines.errors import ConfigError, EarshotError, NotHandedOn, SourceFailed
from pipelines.parallel import Workers
from pipelines.store.home import Home
from pipelines.store.runs import Run, note

if TYPE_CHECKING:  # each step imports what it takes
    from pipelines.digest.step import DigestFiles

log = logging.getLogger(__name__)
Advance = Callable[[int], None]


class Handed(NamedTuple):
    """What a step hands on: the window of a source that it made, and the fingerprint of what it made."""

    source_id: str
    window: str
    fingerprint: str


@dataclass(frozen=True)
class Work:
    """A step's work on one source, or on the whole."""

    night: str
    """Name of the night, by which its steps are found together."""
    home: Home
    config: Config
    now: datetime
    window: Window | None = None
    """What the night is for; None where nothing is left to ask."""
    source_id: str = ""
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    handed: Sequence[Handed] | None = None
    """What the step before handed on, for each source that came so far; None where nobody asked for it."""
    workers: Workers | None = field(default=None, repr=False)
    beside: Executor | None = field(default=None, repr=False)
    """A process in which the marts can be built, where one was made ready."""
    advance: Advance = field(default=lambda _: None, repr=False)
    """Called with a number of posts as they are done."""


class Done(NamedTuple):
    """What came of a step."""

    handed: Handed | None
    result: Any
    """What its work returned: a count, a path, the files of a digest."""


class Step(NamedTuple):
    """A step of a night."""

    name: str
    does: str
    """In a sentence, for Airflow's pages."""
    work: Callable[[Work], Any]
    made: Callable[[Home, str, Window], str | None] | None = None
    """Of a step that works on each source by itself: the fingerprint of what it made of a window; None = nothing."""
    holds_warehouse: bool = False
    """Whether it is alone with the warehouse: DuckDB has one writer."""
    is_needed: bool = True
    """Whether what comes after it needs it."""

    @property
    def of_source(self) -> bool:
        """Whether it works on each source by itself, side by side with others."""
        return self.made is not None


# The work ---------------------------------------------------------------------------------------------


def _learn(work: Work) -> None:
    from pipelines.learn.step import learn

    learn(work.home, work.config)


def _pull(work: Work) -> None:
    from pipelines.pull.step import pull_with_gaps

    if work.window:
        pull_with_gaps(
            work.home, work.config, work.source_id, work.window, work.credentials, work.now, advance=work.advance
        )


def _tidy(work: Work) -> None:
    from pipelines.pull.landing import windows
    from pipelines.tidy.step import tidy, unread

    def one(window: Window) -> None:
        tidy(work.home, work.config, work.source_id, window, work.advance, work.workers)
        failure = unread(work.home, work.source_id, window) if window == work.window else None
        if failure:
            raise failure

    _each_window(work, windows(work.home), one)


def _enrich(work: Work) -> None:
    from pipelines.enrich.step import enrich

    _each_window(
        work,
        work.home.windows(work.home.tidy),
        lambda window: enrich(work.home, work.config, work.source_id, window, work.advance, work.workers),
    )


def _load(work: Work) -> int:
    from pipelines.load.step import load

    return load(work.home, work.config, work.advance)


def _discover(work: Work) -> None:
    from pipelines.discover.step import discover

    discover(work.home, work.config)


def _build(work: Work) -> None:
    from pipelines.build.step import build

    with work.home.only_one("warehouse", wait_seconds=600):
        if work.beside:
            work.beside.submit(build, work.home.warehouse, work.home.logs).result()
        else:
            build(work.home.warehouse, work.home.logs)


def _publish(work: Work) -> Path:
    from pipelines.publish.step import publish

    return publish(work.home)


def _digest(work: Work) -> "DigestFiles":
    from pipelines.digest.step import digest
    from pipelines.pull.windows import newest_end

    end = work.window.end if work.window else newest_end(work.home)
    return digest(work.home.published, work.home.digests, work.config.digest, end)


def _each_window(work: Work, there: list[tuple[str, Window]], one: Callable[[Window], object]) -> None:
    """Do every window of a source that is there, the night's own and older ones. One that fails costs itself."""
    failures = []
    for source_id, window in there:
        if source_id != work.source_id:
            continue
        try:
            one(window)
        except SourceFailed as failure:
            failures.append(failure)
        except (ConfigError, OSError):
            raise
        except EarshotError as failure:
            failures.append(SourceFailed(f"{source_id}: {failure}", is_permanent=True))
        except Exception as failure:
            log.exception("%s %s", source_id, window.name)
            failures.append(SourceFailed(f"{source_id}: {_unforeseen(failure)}"))
    if failures:
        raise SourceFailed.of_several(failures)


def _landed(home: Home, source_id: str, window: Window) -> str | None:
    from pipelines.pull.landing import fingerprint_of

    return fingerprint_of(home, source_id, window)


def _tidied(home: Home, source_id: str, window: Window) -> str | None:
    from pipelines.tidy.step import fingerprint_of

    return fingerprint_of(home, source_id, window)


def _enriched(home: Home, source_id: str, window: Window) -> str | None:
    from pipelines.enrich.files import fingerprint_of

    return fingerprint_of(home, source_id, window)


LEARN = Step("learn", "Learn from the labels that people gave since the last night.", _learn, is_needed=False)
PULL = Step(
    "pull",
    "Land what the source answers, gaps of earlier nights first. What a source that fails did answer has landed.",
    _pull,
    _landed,
)
TIDY = Step("tidy", "Turn what landed into records; what can't be read is set aside.", _tidy, _tidied)
ENRICH = Step("enrich", "Read language, brands, sentiment, themes and intents from the texts.", _enrich, _enriched)
LOAD = Step("load", "Bring what was enriched into the warehouse.", _load, holds_warehouse=True)
DISCOVER = Step(
    "discover", "Find what needs the whole picture: copies, topics, what emerges.", _discover, holds_warehouse=True
)
BUILD = Step("build", "Build the marts and test them.", _build, holds_warehouse=True)
PUBLISH = Step("publish", "Swap in the new earshot.duckdb.", _publish, holds_warehouse=True)
STEPS = (LEARN, PULL, TIDY, ENRICH, LOAD, DISCOVER, BUILD, PUBLISH)
"""A night, in order. Each step needs the one before it; those of a source run for each source by itself."""
DIGEST = Step("digest", "Write the digest of the period that ends where the new data ends.", _digest)
"""What follows every publication."""


# Doing it ---------------------------------------------------------------------------------------------


def do(step: Step, work: Work) -> Done:
    """Do a step and note how it went, for `ops.runs`.

    `NotHandedOn` where what the step before handed on isn't there. Raises whatever the step raises; what it made
    nevertheless is then told by `handed_on`.
    """
    began, clock = datetime.now(UTC).replace(tzinfo=None), time.monotonic()
    posts = 0

    def counted(count: int) -> None:
        nonlocal posts
        posts += count
        work.advance(count)

    error: BaseException | None = None
    try:
        _check(step, work)
        result = step.work(replace(work, advance=counted))
    except BaseException as failure:
        error = failure
        raise
    finally:
        took = time.monotonic() - clock
        note(work.home, Run.of(work.night, step.name, work.source_id, work.window, began, took, posts, error))
    return Done(handed_on(step, work), result)


def handed_on(step: Step, work: Work) -> Handed | None:
    """What a step that was done, or failed, hands to the next; None where it made nothing of the night's window."""
    if not step.made or not work.window:
        return None
    fingerprint = step.made(work.home, work.source_id, work.window)
    return Handed(work.source_id, work.window.name, fingerprint) if fingerprint else None


def _check(step: Step, work: Work) -> None:
    """That this process sees what the step before made, wherever that ran."""
    if work.handed is None or step not in STEPS[1:]:
        return
    before = STEPS[STEPS.index(step) - 1]
    if before.made is None:
        return
    for handed in work.handed:
        if before.made(work.home, handed.source_id, Window.from_name(handed.window)) != handed.fingerprint:
            raise NotHandedOn(
                f"{step.name}: what `{before.name}` made of {handed.source_id}, {handed.window}, is not in "
                f"{work.home.root}. Give every worker the same home (EARSHOT_HOME, on a disk that all of them see); if "
                "that window was pulled anew meanwhile, run the night again."
            )
    if not work.handed and not step.made:
        raise NotHandedOn(
            f"{step.name}: no source came as far as `{before.name}`, so that there is nothing of tonight to bring into "
            f"{work.home.root}. What failed says why."
        )


def night_name(told: str) -> str:
    """A name that can be that of a file."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", told)[:100]


def _unforeseen(failure: Exception) -> str:
    return f"{type(failure).__name__} that nobody foresaw; the log has the details. Please report it."


def told(step: Step, work: Work, failure: Exception) -> str:
    """A failure in a sentence, for who reads how the night went."""
    what = work.source_id or step.name
    if isinstance(failure, SourceFailed):
        return str(failure)
    return f"{what}: {failure if isinstance(failure, EarshotError) else _unforeseen(failure)}"
