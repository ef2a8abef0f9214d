"""Accounts that look like bots, and posts that look like spam beside those of other accounts."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from pipelines.discover.accounts import flag_accounts
from pipelines.discover.duplicates import find_duplicates
from pipelines.store.warehouse import create_tables

START = datetime(2026, 3, 1)


class Forum:
    """A warehouse with posts of a forum."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.count = 0

    def join(self, name: str, *, days_before: int = 1000, is_team: bool = False, is_bot: bool | None = None) -> None:
        made = START - timedelta(days=days_before)
        row = [f"forum:{name}", "forum", name, None, None, made, is_team, is_bot, START, START]
        self.connection.execute("insert into core.authors values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def post(self, name: str, text: str, at: datetime = START, kind: str = "post", community: str | None = None) -> str:
        self.count += 1
        self.connection.execute(
            "insert into core.mentions "
            "(mention_id, source, network, community, kind, text, author_id, created_at, first_seen_at, last_seen_at) "
            "values (?, 'forum', 'forum', ?, ?, ?, ?, ?, ?, ?)",
            [f"forum:{self.count}", community, kind, text, f"forum:{name}", at, START, START],
        )
        return f"forum:{self.count}"

    def flag(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        find_duplicates(self.connection)
        flag_accounts(self.connection)
        accounts = "select author_id, flag, probability, evidence from core.account_flags order by all"
        mentions = (
            "select mention_id, flag, severity, evidence from core.mention_flags where engine = 'accounts' order by all"
        )
        return self.connection.execute(accounts).fetchall(), self.connection.execute(mentions).fetchall()


@pytest.fixture
def forum() -> Iterator[Forum]:
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        create_tables(connection)
        yield Forum(connection)


def words(number: int) -> str:
    """A text that no other number has."""
    return " ".join(f"w{number}x{place * number % 977}" for place in range(9))


def test_an_account_that_posts_by_the_clock_is_a_bot(forum: Forum) -> None:
    forum.join("clock")
    for number in range(60):
        forum.post("clock", words(number), START + timedelta(minutes=10 * number, seconds=number % 3))
    accounts, mentions = forum.flag()
    told = "60 posts seen | 100 % of them follow after about 10 min | almost always in the same minutes of the hour"
    assert accounts == [("forum:clock", "bot", 0.953, told)]
    assert mentions == []


def test_people_have_no_such_rhythm(forum: Forum) -> None:
    forum.join("ann")
    for number in range(60):
        forum.post("ann", words(number), START + timedelta(seconds=number * number * 7919 % 2_592_000))
    assert forum.flag() == ([], [])


def test_a_burst_of_chat_is_no_rhythm(forum: Forum) -> None:
    forum.join("eve")
    for number in range(40):
        forum.post("eve", words(number), START + timedelta(seconds=4 * number))
    assert forum.flag() == ([], [])


def test_what_everybody_says_over_months_is_a_way_of_speaking(forum: Forum) -> None:
    for number in range(12):
        forum.join(f"user{number}")
        for day in range(4):
            forum.post(
                f"user{number}", "thank you so much for all of your help", START + timedelta(days=7 * day + number)
            )
    assert forum.flag() == ([], [])


def test_a_digest_every_week_is_a_habit(forum: Forum) -> None:
    forum.join("digest")
    for number in range(30):
        forum.post("digest", words(number), START + timedelta(days=7 * number, hours=9, seconds=number % 40))
    assert forum.flag() == ([], [])


def test_who_asks_in_several_places_repeats_nothing(forum: Forum) -> None:
    forum.join("asker")
    for number in range(10):
        for place in range(3):
            at = START + timedelta(days=number * number, minutes=2 * place + 7 * number)
            forum.post("asker", words(number), at, community=f"place{place}")
    assert forum.flag() == ([], [])


def test_who_always_says_thanks_is_no_repeater(forum: Forum) -> None:
    forum.join("ann")
    for number in range(40):
        forum.post("ann", "thank you so much, that works", START + timedelta(minutes=number * number * 31), "comment")
    assert forum.flag() == ([], [])


def test_who_never_sleeps_is_a_bot_however_the_gaps_vary(forum: Forum) -> None:
    forum.join("owl")
    for number in range(80):
        forum.post("owl", words(number), START + timedelta(minutes=60 * number + number * number * 7919 % 58))
    accounts, _ = forum.flag()
    assert accounts == [("forum:owl", "bot", 0.622, "80 posts seen | in 79 h never silent for more than 2 h")]


def test_a_ring_of_old_accounts_that_say_it_again_and_again(forum: Forum) -> None:
    posts = []
    for number in range(4):
        forum.join(f"ring{number}")
        for day in range(3):
            at = START + timedelta(days=day, hours=number)
            posts.append(forum.post(f"ring{number}", "everyone should try the tea of moonleaf for headaches", at))
    told = "4 accounts say the same | this account said it 3 times | 4 accounts say it again and again"
    assert forum.flag() == ([], [(post, "spam", "low", told) for post in sorted(posts)])


def test_a_file_that_tells_only_days_tells_no_rhythm(forum: Forum) -> None:
    forum.join("store")
    for number in range(60):
        forum.post("store", words(number), START + timedelta(days=number))
    assert forum.flag() == ([], [])


def test_the_network_s_own_mark_is_enough(forum: Forum) -> None:
    forum.join("helper", is_bot=True)
    forum.post("helper", "I am here to help")
    accounts, _ = forum.flag()
    assert accounts == [("forum:helper", "bot", 0.99, "1 post seen | the network marks it as automated")]


def test_an_account_that_says_the_same_again_and_again(forum: Forum) -> None:
    forum.join("parrot")
    posts = [
        forum.post("parrot", "buy the golden kettle of wonders now", START + timedelta(hours=number * number))
        for number in range(10)
    ]
    accounts, mentions = forum.flag()
    assert [(author, flag, told) for author, flag, _, told in accounts] == [
        ("forum:parrot", "repeater", "10 posts seen | 100 % say what others of them say | the same 10 times")
    ]
    assert mentions == []
    forum.connection.execute("update core.authors set account_created_at = ?", [START])
    _, mentions = forum.flag()
    assert {row[0] for row in mentions} == set(posts)
    assert {row[3] for row in mentions} == {"this account said it 10 times"}


def test_copies_from_new_accounts_are_spam_and_a_petition_of_old_ones_is_not(forum: Forum) -> None:
    for number in range(4):
        forum.join(f"new{number}", days_before=3)
        forum.join(f"old{number}")
        forum.post(f"old{number}", "please keep the reading room of our town open on sundays")
    posts = [forum.post(f"new{number}", "the best coins are at https://moon.example/x friends") for number in range(4)]
    accounts, mentions = forum.flag()
    told = (
        "4 accounts say the same | 100 % of these posts are from new accounts | within 1 h | "
        "4 new accounts link to moon.example"
    )
    assert accounts == []
    assert mentions == [(post, "spam", "low", told) for post in posts]


def test_what_is_spam_by_its_text_is_told_once(forum: Forum) -> None:
    for number in range(4):
        forum.join(f"new{number}", days_before=3)
        post = forum.post(f"new{number}", "the best coins are at https://moon.example/x friends")
    row = [post, "spam", "low", 0.9, "a link", "spam signs", "1"]
    forum.connection.execute("insert into core.mention_flags values (?, ?, ?, ?, ?, ?, ?)", row)
    assert len(forum.flag()[1]) == 3
    assert len(forum.flag()[1]) == 3


def test_teams_reposts_and_deleted_posts_are_left_out(forum: Forum) -> None:
    forum.join("team", is_team=True, days_before=3)
    forum.join("fan", days_before=3)
    for number in range(30):
        forum.post("team", "sorry to hear that, please write to us", START + timedelta(minutes=number))
        forum.post("fan", "sorry to hear that, please write to us", START + timedelta(minutes=number), kind="repost")
    assert forum.flag() == ([], [])
