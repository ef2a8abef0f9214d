"""The `earshot` command: a thin layer that reads arguments, calls the steps and says how it went.

Exit codes: 0 all is well; 1 a step failed; 2 wrong arguments or config; 3 a source failed, everything else arrived;
4 another run holds what this one needs.
"""

import errno
import getpass
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
import duckdb
import pyarrow
import typer
from rich.box import SIMPLE
from rich.logging import RichHandler
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from connectors.contract import Window
from pipelines import __version__
from pipelines.config.settings import Config, load_config, read_moment
from pipelines.errors import BusyError, ConfigError, EarshotError, InputError, SourceFailed
from pipelines.store.home import Home, check_writable, path_or_default
from pipelines.terminal import Terminal, cell, heading

if TYPE_CHECKING:  # each command imports the steps that it takes, as all of them need seconds
    from pipelines.command.plan import SourcePlan
    from pipelines.command.status import SourceDays
    from pipelines.people.labelling import Import
    from pipelines.people.labels import Question

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Self-hosted social listening: from networks and files to one DuckDB file and a digest. "
    "Exit codes: 0 all is well, 1 a step failed, 2 wrong arguments or config, 3 a source failed but the rest arrived, "
    "4 another run is busy.",
)
out = Terminal()
err = Terminal(stderr=True)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="EARSHOT_CONFIG", help="What to listen for. See examples/.")
]
HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="EARSHOT_HOME", help="Folder of landing, warehouse, earshot.duckdb and digests."),
]


def _read_moment(text: str) -> datetime:
    try:
        return read_moment(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: {error}.") from error


def _read_span(text: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,6})\s*([hd])", text.strip().lower())
    if not found:
        raise click.BadParameter(f"{text!r}: write hours or days, as in 36h or 2d.")
    return timedelta(hours=int(found[1]) * (24 if found[2] == "d" else 1))


SinceOption = Annotated[
    datetime | None,
    typer.Option(help="Start of the window, UTC, inclusive.", parser=_read_moment, metavar="DAY|MOMENT"),
]
UntilOption = Annotated[
    datetime | None, typer.Option(help="End of the window, UTC, exclusive.", parser=_read_moment, metavar="DAY|MOMENT")
]
SourceOption = Annotated[str | None, typer.Option("--source", help="Only this source of the config.")]
RawOption = Annotated[bool, typer.Option("--raw", help="Don't put an apostrophe before cells that look like formulas.")]
DEFAULT_CONFIG = Path("earshot.toml")


class OutputFormat(StrEnum):
    """How rows are shown or written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


class FileFormat(StrEnum):
    """How tables are written."""

    csv = "csv"
    json = "json"
    parquet = "parquet"


def main() -> None:
    """Run the command; a fault that a person can mend is one message, not a traceback."""
    try:
        app(standalone_mode=False)
    except typer.Exit as leaving:
        sys.exit(leaving.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        err.print("Stopped. What had landed stays; run the same command to go on.")
        sys.exit(130)
    except BusyError as error:
        _complain(error, 4)
    except SourceFailed as error:
        _complain(error, 3)
    except (ConfigError, InputError) as error:
        _complain(error, 2)
    except EarshotError as error:
        _complain(error, 1)
    except (duckdb.Error, pyarrow.ArrowException, OSError) as error:
        _complain(_disk_fault(error), 1)
    except Exception as error:
        if not hasattr(error, "format_message"):  # click's own complaints about arguments
            raise
        error.show()  # type: ignore[attr-defined]
        sys.exit(2)


def _disk_fault(error: Exception) -> str:
    """What a failed write means and what to do."""
    # DuckDB goes on with the statement, which the reader did not write
    told = " ".join(str(error).partition("\n\n")[0].split()).rstrip(".")
    if getattr(error, "errno", None) in _NO_ROOM or any(os.strerror(code).lower() in told.lower() for code in _NO_ROOM):
        return f"The disk is full: {told}. Make room and run the same command again; nothing is lost or doubled."
    return f"{type(error).__name__}: {told}."


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""No room on the disk, in the user's share of it, or for a larger file."""


