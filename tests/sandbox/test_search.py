"""The query language of the sandbox."""

import pytest

from sandbox.search import QueryError, Searchable, matcher

POST = Searchable("The Halmora One is #dark again, @halmora_help! Café", "sam")


@pytest.mark.parametrize(
    "query",
    [
        "halmora",
        "HALMORA one",
        '"halmora one"',
        '"one is dark"',
        "#dark",
        "dark",
        "@halmora_help",
        "from:Sam",
        "café",
        "tillwick OR halmora",
        "(tillwick OR (halmora dark)) -is:retweet",
        "halmora -tillwick",
        "-(tillwick OR growbert)",
    ],
)
def test_matches(query):
    assert matcher(query)(POST)


@pytest.mark.parametrize(
    "query",
    ["halm", '"one halmora"', "#halmora", "@halmora", "from:nettie", "halmora tillwick", "-halmora", "is:retweet"],
)
def test_does_not_match(query):
    assert not matcher(query)(POST)


@pytest.mark.parametrize("query", ["", "(", "halmora)", "OR", "halmora OR", '"open', "is:nice", "!?", "()"])
def test_broken_query(query):
    with pytest.raises(QueryError):
        matcher(query)
