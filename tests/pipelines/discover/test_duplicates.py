"""Duplicates: what says the same stands in one cluster, which keeps its id; and how the text spread."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.discover import duplicates
from pipelines.discover.duplicates import find_duplicates
from pipelines.store.warehouse import create_tables

MARCH = datetime(2026, 3, 1)
PARCEL = "The parcel from Wren arrived broken again, and nobody answers my mails about it"


class Warehouse:
    """Mentions by id, and what is found among them."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"autoinstall_known_extensions": False})
        create_tables(self.connection)
        self.connection.execute("insert into core.networks values ('rss', 'RSS', '', true)")

    def say(self, mention_id: str, text: str | None, **more: Any) -> None:
        """A mention in place of one of that id; it was seen and written on `day`, where nothing else is said."""
        self.connection.execute("delete from core.mentions where mention_id = ?", [mention_id])
        day = MARCH + timedelta(days=more.pop("day", 1))
        row = {
            "mention_id": mention_id,
            "source": "forum",
            "network": "forum",
            "kind": "post",
            "text": text,
            "author_id": f"forum:{mention_id}",
            "created_at": day,
            "first_seen_at": day,
            "last_seen_at": day,
        } | more
        marks = ", ".join(f"${number} as {name}" for number, name in enumerate(row, start=1))
        self.connection.execute(f"insert into core.mentions by name select {marks}", [*row.values()])

    def clusters(self) -> dict[str, set[str]]:
        """Id of each cluster and its mentions, as a night finds them."""
        find_duplicates(self.connection)
        rows = self.connection.execute("select cluster_id, mention_id from core.duplicates").fetchall()
        found: dict[str, set[str]] = {}
        for cluster_id, mention_id in rows:
            found.setdefault(cluster_id, set()).add(mention_id)
        return found

    def column(self, name: str) -> dict[str, Any]:
        """A column of core.duplicates by mention, after a night."""
        find_duplicates(self.connection)
        return dict(self.connection.execute(f"select mention_id, {name} from core.duplicates").fetchall())

    def rows(self) -> list[tuple[Any, ...]]:
        return self.connection.execute("from core.duplicates order by mention_id").fetchall()


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    made = Warehouse()
    yield made
    made.connection.close()


# Alike or not ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ("the PARCEL from wren arrived broken again and nobody answers my mails, about it!!", "exact"),
        (f"@wren {PARCEL} https://forum.example/1", "exact"),
        (f"RT @ann: {PARCEL}", "near"),
        ("The parcel from Wren arrivd broken again, and nobody answers my mails about it", "near"),
        (f"{PARCEL} #wren #fail", "near"),
        ("The parcel from Wren arrived broken again, and nobody answers my mai…", "near"),
    ],
    ids=["case and signs", "name and link", "retweet", "typing error", "hashtags", "cut off"],
)
def test_copies_with_small_changes_are_found(warehouse: Warehouse, other: str, kind: str) -> None:
    warehouse.say("a", PARCEL)
    warehouse.say("b", other, day=2)
    warehouse.say("c", "Our shop in Halm opens on Monday, come by and taste the new tea", day=3)
    assert warehouse.column("kind") == {"a": "exact", "b": kind}


NEWS = "The town of Halm closes its reading room on the market square for two years, as water came through the roof"


@pytest.mark.parametrize(
    "other",
    [
        f"This is a disgrace and they know it, write to them today: {NEWS}",
        f"{NEWS}. More on page four, where the mayor says what she makes of all this",
        NEWS[:-1] + "…",
    ],
    ids=["quoted with a comment", "gone on with", "cut off"],
)
def test_a_long_text_within_another_is_a_copy(warehouse: Warehouse, other: str) -> None:
    warehouse.say("a", NEWS)
    warehouse.say("b", other, day=2)
    assert warehouse.clusters() == {"a": {"a", "b"}}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PARCEL, f"{PARCEL}, and so I went to the shop in Halm to ask for my money, where a nice woman helped me"),
        (
            NEWS,
            f"{NEWS}. " + "And much more is to be said of that, as everybody who ever sat there will know well. " * 3,
        ),
        ("Same here", "Same here"),
        ("Yes, I think so!", "Yes, I think no!"),
        ("Where is my parcel now", "Where is my parcel, now?!x"),
        ("Building a tea house in the woods, all of the tools, part 1", "Building a tea house in the woods, part 2"),
        (
            "Building a tea house in the woods with my own hands, part 1",
            "Building a tea house in the woods with my own hands, part 2",
        ),
        ("The tin of this tea is far too small for me", "The price of this tea is far too high for most people"),
        (None, None),
        ("🫖🫖🫖🫖🫖🫖", "🫖🫖🫖🫖🫖🫖"),
    ],
    ids=[
        "a short part",
        "a part of a long text",
        "few words",
        "too few for near",
        "too few",
        "another part",
        "another number",
        "other words",
        "none",
        "emoji",
    ],
)
def test_what_is_short_or_says_something_else_stays_apart(
    warehouse: Warehouse, one: str | None, other: str | None
) -> None:
    warehouse.say("a", one)
    warehouse.say("b", other, day=2)
    assert warehouse.clusters() == {}


