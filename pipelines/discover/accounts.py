"""Accounts that look like bots, and posts that look like spam only beside other accounts' posts.

Rhythm and repetition are what bots are found by where nobody knows who is behind an account (Chu, Gianvecchio, Wang &
Jajodia 2012, "Detecting Automation of Twitter Accounts: Are You a Human, Bot, or Cyborg?"). Everything is counted from
the posts that were seen; weights are log-odds, set by people, that are added up.
"""

import duckdb

from pipelines.store.statements import statements

SQL = statements(__file__)

ENGINE = "accounts"
ENGINE_VERSION = "2"
FEWEST_POSTS = 20
"""Posts of an account below which its rhythm says nothing."""
FEWEST_HOURS = 6
"""Between the first and the last post of an account, below which its rhythm says nothing: people chat in bursts."""
FEWEST_REPEATED = 5
"""Posts with the same text below which an account is no repeater."""
FORMULA_LETTERS = 60
"""A shorter answer without a link is a way of speaking: nobody is a repeater for saying thanks."""
MOST_COMMUNITIES = 5
"""In so many places a text may be posted once each, as people do who look for an answer."""
HABIT_HOURS = 20
"""Who posts no oftener than about once a day does so by habit, and by no clock that matters."""
PAUSE_HOURS = 4
WAKE_HOURS = 48
"""Nobody goes without a longer pause than the one for longer than the other: people sleep."""
YOUNG_DAYS = 30
"""An account younger than this when it posted is young."""


def flag_accounts(connection: duckdb.DuckDBPyConnection) -> int:
    """Fill core.account_flags anew, and the rows of this engine in core.mention_flags; the number of both.

    Needs core.duplicates and the flags that the texts alone got; a post that is spam by its text is not told of again.
    Accounts of the team are left out, so are reposts and what was deleted. A file that tells no more than the day of a
    post tells no rhythm.
    """
    settings = {"engine": ENGINE, "version": ENGINE_VERSION}
    connection.execute(SQL["posts"], {"young": YOUNG_DAYS, "formula": FORMULA_LETTERS})
    connection.execute(SQL["said"], {"most": MOST_COMMUNITIES})
    connection.execute("delete from core.account_flags")
    connection.execute(SQL["rhythms"], {"fewest": FEWEST_POSTS, "hours": FEWEST_HOURS})
    fewest = {"fewest": FEWEST_POSTS, "repeated": FEWEST_REPEATED}
    hours = {"habit": HABIT_HOURS, "pause": PAUSE_HOURS, "wake": WAKE_HOURS}
    connection.execute(SQL["account_flags"], settings | fewest | hours)
    connection.execute("delete from core.mention_flags where engine = $engine", {"engine": ENGINE})
    connection.execute(SQL["mention_flags"], settings)
    row = connection.execute(SQL["count"], {"engine": ENGINE}).fetchone()
    return int(row[0]) if row else 0
