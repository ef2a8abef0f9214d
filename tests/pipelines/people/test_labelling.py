"""Labelling as people meet it: which posts come, what a terminal shows, and what a spreadsheet brings back."""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from pipelines.command.main import app
from pipelines.errors import InputError
from pipelines.evaluation.evaluate import Columns
from pipelines.evaluation.own_labels import labelled_file
from pipelines.people import accounts
from pipelines.people import labels as store
from pipelines.people.labelling import Session, person, read_answers, write_sample
from pipelines.people.labels import Label
from pipelines.people.sampling import Post, Wanted, known, posts, sample
from pipelines.store.home import Home
from pipelines.store.published import open_published
from pipelines.store.warehouse import create_tables
from pipelines.terminal import harmless
from reading.intent import INTENTS, OTHER
from reading.learned import CLASSES
from reading.moderation import personal_data, spam
from reading.moderation.abuse import OFFENSIVE

NOON = datetime(2026, 3, 5, 12)
SENTIMENT = Wanted(("sentiment",))


POSTS = [
    # number, kind, author, lang, text, compound, label
    (1, "post", "ann", "en", "Wren tea is wonderful, I love the new tin!", 0.85, "positive"),
    (2, "comment", "bob", "en", "Too expensive for me, honestly. Moss is cheap.", 0.1, "positive"),
    (3, "comment", "wren_lotte", "en", "Sorry to hear that, Bob! There is a smaller tin.", 0.0, "neutral"),
    (4, "post", "caro", "de", "Mein Paket von Wren ist leider noch nicht angekommen", None, None),
    (5, "post", "dev", "en", "The parcel from Wren arrived broken. Terrible packaging, awful!", -0.8, "negative"),
    (6, "repost", "ann", "en", "Same here", 0.0, "neutral"),
    (7, "post", "eli", None, "🫖❤️ wren", 0.6, "positive"),
    (8, "post", "fay", "en", "The parcel from Wren arrived broken! Terrible packaging - awful", -0.8, "negative"),
    (9, "post", "gus", "en", '=HYPERLINK("http://bad.example","Moss") </script>', 0.0, "neutral"),
    (10, "post", None, None, None, None, None),
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published file of a home in which a forum speaks of two brands of tea."""
    path = tmp_path_factory.mktemp("template") / "earshot.duckdb"
    with duckdb.connect(path) as connection:
        create_tables(connection)
        for number, kind, author, lang, text, compound, label in POSTS:
            connection.execute(_MENTION, [f"forum:{number}", kind, author and f"forum:{author}", lang, text, NOON])
            connection.execute(_SCORE, [f"forum:{number}", compound, label])
        for author in {row[2] for row in POSTS} - {None}:
            connection.execute(_AUTHOR, [f"forum:{author}", author, author == "wren_lotte", NOON])
        connection.executemany(
            "insert into core.brands values (?, ?, ?, ?)", [(name, name, False, "1") for name in BRANDS]
        )
        connection.execute(_COPY)
        connection.executemany(_SPEAKS_OF, [["forum:2", "moss"], ["forum:9", "moss"], ["forum:2", "wren"]])
        connection.execute("update core.mentions set deleted_at = created_at where text is null")
        connection.executemany(_TOPIC, [list(topic) for topic in TOPICS])
        connection.executemany(_FLAGGED, [["forum:ann", "bot", 0.9], ["forum:ann", "repeater", 0.6]])
        connection.executemany(_FLAGGED, [["forum:bob", "bot", 0.7], ["forum:wren_lotte", "bot", 0.5]])
    return path


TOPICS = [
    # topic, name, status, merged_into, mentions
    ("t0001", "Lost Parcels", "active", None, 10),
    ("t0002", "tins", "active", None, 20),
    ("t0003", "broken parcels", "merged", "t0004", 0),
    ("t0004", "parcels", "merged", "t0001", 0),
    ("t0005", "tins", "asleep", None, 90),
]
_TOPIC = """
insert into core.topics by name
select
    $1 as topic_id, $2 as name, $2 as model_name, 'model' as named_by, $3 as status, $4 as merged_into,
    date '2026-03-01' as born_date, date '2026-03-02' as last_seen_date, $5::bigint as mentions_count, 0.5 as reach,
    [1.0] as centroid, 'hand' as engine, '1' as engine_version
"""
_FLAGGED = """
insert into core.account_flags by name
select
    $1 as author_id, $2 as flag, $3::double as probability, '40 posts seen' as evidence, 'hand' as engine,
    '1' as engine_version
"""


BRANDS = ("moss", "wren")
_MENTION = """
insert into core.mentions by name
select
    $1 as mention_id, 'forum' as source, 'forum' as network, $2 as kind, $3 as author_id, $4 as lang, $5 as text,
    $6::timestamp as created_at, $6::timestamp as first_seen_at, $6::timestamp as last_seen_at
"""
_SCORE = """
insert into core.sentiment by name
select $1 as mention_id, 'text' as target, $2::double as compound, $3 as label, 'hand' as engine, '1' as engine_version
"""
_AUTHOR = """
insert into core.authors by name
select
    $1 as author_id, 'forum' as network, $2 as handle, $3 as is_team,
    $4::timestamp as first_seen_at, $4::timestamp as last_seen_at
"""
_COPY = """
insert into core.duplicates by name
select
    'forum:8' as mention_id, 'forum:5' as cluster_id, 'near' as kind, false as is_representative, 'hand' as engine,
    '1' as engine_version
"""
_SPEAKS_OF = """
insert into core.brand_mentions by name
select $1 as mention_id, $2 as brand_id, 'term' as matched_by, '1' as query_version
"""


@pytest.fixture
def home(template: Path, new_home: Callable[..., Home]) -> Home:
    """A home with the forum's posts in its published file."""
    home = new_home()
    home.root.mkdir()
    shutil.copy(template, home.published)
    return home


@pytest.fixture
def big_home(home: Home) -> Home:
    """The home with 300 more posts: many of one source and language that are neutral, few of all else."""
    with duckdb.connect(home.published) as connection:
        connection.execute(_MORE)
        connection.execute(_MORE_SCORED)
    return home


_MORE = """
insert into core.mentions by name
select
    'net:' || number as mention_id,
    case when number < 280 then 'big' else 'small' end as source,
    'net' as network,
    'post' as kind,
    'Post ' || number as text,
    case when number % 20 = 0 then 'de' else 'en' end as lang,
    timestamp '2026-03-02' as created_at,
    timestamp '2026-03-04' as first_seen_at,
    timestamp '2026-03-04' as last_seen_at
from range(300) as numbers (number)
"""
_MORE_SCORED = """
insert into core.sentiment by name
select
    mention_id,
    'text' as target,
    case when number % 10 = 1 then -0.5 else number / 1000 end as compound,
    case when number % 10 = 1 then 'negative' when number / 1000 >= 0.05 then 'positive' else 'neutral' end as label,
    'hand' as engine,
    '1' as engine_version
from (select mention_id, split_part(mention_id, ':', 2)::integer as number from core.mentions where network = 'net')
"""


def ids(found: list[Post]) -> list[str]:
    return [post.mention_id for post in found]


def judged(mention_id: str, by: str = "ana", task: str = "sentiment", value: str | None = "neutral") -> Label:
    return Label(mention_id, task, "text", by, NOON, value)


# Which posts come --------------------------------------------------------------------------------------


def test_copies_the_team_and_what_one_has_judged_are_left_out(home: Home) -> None:
    drawn = ids(sample(home, SENTIMENT, [], "ana"))
    assert sorted(drawn) == [f"forum:{number}" for number in (1, 2, 4, 5, 7, 9)]
    mine = [
        judged("forum:1"),
        judged("forum:2", by="bob"),
        judged("forum:4", task="topic"),
        judged("forum:5", value=None),
    ]
    assert set(drawn) - set(ids(sample(home, SENTIMENT, mine, "ana"))) == {"forum:1"}


def test_two_people_get_the_same_posts_and_another_seed_draws_others(big_home: Home) -> None:
    wanted = Wanted(("sentiment",), count=30, is_random=True)
    first = sample(big_home, wanted, [judged("forum:1", by="bob")], "ana")
    assert first == sample(big_home, wanted, [], "ana")
    assert ids(first) != ids(sample(big_home, Wanted(("sentiment",), count=30, is_random=True, seed=1), [], "ana"))
    assert ids(first)[:10] == ids(sample(big_home, Wanted(("sentiment",), count=10, is_random=True), [], "ana"))


def test_every_group_has_a_share_and_small_ones_more_than_theirs(big_home: Home) -> None:
    drawn = sample(big_home, Wanted(("sentiment",), count=60), [], "ana")
    assert {post.source for post in drawn} == {"forum", "big", "small"}
    assert {post.lang for post in drawn} >= {"en", "de"}
    from_small = sum(post.source == "small" for post in drawn)
    assert 6 <= from_small < 20  # 4 of 60 would be its share


def test_what_the_engine_is_least_sure_of_comes_first(big_home: Home) -> None:
    drawn = sample(big_home, Wanted(("sentiment",), count=1000, source="big", lang="en"), [], "ana")
    neutral = [
        int(post.mention_id[4:]) for post in drawn if int(post.mention_id[4:]) < 50 and post.mention_id[-1] != "1"
    ]
    assert neutral == sorted(neutral, reverse=True)


def test_each_question_has_its_own_answers_of_the_engine(home: Home) -> None:
    with duckdb.connect(home.published) as connection:
        connection.executemany(_WANTS, [("forum:1", "praise", 0.9), ("forum:2", "complaint", 0.4)])
        connection.executemany(_WANTS, [("forum:5", "complaint", 0.8), ("forum:5", "bug_report", 0.21)])
        connection.executemany(_WANTS, [("forum:9", "complaint", 0.99)])
        connection.executemany(
            _BREAKS, [("forum:1", "spam", 0.55), ("forum:5", "spam", 0.95), ("forum:9", "spam", 0.7)]
        )
        connection.executemany(_IS_ABOUT, [("forum:1", "tea", 0.9), ("forum:2", "tea", 0.4), ("forum:5", "tea", 0.6)])

    def drawn(task: str, *wanted: str) -> list[str]:
        found = ids(sample(home, Wanted((task, "sentiment"), lang="en"), [], "ana"))
        assert sorted(found) == ["forum:1", "forum:2", "forum:5", "forum:9"]
        return [mention_id for mention_id in found if mention_id in wanted]

    complaints = ("forum:2", "forum:5", "forum:9")
    assert drawn("intent", *complaints) == ["forum:5", "forum:2", "forum:9"]  # 0.01, 0.05 and 0.74 above a threshold
    spam = ("forum:1", "forum:5", "forum:9")
    assert drawn("moderation", *spam) == ["forum:1", "forum:9", "forum:5"]
    tea = ("forum:1", "forum:2", "forum:5")
    assert drawn("topic", *tea) == ["forum:2", "forum:5", "forum:1"]
    rare = sample(home, Wanted(("intent",), lang="en", count=2), [], "ana")
    assert ids(rare)[0] == "forum:5"
    assert ids(sample(home, Wanted(("intent",), is_random=True), [], "ana")) != ids(
        sample(home, Wanted(("intent",)), [], "ana")
    )


_WANTS = """
insert into core.mention_intents by name
select $1 as mention_id, $2 as intent, $3::double as probability, 'hand' as engine, '1' as engine_version
"""
_BREAKS = """
insert into core.mention_flags by name
select
    $1 as mention_id, $2 as flag, 'low' as severity, $3::double as probability, 'offer' as evidence, 'hand' as engine,
    '1' as engine_version
"""
_IS_ABOUT = """
insert into core.mention_topics by name
select
    $1 as mention_id, $2 as topic_id, $3::double as similarity, false as is_typical, 'hand' as engine,
    '1' as engine_version
"""


def test_a_sample_may_be_of_one_brand(home: Home) -> None:
    assert sorted(ids(sample(home, Wanted(("sentiment",), target="moss"), [], "ana"))) == ["forum:2", "forum:9"]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted(("sentiment",), target="fern"), "no such brand. Expected text, or one of moss, wren"),
        (Wanted(("sentiment",), source="x"), "no post came from it. Expected one of forum"),
    ],
)
def test_what_there_is_not_is_told(home: Home, wanted: Wanted, told: str) -> None:
    with pytest.raises(InputError, match=told):
        sample(home, wanted, [], "ana")


