"""Which accounts people are asked about: those that engines flagged, each with what it wrote last."""

from collections.abc import Iterable

import pyarrow as pa

from pipelines.errors import InputError
from pipelines.people.labels import Label
from pipelines.people.sampling import Post, Wanted, check_source, judged_by
from pipelines.store.home import Home
from pipelines.store.published import open_published


def sample(home: Home, wanted: Wanted, labels: Iterable[Label], person: str) -> list[Post]:
    """Flagged accounts to ask a person about: the least surely flagged first, or at random."""
    judged = judged_by(person, labels, wanted)
    with open_published(home) as connection:
        check_source(connection, wanted)
        connection.register("judged", pa.table({"author_id": pa.array(sorted(judged), pa.string())}))
        parameters = {
            "count": wanted.count,
            "source": wanted.source,
            "lang": wanted.lang,
            "is_random": wanted.is_random,
            "seed": str(wanted.seed),
        }
        return [Post(*row) for row in connection.execute(_SAMPLE, parameters).fetchall()]


def named(home: Home, author_ids: Iterable[str]) -> list[Post]:
    """These accounts, in this order. `InputError` names one that is not there, or of which no post stands any more."""
    found = []
    with open_published(home) as connection:
        for author_id in author_ids:
            row = connection.execute(_ACCOUNT, {"author_id": author_id, "source": None, "lang": None}).fetchone()
            if row is None:
                raise InputError(
                    f"There is no account {author_id!r:.100} with posts in {home.published}. Expected an author_id, as "
                    "marts.flagged_accounts has it: reddit:ann."
                )
            found.append(Post(*row))
    return found


_ACCOUNTS = """
with
newest as (
    select
        author_id,
        source,
        lang,
        created_at,
        left(concat_ws(chr(10), title, text), 300) as words
    from core.mentions
    where
        deleted_at is null
        and kind <> 'repost'
        and author_id is not null
        and ($source is null or source = $source)
        and ($lang is null or lang = $lang)
    qualify row_number() over (partition by author_id order by created_at desc, mention_id) <= 5
),
written as (
    select
        author_id,
        min(source) as source,
        max(created_at) as created_at,
        string_agg(words, chr(10) || '—' || chr(10) order by created_at desc, words) as words
    from newest
    group by author_id
),
flagged as (
    select
        author_id,
        min(probability) as probability,
        string_agg(flag || ': ' || evidence, ' · ' order by flag) as evidence
    from core.account_flags
    group by author_id
)
select
    authors.author_id,
    written.source,
    null as community,
    null as lang,
    written.created_at,
    authors.handle,
    null as url,
    concat_ws(' · ', authors.name, coalesce(flagged.evidence, 'not flagged')) as title,
    written.words
from core.authors as authors
inner join written on authors.author_id = written.author_id
"""
_ACCOUNT = f"""{_ACCOUNTS}
left join flagged on authors.author_id = flagged.author_id
where authors.author_id = $author_id
"""
_SAMPLE = f"""{_ACCOUNTS}
inner join flagged on authors.author_id = flagged.author_id
anti join judged on authors.author_id = judged.author_id
where not authors.is_team
order by case when $is_random then 0 else flagged.probability end, md5($seed || authors.author_id)
limit $count
"""
