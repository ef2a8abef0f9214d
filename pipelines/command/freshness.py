"""How far each source was seen, and how the last night went."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from pipelines.command.app import DEFAULT_CONFIG, HomeOption, JsonOption, UnreadConfigOption, app, out, span, told
from pipelines.command.status import SourceDays, calendar, last_night, published_at, status
from pipelines.errors import EarshotError
from pipelines.pull.landing import encode
from pipelines.store.home import Home, path_or_default
from pipelines.terminal import cell

MARKS = {"complete": "[green]█[/]", "partial": "[yellow]▒[/]", "missing": "[red]✗[/]"}
"""What a day looks like in the calendar of what was seen."""


@app.command("status")
def show_status(
    _config: UnreadConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days that the calendar shows.")] = 28,
    max_age: Annotated[
        timedelta | None,
        typer.Option(
            help="Leave with code 1 where nothing was published for so long: 36h, 2d.",
            parser=span,
            metavar="SPAN",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how far each source was seen and what was not, with a calendar and what failed in the last night."""
    where = Home(path_or_default(home))
    if as_json:
        found = {
            "published_at": published_at(where),
            "sources": [row._asdict() for row in status(where)],
            "days": {source.source: source.days for source in calendar(where, days)},
            "last_night": [run._asdict() for run in last_night(where)],
        }
        print(encode(found).decode())
    else:
        _show(where, days)
    if max_age is not None:
        _check_age(published_at(where), max_age)


def _show(where: Home, days: int) -> None:
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
            told(f"{row.source}: {row.reason}")
    for run in last_night(where):
        if run.error:
            what = f"{run.step} {run.source or ''}".strip()
            told(f"last night, {what}: {run.error}", style="yellow")


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