def test_posts_are_found_by_id(home: Home) -> None:
    assert ids(posts(home, ["forum:5", "forum:1"])) == ["forum:5", "forum:1"]
    with pytest.raises(InputError, match="There is no post 'forum:77'"):
        posts(home, ["forum:77"])


# Which accounts come ------------------------------------------------------------------------------------


ACCOUNTS = Wanted(("account",))


def test_flagged_accounts_come_with_what_they_wrote_the_least_surely_flagged_first(home: Home) -> None:
    ann, bob = accounts.sample(home, ACCOUNTS, [], "ana")  # the team is left out
    assert (ann.mention_id, ann.author, ann.title) == (
        "forum:ann",
        "ann",
        "bot: 40 posts seen · repeater: 40 posts seen",
    )
    assert bob.text == "Too expensive for me, honestly. Moss is cheap."
    mine = [judged("forum:ann", task="account", value="neither"), judged("forum:bob", by="bob", task="account")]
    assert ids(accounts.sample(home, ACCOUNTS, mine, "ana")) == ["forum:bob"]
    assert accounts.sample(home, Wanted(("account",), lang="de"), [], "ana") == []
    assert len(accounts.sample(home, Wanted(("account",), is_random=True, count=1), [], "ana")) == 1


def test_accounts_are_found_by_id_flagged_or_not(home: Home) -> None:
    assert [post.title for post in accounts.named(home, ["forum:dev", "forum:bob"])] == [
        "not flagged",
        "bot: 40 posts seen",
    ]
    with pytest.raises(InputError, match="There is no account 'forum:5' with posts"):
        accounts.named(home, ["forum:5"])


