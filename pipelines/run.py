"""One night in one process: the steps of `night`, with the sources side by side."""

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import duckdb

from connectors.contract import Window
from pipelines.build.step import prepare
from pipelines.config.credentials import from_environment
from pipelines.config.settings import Config
from pipelines.digest.step import DigestFiles
from pipelines.errors import BusyError, ConfigError, EarshotError
from pipelines.load.step import load
from pipelines.night import DIGEST, LOAD, PULL, STEPS, Done, Handed, Step, Work, do, handed_on, night_name, told
from pipelines.parallel import Workers, process_pool
from pipelines.pull.windows import window_for
from pipelines.store.home import Home

log = logging.getLogger(__name__)
MOST_AT_ONCE = 8
"""Sources that are asked at the same time."""
PAUSE = 5.0
"""Seconds after which a step that somebody stood in the way of is tried again."""


class Progress(Protocol):
    """Shows how far a step is: `with progress("tidy airlines") as advance: advance(1000)`."""

    def __call__(self, step: str, *, is_quiet: bool = False) -> AbstractContextManager[Callable[[int], None]]:
        """A step that begins, as something to advance by a number of posts. A quiet one that counts none leaves no line
        in a log.
        """


@dataclass
class Night:
    """What a run did."""

    name: str
    windows: dict[str, Window] = field(default_factory=dict)
    """The window that each source was asked for; none where nothing was left to ask."""
    failures: list[str] = field(default_factory=list)
    mentions: int = 0
    digest: DigestFiles | None = None


def run_night(
    home: Home,
    config: Config,
    progress: Progress,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    only_source: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Night:
    """Pull to digest. A source that fails is named in the result; everything else still arrives.

    The sources are asked at the same time, as most of the time is spent waiting for networks.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    night = Night(night_name(f"{now:%Y%m%dT%H%M%S}"))
    chosen = [config.source(only_source)] if only_source else list(config.sources)
    for settings in chosen:
        window = window_for(config, home, settings.id, since, until, now)
        if window:
            night.windows[settings.id] = window
    idle = [settings.id for settings in chosen if settings.id not in night.windows]
    if idle:
        log.info("pull: complete up to the last midnight UTC: %s", ", ".join(idle))
    spans = night.windows.values()
    span = Window(min(w.start for w in spans), max(w.end for w in spans)) if spans else None
    work = Work(night.name, home, config, now, span)
    run = _Run(night, progress)
    with home.only_one("run"):
        for step in STEPS[: STEPS.index(PULL)]:
            with run.costing_itself(step, work):
                run.do(step, work)
        handed = run.sources(work, environ)
        with process_pool(1) as beside:
            beside.submit(prepare, home.warehouse, home.logs)  # load and discover leave a processor idle
            work = replace(work, beside=beside)
            night.mentions += run.held(LOAD, replace(work, handed=handed if spans else None)).result
            for step in STEPS[STEPS.index(LOAD) + 1 :]:
                run.held(step, work)
        night.digest = run.do(DIGEST, work).result
    return night


def _count(posts: Counter[str], source_id: str, count: int) -> None:
    posts[source_id] += count


class _Run:
    """A night at work: shows how far it is, and notes what fails."""

    def __init__(self, night: Night, progress: Progress) -> None:
        self.night = night
        self.progress = progress

    def do(self, step: Step, work: Work) -> Done:
        """Do a step."""
        with self.progress(f"{step.name} {work.source_id}".strip(), is_quiet=step.of_source) as advance:
            return do(step, replace(work, advance=advance))

    def held(self, step: Step, work: Work) -> Done:
        """Do a step that needs the warehouse, once more where somebody holds it."""
        try:
            return self.do(step, work)
        except (BusyError, duckdb.IOException) as failure:
            log.warning("%s: %s Tried again.", step.name, failure)
            time.sleep(PAUSE)
            return self.do(step, work)

    def sources(self, work: Work, environ: Mapping[str, str]) -> list[Handed]:
        """Pull every source at the same time; tidy and enrich each as soon as it has answered. What they hand on."""
        config, chain = work.config, STEPS[STEPS.index(PULL) + 1 : STEPS.index(LOAD)]
        handed, loads, posts = [], [], Counter[str]()
        with (
            Workers(config.workers) as workers,
            ThreadPoolExecutor(MOST_AT_ONCE) as asking,
            ThreadPoolExecutor(1) as loading,
        ):
            of_source = {
                settings.id: replace(
                    work,
                    source_id=settings.id,
                    window=self.night.windows.get(settings.id),
                    credentials=from_environment(settings, environ),
                    workers=workers,
                    advance=partial(_count, posts, settings.id),
                )
                for settings in config.sources
            }
            pulls = {asking.submit(do, PULL, of_source[source_id]): source_id for source_id in self.night.windows}
            idle = sorted(of_source.keys() - self.night.windows.keys())
            while pulls or idle:
                if pulls:
                    with self.progress(f"pull {', '.join(sorted(pulls.values()))}", is_quiet=True):
                        done = next(as_completed(pulls))
                    one = of_source[pulls.pop(done)]
                    with self.costing_itself(PULL, one):
                        done.result()
                    if posts[one.source_id]:
                        log.info("pull %s: %s posts", one.source_id, f"{posts[one.source_id]:,}")
                    given = handed_on(PULL, one)
                else:
                    one, given = of_source[idle.pop(0)], None
                for step in chain:
                    one = replace(one, handed=[given] if given else [])
                    with self.costing_itself(step, one):
                        self.do(step, one)
                    given = handed_on(step, one)
                handed += [given] if given else []
                if pulls:  # what is ready goes into the warehouse while the next source is read
                    loads.append(loading.submit(load, work.home, config))
        self.night.mentions += sum(load.result() for load in loads)
        return handed

    @contextmanager
    def costing_itself(self, step: Step, work: Work) -> Iterator[None]:
        """Note what fails in the block, so that the rest of the night goes on.

        A config that can't be used ends it, and so does a disk that can't be written to: nothing would fare better.
        """
        try:
            yield
        except (ConfigError, OSError):
            raise
        except Exception as failure:
            if not isinstance(failure, EarshotError):
                log.exception("%s %s", step.name, work.source_id)
            self.night.failures.append(told(step, work, failure))
