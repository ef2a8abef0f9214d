"""A page for each network, from what its connector declares: what it needs, what it grants, what can't be had."""

from collections.abc import Iterator
from datetime import timedelta

from connectors import CONNECTORS, Connector
from connectors.contract import Network
from query.expression import TYPES, Field, Handle, Near, Not, Or, Phrase, Tag, Wildcard, Word, all_of
from query.search_syntax import SearchSyntax, searches

_PROBES = {
    "`a OR b`": Or((Word("tea"), Word("coffee"))),
    "`-a`": all_of((Word("tea"), Not(Word("coffee")))),
    '`"a phrase"`': Phrase("green tea"),
    "`begin*`": Wildcard("teapot*"),
    "`a NEAR/5 b`": Near(Word("tea"), Word("coffee"), 5),
    "`#tag`": Tag("tea"),
    "`@handle`": Handle("teashop"),
    "`author:`": all_of((Word("tea"), Field("author", "teashop"))),
    "`lang:`": all_of((Word("tea"), Field("lang", "en"))),
    "`site:`": all_of((Word("tea"), Field("site", "tea.example"))),
    "`type:`": all_of((Word("tea"), Field("type", TYPES[0]))),
}
"""One query for each thing that the query language can say."""


def network_pages() -> dict[str, str]:
    """File name → text, an index among them."""
    pages = {f"{name}.md": "\n".join(_page(name, connector)) + "\n" for name, connector in sorted(CONNECTORS.items())}
    return {"README.md": "\n".join(_index()) + "\n", **pages}


def _index() -> Iterator[str]:
    yield from ("# Networks", "", "Where Earshot listens, and what each network grants. Times are UTC.", "")
    yield "| network | `type` | needs | reaches back | looks again at older posts |"
    yield "|---|---|---|---|---|"
    for name, connector in sorted(CONNECTORS.items(), key=lambda entry: entry[1].NETWORK.title.casefold()):
        network: Network = connector.NETWORK
        needed = [key for key in network.credentials if key not in network.optional]
        needs = ", ".join(f"`{key}`" for key in needed) or (
            "nothing; more with a key" if network.credentials else "nothing"
        )
        again = "yes" if connector.NETWORK.recheck_size else "no"
        yield f"| [{network.title}]({name}.md) | `{name}` | {needs} | {network.reaches_back} | {again} |"


def _page(name: str, connector: Connector) -> Iterator[str]:
    network: Network = connector.NETWORK
    yield from (f"# {network.title}", "", *connector.about.splitlines(), "")
    yield from _facts(name, network, connector)
    yield from ("", "## What it needs", "")
    if network.credentials:
        yield from ('| credential | what it is | in the environment, for a source `id = "talk"` |', "|---|---|---|")
        for key, what in network.credentials.items():
            need = " (optional)" if key in network.optional else ""
            yield f"| `{key}`{need} | {what} | `EARSHOT_TALK_{key.upper()}` |"
    elif not network.setup:
        yield "No account and no key."
    if network.setup:
        yield from ("", network.setup.strip())
    keys = "../configuration.md#" + f"sources-with-type--{name}"
    yield from ("", f"Every key of the source: [configuration]({keys}).")
    syntax = connector.NETWORK.search_syntax
    if syntax is not None:
        yield from ("", "## What its search can say", "", *_search_table(syntax))
    if network.cannot:
        yield from ("", "## What can't be had", "", *(f"- {sentence}" for sentence in network.cannot))


def _facts(name: str, network: Network, connector: Connector) -> Iterator[str]:
    yield from ("| | |", "|---|---|")
    yield f"| `type` in the config | `{name}` |"
    yield f"| limits | {network.limits} |"
    yield f"| reaches back | {network.reaches_back} |"
    if network.reach is not None:
        yield f"| a gap is filled for | {_span(network.reach)} |"
    if network.page_size:
        yield f"| posts a page | {network.page_size:,} |"
    if network.pace_seconds:
        yield f"| time between two requests | {network.pace_seconds:g} s |"
    if network.units_per_day is not None:
        yield f"| quota | {network.units_per_day:,} units a day |"
    if network.usd_per_post is not None:
        yield f"| price | {network.usd_per_post:g} US dollars a post read |"
    if network.is_snapshot:
        yield "| the past | shows only what is there now, whatever day is asked for |"
    again = "edits, deletions and numbers of posts of the last `recheck_days` days"
    yield f"| looks again at | {again if connector.NETWORK.recheck_size else 'nothing: the network offers no way'} |"
    yield f"| documented at | <{network.source_url}> |"


def _span(reach: timedelta) -> str:
    return f"{reach.days} days" if reach.days else f"{reach.seconds // 3600} hours"


def _search_table(syntax: SearchSyntax) -> Iterator[str]:
    """What each part of the query language becomes there."""
    yield f"A search has at most {syntax.longest:,} characters; a longer query becomes several. What the network can't"
    yield "say is checked on the text that comes back, so that a match means the same everywhere"
    yield "([query language](../query-language.md))."
    yield from ("", "| in a query | asked there |", "|---|---|")
    for written, expression in _PROBES.items():
        compiled = searches(expression, syntax)
        asked = " and ".join(f"`{text}`" for text in compiled.searches).replace("|", "\\|") or "can't be asked"
        checked = " (then checked)" if compiled.notes and compiled.searches else ""
        yield f"| {written} | {asked}{checked} |"
