"""Discourse: any forum that runs it, by search, by category or tag, or all of it; each topic with all its posts.

The forum's own JSON is asked, as its pages do. A search shows one post of a topic, and only the start of it, so the
topics found are read whole. The newest posts of the whole forum, fifty at a time, are the cheapest way to follow a
forum of one's own. Posts of the last days are looked at again with their topics; a post that has left its topic is
asked for once more by itself before it counts as deleted.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.contract import ApiUrl, Listening, Network, Query, Shape, SourceSettings
from connectors.searching import searches
from query.search_syntax import SearchSyntax

SEARCH_SYNTAX = SearchSyntax(
    longest=200,
    or_=None,
    not_=None,
    group=None,
    wildcards="end",  # every word is the beginning of one there
    tag="{}",  # #name asks for a category
    handle="{}",  # @name asks for an author
    fields={"author": "@{}"},
    signs=False,
)
CANARY = Query("the newest posts by search", "after:2000-01-01")

NETWORK = Network(
    name="discourse",
    title="Discourse",
    page_size=50,
    limits="each forum sets its own; by default 200 requests a minute and 50 in ten seconds for each address, "
    "8 searches a minute without a key and 30 with one, 20 requests a minute for a user API key; 500 topics a search",
    reaches_back="to the forum's beginning",
    source_url="https://docs.discourse.org",
    credentials={
        "api_key": "API key, made by an admin of the forum; goes with api_username",
        "api_username": "the user as whom the API key reads",
        "user_api_key": "instead of these two: a user API key with the scope `read`",
    },
    optional=frozenset({"api_key", "api_username", "user_api_key"}),
    pace_seconds=0.35,
    recheck_size=20,
    parsed_by=("site",),
    search_syntax=SEARCH_SYNTAX,
    canary=CANARY,
    setup="""What everybody can read needs no credentials. For categories that only members see, one of:

1. An admin makes a key under *Admin → API → New API key*: user level *Single user*, a user who can read what you
   want to hear and nothing more, scope *Read-only*. Set `…_API_KEY` and `…_API_USERNAME`.
2. A member makes a user API key with the scope `read`. It is slower: 20 requests a minute. Set `…_USER_API_KEY`.
""",
    cannot=(
        "Private messages, whispers among staff, and the notes of the software itself (closed, pinned) are left out.",
        "A search finds one post in each topic; without `threads` the others that match are missed.",
        "A search reads the forum's own index: words shorter than three letters and categories left out aren't found.",
        "A post that is moved to another topic counts as deleted there and as new where it goes.",
        "Which answer was accepted as the solution, and who liked a post.",
        "Posts that were hidden after flags count as deleted until the forum shows them again.",
        "An account that changes its name is another author from then on.",
    ),
    handle=Shape(r"[\w.-]+", "mira"),
    community=Shape(r"[^\s/]+/\S+", "forum.example.com/help"),
)

WHOLE_FORUM = "posts:"


def _path(text: str) -> str:
    if not re.fullmatch(r"[^\s/?#]+(/[^\s/?#]+){0,3}", text):
        raise ValueError(
            f"{text!r} is no category; write it as in its address, without /c/: 'help', 'help/lamps' or 'help/lamps/12'"
        )
    return text.lower()


def _tag(text: str) -> str:
    if not re.fullmatch(r"[^\s/?#]+", text):
        raise ValueError(f"{text!r} is no tag; write it as in its address, without /tag/ and #")
    return text.lower()


class Settings(SourceSettings):
    """A source on a Discourse forum."""

    type: Literal["discourse"]
    site: ApiUrl = Field(description="address of the forum, `https://forum.example.com`")
    search: bool = Field(True, description="search the forum for the brands' terms")
    everything: bool = Field(False, description="follow every post of the forum")
    categories: tuple[Annotated[str, AfterValidator(_path)], ...] = Field(
        (), description="categories to follow, as in their addresses: `help`, `help/lamps`"
    )
    tags: tuple[Annotated[str, AfterValidator(_tag)], ...] = Field((), description="tags to follow")
    threads: bool = Field(
        True, description="read the whole topic of each post found; topics of categories and tags are always read whole"
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Settings":
        if not (self.search or self.everything or self.categories or self.tags):
            raise ValueError("set search = true or everything = true, or name categories or tags")
        return self

    @property
    def address(self) -> str:
        """The forum's own address, without a slash at its end."""
        return str(self.site).rstrip("/")


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """The searches for the brands and their teams, then the whole forum, each category and each tag."""
    asked = searches(listening, SEARCH_SYNTAX) if settings.search else []
    if settings.everything:
        asked.append(Query("all posts", WHOLE_FORUM))
    asked += [Query(f"category {path}", f"category:{path}") for path in dict.fromkeys(settings.categories)]
    asked += [Query(f"tag {tag}", f"tag:{tag}") for tag in dict.fromkeys(settings.tags)]
    return asked