# On a terminal -----------------------------------------------------------------------------------------


class Terminal:
    """A person who says what stands in a list, before a screen that remembers."""

    def __init__(self, *words: str) -> None:
        self.words: Iterator[str] = iter(words)
        self.screen = io.StringIO()
        self.time = NOON

    def session(self, home: Home, *tasks: str, target: str = "text", by: str = "ana") -> Session:
        console = Console(file=self.screen, width=200, force_terminal=True, no_color=True)
        return Session(home, by, tasks, target, lambda _: next(self.words, None), console, self.now, known(home).topics)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


def values(home: Home) -> list[tuple[str, str, str | None]]:
    return [(label.mention_id, label.task, label.value) for label in store.read(home)]


def test_keys_words_skip_back_and_quit(home: Home) -> None:
    terminal = Terminal("3", "s", "b", "pos", "meh", "2", "q", "1")
    session = terminal.session(home, "sentiment")
    assert session.label(posts(home, [f"forum:{number}" for number in (1, 2, 4, 5)])) == 3
    assert values(home) == [
        ("forum:1", "sentiment", "negative"),
        ("forum:2", "sentiment", "positive"),
        ("forum:4", "sentiment", "neutral"),
    ]
    assert "what is 'meh'? Expected one of positive, neutral, negative" in terminal.screen.getvalue()


