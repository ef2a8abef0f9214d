"""Discover: what needs the whole picture: who answered whom, texts that stand twice, topics, and what is new."""

import logging

from pipelines.config.settings import Config
from pipelines.discover.accounts import flag_accounts
from pipelines.discover.duplicates import find_duplicates
from pipelines.store.home import Home
from pipelines.store.warehouse import open_warehouse, transaction

log = logging.getLogger(__name__)


def discover(home: Home, config: Config) -> None:
    """Make replies, duplicates and flags of accounts anew from the whole warehouse, in one transaction.

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
