"""The accounts of a page, each of them once."""

import itertools

from connectors.authors import authors_once
from connectors.contract import Author, Deletion
from tests.connectors.times import at


def test_an_author_comes_once_in_the_fullest_version_whatever_the_order():
    versions = [
        Author("n:1", "n", "ines", "Ines"),
        Author("n:1", "n", "ines", None, 7, at("01")),
        Author("n:1", "n", "Ines", None, 9),
    ]
    for order in itertools.permutations(versions):
        records = [order[0], Author("n:2", "n", "sam"), order[1], Deletion("n:9"), order[2]]
        assert list(authors_once(records)) == [
            Author("n:1", "n", "ines", "Ines", 7, at("01")),
            Author("n:2", "n", "sam"),
            Deletion("n:9"),
        ]