def test_several_questions_and_several_answers(home: Home) -> None:
    terminal = Terminal("1", "36", "0", "2", "question complaint", "9 10", "")
    terminal.session(home, "sentiment", "intent", "moderation").label(posts(home, ["forum:1", "forum:2"]))
    assert values(home) == [
        ("forum:1", "sentiment", "positive"),
        ("forum:1", "intent", "complaint | question"),
        ("forum:1", "moderation", "fine"),
        ("forum:2", "sentiment", "neutral"),
        ("forum:2", "intent", "complaint | question"),
        ("forum:2", "moderation", "spam | threat"),
    ]


def test_a_topic_is_named_by_its_id_its_name_or_words_of_ones_own(home: Home) -> None:
    terminal = Terminal("?", "T0002", " lost  PARCELS", "t0003", "Tins", "t0077", "queues", "0")
    everything = posts(home, [f"forum:{number}" for number in (1, 2, 4, 5, 7, 9)])
    assert terminal.session(home, "topic").label(everything) == 6
    told = ["t0002", "t0001", "t0001", "t0002", "queues", "none"]
    assert [value for _, _, value in values(home)] == told
    shown = terminal.screen.getvalue()
    assert "  t0002  tins\n  t0001  Lost Parcels\n  t0005  tins\n" in shown
    assert "there is no topic t0077. Expected one of marts.topics, or none." in shown
    assert "id or name of a topic, or your own words · ? lists topics · 0 none · s skip" in shown


