"""Stack Exchange: questions, answers and comments of Stack Overflow or any other site of the network.

Questions are followed by tag, by what happened to them last, and the brands' terms are searched in questions and
answers. Either way the whole thread follows, a hundred questions at a time: the question, its answers, and the comments
below all of them. Posts of the last days are looked at again by their ids, a hundred a call.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.contract import Listening, Network, Query, Shape, SourceSettings
from connectors.searching import searches
from query.search_syntax import SearchSyntax

SEARCH_SYNTAX = SearchSyntax(
    longest=200,
    or_=None,
    not_=None,
    group=None,
    wildcards="end",
    tag="{}",
    handle="{}",
    fields={},
    signs=False,
)
CANARY = Query("the newest with a common word", "how")

NETWORK = Network(
    name="stackexchange",
    title="Stack Exchange",
    page_size=100,
    limits="300 requests a day for each address, 10,000 with a key, which also shows pages beyond the 25th; "
    "a method that asks for a pause (`backoff`) gets it",
    reaches_back="to each site's beginning",
    source_url="https://api.stackexchange.com/docs",
    credentials={"key": "request key of an app registered at stackapps.com"},
    optional=frozenset({"key"}),
    pace_seconds=0.1,
    recheck_size=100,
    parsed_by=("site",),
    search_syntax=SEARCH_SYNTAX,
    canary=CANARY,
    setup="""It answers without credentials, 300 times a day for everything behind one address. For more:

1. Register an app at <https://stackapps.com/apps/oauth/register>; any website will do as its domain.
2. Set `…_KEY` to its *Key*. No client secret and no login are needed.
""",
    cannot=(
        "Comments where nothing else happened: they don't move their question in the list by tag, and no search finds "
        "them.",
        "Who has seen or voted on a post; its score is the votes for it less those against.",
        "What a deleted post said, or by whom; deleted authors keep a name only.",
        "When a comment was edited.",
        "Texts without their licence, CC BY-SA: who shows them names the author, the link and the licence.",
    ),
    community=Shape(r"[\w.-]+", "gardening"),
)


def _site(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,60}", text):
        raise ValueError(f"{text!r} is no site; write it as in 'gardening' for gardening.stackexchange.com")
    return text


def _tags(text: str) -> str:
    if not re.fullmatch(r"[^\s;\[\]]{1,60}(;[^\s;\[\]]{1,60}){0,4}", text):
        raise ValueError(f"{text!r} is no tag; write 'arduino', or 'arduino;wifi' for questions with both")
    return text.lower()


class Settings(SourceSettings):
    """A source on a site of Stack Exchange."""

    type: Literal["stackexchange"]
    site: Annotated[str, AfterValidator(_site)] = Field(
        "stackoverflow", description="site, as in its address: `stackoverflow`, `gardening`, `meta.superuser`"
    )
    search: bool = Field(True, description="search questions and answers for the brands' terms")
    tags: tuple[Annotated[str, AfterValidator(_tags)], ...] = Field(
        (), description="tags to follow; `arduino;wifi` for questions that have both"
    )
    threads: bool = Field(True, description="read the answers and comments of each question that is found")

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Settings":
        if not self.search and not self.tags:
            raise ValueError("set search = true, or name tags to follow")
        return self


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """The searches for the brands, then a query for each tag."""
    asked = searches(listening, SEARCH_SYNTAX) if settings.search else []
    return asked + [Query(f"tag {tags}", f"tagged:{tags}") for tags in dict.fromkeys(settings.tags)]
