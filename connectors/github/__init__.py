"""GitHub: issues, pull requests and their comments of named repositories, discussions, and issues found by search.

Asked over plain HTTP: PyGithub, the usual client, is LGPL and sends a request whenever an attribute is looked at that
the answer lacks. Of a repository the issues and comments that changed since the window began are listed, newest change
first; where an issue has a post in the window, the rest of its thread is fetched, too.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.contract import Listening, Network, Query, Shape, SourceSettings
from connectors.searching import searches
from query.search_syntax import SearchSyntax

SEARCH_SYNTAX = SearchSyntax(
    # The span of time and the kind that fetch() adds are qualifiers, which don't count.
    longest=256,
    most_operators=5,
    not_=None,  # it finds other forms of a word as well
    tag=None,
    handle=None,
    fields={"author": "involves:{}"},
    reserved=frozenset({"AND", "OR", "NOT"}),
    signs=False,
)
CANARY = Query("canary", "the")

NETWORK = Network(
    name="github",
    title="GitHub",
    handle_prefix="@",
    page_size=100,
    limits="60 requests an hour without a token, 5,000 with one; search: 10 a minute without, 30 with, 1,000 results, "
    "256 characters and five operators a query",
    reaches_back="to the beginning",
    source_url="https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api",
    credentials={"token": "a personal access token that may read public repositories"},
    optional=frozenset({"token"}),
    pace_seconds=0.1,
    recheck_size=100,
    parsed_by=("pull_requests",),
    search_syntax=SEARCH_SYNTAX,
    canary=CANARY,
    setup="""\
1. Sign in to GitHub with the account that shall ask, and open
   [Settings, Developer settings, Fine-grained tokens](https://github.com/settings/personal-access-tokens).
2. Make a token with *Public repositories* as its access and no further permissions. It can change nothing.
3. Private repositories: choose *Only select repositories* and give it *Issues*, *Pull requests* and *Discussions*, each
   read-only.

Without a token GitHub answers 60 requests an hour for all who share your address, and shows no discussions.""",
    cannot=(
        "Discussions are not searched: they are read in the repositories that are named.",
        "The texts of whole reviews, commit comments, releases and the wiki are not read.",
        "An edit of an issue's or pull request's own text is noticed, but not when it happened: GitHub's list tells "
        "only that something about it changed.",
        "A comment that was hidden as spam or off-topic can still be unfolded on GitHub, and stays here as well.",
        "When a whole repository is deleted or made private, what was read from it stays: GitHub answers the same to a "
        "token that may not look any more.",
    ),
    handle=Shape(r"[\w-]+(\[bot\])?", "halmora-mira"),
    community=Shape(r"[\w.-]+/[\w.-]+", "halmora/firmware"),
)


def _repository(name: str) -> str:
    name = re.sub(r"^https://github\.com/|\.git$|/$", "", name.strip())
    if not re.fullmatch(r"[A-Za-z0-9-]{1,39}/[\w.-]{1,100}", name):
        raise ValueError("write a repository as in its address: 'halmora/firmware' for github.com/halmora/firmware")
    return name


class Settings(SourceSettings):
    """A source on GitHub, or on a GitHub Enterprise Server whose address is given as `api`."""

    type: Literal["github"]
    repositories: tuple[Annotated[str, AfterValidator(_repository)], ...] = Field(
        (), description="repositories to follow, as owner/name"
    )
    issues: bool = Field(True, description="read their issues and the comments on them")
    pull_requests: bool = Field(False, description="read their pull requests as well, and find some by search")
    reviews: bool = Field(False, description="read comments on lines of code in pull requests as well")
    discussions: bool = Field(False, description="read their discussions as well; needs a token")
    search: bool = Field(False, description="also search the issues of all public repositories for the brands")
    threads: bool = Field(True, description="fetch the whole thread of each post that is new or newly commented")

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Settings":
        if not (self.repositories and (self.issues or self.discussions)) and not self.search:
            raise ValueError("name at least one repository and leave issues or discussions on, or set search = true")
        if self.reviews and not self.pull_requests:
            raise ValueError("reviews are comments in pull requests; set pull_requests = true as well")
        return self


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """Two queries a repository, for its issues and its discussions, as far as wanted; then the searches."""
    named = {name.lower(): name for name in reversed(settings.repositories)}
    wanted = [kind for kind in ("issues", "discussions") if getattr(settings, kind)]
    asked = [Query(f"{name} {kind}", f"/{name}/{kind}") for name in reversed(named.values()) for kind in wanted]
    return [*asked, *(searches(listening, SEARCH_SYNTAX) if settings.search else ())]
