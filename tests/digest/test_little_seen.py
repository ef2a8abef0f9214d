"""Gaps, first periods, and next to nothing: what a digest says then, and what it does not."""

import json
from datetime import date
from pathlib import Path

from pipelines.digest import render
from pipelines.digest.frozen import Count, Rate
from pipelines.digest.step import digest
from tests.digest.small_marts import BEFORE, NOW, SETTINGS, UNTIL, Marts


class TestCoverage:
    def test_a_failed_source_is_named_and_its_drop_is_no_drop(self, marts: Marts) -> None:
        marts.covered("x-search")
        marts.covered("x-search", date(2026, 4, 27), date(2026, 4, 28), "missing", "rate-limited: wait an hour")
        marts.mentions(20, NOW)
        marts.mentions(21, BEFORE)
        marts.mentions(60, BEFORE, source="x-search")

        frozen = marts.freeze()
        page = render.html(frozen)

        assert (frozen.coverage.mode, frozen.coverage.compared, frozen.coverage.left_out) == (
            "some",
            ["forum"],
            ["x-search"],
        )
        assert frozen.sections["brands"].own.mentions == Count(20, 20, 21, "steady")
        assert frozen.headline[:2] == [
            "Halmora was mentioned 20 times, as far as was seen.",
            "In the sources seen in full both times: 20, about as many as the week before (21).",
        ]
        assert "Not everything was seen in this period: x-search." in page
        assert "27–28 April: not seen" in page
        assert "rate-limited: wait an hour" in page

    def test_with_no_source_complete_in_both_nothing_is_compared(self, marts: Marts) -> None:
        marts.covered("forum", BEFORE, BEFORE, "partial", "closed in the middle")
        marts.mentions(12, NOW, "negative", themes=["price"])
        marts.mentions(50, BEFORE, "positive")

        frozen = marts.freeze()

        assert frozen.sections["brands"].own.mentions == Count(12, None, None, "different")
        assert frozen.headline[:2] == [
            "Halmora was mentioned 12 times.",
            "What was seen differs from the week before, so this is neither a rise nor a drop.",
        ]
        assert [finding.is_moved for finding in frozen.sections["themes"].findings] == [False]

    def test_the_first_period_says_so(self, marts: Marts) -> None:
        marts.days = [day for day in marts.days if day["day_date"] >= date(2026, 4, 24)]
        marts.mentions(12)

        frozen = marts.freeze()

        assert frozen.coverage.mode == "first"
        assert frozen.headline[0] == "Halmora was mentioned 12 times; there is no earlier period to compare with."

    def test_a_day_that_nobody_looked_at_is_not_zero(self, marts: Marts) -> None:
        marts.covered("forum", date(2026, 4, 29), date(2026, 4, 29), "missing", "failed")
        marts.mentions(12)

        frozen = marts.freeze()
        days = {day.date: day.mentions for day in frozen.sections["brands"].brands[0].days}

        assert (days[date(2026, 4, 28)], days[date(2026, 4, 29)], days[date(2026, 4, 30)]) == (12, None, 0)
        assert "29 Apr: not seen" in render.html(frozen)

    def test_a_period_of_which_nothing_was_seen(self, marts: Marts) -> None:
        marts.covered("forum", date(2026, 4, 24), date(2026, 4, 30), "missing", "credentials refused")
        marts.mentions(12, BEFORE)

        frozen = marts.freeze()

        assert frozen.sections["brands"].own.mentions.now is None
        assert frozen.headline == ["Nothing is known of the 7 days: no source was seen on any of its days."]


class TestLittleData:
    def test_an_empty_file(self, marts: Marts, tmp_path: Path) -> None:
        marts.days = []

        files = digest(marts.publish(), tmp_path / "digests", SETTINGS, UNTIL)

        assert files.headline == "Nothing is known of the 7 days: no source was seen on any of its days."
        assert "No post that names a brand was found" in files.html.read_text("utf-8")
        assert json.loads(files.json.read_text("utf-8"))["own"]["mentions"]["now"] is None

    def test_nobody_spoke(self, marts: Marts) -> None:
        marts.mentions(3, date(2026, 3, 2))
        marts.mentions(4, BEFORE)

        frozen = marts.freeze()

        assert frozen.headline == [
            "Nobody mentioned Halmora in the 7 days.",
            "There were 4 mentions the week before.",
        ]
        assert frozen.sections["brands"].own.net_sentiment.now == Rate(None, 0)
        assert render.html(frozen)

    def test_few_posts_are_no_trend(self, marts: Marts) -> None:
        marts.mentions(6, NOW, "negative")
        marts.mentions(1, BEFORE, "positive")

        assert marts.freeze().headline == ["Only 6 posts mentioned Halmora: too few to speak of a trend."]

    def test_a_brand_alone_has_no_share_of_voice(self, marts: Marts) -> None:
        marts.mentions(12)

        frozen = marts.freeze()

        assert frozen.sections["brands"].own.share_of_voice is None
        assert frozen.sections["brands"].brands[0].figures.share_of_voice is None
        assert '<th scope="col" class="n">Share of voice' not in render.html(frozen)

    def test_only_competitors(self, marts: Marts) -> None:
        marts.rival(30)

        frozen = marts.freeze()

        assert frozen.headline == ["Nobody mentioned our brand in the 7 days."]
        assert render.html(frozen)
        assert render.markdown_text(frozen)

    def test_none_scored_is_not_neutral(self, marts: Marts) -> None:
        marts.mentions(12, NOW, None, lang="ja")
        marts.mentions(12, BEFORE, None, lang="ja")

        frozen = marts.freeze()

        assert frozen.headline[1] == "Sentiment isn't known: none of the 12 posts could be scored."
        assert [(item.language, item.posts, item.why) for item in frozen.sections["languages"].languages.items] == [
            ("Japanese", 12, "the scorer does not read Japanese")
        ]

    def test_numbers_that_a_network_lacks_are_shown_as_not_known(self, marts: Marts) -> None:
        marts.mentions(12, NOW, "positive", score=None, engagement=None, is_answered=False, themes=["wifi"], url=None)
        marts.person("reddit:author1", followers=None, engagement_count=None)

        page = render.html(marts.freeze())

        assert "likes –" in page
        assert "followers –" in page
        assert "reactions –" in page
        assert "None" not in page
