"""What a digest says: exact figures, careful words, and the same bytes each time."""

import json
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.digest import render
from pipelines.digest.frozen import Count, Frozen, Labels, Rate
from pipelines.digest.step import DigestFiles, digest
from pipelines.errors import InputError
from tests.digest.small_marts import BEFORE, COUNTED, NOW, SETTINGS, UNTIL, Marts

SNAPSHOT = Path(__file__).parent / "snapshots" / "small.md"


@pytest.fixture
def week(marts: Marts) -> Frozen:
    marts.fill_a_week()
    return marts.freeze()


def test_figures_of_a_week(week: Frozen) -> None:
    own = week.sections["brands"].own

    assert own.labels == Labels(mentions=34, positive=13, neutral=4, negative=15, unscored=2)
    assert own.mentions == Count(now=34, like_now=34, like_before=15, verdict="up")
    assert (own.net_sentiment.now, own.net_sentiment.like_before) == (Rate(-0.0625, 32), Rate(0.733333, 15))
    assert (own.net_sentiment.points, own.net_sentiment.verdict) == (-79.5833, "down")
    assert own.share_of_voice is not None
    assert (own.share_of_voice.now, own.share_of_voice.like_before) == (Rate(0.809524, 42), Rate(0.5, 30))
    assert [(brand.name, brand.figures.mentions) for brand in week.sections["brands"].brands] == [
        ("Halmora", Count(34, 34, 15, "up")),
        ("Tillwick", Count(8, 8, 15, "steady")),
    ]


def test_headline_of_a_week(week: Frozen) -> None:
    assert week.headline == [
        "Halmora was mentioned 34 times, more often than the week before (15).",
        "Net sentiment fell by 80 points to −6% (n = 32).",
        "Negative posts about Price rose most: 14, after 1.",
    ]


def test_to_do_of_a_week(week: Frozen) -> None:
    waiting, thanks, people = week.sections["todo"].waiting, week.sections["todo"].thanks, week.sections["todo"].people

    assert (waiting.posts, waiting.people, waiting.negative, waiting.questions, waiting.earlier) == (1, 1, 1, 1, 0)
    assert [(item.quote.author, item.waiting_hours, item.is_negative, item.is_question) for item in waiting.items] == [
        ("u/tam", 60, True, True)
    ]
    assert [(item.quote.author, item.followers) for item in thanks.items] == [("u/nettie", 212_000)]
    assert [(group.brand_name, group.people, [person.author for person in group.items]) for group in people] == [
        ("Halmora", 1, ["u/reddit:author1"])
    ]


def test_the_json_file_holds_the_frozen_structure(marts: Marts, tmp_path: Path) -> None:
    marts.fill_a_week()
    files = digest(marts.publish(), tmp_path / "digests", SETTINGS, UNTIL)

    told = json.loads(files.json.read_text("utf-8"))

    assert told["period"] == {
        "first_day": "2026-04-24",
        "last_day": "2026-04-30",
        "days": 7,
        "name": "2026-04-24--2026-04-30",
    }
    assert told["until"] == "2026-05-01T00:00:00Z"
    assert told["own"]["net_sentiment"]["now"] == {"value": -0.0625, "n": 32}
    assert told["brands"][0]["days"][4] == {
        "date": "2026-04-21",
        "status": "complete",
        "mentions": 0,
        "positive": 0,
        "neutral": 0,
        "negative": 0,
        "unscored": 0,
    }
    assert told["languages"]["items"] == [
        told["languages"]["items"][0] | {"lang": "de", "language": "German", "reason": "language:de", "posts": 2}
    ]
    assert files == DigestFiles(
        *(files.html.with_name(f"digest.{kind}") for kind in ("html", "md", "json")), files.headline
    )
    assert files.html.parent == tmp_path / "digests" / "2026-04-24--2026-04-30"
    assert sorted(path.name for path in files.html.parent.iterdir()) == ["digest.html", "digest.json", "digest.md"]


def test_markdown_of_a_week(week: Frozen) -> None:
    """To accept a wanted change: delete the snapshot and run the test twice."""
    text = render.markdown_text(replace(week, queries={}))
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text(text, encoding="utf-8")
        pytest.fail("the snapshot was missing and has been written; look at it and run again")

    assert text == SNAPSHOT.read_text(encoding="utf-8")


def test_the_same_file_gives_the_same_bytes(marts: Marts, tmp_path: Path) -> None:
    marts.fill_a_week()
    published = marts.publish()

    once = digest(published, tmp_path / "one", SETTINGS, UNTIL)
    again = digest(published, tmp_path / "two", SETTINGS, UNTIL)

    for kind in ("html", "markdown", "json"):
        assert getattr(once, kind).read_bytes() == getattr(again, kind).read_bytes()


