"""What every command has in common: the application itself, its options, its log and its progress."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import click
import typer
from rich.logging import RichHandler
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipelines import __version__
from pipelines.config.settings import Config, load_config, read_moment
from pipelines.store.home import Home, check_writable, path_or_default
from pipelines.terminal import Terminal

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Self-hosted social listening: from networks and files to one DuckDB file and a digest. "
    "Exit codes: 0 all is well, 1 a step failed, 2 wrong arguments or config, 3 a source failed but the rest arrived, "
    "4 another run is busy.",
)
out = Terminal()
err = Terminal(stderr=True)

DEFAULT_CONFIG = Path("earshot.toml")
ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="EARSHOT_CONFIG", help="What to listen for. See examples/.")
]
OptionalConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="EARSHOT_CONFIG", help="Config whose settings hold; without it, the defaults."
    ),
]
UnreadConfigOption = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="EARSHOT_CONFIG", help="As in the other commands; this one needs only the home."
    ),
]
HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="EARSHOT_HOME", help="Folder of landing, warehouse, earshot.duckdb and digests."),
]
UnusedHomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="EARSHOT_HOME", help="As in the other commands; this one needs only the config."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Everything as JSON.")]
RawOption = Annotated[bool, typer.Option("--raw", help="Don't put an apostrophe before cells that look like formulas.")]


def _moment(text: str) -> datetime:
    try:
        return read_moment(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: {error}.") from error


def span(text: str) -> timedelta:
    """A number of hours or days: `36h`, `2d`."""
    found = re.fullmatch(r"([0-9]{1,6})\s*([hd])", text.strip().lower())
    if not found:
        raise click.BadParameter(f"{text!r}: write hours or days, as in 36h or 2d.")
    return timedelta(hours=int(found[1]) * (24 if found[2] == "d" else 1))


def _ids(context: typer.Context, section: str, incomplete: str) -> list[str]:
    """The ids of the config's entries, for a shell that completes one; none where no config can be read."""
    try:
        config = load_config(Path(context.params.get("config") or context.params.get("_config") or DEFAULT_CONFIG))
    except Exception:
        return []
    return [entry.id for entry in getattr(config, section) if entry.id.startswith(incomplete)]


def sources(context: typer.Context, incomplete: str) -> list[str]:
    """The sources of the config that begin so."""
    return _ids(context, "sources", incomplete)


def brands(context: typer.Context, incomplete: str) -> list[str]:
    """The brands of the config, that begin so."""
    return _ids(context, "brands", incomplete)


SinceOption = Annotated[
    datetime | None,
    typer.Option(help="Start of the window, UTC, inclusive.", parser=_moment, metavar="DAY|MOMENT"),
]
UntilOption = Annotated[
    datetime | None, typer.Option(help="End of the window, UTC, exclusive.", parser=_moment, metavar="DAY|MOMENT")
]
SourceOption = Annotated[
    str | None, typer.Option("--source", help="Only this source of the config.", autocompletion=sources)
]


def told(text: object, *, style: str | None = None) -> None:
    """Say a line as it is, however long."""
    out.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


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
def progress(step: str, *, is_quiet: bool = False) -> Iterator[Callable[[int], None]]:
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


def opened(config_path: Path, home_path: Path | None) -> tuple[Config, Home]:
    """The config, and a home that can be written to."""
    config = load_config(config_path)
    home = Home(path_or_default(home_path))
    check_writable(home.root)
    return config, home
