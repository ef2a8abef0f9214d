"""Discover: what needs the whole picture: who answered whom, texts that stand twice, and who is listened to."""

import logging

from pipelines.config.settings import Config
from pipelines.discover.accounts import flag_accounts
from pipelines.discover.duplicates import find_duplicates
from pipelines.store.home import Home
from pipelines.store.warehouse import open_warehouse, transaction

log = logging.getLogger(__name__)

INFLUENCE_ENGINE = "engagement ranking"
INFLUENCE_VERSION = "1"


def discover(home: Home, config: Config) -> None:
    """Make replies, duplicates and the influence ranking anew from the whole warehouse, in one transaction.

    Topics are read on from where the last night ended, and what emerges on days whose posts changed.
    """
    from pipelines.discover.emergence import find_emerging
    from pipelines.discover.topics import read_topics

    with open_warehouse(home) as connection, transaction(connection):
        connection.execute(_REPLIES_TO_NOBODY)
        connection.execute(_REPLIES)
        duplicates = find_duplicates(connection)
        flag_accounts(connection)
        read = read_topics(connection, config.topics) if config.topics.enabled else 0
        find_emerging(connection, config.emergence)
        connection.execute("delete from core.influence")
        connection.execute(_INFLUENCE, {"engine": INFLUENCE_ENGINE, "version": INFLUENCE_VERSION})
    log.info("discover: %s mentions stand more than once, %s were read for topics", duplicates, read)


# Who wrote a post that was deleted since is not to be known from its answers either.
_REPLIES_TO_NOBODY = """
delete from core.interactions
where kind = 'reply' and mention_id in (
    select answer.mention_id
    from core.mentions as answer
    inner join core.mentions as parent on answer.parent_id = parent.mention_id
    where parent.deleted_at is not null and parent.author_id is null and answer.kind = 'comment'
)
"""

# Networks say which post a comment answers, but often not who wrote that post.
_REPLIES = """
insert into core.interactions by name
select
    answer.mention_id,
    parent.author_id as to_author_id,
    'reply' as kind,
    answer.author_id as from_author_id
from core.mentions as answer
inner join core.mentions as parent on answer.parent_id = parent.mention_id
anti join core.interactions as known
    on
        answer.mention_id = known.mention_id
        and parent.author_id = known.to_author_id
        and known.kind = 'reply'
where answer.author_id is not null and parent.author_id is not null and answer.kind = 'comment'
"""

_INFLUENCE = """
insert into core.influence by name
with
metrics as (
    select
        mention_id,
        arg_max(likes, observed_date) as likes,
        arg_max(replies, observed_date) as replies,
        arg_max(reposts, observed_date) as reposts,
        arg_max(quotes, observed_date) as quotes,
        arg_max(score, observed_date) as score
    from core.mention_metrics
    group by mention_id
),
written as (
    select
        mentions.author_id,
        brand_mentions.brand_id,
        count(*) as mentions_count,
        sum(
            coalesce(likes, 0) + coalesce(replies, 0) + coalesce(reposts, 0) + coalesce(quotes, 0)
            + abs(coalesce(score, 0))
        )::bigint as engagement_count
    from core.brand_mentions as brand_mentions
    inner join core.mentions as mentions on brand_mentions.mention_id = mentions.mention_id
    left join metrics on mentions.mention_id = metrics.mention_id
    where mentions.author_id is not null and mentions.kind <> 'repost' and mentions.deleted_at is null
    group by all
),
addressed as (
    select
        to_author_id as author_id,
        count(distinct from_author_id) as addressed_by_count
    from core.interactions
    where from_author_id <> to_author_id
    group by all
)
select
    written.author_id,
    written.brand_id,
    written.mentions_count,
    written.engagement_count,
    authors.followers,
    coalesce(addressed.addressed_by_count, 0) as addressed_by_count,
    row_number() over (
        partition by written.brand_id
        order by
            written.engagement_count desc,
            coalesce(addressed.addressed_by_count, 0) desc,
            authors.followers desc nulls last,
            written.author_id
    )::integer as rank,
    $engine as engine,
    $version as engine_version
from written
inner join core.authors as authors on written.author_id = authors.author_id
left join addressed on written.author_id = addressed.author_id
where not authors.is_team
"""