def test_an_answer_can_be_changed_and_taken_back_and_all_is_kept(home: Home) -> None:
    Terminal("1").session(home, "sentiment").label(posts(home, ["forum:1"]))
    terminal = Terminal("x")
    terminal.time += timedelta(days=1)
    terminal.session(home, "sentiment").label(posts(home, ["forum:1"]))
    assert "you said positive; x takes it back" in terminal.screen.getvalue()
    assert [value for _, _, value in values(home)] == ["positive", None]


def test_a_brand_is_what_the_feeling_is_about_and_nothing_else(home: Home) -> None:
    terminal = Terminal("1", "praise")
    terminal.session(home, "sentiment", "intent", target="moss").label(posts(home, ["forum:2"]))
    assert [(label.task, label.target) for label in store.read(home)] == [("sentiment", "moss"), ("intent", "text")]
    assert "How does the writer feel about moss?" in terminal.screen.getvalue()


def test_every_answer_is_on_disk_before_the_next_question(home: Home) -> None:
    seen = []

    def ask(_: object) -> str:
        seen.append(len(values(home)))
        return "1"

    session = Terminal().session(home, "sentiment")
    session.ask = ask
    session.label(posts(home, ["forum:1", "forum:2", "forum:5"]))
    assert seen == [0, 1, 2]


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2J\x1b]0;owned\x07",
        "\x9b31mred",
        "\u202eevil\u202c",
        "\rover",
        "back\x08\x08\x08\x08",
        "[bold red]markup[/] [link=file:///etc/passwd]here[/link]",
    ],
)
def test_text_of_strangers_only_shows(home: Home, hostile: str) -> None:
    terminal = Terminal("q")
    post = posts(home, ["forum:1"])[0]._replace(
        title=hostile, text=hostile, author=hostile, community=hostile, url=hostile
    )
    terminal.session(home, "sentiment").label([post])
    shown = terminal.screen.getvalue()
    for sign in ("\x1b[2J", "\x1b]", "\x9b", "\u202e", "\r", "\x08", "\x07"):
        assert sign not in shown
    if "markup" in hostile:
        assert "[bold red]markup[/]" in shown


@given(st.text())
def test_nothing_that_acts_is_left_of_any_text(text: str) -> None:
    assert all(letter.isprintable() or letter in "\n\t�" or ord(letter) > 0x9F for letter in harmless(text))


