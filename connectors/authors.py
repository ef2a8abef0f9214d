"""The accounts of a page, each of them once."""

from collections.abc import Iterable, Iterator

from connectors.contract import Author, Record


def authors_once(records: Iterable[Record]) -> Iterator[Record]:
    """The records of a page with each author where it first stood, in its fullest version: what one version lacks
    comes from the others, whatever their order.
    """
    read = list(records)
    versions: dict[str, list[Author]] = {}
    for record in read:
        if isinstance(record, Author):
            versions.setdefault(record.author_id, []).append(record)
    for record in read:
        if not isinstance(record, Author):
            yield record
        elif record.author_id in versions:
            yield _fullest(versions.pop(record.author_id))


def _fullest(versions: list[Author]) -> Author:
    best_first = sorted(versions, key=lambda author: (sum(field is not None for field in author), repr(author)))[::-1]
    fields = zip(*best_first, strict=True)
    return Author._make(next((told for told in field if told is not None), None) for field in fields)
