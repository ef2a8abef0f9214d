"""Discover: what needs the whole picture: who answered whom, texts that stand twice, topics, and what is new."""

import logging

from pipelines.config.settings import Config
from pipelines.discover.accounts import flag_accounts
from pipelines.discover.duplicates import find_duplicates
from pipelines.store.home import Home
from pipelines.store.statements import statements
from pipelines.store.warehouse import open_warehouse, transaction

log = logging.getLogger(__name__)
SQL = statements(__file__)


def discover(home: Home, config: Config) -> None:
    """Make replies, duplicates and flags of accounts anew from the whole warehouse, in one transaction.

    Topics are read on from where the last night ended, and what emerges on days whose posts changed.
    """
    from pipelines.discover.emergence import find_emerging
    from pipelines.discover.topics import read_topics

    with open_warehouse(home) as connection, transaction(connection):
        connection.execute(SQL["forget_replies_to_nobody"])
        connection.execute(SQL["add_replies"])
        duplicates = find_duplicates(connection)
        flag_accounts(connection)
        read = read_topics(connection, config.topics) if config.topics.enabled else 0
        find_emerging(connection, config.emergence)
    log.info("discover: %s mentions stand more than once, %s were read for topics", duplicates, read)
