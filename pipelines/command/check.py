"""Before a night: whether the config is sound, and what would be asked of whom."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from pipelines.command.app import (
    DEFAULT_CONFIG,
    ConfigOption,
    HomeOption,
    JsonOption,
    UnusedHomeOption,
    app,
    brands,
    out,
    told,
)
from pipelines.config.settings import load_config
from pipelines.errors import ConfigError, InputError
from pipelines.store.home import Home, path_or_default

if TYPE_CHECKING:  # importing it takes long, and only one command needs it
    from pipelines.command.plan import SourcePlan


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Say whether config and files are sound, credentials are there, and what a night asks of whom. Sends nothing."""
    from pipelines.command.plan import everyday_words, plan
    from pipelines.pull.landing import encode

    settings = load_config(config)
    now = datetime.now(UTC).replace(tzinfo=None)
    plans = plan(settings, Home(path_or_default(home)), now)
    lacking = [f"{source.source}: {need}" for source in plans for need in source.lacking]
    careful = everyday_words(settings)
    if as_json:
        shown = [source.shown() for source in plans]
        print(encode({"sources": shown, "warnings": careful, "lacking": lacking}).decode())
    else:
        _show(plans, careful)
        own = [brand.name for brand in settings.brands if not brand.competitor]
        told(
            f"{config} is sound: {len(settings.brands)} brands ({', '.join(own) or 'none'} our own), "
            f"{len(settings.themes)} themes."
        )
    if lacking:
        raise ConfigError("not ready:\n  " + "\n  ".join(lacking))


def _show(plans: "list[SourcePlan]", careful: Iterable[str]) -> None:
    for source in plans:
        out.print(
            f"[bold]{source.source}[/bold] ({source.network_name}): {len(source.queries)} queries", highlight=False
        )
        for asked in source.queries:
            told(f"  {asked.name}: {asked.text}")
        network = source.network
        lines = [f"limits: {network.limits}; reaches back: {network.reaches_back}"]
        lines += [f"looks again at {source.rechecks:,} posts of the last days"] if source.rechecks else []
        lines += [f"{brand}: posts can't be found by {part} here" for brand, part in source.lost]
        lines += [line for sample in source.samples for line in sample.lines]
        lines += [f"careful: {warning}" for warning in source.warnings]
        for line in lines:
            told(f"  {line}")
    out.print(_costs(plans))
    for warning in careful:
        told(f"careful: {warning}")


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
    brand: Annotated[str, typer.Argument(help="Id of a brand in the config.", autocompletion=brands)],
    config: ConfigOption = DEFAULT_CONFIG,
    _home: UnusedHomeOption = None,
) -> None:
    """Show what a brand's query becomes on each network, and what that network can't say. Sends nothing."""
    from pipelines.command.explain import explain

    settings = load_config(config)
    known = {entry.id: entry for entry in settings.brands}
    if brand not in known:
        raise InputError(f"There is no brand {brand!r} in {config}. It has: {', '.join(known)}.")
    told(f"{known[brand].name}: {known[brand].expression}")
    out.print(f"version {known[brand].query_version}", markup=False, highlight=False)
    for explained in explain(settings, known[brand]):
        sources = f" ({', '.join(explained.sources)})" if explained.sources else ""
        out.print(f"\n[bold]{explained.network}[/bold]{escape(sources)}", highlight=False)
        for search in explained.searches or ("nothing that can be asked",):
            told(f"  {search}")
        for note in explained.notes:
            out.print(f"  – {note}", markup=False, highlight=False, soft_wrap=True, style="dim")