def test_writing_without_spaces_and_with_vowel_signs_is_compared(warehouse: Warehouse) -> None:
    tea = "昨日届いたお茶の缶が壊れていたので、店に電話しましたが誰も出ませんでした。とても残念です"
    warehouse.say("a", tea)
    warehouse.say("b", f"{tea}！！", day=2)
    warehouse.say("c", tea.replace("電話", "連絡"), day=3)
    warehouse.say("d", "मेरी चाय का डिब्बा टूटा हुआ आया")
    warehouse.say("e", "मेरी चाय का डिब्बा टूटा हुआ आया!")
    assert warehouse.column("kind") == dict.fromkeys("abde", "exact") | {"c": "near"}


def test_title_and_text_are_read_as_one(warehouse: Warehouse) -> None:
    warehouse.say("a", "and nobody answers my mails", title="The parcel arrived broken")
    warehouse.say("b", "The parcel arrived broken and nobody answers my mails")
    assert warehouse.clusters() == {"a": {"a", "b"}}


def test_reposts_and_deleted_posts_are_left_out(warehouse: Warehouse) -> None:
    warehouse.say("a", PARCEL)
    warehouse.say("b", PARCEL, kind="repost")
    warehouse.say("c", PARCEL, deleted_at=MARCH)
    assert warehouse.clusters() == {}


def test_hundreds_of_a_kind_end_in_one_cluster(warehouse: Warehouse) -> None:
    words = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "islet", "junco")
    endings = [f"{one} {other}" for one in words for other in words]
    for number, ending in enumerate(endings):
        warehouse.say(f"{number:03}", f"{PARCEL}, write to them and say so: {ending}")
    (members,) = warehouse.clusters().values()
    assert len(members) == len(endings) > 10 * duplicates.MOST_IN_FULL


# Kept over time ----------------------------------------------------------------------------------------


