"""A night, and each of its steps by itself."""

from datetime import UTC, datetime
from pathlib import Path

from connectors.contract import Window
from pipelines.command.app import (
    DEFAULT_CONFIG,
    ConfigOption,
    HomeOption,
    JsonOption,
    SinceOption,
    SourceOption,
    UntilOption,
    app,
    err,
    opened,
    out,
    progress,
    told,
)
from pipelines.config.settings import Config
from pipelines.errors import BusyError, InputError, SourceFailed


@app.command()
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pull to digest in one go: the window of --since and --until, else of the config, else since the last run."""
    from pipelines.command.summary import as_table, summary
    from pipelines.pull.landing import encode
    from pipelines.run import run_night

    settings, where = opened(config, home)
    done = run_night(where, settings, progress, since=since, until=until, only_source=source)
    if err.is_terminal:
        err.print(as_table(where, done))
    if as_json:
        print(encode(summary(where, done)).decode())
    else:
        out.print(f"{done.mentions:,} mentions loaded", highlight=False)
        if done.digest:
            out.print(done.digest.headline, style="bold", markup=False, highlight=False)
            told(f"digest    {done.digest.html}")
        told(f"tables    {where.published}")
    if done.failures:
        raise SourceFailed("a source failed, the others are in the digest:\n  " + "\n  ".join(done.failures))


@app.command()
def pull(
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
) -> None:
    """Ask the networks and land their answers."""
    from pipelines.config.credentials import from_environment
    from pipelines.pull.step import pull_with_gaps
    from pipelines.pull.windows import window_for

    settings, where = opened(config, home)
    now = datetime.now(UTC).replace(tzinfo=None)
    failures = []
    sources = [settings.source(source)] if source else settings.sources
    for chosen in sources:
        window = window_for(settings, where, chosen.id, since, until, now)
        if window is None:
            out.print(f"{chosen.id}: complete up to the last midnight UTC", markup=False, highlight=False)
            continue
        with progress(f"pull {chosen.id}"):
            try:
                pull_with_gaps(where, settings, chosen.id, window, from_environment(chosen), now)
            except SourceFailed as failure:
                failures.append(str(failure))
            except BusyError as failure:
                if len(sources) == 1:
                    raise
                failures.append(f"{chosen.id}: {failure}")
    if failures:
        raise SourceFailed("\n".join(failures))


def _of_sources(
    settings: Config, there: list[tuple[str, Window]], stage: Path, source: str | None
) -> list[tuple[str, Window]]:
    """The windows of the one source, or of all that the config still has."""
    chosen = {settings.source(source).id} if source else {known.id for known in settings.sources}
    found = [pair for pair in there if pair[0] in chosen]
    if not found:
        raise InputError(f"There is nothing in {stage}. Run the step before it first, or give another --home.")
    return found


@app.command()
def tidy(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, source: SourceOption = None) -> None:
    """Turn landed answers into tables of records."""
    from pipelines.parallel import Workers
    from pipelines.pull import landing
    from pipelines.tidy import step

    settings, where = opened(config, home)
    landed = _of_sources(settings, landing.windows(where), where.landing, source)
    failures = []
    with Workers(settings.workers) as workers:
        for source_id, window in landed:
            try:
                with progress(f"tidy {source_id} {window.name}") as advance:
                    step.tidy(where, settings, source_id, window, advance, workers)
            except InputError as error:
                failures.append(f"{source_id}: {error}")
            else:
                failure = step.unread(where, source_id, window)
                failures += [str(failure)] if failure else []
    if failures:
        raise SourceFailed("\n".join(failures))


@app.command()
def enrich(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, source: SourceOption = None) -> None:
    """Read language, brands, sentiment and themes from every tidy mention."""
    from pipelines.enrich import step
    from pipelines.parallel import Workers

    settings, where = opened(config, home)
    tidied = _of_sources(settings, where.windows(where.tidy), where.tidy, source)
    with Workers(settings.workers) as workers:
        for source_id, window in tidied:
            with progress(f"enrich {source_id} {window.name}") as advance:
                step.enrich(where, settings, source_id, window, advance, workers)


@app.command()
def load(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Bring enriched windows into the warehouse."""
    from pipelines.load import step

    settings, where = opened(config, home)
    with progress("load") as advance:
        count = step.load(where, settings, advance)
    out.print(f"{count:,} mentions loaded", highlight=False)


@app.command()
def discover(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Find replies, duplicates, topics, what emerges and influential authors in the whole warehouse."""
    from pipelines.discover import step

    settings, where = opened(config, home)
    with progress("discover"):
        step.discover(where, settings)


@app.command()
def build(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Build the marts and test them."""
    from pipelines.build import step

    _, where = opened(config, home)
    with progress("build"), where.only_one("warehouse", wait_seconds=600):
        step.build(where.warehouse, where.logs)


@app.command()
def publish(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Swap the warehouse in as earshot.duckdb."""
    from pipelines.publish import step

    _, where = opened(config, home)
    out.print(str(step.publish(where)), markup=False, highlight=False, soft_wrap=True)


@app.command()
def digest(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, until: UntilOption = None) -> None:
    """Write the digest for the period that ends at --until (default: where the newest window ends)."""
    from pipelines.digest import step
    from pipelines.pull.windows import newest_end
    from pipelines.store.published import open_published

    settings, where = opened(config, home)
    open_published(where).close()
    made = step.digest(where.published, where.digests, settings.digest, until or newest_end(where))
    out.print(made.headline, style="bold", markup=False, highlight=False)
    told(str(made.html))