def _complain(error: object, code: int) -> None:
    err.print(f"earshot: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)


@app.callback(invoke_without_command=True)
def _start(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Set up the log: plain lines in a file, coloured ones on a terminal."""
    if version:
        out.print(__version__)
        raise typer.Exit
    on_terminal = err.is_terminal
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING if on_terminal else logging.INFO,
        format="%(message)s" if on_terminal else "%(asctime)s %(levelname)s %(message)s",
        handlers=[RichHandler(console=err, show_path=False)] if on_terminal else [logging.StreamHandler()],
        force=True,
    )
    for chatty in ("httpx", "urllib3", "prawcore", "tweepy"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


@contextmanager
def _progress(step: str, *, is_quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A line that counts on a terminal; one line at the end in a log, and none of a quiet step that counted nothing."""
    began = datetime.now(UTC)
    if err.is_terminal:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TextColumn("{task.completed:,.0f} posts"),
        )
        with Progress(*columns, TimeElapsedColumn(), console=err, transient=True) as bar:
            task = bar.add_task(step, total=None)
            yield lambda count: bar.advance(task, count)
        return
    counted = [0]

    def count(more: int) -> None:
        counted[0] += more

    yield count
    seconds = (datetime.now(UTC) - began).total_seconds()
    level = logging.DEBUG if is_quiet and not counted[0] else logging.INFO
    posts = f", {counted[0]:,} posts" if counted[0] else ""
    logging.getLogger("earshot").log(level, "%s: done in %.1f s%s", step, seconds, posts)


def _open(config_path: Path, home_path: Path | None) -> tuple[Config, Home]:
    config = load_config(config_path)
    home = Home(path_or_default(home_path))
    check_writable(home.root)
    return config, home


@app.command()
def run(
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
) -> None:
    """Pull to digest in one go: the window of --since and --until, else of the config, else since the last run."""
    from pipelines.run import run_night

    settings, where = _open(config, home)
    done = run_night(where, settings, _progress, since=since, until=until, only_source=source)
    out.print(f"{done.mentions:,} mentions loaded", highlight=False)
    if done.digest:
        out.print(done.digest.headline, style="bold", markup=False, highlight=False)
        out.print(f"digest    {done.digest.html}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"tables    {where.published}", markup=False, highlight=False, soft_wrap=True)
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

    settings, where = _open(config, home)
    now = datetime.now(UTC).replace(tzinfo=None)
    failures = []
    sources = [settings.source(source)] if source else settings.sources
    for chosen in sources:
        window = window_for(settings, where, chosen.id, since, until, now)
        if window is None:
            out.print(f"{chosen.id}: complete up to the last midnight UTC", markup=False, highlight=False)
            continue
        with _progress(f"pull {chosen.id}"):
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

    settings, where = _open(config, home)
    landed = _of_sources(settings, landing.windows(where), where.landing, source)
    failures = []
    with Workers(settings.workers) as workers:
        for source_id, window in landed:
            try:
                with _progress(f"tidy {source_id} {window.name}") as advance:
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

    settings, where = _open(config, home)
    tidied = _of_sources(settings, where.windows(where.tidy), where.tidy, source)
    with Workers(settings.workers) as workers:
        for source_id, window in tidied:
            with _progress(f"enrich {source_id} {window.name}") as advance:
                step.enrich(where, settings, source_id, window, advance, workers)


@app.command()
def load(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Bring enriched windows into the warehouse."""
    from pipelines.load import step

    settings, where = _open(config, home)
    with _progress("load") as advance:
        count = step.load(where, settings, advance)
    out.print(f"{count:,} mentions loaded", highlight=False)


@app.command()
def discover(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Find replies, duplicates, topics, what emerges and influential authors in the whole warehouse."""
    from pipelines.discover import step

    settings, where = _open(config, home)
    with _progress("discover"):
        step.discover(where, settings)


@app.command()
def build(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Build the marts and test them."""
    from pipelines.build import step

    _, where = _open(config, home)
    with _progress("build"), where.only_one("warehouse", wait_seconds=600):
        step.build(where.warehouse, where.logs)


@app.command()
def publish(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Swap the warehouse in as earshot.duckdb."""
    from pipelines.publish import step

    _, where = _open(config, home)
    out.print(str(step.publish(where)), markup=False, highlight=False, soft_wrap=True)


@app.command()
def digest(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, until: UntilOption = None) -> None:
    """Write the digest for the period that ends at --until (default: where the newest window ends)."""
    from pipelines.digest import step
    from pipelines.pull.windows import newest_end
    from pipelines.store.published import open_published

    settings, where = _open(config, home)
    open_published(where).close()
    made = step.digest(where.published, where.digests, settings.digest, until or newest_end(where))
    out.print(made.headline, style="bold", markup=False, highlight=False)
    out.print(str(made.html), markup=False, highlight=False, soft_wrap=True)


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Say whether config and files are sound, credentials are there, and what a night asks of whom. Sends nothing."""
    from pipelines.command.plan import everyday_words, plan

    settings = load_config(config)
    now = datetime.now(UTC).replace(tzinfo=None)
    plans = plan(settings, Home(path_or_default(home)), now)
    lacking = []
    for source in plans:
        out.print(
            f"[bold]{source.source}[/bold] ({source.network_name}): {len(source.queries)} queries", highlight=False
        )
        for asked in source.queries:
            out.print(f"  {asked.name}: {asked.text}", markup=False, highlight=False, soft_wrap=True)
        network = source.network
        told = [f"limits: {network.limits}; reaches back: {network.reaches_back}"]
        told += [f"looks again at {source.rechecks:,} posts of the last days"] if source.rechecks else []
        told += [f"{brand}: posts can't be found by {part} here" for brand, part in source.lost]
        told += [line for sample in source.samples for line in sample.lines]
        told += [f"careful: {warning}" for warning in source.warnings]
        for line in told:
            out.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
        lacking += [f"{source.source}: set {name}" for name in source.missing]
        faults = [source.fault, *(sample.fault for sample in source.samples)]
        lacking += [f"{source.source}: {fault}" for fault in faults if fault]
    out.print(_costs(plans))
    for warning in everyday_words(settings):
        out.print(f"careful: {warning}", markup=False, highlight=False, soft_wrap=True)
    own = [brand.name for brand in settings.brands if not brand.competitor]
    out.print(
        f"{config} is sound: {len(settings.brands)} brands ({', '.join(own) or 'none'} our own), "
        f"{len(settings.themes)} themes.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    if lacking:
        raise ConfigError("not ready:\n  " + "\n  ".join(lacking))


def _costs(plans: "list[SourcePlan]") -> Table:
    """A line for each source: what a night asks at least, what the last ones used, what the budget allows."""
    table = Table(
        *("source", "calls a night", "posts a night", "units a night", "calls a month", "posts a month", "USD a month"),
        box=SIMPLE,
        title="the coming night",
        caption="a night: at least · mean of the last seven · most that the budget allows; a month is thirty such "
        "nights; – = not known, or no budget",
    )
    for source in plans:
        usual, most = source.usual, source.most
        usd = source.usd_per_month
        units = source.network.units_per_day
        table.add_row(
            source.source,
            _three(f"{source.least_calls:,}", usual and usual.calls, most.get("calls")),
            _three(None, usual and usual.posts, most.get("posts")),
            _three(None, usual and usual.units, most.get("units") or units) if units else "",
            _three(None, *_of_a_month(usual and usual.calls, most.get("calls"))),
            _three(None, *_of_a_month(usual and usual.posts, most.get("posts"))),
            f"{_dollars(usd[0])} · {_dollars(usd[1])} ({_dollars(source.usd_this_month)} so far)" if usd else "free",
        )
    return table


def _of_a_month(*nightly: float | None) -> Iterator[float | None]:
    from pipelines.command.plan import DAYS_PER_MONTH

    return (None if number is None else number * DAYS_PER_MONTH for number in nightly)


def _dollars(amount: float | None) -> str:
    return "–" if amount is None else f"{amount:,.2f}"


def _three(least: str | None, usual: float | None, most: float | None) -> str:
    numbers = ["–" if number is None else f"{number:,.0f}" for number in (usual, most)]
    return " · ".join([*([least] if least else []), *numbers])


@app.command("explain-query")
def explain_query(
    brand: Annotated[str, typer.Argument(help="Id of a brand in the config.")], config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Show what a brand's query becomes on each network, and what that network can't say. Sends nothing."""
    from pipelines.command.explain import explain

    settings = load_config(config)
    known = {entry.id: entry for entry in settings.brands}
    if brand not in known:
        raise InputError(f"There is no brand {brand!r} in {config}. It has: {', '.join(known)}.")
    out.print(f"{known[brand].name}: {known[brand].expression}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"version {known[brand].query_version}", markup=False, highlight=False)
    for explained in explain(settings, known[brand]):
        sources = f" ({', '.join(explained.sources)})" if explained.sources else ""
        out.print(f"\n[bold]{explained.network}[/bold]{escape(sources)}", highlight=False)
        for search in explained.searches or ("nothing that can be asked",):
            out.print(f"  {search}", markup=False, highlight=False, soft_wrap=True)
        for note in explained.notes:
            out.print(f"  – {note}", markup=False, highlight=False, soft_wrap=True, style="dim")


MARKS = {"complete": "[green]█[/]", "partial": "[yellow]▒[/]", "missing": "[red]✗[/]"}
"""What a day looks like in the calendar of what was seen."""


@app.command("status")
def show_status(
    home: HomeOption = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days that the calendar shows.")] = 28,
    max_age: Annotated[
        timedelta | None,
        typer.Option(
            help="Leave with code 1 where nothing was published for so long: 36h, 2d.",
            parser=_read_span,
            metavar="SPAN",
        ),
    ] = None,
) -> None:
    """Show how far each source was seen and what was not, with a calendar and what failed in the last night."""
    from pipelines.command.status import calendar, last_night, published_at, status

    where = Home(path_or_default(home))
    rows = status(where)
    columns = ("source", "network", "seen until", "last window", "posts", "newest post", "misfits")
    table = Table(*columns, box=SIMPLE, caption="times in UTC; misfits lie in core.quarantine")
    for row in rows:
        table.add_row(
            cell(row.source),
            cell(row.network),
            _minute(row.seen_until),
            cell(row.last_status),
            f"{row.posts:,}",
            _minute(row.newest_post_at),
            f"{row.quarantined:,}",
            style="yellow" if row.reason else None,
        )
    out.print(table)
    if seen := calendar(where, days):
        out.print(_calendar(seen))
    for row in rows:
        if row.reason:
            out.print(f"{row.source}: {row.reason}", markup=False, highlight=False, soft_wrap=True)
    for run in last_night(where):
        if run.error:
            what = f"{run.step} {run.source or ''}".strip()
            out.print(f"last night, {what}: {run.error}", markup=False, highlight=False, soft_wrap=True, style="yellow")
    if max_age is not None:
        _check_age(published_at(where), max_age)


def _check_age(published: datetime, most: timedelta) -> None:
    age = datetime.now(UTC).replace(tzinfo=None) - published
    if age > most:
        raise EarshotError(
            f"Nothing was published for {age.total_seconds() / 3600:,.0f} hours, since {published:%Y-%m-%d %H:%M} UTC; "
            f"{most.total_seconds() / 3600:,.0f} are allowed. Look at the log of the last night, or run `earshot run`."
        )


def _calendar(sources: "list[SourceDays]") -> Table:
    """A line for each source, a sign for each day, Mondays set apart."""
    every_day = [day for source in sources for day in source.days]
    first, last = min(every_day), max(every_day)
    table = Table(
        *("source", f"{first} to {last}"),
        box=SIMPLE,
        caption="█ complete  ▒ in part  ✗ nothing seen  · not asked for; a space before each Monday",
    )
    for source in sources:
        signs = []
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            signs.append(" " if number and day.weekday() == 0 else "")
            signs.append(MARKS.get(source.days.get(day, ""), "·"))
        table.add_row(cell(source.source), "".join(signs))
    return table


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "–"


@app.command("query")
def run_query(
    sql: Annotated[str, typer.Argument(help='What to ask, e.g. "select * from marts.brand_days limit 5".')],
    home: HomeOption = None,
    output: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to show the rows.")] = OutputFormat.table,
    to: Annotated[Path | None, typer.Option("--out", help="Write to this file instead.")] = None,
    raw: RawOption = False,
) -> None:
    """Ask the published file with SQL. Never locks and never changes anything."""
    from pipelines.publish import export as exporting

    relation = exporting.query(Home(path_or_default(home)), sql)
    if output is OutputFormat.parquet and to is None:
        raise InputError("Parquet can't be shown on a terminal; give a file with --out.")
    if output is OutputFormat.table and to is None:
        out.print(_as_table(relation))
        return
    chosen: Any = output.value if output is not OutputFormat.table else (to.suffix[1:] if to else "csv")
    if chosen not in {"csv", "json", "parquet"}:
        raise InputError(f"--out {to}: can't tell the format. Use .csv, .json or .parquet, or say it with --format.")
    if to is not None:
        exporting.write(relation, to, chosen, raw=raw)
    else:
        exporting.write_stdout(relation, chosen, raw=raw)


def _as_table(relation: duckdb.DuckDBPyRelation) -> Table:
    shown = 200
    rows = relation.limit(shown + 1).fetchall()
    caption = f"first {shown} rows; --out FILE gives all" if len(rows) > shown else None
    table = Table(*map(heading, relation.columns), caption=caption)
    for row in rows[:shown]:
        table.add_row(*map(cell, row))
    return table


@app.command("export")
def export_tables(
    to: Annotated[Path, typer.Option("--out", help="Folder for the files.")],
    schema: Annotated[str, typer.Option(help="core, marts or ops.")] = "core",
    home: HomeOption = None,
    output: Annotated[FileFormat, typer.Option("--format", "-f", help="How to write them.")] = FileFormat.csv,
    raw: RawOption = False,
) -> None:
    """Write every table of a schema to a file, ordered by its key. The same tables give the same bytes."""
    from pipelines.publish import export as exporting

    for path in exporting.export(Home(path_or_default(home)), schema, to, output.value, raw=raw):
        out.print(str(path), markup=False, highlight=False, soft_wrap=True)


@app.command("score")
def score_texts(
    file: Annotated[Path, typer.Argument(help="CSV, JSON Lines or Parquet, plain or packed with gzip or zstd.")],
    text: Annotated[str, typer.Option(help="Column that holds the texts.")],
    to: Annotated[Path, typer.Option("--out", help="File to write: .csv, .jsonl or .parquet.")],
    config: Annotated[Path | None, typer.Option("--config", "-c", help="Config whose themes are looked for.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of texts that are too short to tell, e.g. en.")] = None,
) -> None:
    """Add language, sentiment and themes to the rows of any file. Needs no warehouse."""
    from pipelines.config.settings import LanguageSettings
    from pipelines.enrich.lens import Lens, lens_of
    from pipelines.enrich.score import score_file

    lens = lens_of(load_config(config), language) if config else Lens((), (), LanguageSettings().expected, language, ())
    with _progress(f"score {file.name}") as advance:
        scored, unread = score_file(file, text, to, lens, advance)
    out.print(f"{scored:,} rows scored, {unread:,} could not be read", highlight=False)


@app.command("evaluate")
def evaluate_engine(
    task: Annotated[
        str, typer.Argument(help="sentiment, intent, moderation, spam, tones, language, duplicates or topics.")
    ],
    file: Annotated[
        Path | None, typer.Argument(help="CSV, JSON Lines or Parquet, plain or packed with gzip or zstd.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="Column that holds the texts.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="Column of labels; of several people's, the majority counts.")
    ] = None,
    own_labels: Annotated[
        bool, typer.Option("--labels", help="Measure on the labels of `earshot label`, in place of a file.")
    ] = False,
    home: HomeOption = None,
    other: Annotated[str | None, typer.Option(help="Column of the second text, for duplicates.")] = None,
    engine: Annotated[str | None, typer.Option(help="What answers; without it, what a night runs.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="Column whose values are measured each; may repeat.")] = None,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="OLD=NEW for a label, OLD= to leave its rows out; may repeat.")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="Config whose settings are measured.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of texts that are too short to tell, e.g. en.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
) -> None:
    """Measure an engine on a file that people labelled: how often it is right, and where it is not."""
    from pipelines.config.settings import LanguageSettings
    from pipelines.enrich.lens import Lens, lens_of
    from pipelines.evaluation.evaluate import Columns, evaluate, read_mapping
    from pipelines.evaluation.own_labels import labelled_file
    from pipelines.evaluation.table import as_tables
    from pipelines.pull.landing import encode

    lens = lens_of(load_config(config), language) if config else Lens((), (), LanguageSettings().expected, language, ())
    with ExitStack() as held:
        if own_labels:
            if file or text or label or other or group:
                raise InputError("--labels takes the place of a FILE and its columns: give the one or the other.")
            file, columns = held.enter_context(labelled_file(Home(path_or_default(home)), task))
        elif file and text and label:
            columns = Columns(text, tuple(dict.fromkeys(label)), other, tuple(dict.fromkeys(group or ())))
        else:
            raise InputError("Expected a FILE with --text and --label, or --labels for those of `earshot label`.")
        advance = held.enter_context(_progress(f"evaluate {file.name}"))
        if task == "topics":
            _evaluate_topics(file, columns, engine, advance, as_json)
            return
        found = evaluate(file, task, columns, lens, engine=engine, mapping=read_mapping(mapping or ()), advance=advance)
    if as_json:
        typer.echo(encode(found))
        return
    for part in as_tables(found):
        out.print(part, highlight=False)


def _evaluate_topics(
    file: Path, columns: Any, engine: str | None, advance: Callable[[int], None], as_json: bool
) -> None:
    """Topics have no right names: found groups are held against people's."""
    from pipelines.evaluation.evaluate import labelled_texts
    from pipelines.evaluation.topics import as_text, evaluate_topics
    from pipelines.pull.landing import encode
    from reading.topics.embedding import DEFAULT

    found = evaluate_topics(*labelled_texts(file, columns, advance), engine or DEFAULT)
    if as_json:
        typer.echo(encode(found))
    else:
        out.print(as_text(found), markup=False, highlight=False, soft_wrap=True)


class Order(StrEnum):
    """Which posts of a group people are asked about first."""

    uncertain = "uncertain"
    random = "random"


class Task(StrEnum):
    """What people are asked about a post."""

    sentiment = "sentiment"
    intent = "intent"
    topic = "topic"
    moderation = "moderation"
    account = "account"


@app.command("label")
def label_posts(
    mention: Annotated[
        list[str] | None, typer.Argument(help="Label these, not a sample: posts by mention_id, accounts by author_id.")
    ] = None,
    home: HomeOption = None,
    task: Annotated[list[Task] | None, typer.Option(help="What is asked; may repeat.  [default: sentiment]")] = None,
    target: Annotated[str, typer.Option(help="text, or the id of the brand that the answers are about.")] = "text",
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Posts in the sample.")] = 50,
    order: Annotated[Order, typer.Option(help="Least sure first, or at random within a group.")] = Order.uncertain,
    source: SourceOption = None,
    lang: Annotated[str | None, typer.Option(help="Only posts in this language, e.g. en.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed draws other posts.")] = 0,
    by: Annotated[str | None, typer.Option(help="Who answers.  [default: your login name]")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Write the sample as CSV, to be filled in.")] = None,
    filled: Annotated[Path | None, typer.Option("--in", help="Read a filled-in file back.")] = None,
) -> None:
    """Say what you see in posts, one at a time or in a spreadsheet. Your word stands above every engine's."""
    from pipelines.people import accounts, labelling, sampling
    from pipelines.people import labels as store

    where = Home(path_or_default(home))
    who = labelling.person(by or getpass.getuser())
    now = partial(datetime.now, UTC)
    if filled is not None:
        _read_answers(labelling.read_answers(where, filled, who, now().replace(tzinfo=None)))
        return
    tasks = tuple(dict.fromkeys(chosen.value for chosen in task or [Task.sentiment]))
    wanted = sampling.Wanted(tasks, target, count, source, lang, order is Order.random, seed)
    if store.ACCOUNT in tasks and len(tasks) > 1:
        raise InputError(f"--task {store.ACCOUNT} asks about accounts, the others about posts: ask for it alone.")
    if store.ACCOUNT in tasks:
        posts = accounts.named(where, mention) if mention else accounts.sample(where, wanted, store.read(where), who)
    else:
        posts = sampling.posts(where, mention) if mention else sampling.sample(where, wanted, store.read(where), who)
    if to is not None:
        labelling.write_sample(to, posts, tasks, target)
        out.print(f"{len(posts):,} posts in {to}", markup=False, highlight=False, soft_wrap=True)
        return
    if not posts:
        out.print("No such post is left to label: you have judged them all, or nothing is published yet.")
        return
    topics = sampling.topics(where)
    session = labelling.Session(where, who, tasks, target, _ask, out, lambda: now().replace(tzinfo=None), topics)
    kept = session.label(posts)
    out.print(f"{kept:,} answers kept in {where.labels}", markup=False, highlight=False, soft_wrap=True)


def _ask(question: "Question") -> str | None:
    """A key on a terminal where one is enough, else a line; None at the end of the input."""
    try:
        if not sys.stdin.isatty():
            return sys.stdin.readline() or None
        if question.choices and not question.takes_several:
            return click.getchar()
        return input("> ")
    except EOFError:
        return None
    except UnicodeDecodeError as error:
        raise InputError(f"An answer is no UTF-8 text ({error}); what was kept before stays.") from error


def _read_answers(found: "Import") -> None:
    out.print(f"{found.kept:,} answers kept, {found.unchanged:,} were there already", highlight=False)
    if found.bad:
        shown = [*found.bad[:MOST_FAULTS], *(["…"] if len(found.bad) > MOST_FAULTS else [])]
        raise InputError(f"{len(found.bad)} answers can't be read; the others are kept:\n  " + "\n  ".join(shown))


MOST_FAULTS = 50
"""Lines of a file that are named one by one."""


@app.command()
def learn(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Learn from the labels, and say for each source whether what was learned takes over. A night begins with it."""
    from pipelines.learn import step
    from pipelines.learn.table import as_tables

    settings, where = _open(config, home)
    with _progress("learn"):
        found = step.learn(where, settings)
    for learnt in found:
        out.print(f"{learnt.labels_count:,} posts are labelled for {learnt.task}", highlight=False)
        if learnt.why_not:
            why_not = f"Nothing is learned from them yet: {learnt.why_not}."
            out.print(why_not, markup=False, highlight=False, soft_wrap=True)
        for part in as_tables(learnt):
            out.print(part, highlight=False)


if __name__ == "__main__":
    main()