def test_the_same_again_changes_nothing_and_looks_at_no_text(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.say("a", PARCEL)
    warehouse.say("b", f"{PARCEL} #fail")
    looked_at: list[list[str]] = []
    bands_of = duplicates.bands_of
    monkeypatch.setattr(duplicates, "bands_of", lambda texts: looked_at.append(texts) or bands_of(texts))
    find_duplicates(warehouse.connection)
    first = warehouse.rows()
    assert [len(texts) for texts in looked_at] == [2]
    find_duplicates(warehouse.connection)
    assert warehouse.rows() == first
    warehouse.say("c", f"RT {PARCEL}", day=2)
    find_duplicates(warehouse.connection)
    assert [len(texts) for texts in looked_at] == [2, 1]


def test_an_older_post_that_comes_late_stands_for_the_cluster_but_does_not_rename_it(warehouse: Warehouse) -> None:
    warehouse.say("b", PARCEL, day=2)
    warehouse.say("c", PARCEL, day=3)
    assert warehouse.clusters() == {"b": {"b", "c"}}
    warehouse.say("a", PARCEL, created_at=MARCH, day=4)
    assert warehouse.clusters() == {"b": {"a", "b", "c"}}
    assert warehouse.column("is_representative") == {"a": True, "b": False, "c": False}


def test_a_cluster_keeps_its_id_when_the_post_it_is_called_after_is_gone(warehouse: Warehouse) -> None:
    for number, mention_id in enumerate("abc"):
        warehouse.say(mention_id, PARCEL, day=number)
    assert warehouse.clusters() == {"a": {"a", "b", "c"}}
    warehouse.say("a", None, author_id=None, deleted_at=MARCH)
    assert warehouse.clusters() == {"a": {"b", "c"}}
    assert warehouse.column("is_representative") == {"b": True, "c": False}
    warehouse.say("b", None, author_id=None, deleted_at=MARCH)
    assert warehouse.clusters() == {}
    assert warehouse.connection.execute("select mention_id from ops.text_keys").fetchall() == [("c",)]


BEGINNING = "The parcel from Wren arrived broken again, and nobody answers"
BRIDGE = f"{BEGINNING} any mails"
END = f"{BRIDGE} or telephone"


def test_two_clusters_that_meet_take_the_id_of_the_one_seen_first(warehouse: Warehouse) -> None:
    for mention_id, text, day in (("y1", END, 1), ("y2", END, 2), ("a1", BEGINNING, 3), ("a2", BEGINNING, 4)):
        warehouse.say(mention_id, text, day=day)
    assert warehouse.clusters() == {"y1": {"y1", "y2"}, "a1": {"a1", "a2"}}
    warehouse.say("m", BRIDGE, day=5)
    assert warehouse.clusters() == {"y1": {"y1", "y2", "a1", "a2", "m"}}


def test_of_a_cluster_that_falls_apart_the_part_it_is_called_after_keeps_the_id(warehouse: Warehouse) -> None:
    for mention_id, text, day in (("y1", END, 1), ("m", BRIDGE, 2), ("y2", END, 3), ("a1", BEGINNING, 4)):
        warehouse.say(mention_id, text, day=day)
    warehouse.say("a2", BEGINNING, day=5)
    assert warehouse.clusters() == {"y1": {"y1", "y2", "m", "a1", "a2"}}
    warehouse.say("m", "Thanks, it is all well now", day=2)
    assert warehouse.clusters() == {"y1": {"y1", "y2"}, "a1": {"a1", "a2"}}


def test_an_edited_post_takes_no_id_along(warehouse: Warehouse) -> None:
    other = "Our shop in Halm opens on Monday, come by and taste the new tea"
    for number, mention_id in enumerate("abc"):
        warehouse.say(mention_id, PARCEL, day=number)
    warehouse.say("d", other, day=4)
    assert warehouse.clusters() == {"a": {"a", "b", "c"}}
    warehouse.say("a", other, day=0)
    assert warehouse.clusters() == {"a": {"b", "c"}, "d": {"a", "d"}}


def test_another_version_of_the_engine_reads_all_anew_and_keeps_the_ids(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.say("b", PARCEL, day=2)
    warehouse.say("c", PARCEL, day=3)
    find_duplicates(warehouse.connection)
    warehouse.say("a", PARCEL, day=1)
    monkeypatch.setattr(duplicates, "_KEYS_VERSION", "another")
    assert warehouse.clusters() == {"b": {"a", "b", "c"}}
    assert warehouse.connection.execute("select distinct engine_version from ops.text_keys").fetchall() == [
        ("another",)
    ]


TEXTS = st.sampled_from([BEGINNING, BRIDGE, END, PARCEL, f"{PARCEL} #fail", "Same here", f"{END} any more", None])
CHANGES = st.tuples(st.sampled_from("abcdefgh"), TEXTS)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(CHANGES, max_size=4), min_size=1, max_size=4))
def test_nights_one_by_one_find_what_a_single_look_at_the_end_finds(nights: list[list[tuple[str, str | None]]]) -> None:
    nightly, at_once = Warehouse(), Warehouse()
    for changes in nights:
        for mention_id, text in changes:
            nightly.say(mention_id, text)
            at_once.say(mention_id, text)
        found = nightly.clusters()
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, at_once.clusters().values()))
    nightly.connection.close()
    at_once.connection.close()


# Spread ------------------------------------------------------------------------------------------------

Said = list[dict[str, Any]]
LINK = "https://news.example/tea?utm_source=x"


@pytest.mark.parametrize(
    ("said", "spread"),
    [
        ([{"author_id": "forum:ann"}, {"author_id": "forum:ann"}], "repeated"),
        ([{"author_id": "forum:ann"}, {"author_id": "forum:bob"}], "copypasta"),
        ([{"author_id": "forum:ann"}, {"author_id": None}], None),
        ([{"author_id": None}, {"author_id": None}], None),
        ([{"link": LINK}, {"link": "http://www.news.example/tea#top"}], "syndicated"),
        ([{"link": LINK}, {"link": "https://other.example/tea"}], "copypasta"),
        ([{"link": LINK, "author_id": "forum:ann"}, {"link": LINK, "author_id": "forum:ann"}], "repeated"),
        ([{"link": LINK}, {"link": LINK}, {}, {}], "copypasta"),
        (
            [
                {"network": "rss", "author_id": None, "url": "https://one.example/1"},
                {"network": "rss", "author_id": None, "url": "https://two.example/7"},
            ],
            "syndicated",
        ),
        (
            [
                {"network": "rss", "author_id": None, "url": "https://one.example/1"},
                {"network": "rss", "author_id": None, "url": "https://one.example/2"},
            ],
            "repeated",
        ),
    ],
    ids=[
        *("one account", "two accounts", "one known", "none known", "the same link", "other links"),
        *("one account and its link", "a link in half of them", "two sites", "one site"),
    ],
)
def test_spread_tells_repeating_from_pasting_and_from_syndication(
    warehouse: Warehouse, said: Said, spread: str | None
) -> None:
    for number, more in enumerate(said):
        link = more.pop("link", "")
        warehouse.say(str(number), f"{PARCEL} {link}".strip(), **more)
    assert warehouse.column("spread") == {str(number): spread for number in range(len(said))}
