"""Which accounts people are asked about: those that engines flagged, each with what it wrote last."""

from collections.abc import Iterable

import pyarrow as pa

from pipelines.errors import InputError
from pipelines.people.labels import Label
from pipelines.people.sampling import Post, Wanted, check_source, judged_by
from pipelines.store.home import Home
from pipelines.store.published import open_published
from pipelines.store.statements import statements

SQL = statements(__file__)


def sample(home: Home, wanted: Wanted, labels: Iterable[Label], person: str) -> list[Post]:
    """Flagged accounts to ask a person about: the least surely flagged first, or at random."""
    judged = judged_by(person, labels, wanted)
    with open_published(home) as connection:
        check_source(connection, wanted)
        connection.execute(SQL["written_accounts"])
        connection.register("judged", pa.table({"author_id": pa.array(sorted(judged), pa.string())}))
        parameters = {
            "count": wanted.count,
            "source": wanted.source,
            "lang": wanted.lang,
            "is_random": wanted.is_random,
            "seed": str(wanted.seed),
        }
        return [Post(*row) for row in connection.execute(SQL["sample"], parameters).fetchall()]


def named(home: Home, author_ids: Iterable[str]) -> list[Post]:
    """These accounts, in this order. `InputError` names one that is not there, or of which no post stands any more."""
    found = []
    with open_published(home) as connection:
        connection.execute(SQL["written_accounts"])
        for author_id in author_ids:
            row = connection.execute(SQL["account"], {"author_id": author_id}).fetchone()
            if row is None:
                raise InputError(
                    f"There is no account {author_id!r:.100} with posts in {home.published}. Expected an author_id, as "
                    "marts.flagged_accounts has it: reddit:ann."
                )
            found.append(Post(*row))
    return found
