"""What emerges in a small forum: by the tables that hold it."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.config.settings import EmergenceSettings
from pipelines.discover.emergence import find_emerging
from pipelines.store.warehouse import create_tables
from reading.fingerprints import fingerprint

SETTINGS = EmergenceSettings()
FIRST = date(2026, 1, 5)
DAYS = 50
TODAY = FIRST + timedelta(days=DAYS - 1)
PEOPLE = 40
SMALL_TALK = (
    "kettle boils tea good warm cup morning helps green leaves black pot tin empty order again which milk goes blend "
    "shop opens late street honey lemon ginger mug steam saucer spoon sugar porcelain garden rain window quiet evening "
    "biscuit jam scone table cloth friend visit letter music fire cat"
)

Forum = duckdb.DuckDBPyConnection


Rows = tuple[pa.Table, pa.Table]


@pytest.fixture(scope="session")
def small_talk() -> Rows:
    """The rows of core.mentions and core.authors for seven weeks in which nothing happens."""
    chance = random.Random(7)
    with duckdb.connect() as connection:
        create_tables(connection)
        for day in range(DAYS):
            say(
                connection,
                day,
                [(f"ann{chance.randrange(PEOPLE)}", " ".join(chance.sample(SMALL_TALK.split(), 6))) for _ in range(30)],
            )
        mentions, authors = (connection.sql(f"from core.{table}").to_arrow_table() for table in ("mentions", "authors"))
    return mentions, authors


@pytest.fixture
def forum(small_talk: Rows) -> Iterator[Forum]:
    """Seven weeks of small talk by forty people, thirty posts a day."""
    with duckdb.connect(config={"threads": 1}) as connection:
        create_tables(connection)
        copy(connection, small_talk)
        yield connection


def copy(connection: Forum, rows: Rows) -> None:
    for table, held in zip(("mentions", "authors"), rows, strict=True):
        connection.register("held", held)
        connection.execute(f"insert into core.{table} from held")
        connection.unregister("held")


def say(
    connection: Forum, day: int, posts: list[tuple[str | None, str]], *, source: str = "forum", **others: Any
) -> list[str]:
    """Posts of a day by author and text; their ids. `others` are further columns of core.mentions."""
    (known,) = connection.execute("select count(*) from core.mentions").fetchall()
    at = datetime(FIRST.year, FIRST.month, FIRST.day) + timedelta(days=day)
    rows = [
        {
            "mention_id": f"{source}:{known[0] + number}",
            "source": source,
            "network": source,
            "kind": "post",
            "text": text,
            "author_id": author and f"{source}:{author}",
            "created_at": at + timedelta(minutes=number),
            "first_seen_at": at,
            "last_seen_at": at,
        }
        | others
        for number, (author, text) in enumerate(posts)
    ]
    connection.register("said", pa.Table.from_pylist(rows))
    connection.execute("insert into core.mentions by name select * from said")
    connection.execute(
        "insert into core.authors by name select distinct author_id, network, split_part(author_id, ':', 2) as handle, "
        "false as is_team, min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at from said "
        "where author_id is not null and author_id not in (select author_id from core.authors) group by all"
    )
    connection.unregister("said")
    return [row["mention_id"] for row in rows]


def crowd(text: str, count: int = 8, first: int = 0) -> list[tuple[str | None, str]]:
    """So many people who all speak of one thing, each in words of their own."""
    own = (
        "again",
        "today",
        "since noon",
        "on my phone",
        "help",
        "why",
        "please",
        "anyone",
        "still",
        "sigh",
        "argh",
        "hm",
    )
    return [(f"ann{first + number}", f"{text} {own[number % len(own)]} {number}") for number in range(count)]


def are_copies(connection: Forum, ids: list[str]) -> None:
    connection.execute(
        "insert into core.duplicates by name select unnest(?) as mention_id, ? as cluster_id, 'exact' as kind, "
        "false as is_representative, 'hand' as engine, '1' as engine_version",
        [ids, ids[0]],
    )


def stories(connection: Forum, brand_id: str = "*") -> list[tuple[date, str]]:
    """Day and strongest item of each story."""
    return connection.execute(
        "select distinct day_date, story from core.emerging where brand_id = ? order by all", [brand_id]
    ).fetchall()


def items(connection: Forum, kind: str) -> list[str]:
    rows = connection.execute("select distinct item from core.emerging where kind = ? order by item", [kind]).fetchall()
    return [item for (item,) in rows]


def everything(connection: Forum) -> list[tuple[Any, ...]]:
    return connection.execute("from core.emerging order by all").fetchall()


# What stands out -----------------------------------------------------------------------------------------


def test_small_talk_raises_no_alarm(forum: Forum) -> None:
    assert find_emerging(forum, SETTINGS) == DAYS
    assert everything(forum) == []


def test_what_many_speak_of_for_the_first_time_is_one_story(forum: Forum) -> None:
    ids = say(forum, DAYS - 1, crowd("login loop"))
    find_emerging(forum, SETTINGS)
    assert stories(forum) == [(TODAY, "pair:login loop")]
    assert items(forum, "word") == ["login", "loop"]
    version = f"1, settings {fingerprint(SETTINGS.model_dump())}"
    row = forum.execute(
        "select mentions_count, people_count, authors_count, texts_count, usual_low, usual_high, is_new, episode_id, "
        "first_date, examples, engine, engine_version from core.emerging where kind = 'pair'"
    ).fetchall()
    assert row == [
        (8, 8, 8, 8, 0, 0, True, f"*:{TODAY}:pair:login loop", TODAY, " | ".join(ids[:3]), "gamma-poisson", version)
    ]


def test_expected_ratio_and_probabilities_belong_together(forum: Forum) -> None:
    say(forum, DAYS - 1, crowd("login loop"))
    find_emerging(forum, SETTINGS)
    for people, expected, ratio, p_value, q_value in forum.execute(
        "select people_count, expected, ratio, p_value, q_value from core.emerging"
    ).fetchall():
        assert ratio == pytest.approx(people / expected)
        assert 0 < p_value < q_value <= SETTINGS.false_discoveries


def test_growth_of_what_is_known_is_told_with_what_is_usual(forum: Forum) -> None:
    for day in range(0, DAYS - 1, 2):
        say(forum, day, crowd("parcel", 1, first=day % 30))
    say(forum, DAYS - 1, crowd("parcel", 14))
    find_emerging(forum, SETTINGS)
    assert forum.execute(
        "select people_count, usual_low, usual_high, is_new from core.emerging where item = 'parcel'"
    ).fetchall() == [(14, 0, 1, False)]


def test_twice_the_posts_of_all_kinds_are_no_alarm(forum: Forum) -> None:
    chance = random.Random(8)
    say(
        forum,
        DAYS - 1,
        [(f"ann{chance.randrange(400)}", " ".join(chance.sample(SMALL_TALK.split(), 6))) for _ in range(60)],
    )
    find_emerging(forum, SETTINGS)
    assert everything(forum) == []


def test_hashtags_and_links_are_found_whatever_they_are_tracked_with(forum: Forum) -> None:
    written = [
        ("ann1", "#TeaGate https://www.tea.example/Gate?utm_source=x"),
        ("ann2", "#teagate http://tea.example/Gate/"),
        ("ann3", "look (https://tea.example/Gate?fbclid=1#top) #teagate"),
        ("ann4", "HTTPS://m.tea.example/Gate. #Teagate"),
        ("ann5", "https://tea.example/Gate?id=2 #teagate"),
        ("ann6", "https://tea.example/Gate#end #teagate!"),
    ]
    say(forum, DAYS - 1, [(author, text) for author, text in written])
    find_emerging(forum, SETTINGS)
    assert items(forum, "hashtag") == ["#teagate"]
    assert items(forum, "link") == ["tea.example/Gate"]


def test_scripts_without_spaces_are_read_by_pairs_of_characters(forum: Forum) -> None:
    say(forum, DAYS - 1, [(f"ann{number}", f"昨日から{number}障害です") for number in range(8)])
    find_emerging(forum, SETTINGS)
    assert "障害" in items(forum, "pair")


# People, not posts ---------------------------------------------------------------------------------------


def test_one_account_that_repeats_itself_raises_no_alarm(forum: Forum) -> None:
    say(forum, DAYS - 1, [("ann1", f"buy golden tickets {number}") for number in range(40)])
    find_emerging(forum, SETTINGS)
    assert everything(forum) == []


def test_copies_by_unknown_authors_are_one_voice(forum: Forum) -> None:
    ids = say(forum, DAYS - 1, [(None, "buy golden tickets for the great tea race") for _ in range(40)])
    are_copies(forum, ids)
    find_emerging(forum, SETTINGS)
    assert everything(forum) == []


def test_copies_by_many_accounts_are_told_as_such(forum: Forum) -> None:
    ids = say(forum, DAYS - 1, [(f"ann{number}", "sign the golden petition of the tea guild") for number in range(10)])
    are_copies(forum, ids)
    find_emerging(forum, SETTINGS)
    assert forum.execute(
        "select mentions_count, people_count, texts_count from core.emerging where item = 'petition'"
    ).fetchall() == [(10, 10, 1)]


@pytest.mark.parametrize(
    "undo",
    [
        "update core.mentions set deleted_at = created_at, text = null where text like '%login%'",
        "update core.mentions set kind = 'repost' where text like '%login%'",
        "update core.authors set is_team = true",
    ],
    ids=["deleted", "reposts", "of the team"],
)
def test_posts_that_do_not_count_take_back_the_alarm_and_its_words(forum: Forum, undo: str) -> None:
    say(forum, DAYS - 1, crowd("login loop"))
    find_emerging(forum, SETTINGS)
    assert stories(forum) != []
    forum.execute(undo)
    find_emerging(forum, SETTINGS)
    assert not [row for row in everything(forum) if "login" in str(row)]


def test_names_of_those_who_speak_are_no_news(forum: Forum) -> None:
    say(forum, DAYS - 1, [("zed_99", "hello"), *crowd("thanks zed_99")])
    find_emerging(forum, SETTINGS)
    assert not [item for item in items(forum, "word") + items(forum, "pair") if "zed" in item]


def test_the_names_of_brands_are_no_news_and_a_brand_is_looked_at_alone(forum: Forum) -> None:
    forum.execute("insert into core.brands values ('wren', 'Wren Tea', false, 'v1')")
    for day in range(DAYS - 1):
        say(forum, day, crowd("nothing of note", 3, first=day % 30))
    ids = say(forum, DAYS - 1, crowd("wren login"))
    forum.execute(
        "insert into core.brand_mentions select mention_id, 'wren', 'term', 'wren', 'v1' from core.mentions "
        "where text like '%of note%' or text like '%wren%'"
    )
    find_emerging(forum, SETTINGS)
    assert ids
    assert items(forum, "word") == ["login"]
    assert [story for _, story in stories(forum, "wren")] == ["pair:wren login"]


# Sources that fail, and those that are new ----------------------------------------------------------------


def of_another_source(connection: Forum, days: range) -> None:
    for day in days:
        say(connection, day, [(f"bob{number}", f"football score goal {number}") for number in range(20)], source="blog")


def test_a_source_that_failed_makes_no_alarm_when_it_is_back(forum: Forum) -> None:
    of_another_source(forum, range(30))
    of_another_source(forum, range(40, DAYS))
    find_emerging(forum, SETTINGS)
    assert everything(forum) == []


def test_the_other_source_stays_usual_where_one_fails(forum: Forum) -> None:
    of_another_source(forum, range(DAYS - 1))
    find_emerging(forum, SETTINGS)
    assert everything(forum) == []


def test_of_a_source_added_lately_the_past_is_unknown(forum: Forum) -> None:
    of_another_source(forum, range(DAYS - 10, DAYS))
    find_emerging(forum, SETTINGS)
    assert everything(forum) == []


def test_a_source_that_was_seen_to_be_silent_has_a_past(forum: Forum) -> None:
    forum.execute(
        "insert into core.coverage by name select 'blog' as source, 'new' as query, ?::timestamp as window_start, "
        "?::timestamp as window_end, 'blog' as network, 'ok' as status, 1 as calls_count, 0 as posts_count, "
        "0 as seen_count, 1 as units_count, 0 as quarantined_count, 0 as drift_count",
        [FIRST, TODAY],
    )
    of_another_source(forum, range(DAYS - 1, DAYS))
    find_emerging(forum, SETTINGS)
    assert "football" in items(forum, "word")


# What was judged ------------------------------------------------------------------------------------------


def judged(forum: Forum, day: int) -> dict[str, tuple[Any, ...]]:
    """Days of its past, days needed and whether a day was judged, by source."""
    rows = forum.execute(
        "select source, past_days_count, needed_days_count, is_judged from core.judged_days where day_date = ?",
        [FIRST + timedelta(days=day)],
    ).fetchall()
    return {source: tuple(told) for source, *told in rows}


def test_in_the_first_weeks_no_day_is_judged(forum: Forum) -> None:
    find_emerging(forum, SETTINGS)
    assert [judged(forum, day)["forum"] for day in (0, 7, 20, 21, DAYS - 1)] == [
        (0, 14, False),
        (0, 14, False),
        (13, 14, False),
        (14, 14, True),
        (28, 14, True),
    ]


def test_a_source_added_lately_is_not_judged_beside_one_that_is(forum: Forum) -> None:
    of_another_source(forum, range(DAYS - 10, DAYS))
    find_emerging(forum, SETTINGS)
    assert judged(forum, DAYS - 1) == {"forum": (28, 14, True), "blog": (2, 14, False)}


def test_a_past_in_which_nobody_spoke_judges_nothing() -> None:
    with duckdb.connect() as quiet:
        create_tables(quiet)
        quiet.execute(
            "insert into core.coverage by name select 'forum' as source, 'new' as query, ?::timestamp as window_start, "
            "?::timestamp as window_end, 'forum' as network, 'verified-empty' as status, 1 as calls_count, "
            "0 as posts_count, 0 as seen_count, 1 as units_count, 0 as quarantined_count, 0 as drift_count",
            [FIRST, TODAY],
        )
        say(quiet, DAYS - 1, crowd("login loop"))
        find_emerging(quiet, SETTINGS)
        assert judged(quiet, DAYS - 1) == {"forum": (28, 14, False)}


# Nights ---------------------------------------------------------------------------------------------------


def test_a_story_of_several_days_keeps_its_id_and_its_first_day(forum: Forum) -> None:
    for day, words in ((DAYS - 3, "login loop"), (DAYS - 1, "login loop outage")):
        say(forum, day, crowd(words))
    find_emerging(forum, SETTINGS)
    assert forum.execute("select distinct episode_id, first_date from core.emerging").fetchall() == [
        (f"*:{TODAY - timedelta(days=2)}:pair:login loop", TODAY - timedelta(days=2))
    ]


def test_nothing_new_changes_nothing(forum: Forum) -> None:
    say(forum, DAYS - 1, crowd("login loop"))
    find_emerging(forum, SETTINGS)
    before = everything(forum)
    assert find_emerging(forum, SETTINGS) == 0
    assert everything(forum) == before


def test_another_night_looks_at_the_new_day_only(forum: Forum) -> None:
    find_emerging(forum, SETTINGS)
    say(forum, DAYS, crowd("login loop"))
    assert find_emerging(forum, SETTINGS) == 1
    assert stories(forum) == [(TODAY + timedelta(days=1), "pair:login loop")]


def test_days_of_long_ago_are_not_looked_at(forum: Forum) -> None:
    say(forum, DAYS - 9, [(f"bo{number}", "the lid explodes") for number in range(12)])
    assert find_emerging(forum, EmergenceSettings(days=5)) == 5
    assert forum.sql("from core.emerging").fetchall() == []


def test_an_alarm_of_long_ago_goes_with_its_posts(forum: Forum) -> None:
    ids = say(forum, DAYS - 9, [(f"bo{number}", "the lid explodes") for number in range(12)])
    find_emerging(forum, SETTINGS)
    assert forum.sql("from core.emerging").fetchall() != []
    forum.execute("delete from core.mentions where mention_id in (select unnest($ids))", {"ids": ids})
    find_emerging(forum, EmergenceSettings(days=5))
    assert forum.sql("from core.emerging").fetchall() == []


def test_other_settings_look_at_every_day_anew(forum: Forum) -> None:
    say(forum, DAYS - 1, crowd("login loop"))
    find_emerging(forum, SETTINGS)
    assert find_emerging(forum, EmergenceSettings(people=9)) == DAYS
    assert everything(forum) == []


def test_nights_one_by_one_in_whatever_order_end_as_one_run(forum: Forum, small_talk: Rows) -> None:
    chosen = [(DAYS - 3, "login loop"), (DAYS - 20, "broken kettle lid"), (DAYS - 2, "login loop")]
    with duckdb.connect() as other:
        create_tables(other)
        copy(other, small_talk)
        find_emerging(other, SETTINGS)
        for day, text in chosen:
            arrived = say(forum, day, crowd(text))
            late = forum.sql(f"from core.mentions where mention_id in {tuple(arrived)}").to_arrow_table()
            other.register("late", late)
            other.execute("insert into core.mentions from late")
            find_emerging(other, SETTINGS)
        find_emerging(forum, SETTINGS)
        assert len(stories(forum)) == 3
        assert everything(other) == everything(forum)