def test_the_statements_shown_give_the_numbers_shown(marts: Marts) -> None:
    marts.fill_a_week()
    week = marts.freeze()

    with duckdb.connect(str(marts.path), read_only=True) as connection:
        own = connection.execute(week.queries["own"]).fetchall()
        brands = connection.execute(week.queries["brand_figures"]).fetchall()
        ran = {name: connection.execute(sql).fetchall() for name, sql in week.queries.items()}

    assert own == [(False, 15, 12, 2, 1, 0), (True, 34, 13, 4, 15, 2)]
    assert ("halmora", True, 34, 13, 4, 15, 2) in brands
    assert len(ran["finding_1"]) == 3 * SETTINGS.quotes
    assert '"' not in render.command(week.queries["waiting"])[len('earshot query "') : -1]


def test_what_is_within_noise_is_called_neither_rise_nor_drop(marts: Marts) -> None:
    for day, good, bad in ((NOW, 22, 10), (BEFORE, 18, 11)):
        marts.mentions(good, day, "positive", themes=["wifi"])
        marts.mentions(bad, day, "negative")

    frozen = marts.freeze()

    assert frozen.headline == [
        "Halmora was mentioned 32 times, about as often as the week before (29).",
        "Net sentiment is +38% (n = 32), no clear change.",
        "No theme moved more than chance explains.",
    ]
    page = render.html(frozen)
    assert "↑" not in page.replace("↑ ↓", "")
    assert " rose " not in page
    assert " fell " not in page


@pytest.mark.parametrize("days", [1, 7, 30, 92])
def test_periods_of_any_length(marts: Marts, days: int) -> None:
    marts.mentions(12, date(2026, 4, 30))

    frozen = marts.freeze(SETTINGS.model_copy(update={"days": days}))

    assert (frozen.period.last_day - frozen.period.first_day).days == days - 1
    assert frozen.previous.last_day == frozen.period.first_day - timedelta(days=1)
    assert len(frozen.sections["brands"].brands[0].days) == 2 * days
    assert render.html(frozen)


def test_a_moment_within_a_day_counts_that_day_as_the_last(marts: Marts) -> None:
    frozen = marts.freeze(until=datetime.fromisoformat("2026-04-30T06:00:00+02:00"))

    assert frozen.period.name == "2026-04-24--2026-04-30"


def test_two_brands_of_ours_count_a_post_about_both_once(marts: Marts) -> None:
    for n in range(12):
        marts.mention(mention_id=f"reddit:both{n}")
        marts.mention(mention_id=f"reddit:both{n}", brand_id="loft", brand_name="Loft")
    marts.rival(6)

    frozen = marts.freeze()

    assert frozen.sections["brands"].own.labels.mentions == 12
    assert frozen.sections["brands"].own.share_of_voice is not None
    assert frozen.sections["brands"].own.share_of_voice.now == Rate(0.8, 30)
    assert frozen.headline[0].startswith("Halmora and Loft were mentioned 12 times")


