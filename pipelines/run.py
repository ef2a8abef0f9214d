"""One night without Airflow: every step in order, each source on its own."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from connectors.contract import Window
from pipelines import steps
from pipelines.config import Config
from pipelines.credentials import from_environment
from pipelines.errors import ConfigError, EarshotError, SourceFailed
from pipelines.home import Home
from pipelines.model import prepare
from pipelines.parallel import Workers, process_pool
from pipelines.tidy import unread
from pipelines.windows import window_for

log = logging.getLogger(__name__)
MOST_AT_ONCE = 8
"""Sources that are asked at the same time."""


class Progress(Protocol):
    """Shows how far a step is: `with progress("tidy airlines") as advance: advance(1000)`."""

    def __call__(self, step: str) -> AbstractContextManager[Callable[[int], None]]:
        """A step that begins, as something to advance by a number of posts."""


@dataclass
class Night:
    """What a run did."""

    windows: list[tuple[str, Window]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    mentions: int = 0
    digest: steps.DigestFiles | None = None


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
    night = Night()
    now = datetime.now(UTC).replace(tzinfo=None)
    chosen = [config.source(only_source)] if only_source else list(config.sources)
    for settings in chosen:
        window = window_for(config, home, settings.id, since, until, now)
        if window is None:
            log.info("pull %s: complete up to the last midnight UTC", settings.id)
        else:
            night.windows.append((settings.id, window))
    with home.only_one("run"):
        with progress("learn"), _costing_itself(night, "learn"):
            steps.learn(home, config)
        with (
            Workers(config.workers) as workers,
            ThreadPoolExecutor(MOST_AT_ONCE) as asking,
            ThreadPoolExecutor(1) as loading,
        ):
            loads = []
            pulls = {
                asking.submit(
                    steps.pull_with_gaps,
                    home,
                    config,
                    source_id,
                    window,
                    from_environment(config.source(source_id), environ),
                    now,
                ): source_id
                for source_id, window in night.windows
            }
            while pulls:
                with progress(f"pull {', '.join(sorted(pulls.values()))}"):
                    done = next(as_completed(pulls))
                source_id = pulls.pop(done)
                with _costing_itself(night, source_id):
                    done.result()
                refine(home, config, progress, workers, night, source_id)
                if pulls:  # what is ready goes into the warehouse while the next source is read
                    loads.append(loading.submit(steps.load, home, config))
            idle = {settings.id for settings in config.sources} - {source_id for source_id, _ in night.windows}
            for source_id in sorted(idle):
                refine(home, config, progress, workers, night, source_id)
            night.mentions = sum(load.result() for load in loads)
        with process_pool(1) as modelling:
            modelling.submit(prepare, home.warehouse, home.logs)  # load and discover leave a processor idle
            with progress("load") as advance:
                night.mentions += steps.load(home, config, advance)
            with progress("discover"):
                steps.discover(home, config)
            with progress("model"), home.only_one("warehouse", wait_seconds=600):
                modelling.submit(steps.model, home.warehouse, home.logs).result()
        with progress("publish"):
            steps.publish(home)
        with progress("digest"):
            end = _digest_end(home, night, until, now)
            night.digest = steps.digest(home.published, home.digests, config.digest, end)
    return night


def refine(home: Home, config: Config, progress: Progress, workers: Workers, night: Night, source_id: str) -> None:
    """Tidy and enrich every landed window of a source that is not up to date. A window that fails costs itself."""
    for landed_source, window in home.windows(home.landing):
        if landed_source != source_id:
            continue
        with _costing_itself(night, source_id):
            with progress(f"tidy {source_id}") as advance:
                steps.tidy(home, config, source_id, window, advance, workers)
            with progress(f"enrich {source_id}") as advance:
                steps.enrich(home, config, source_id, window, advance, workers)
            failure = unread(home, source_id, window) if (source_id, window) in night.windows else None
            if failure:
                raise failure


@contextmanager
def _costing_itself(night: Night, what: str) -> Iterator[None]:
    """Note what fails in the block, so that the rest of the night goes on.

    A config that can't be used ends it, and so does a disk that can't be written to: nothing else would fare better.
    """
    try:
        yield
    except SourceFailed as failure:
        night.failures.append(str(failure))
    except (ConfigError, OSError):
        raise
    except EarshotError as failure:
        night.failures.append(f"{what}: {failure}")
    except Exception as failure:
        log.exception("%s", what)
        kind = type(failure).__name__
        night.failures.append(f"{what}: {kind} that nobody foresaw; the log has the details. Please report it.")


def _digest_end(home: Home, night: Night, until: datetime | None, now: datetime) -> datetime:
    """The digest's period ends with the newest window."""
    ends = [window.end for _, window in night.windows] or [window.end for _, window in home.windows(home.landing)]
    return until or max(ends, default=now)