def test_people_need_a_name_on_one_line() -> None:
    assert person("  Ana  Lind ") == "Ana Lind"
    for name in ("", "  ", "x" * 81, "a\x1b[31m"):
        with pytest.raises(InputError, match="expected a name"):
            person(name)


# In a spreadsheet --------------------------------------------------------------------------------------


@pytest.fixture
def fill(home: Home, tmp_path: Path) -> Callable[..., Path]:
    """The sample as a file, filled in with answers by mention and column, as a spreadsheet saves it."""

    def fill(answers: dict[str, dict[str, str]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
        path = tmp_path / "sample.csv"
        write_sample(path, sample(home, SENTIMENT, [], "ana"), ("sentiment", "intent"), "text")
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, [*rows[0], "labelled_by"], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(row | answers.get(row["mention_id"], {}) for row in rows)
        return path

    return fill


def test_the_file_has_empty_columns_and_no_formula(home: Home, tmp_path: Path) -> None:
    write_sample(tmp_path / "sample.csv", sample(home, SENTIMENT, [], "ana"), ("sentiment", "topic"), "text")
    with (tmp_path / "sample.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["mention_id"]: row for row in csv.DictReader(file)}
    assert len(rows) == 6
    assert {(row["sentiment"], row["topic"], row["target"]) for row in rows.values()} == {("", "", "text")}
    assert rows["forum:9"]["text"].startswith("'=HYPERLINK(")
    assert rows["forum:7"]["text"] == "🫖❤️ wren"


def test_a_file_that_may_be_filled_in_is_not_written_over(home: Home, tmp_path: Path) -> None:
    (tmp_path / "sample.csv").write_text("mention_id,sentiment\nforum:1,positive\n", encoding="utf-8")
    with pytest.raises(InputError, match="is there already, and may be filled in"):
        write_sample(tmp_path / "sample.csv", sample(home, SENTIMENT, [], "ana"), ("sentiment",), "text")
    assert read_answers(home, tmp_path / "sample.csv", "ana", NOON).kept == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_filled_in_file_is_read_once(home: Home, fill: Callable[..., Path], delimiter: str, encoding: str) -> None:
    path = fill({"forum:1": {"sentiment": "positive"}, "forum:2": {"intent": "complaint|request"}}, delimiter, encoding)
    found = read_answers(home, path, "ana", NOON)
    assert (found.kept, found.unchanged, found.bad) == (2, 0, ())
    again = read_answers(home, path, "ana", NOON + timedelta(days=1))
    assert (again.kept, again.unchanged, again.bad) == (0, 2, ())
    assert store.read(home) == [
        judged("forum:1", value="positive"),
        judged("forum:2", task="intent", value="complaint | request"),
    ]


def test_bad_lines_are_named_and_the_others_kept(home: Home, tmp_path: Path) -> None:
    (tmp_path / "filled.csv").write_text(
        "mention_id,target,sentiment,intent,labelled_by\n"
        "forum:1,,postive,praise,\n"
        "forum:77,,positive,,\n"
        "forum:2,fern,negative,,\n"
        "forum:2,moss,positive,,bob\n"
        "forum:4,,,,\n"
        "forum:5,,-,,\n"
        "forum:5,,negative,,a\x1bb\n"
        "forum:5,negative\n",
        encoding="utf-8",
    )
    found = read_answers(home, tmp_path / "filled.csv", "ana", NOON)
    assert found.kept == 2
    assert found.unchanged == 1  # taken back what was never said
    told = [
        "line 2: sentiment: what is 'postive'? Expected one of positive, neutral, negative.",
        "line 3: there is no mention 'forum:77'; expected one of the sample, left as it was",
        "line 4: target 'fern' is none; expected text, or a brand: moss, wren",
        "line 8: labelled_by 'a\\x1bb': expected a name on one line, of at most 80 characters.",
        "line 9: has 2 cells, the header has 5: forum:5,negative",
    ]
    assert list(found.bad) == told
    assert store.read(home) == [
        judged("forum:1", task="intent", value="praise"),
        judged("forum:2", by="bob", value="positive")._replace(target="moss"),
    ]


def test_topics_and_accounts_are_named_in_a_file_too(home: Home, tmp_path: Path) -> None:
    (tmp_path / "filled.csv").write_text(
        "mention_id,topic,account\n"
        "forum:1,Lost parcels,\n"
        "forum:2,t0003,\n"
        "forum:4,t0099,\n"
        "forum:ann,,neither\n"
        "forum:5,,bot\n",
        encoding="utf-8",
    )
    found = read_answers(home, tmp_path / "filled.csv", "ana", NOON)
    assert found.bad == (
        "line 4: topic: there is no topic t0099. Expected one of marts.topics, or none.",
        "line 6: there is no account 'forum:5'; expected one of the sample, left as it was",
    )
    assert values(home) == [
        ("forum:1", "topic", "t0001"),
        ("forum:2", "topic", "t0001"),
        ("forum:ann", "account", "neither"),
    ]


def test_of_two_lines_on_the_same_post_the_later_holds(home: Home, tmp_path: Path) -> None:
    (tmp_path / "filled.csv").write_text("mention_id,sentiment\nforum:1,positive\nforum:1,negative\n", encoding="utf-8")
    assert read_answers(home, tmp_path / "filled.csv", "ana", NOON).kept == 1
    assert store.read(home) == [judged("forum:1", value="negative")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,mood\n1,good\n", "has the columns 'id', 'mood'. Expected mention_id and at least one of sentiment"),
        ("", "is empty"),
    ],
)
def test_a_file_without_answers_is_refused(home: Home, tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "filled.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_answers(home, tmp_path / "filled.csv", "ana", NOON)


def test_the_published_file_is_never_written_to(home: Home, fill: Callable[..., Path]) -> None:
    before = home.published.read_bytes()
    read_answers(home, fill({"forum:1": {"sentiment": "positive"}}), "ana", NOON)
    with open_published(home) as connection:
        assert connection.execute("select count(*) from core.labels").fetchone() == (0,)
    assert home.published.read_bytes() == before


# The commands ------------------------------------------------------------------------------------------


def run(home: Home, *words: str, typed: str | None = None) -> tuple[object, str]:
    """What a command that is given some words and lines prints, and the error it ends with."""
    done = CliRunner().invoke(app, [*words, "--home", str(home.root)], input=typed, env={"COLUMNS": "200"})
    return done.exception, done.output


def test_lines_are_answers_where_there_is_no_terminal(home: Home) -> None:
    error, shown = run(home, "label", "forum:1", "forum:5", "--by", "ana", typed="positive\n3\n")
    assert error is None
    assert f"2 answers kept in {home.labels}" in shown
    assert values(home) == [("forum:1", "sentiment", "positive"), ("forum:5", "sentiment", "negative")]


def test_the_end_of_the_input_ends_the_questions(home: Home) -> None:
    error, shown = run(home, "label", "--by", "ana", "--task", "intent", typed="praise\n")
    assert error is None
    assert "1 answers kept" in shown


def test_a_sample_goes_out_and_comes_back(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    assert "6 posts in" in run(home, "label", "--out", str(path), "--task", "sentiment", "--task", "topic")[1]
    lines = path.read_text(encoding="utf-8-sig").replace(",text,,", ",text,negative,lost parcel")
    path.write_text(lines.replace("negative,lost parcel", "bad,", 1), encoding="utf-8")
    error, shown = run(home, "label", "--in", str(path), "--by", "ana")
    assert "10 answers kept, 0 were there already" in shown
    assert isinstance(error, InputError)
    assert str(error).startswith("1 answers can't be read; the others are kept:\n  line 2: sentiment: what is 'bad'?")


def test_engines_are_measured_on_the_labels_and_people_on_each_other(home: Home) -> None:
    given_so_far = [("forum:1", "positive"), ("forum:5", "negative"), ("forum:9", "neutral"), ("forum:2", "negative")]
    store.add(home, [judged(mention_id, value=value) for mention_id, value in given_so_far])
    store.add(home, [judged(mention_id, by="bob", value=value) for mention_id, value in given_so_far[:3]])
    store.add(home, [judged("forum:10", value="positive"), judged("forum:4", value=None)])
    error, shown = run(home, "evaluate", "sentiment", "--labels")
    assert error is None
    assert "4 labelled rows" in shown
    assert "over 3 rows with at least two labels (by ana, by bob)" in " ".join(shown.split())
    assert "source" in shown
    assert "lang" in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sentiment", "--labels"), "Nobody has labelled a post that is there"),
        (("language", "--labels"), "people are not asked for language. Expected sentiment"),
        (("sentiment",), "Expected a FILE with --text and --label, or --labels"),
    ],
)
def test_what_can_not_be_measured_is_told(home: Home, words: tuple[str, ...], told: str) -> None:
    assert told in str(run(home, "evaluate", *words)[0])


def test_the_answers_are_those_that_the_engines_give() -> None:
    assert set(store.QUESTIONS["intent"].choices) == set(INTENTS) - {OTHER, "spam"}
    assert set(store.QUESTIONS["moderation"].choices) == {*OFFENSIVE, "self-harm", personal_data.FLAG, *spam.FLAGS}
    assert store.QUESTIONS["sentiment"].choices == CLASSES


@pytest.mark.parametrize(
    ("task", "answers", "meant"),
    [
        ("spam", ["spam", "insult | promotion", "insult", "fine"], ["spam", "spam", "ham", "ham"]),
        (
            "moderation",
            ["spam", "insult | spam", "self-harm", "fine"],
            ["acceptable", "offensive", *["acceptable"] * 2],
        ),
        ("intent", ["complaint", "praise | question", "none", "story"], ["complaint", None, "none", "story"]),
        ("topics", ["t0001", "queues", "none", "t0001"], ["t0001", "queues", None, "t0001"]),
    ],
)
def test_an_answer_is_measured_as_what_it_comes_to(
    home: Home, task: str, answers: list[str], meant: list[str | None]
) -> None:
    question = {"intent": "intent", "topics": "topic"}.get(task, "moderation")
    said = zip(("forum:1", "forum:2", "forum:5", "forum:9"), answers, strict=True)
    store.add(home, [judged(mention_id, task=question, value=value) for mention_id, value in said])
    with labelled_file(home, task) as (path, columns):
        assert [json.loads(line)["by ana"] for line in path.read_text(encoding="utf-8").splitlines()] == meant
    assert columns == Columns("text", ("by ana",), None, ("source", "lang"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("evaluate", "sentiment", "--labels", "--text", "text"), "--labels takes the place of a FILE"),
        (("evaluate", "language", "--labels"), "people are not asked for language. Expected sentiment, intent, "),
        (
            ("label", "--task", "account", "--task", "topic"),
            "--task account asks about accounts, the others about posts",
        ),
    ],
)
def test_what_does_not_go_together_is_told(home: Home, words: tuple[str, ...], told: str) -> None:
    error, _ = run(home, *words)
    assert isinstance(error, InputError)
    assert told in str(error)


def test_an_answer_that_is_no_text_is_told(home: Home) -> None:
    words = ["label", "forum:1", "forum:2", "--by", "ana", "--home", str(home.root)]
    done = CliRunner().invoke(app, words, input=b"1\n\xff\xfe" + b"\n" * 9000)
    assert isinstance(done.exception, InputError)
    assert "An answer is no UTF-8 text" in str(done.exception)


def test_an_account_is_freed_by_its_id(home: Home) -> None:
    error, shown = run(home, "label", "forum:bob", "--task", "account", "--by", "ana", typed="0\n")
    assert error is None
    assert "What is this account?" in shown
    assert values(home) == [("forum:bob", "account", "neither")]