class TestPosts:
    def test_posts_behind_a_theme_are_clear_noticed_and_of_different_people(self, marts: Marts) -> None:
        shared = {"label": "negative", "themes": ["price"], "day": NOW}
        marts.mention(**shared, text="mild", compound=-0.1, engagement=900)
        marts.mention(**shared, text="copy", is_duplicate=True, engagement=800)
        marts.mention(**shared, text="loud", engagement=500, author_id="reddit:angry")
        marts.mention(**shared, text="loud again", engagement=400, author_id="reddit:angry")
        marts.mention(**shared, text="quiet", engagement=3)
        marts.mention(**shared, text="unknown reach", engagement=None)
        marts.mention(NOW, "positive", themes=["price"], text="cheap and good", engagement=999)

        frozen = marts.freeze()
        bad = next(finding for finding in frozen.sections["themes"].findings if finding.side == "bad")

        assert [quote.text for quote in bad.quotes] == ["loud", "quiet", "unknown reach"]

    def test_what_the_writer_wants_bears_out_the_tone_of_a_quote(self, marts: Marts) -> None:
        shared = {"label": "positive", "themes": ["price"], "day": NOW, "compound": 0.8}
        marts.mention(**shared, text="my son ate one, he is fine and laughs", engagement=900, intents=["story"])
        marts.mention(**shared, text="love it, but it broke", engagement=800, intents=["praise", "bug_report"])
        marts.mention(**shared, text="worth every cent", engagement=3, intents=["praise"])
        marts.mention(**shared, text="billig und gut", engagement=20, intents=None)

        good = next(finding for finding in marts.freeze().sections["themes"].findings if finding.side == "good")

        assert [quote.text for quote in good.quotes][:2] == [
            "worth every cent",
            "my son ate one, he is fine and laughs",
        ]

    def test_what_fell_quotes_what_was_said_before(self, marts: Marts) -> None:
        marts.mentions(20, BEFORE, "negative", themes=["wifi"], text="wifi drops again")

        finding = marts.freeze().sections["themes"].findings[0]

        assert (finding.side, finding.count.verdict, finding.quotes_of) == ("bad", "down", "previous")
        assert len(finding.quotes) == 3

    def test_talk_can_move_where_no_tone_does(self, marts: Marts) -> None:
        marts.mentions(5, NOW, "negative", themes=["price"])
        marts.mentions(4, NOW, "positive", themes=["price"])
        marts.mentions(5, NOW, None, themes=["price"])

        findings = marts.freeze().sections["themes"].findings

        assert [(finding.side, finding.count, finding.is_moved) for finding in findings] == [
            ("any", Count(14, 14, 0, "up"), True)
        ]

    def test_a_competitor_that_moved_is_told_apart(self, marts: Marts) -> None:
        marts.mentions(12)
        marts.rival(15, NOW, "negative", themes=["price"])

        frozen = marts.freeze()

        assert frozen.sections["themes"].findings == []
        assert [(finding.brand_name, finding.side) for finding in frozen.sections["themes"].competitor_findings] == [
            ("Tillwick", "bad")
        ]

    @pytest.mark.parametrize(
        ("text", "is_question"),
        [
            ("Will you fix it?", True),
            ("¿Cuándo llega?", True),
            ("いつ届きますか？", True),
            ("متى يصل؟", True),
            ("look https://x.example/?a=1&b=2 nice", False),
            ("I love it.", False),
        ],
    )
    def test_a_question_in_any_script_waits_for_an_answer(self, marts: Marts, text: str, is_question: bool) -> None:
        marts.mention(NOW, "neutral", text=text, is_answered=False)

        assert marts.freeze().sections["todo"].waiting.questions == int(is_question)

    def test_who_waits_longest_with_most_reactions_comes_first_and_once(self, marts: Marts) -> None:
        asking = {"label": "negative", "is_answered": False}
        marts.mention(NOW, text="new and unseen", engagement=0, **asking)
        marts.mention(BEFORE, text="old and seen", engagement=90, author_id="reddit:a", **asking)
        marts.mention(BEFORE, text="old and unseen", engagement=0, **asking)
        marts.mention(NOW, text="again", engagement=5, author_id="reddit:a", **asking)
        marts.mention(NOW, "negative", text="answered", engagement=999)
        marts.rival(1, NOW, "negative", is_answered=False)

        waiting = marts.freeze().sections["todo"].waiting

        assert [item.quote.text for item in waiting.items] == ["old and seen", "old and unseen", "new and unseen"]
        assert (waiting.posts, waiting.people, waiting.earlier, waiting.items[0].posts_of_author) == (4, 3, 2, 2)

    def test_a_file_without_team_posts_says_that_nothing_can_count_as_answered(self, marts: Marts) -> None:
        marts.mention(NOW, "negative", is_answered=False)

        assert "nothing can count as answered" in render.html(marts.freeze())


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.duckdb: can't be opened"):
        digest(tmp_path / "gone.duckdb", tmp_path, SETTINGS, UNTIL)


def test_a_file_without_marts_is_named(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "plain.duckdb")).close()

    with pytest.raises(InputError, match="lacks a mart"):
        digest(tmp_path / "plain.duckdb", tmp_path, SETTINGS, UNTIL)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_half_written(
    marts: Marts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = marts.publish()
    before = digest(published, tmp_path / "digests", SETTINGS, UNTIL).html.read_bytes()
    monkeypatch.setattr("os.fsync", _full_disk)

    with pytest.raises(OSError, match="No space left"):
        digest(published, tmp_path / "digests", SETTINGS, UNTIL)

    folder = tmp_path / "digests" / "2026-04-24--2026-04-30"
    assert (folder / "digest.html").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["digest.html", "digest.json", "digest.md"]


def test_three_hundred_thousand_chat_posts_take_seconds(marts: Marts, tmp_path: Path) -> None:
    published = marts.publish()
    with duckdb.connect(str(published)) as connection:
        connection.execute(CHAT)
        connection.execute(COUNTED)

    started = time.perf_counter()
    files = digest(published, tmp_path / "digests", SETTINGS, UNTIL)

    assert time.perf_counter() - started < 6  # under one on two idle cores
    assert files.headline.startswith("Halmora was mentioned 150,000 times")


CHAT = """
insert into marts.mentions by name
select 'irc:' || n as mention_id, 'irc:' || n || '@halmora' as mention_brand_id, 'halmora' as brand_id,
    'Halmora' as brand_name, false as is_competitor, 'term' as matched_by, 'forum' as source, 'irc' as network,
    '#halmora' as community, 'message' as kind, 'does message ' || n || ' build on my machine?' as text, 'en' as lang,
    timestamp '2026-04-17' + to_seconds(n * 4) as created_at, (timestamp '2026-04-17' + to_seconds(n * 4))::date
        as created_date, 'irc:author' || n % 900 as author_id, 'author' || n % 900 as author_handle, false as is_team,
    false as is_repost, true as is_earned, ['positive', 'neutral', 'negative'][n % 3 + 1] as sentiment_label,
    [0.8, 0.0, -0.8][n % 3 + 1] as compound, [['price'], ['wifi'], []][n % 3 + 1] as themes, false as is_duplicate,
    false as is_answered
from range(302400) as chat (n) where n % 151200 < 150000
"""


def _full_disk(_: int) -> None:
    raise OSError(28, "No space left on device")
