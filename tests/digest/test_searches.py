"""Not judged, nothing found and not seen are three sentences, whatever the digest looks for and whatever its form."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from pipelines.digest import render
from pipelines.digest.frozen import Search
from pipelines.digest.step import digest
from tests.digest.small_marts import BEFORE, NOW, SETTINGS, UNTIL, Marts, searches_of

NOBODY_SPOKE = "No post about our brands in this period."


def states(marts: Marts) -> dict[str, str]:
    """What came of each search."""
    return {name: search.state for name, search in vars(searches_of(marts.freeze())).items()}


def test_where_all_was_seen_and_judged_nothing_found_is_an_all_clear(marts: Marts) -> None:
    marts.mentions(20, NOW, "positive", intents=["story"])
    marts.mentions(20, BEFORE, "positive", intents=["story"])
    searches = searches_of(marts.freeze())
    assert searches.new == Search("nothing-found", "No word, theme or topic stands out against its own past.")
    assert searches.themes == Search("nothing-found", "No theme comes up in the 20 posts about our brands.")
    assert searches.waiting == Search(
        "nothing-found",
        "Nobody: of the 40 posts about our brands, none that is negative, asks or wants something lacks an answer.",
    )
    assert searches.thanks == Search(
        "nothing-found", "No clear praise without an answer in the 20 posts about our brands."
    )
    assert searches.moderation == Search(
        "nothing-found", "Nothing was flagged in the 20 posts about our brands or about none."
    )
    assert searches.languages == Search("nothing-found", "Every one of the 20 posts about a brand was scored.")


def test_nobody_spoke_in_a_period_that_was_seen_in_full(marts: Marts) -> None:
    marts.mentions(4, date(2026, 3, 2), topic_id="t0001")
    searches = searches_of(marts.freeze())
    assert {search.line for search in (searches.themes, searches.wants, searches.topics, searches.waiting)} == {
        NOBODY_SPOKE
    }
    assert searches.languages.line == "No post about a brand in this period."
    assert searches.people.state == "nothing-found"


def test_in_the_first_weeks_nothing_is_called_quiet(marts: Marts) -> None:
    marts.past_days = 9
    marts.mentions(20)
    frozen = marts.freeze()
    assert frozen.sections["new"].searches.new == Search(
        "not-judged",
        "Not judged yet: only the past shows what is new. A source must have been seen on 14 days, the "
        "last week not counted; so far the most is 9.",
    )
    assert frozen.sections["new"].stories.stories is None
    for said in (render.html(frozen), render.markdown_text(frozen)):
        assert "Nothing stands out" not in said
        assert "so far the most is 9" in said


def test_a_source_too_young_to_be_judged_is_named_beside_the_others(marts: Marts) -> None:
    marts.covered("newsletter")
    marts.mentions(20)
    published = marts.publish()
    with marts.again() as connection:
        connection.execute("update core.judged_days set is_judged = false where source = 'newsletter'")
    assert published
    searches = searches_of(marts.frozen_again())
    assert searches.new == Search(
        "not-judged",
        "Nothing stands out in what was seen and judged. Not judged in full, as there is too little history: "
        "newsletter.",
    )


def test_what_was_not_seen_is_no_all_clear(marts: Marts) -> None:
    marts.covered("exports", NOW, NOW, "missing", "file exports.csv: No such file")
    marts.mentions(20, NOW, "positive", intents=["story"])
    frozen = marts.freeze()
    assert set(asdict(frozen.sections["todo"].searches.waiting).values()) == {
        "not-seen",
        "Nobody among the writers of the 20 posts that were seen. Not seen in full: exports.",
    }
    assert frozen.sections["new"].searches.new == Search(
        "not-seen", "Nothing stands out in what was seen and judged. Not seen in full: exports."
    )
    assert (
        frozen.sections["todo"].waiting.people,
        frozen.sections["todo"].waiting.posts,
        frozen.sections["todo"].thanks.people,
    ) == (None, None, None)
    markdown = render.markdown_text(frozen)
    assert "### Waiting for an answer\n\nNobody among" in markdown
    assert "0 people" not in markdown


def test_what_could_not_be_judged_is_counted(marts: Marts) -> None:
    marts.mentions(20, NOW, "positive", intents=["story"])
    marts.mentions(3, NOW, None, lang="ja", is_answered=False)
    searches = searches_of(marts.freeze())
    assert searches.waiting == Search(
        "not-judged", "Nobody among the writers of the 20 posts that were judged. 3 of 23 posts were not judged."
    )
    assert searches.moderation == Search(
        "not-judged", "Nothing was flagged in the 20 posts that were judged. 3 of 23 posts were not judged."
    )
    assert searches.wants == Search("found", "3 of 23 posts were not judged.")


def test_what_nobody_could_read_is_not_judged_at_all(marts: Marts) -> None:
    marts.reads_topics = False
    marts.themes = {}
    marts.mentions(5, NOW, None, lang="ja", is_answered=False, author_id=None)
    searches = searches_of(marts.freeze())
    none = Search("not-judged", "Not judged: no post of 5 about our brands could be read.")
    assert (searches.waiting, searches.thanks, searches.wants, searches.topics) == (none,) * 4
    assert searches.themes == Search("not-judged", "Not judged: the config has no themes.")
    assert searches.people == Search("not-judged", "Not judged: no post of 5 about a brand tells who wrote it.")
    assert searches.languages == Search("found", None)


def test_beside_what_was_found_stands_what_was_not_judged(marts: Marts) -> None:
    marts.mentions(2, NOW, "negative", is_answered=False, intents=["complaint"])
    marts.mention(NOW, None, lang="ja", is_answered=False)
    frozen = marts.freeze()
    assert frozen.sections["todo"].searches.waiting == Search("found", "1 of 3 posts was not judged.")
    assert "1 of 3 posts was not judged." in render.html(frozen)


def test_of_a_period_that_nobody_saw_nothing_is_said(marts: Marts) -> None:
    marts.covered("forum", date(2026, 4, 17), date(2026, 4, 30), "missing", "credentials refused")
    marts.mentions(3, date(2026, 3, 2))
    frozen = marts.freeze()
    searches = frozen.plain()["searches"]
    lines = {search["line"] for name, search in searches.items() if name not in {"brands", "themes"}}
    assert lines == {"Not seen: no source was seen on any of these days."}
    assert frozen.sections["languages"].languages.scored is None
    assert "Nobody" not in render.markdown_text(frozen)


def test_the_json_tells_the_three_apart(marts: Marts, tmp_path: Path) -> None:
    marts.past_days = 3
    marts.mentions(20, NOW, "positive", intents=["story"])
    marts.mention(NOW, None, lang="ja", is_answered=False)
    told = json.loads(digest(marts.publish(), tmp_path / "digests", SETTINGS, UNTIL).json.read_text("utf-8"))
    assert {name: search["state"] for name, search in told["searches"].items()} == {
        "new": "not-judged",
        "brands": "found",
        "themes": "nothing-found",
        "wants": "found",
        "topics": "nothing-found",
        "waiting": "not-judged",
        "thanks": "not-judged",
        "moderation": "not-judged",
        "people": "nothing-found",
        "languages": "found",
    }
    assert (told["stories"]["stories"], told["waiting"]["people"], told["moderation"]["posts"]) == (None, None, None)


# Sources that failed, or that could not be read ------------------------------------------------------------

UNREAD = "file exports.csv: 2,990 of 3,000 records can't be read: 2,990 × the time can't be read; set time_format"


def test_an_export_that_cannot_be_read_comes_before_the_silence(marts: Marts) -> None:
    marts.covered("forum", date(2026, 4, 17), date(2026, 4, 30), "partial", UNREAD)
    marts.unreadable(2990)
    frozen = marts.freeze()
    assert frozen.headline == [
        "Not everything was seen in the 7 days: forum.",
        "2,990 records of forum could not be read.",
        "No mention of any of the brands was found in what was seen.",
    ]
    assert frozen.sections["brands"].own.mentions.now is None
    for said in (render.html(frozen), render.markdown_text(frozen).replace("\\", "")):
        top = said.partition("New and growing")[0] if said.startswith("#") else said.partition('id="new"')[0]
        assert "2,990 records came and could not be read" in top
        assert "set time_format" in top.replace("\\", "")
        assert "Nobody mentioned" not in said


def test_unreadable_records_make_no_all_clear_even_on_days_called_complete(marts: Marts) -> None:
    marts.mentions(20, NOW)
    marts.mentions(60, BEFORE)
    marts.unreadable(3)
    frozen = marts.freeze()
    assert (frozen.coverage.mode, frozen.sections["brands"].own.mentions.verdict) == ("all", "down")
    assert not frozen.coverage.is_complete
    assert frozen.headline[-1] == "3 records of forum could not be read."
    assert frozen.sections["todo"].searches.thanks.state == "not-seen"


def test_every_source_with_a_gap_is_named_at_the_top_the_unseen_first(marts: Marts) -> None:
    for number in range(6):
        marts.covered(f"a{number}", date(2026, 4, 17), date(2026, 4, 18), "partial", "closed")
    marts.covered("zebra", NOW, NOW, "missing", "no such file")
    marts.mentions(20)
    gaps = [(gap.source, gap.status) for gap in marts.freeze().coverage.first_gaps]
    assert gaps[0] == ("zebra", "missing")
    assert [source for source, _ in gaps] == ["zebra", *(f"a{number}" for number in range(6))]


def test_a_theme_that_fell_silent_where_not_all_was_seen_has_no_number(marts: Marts) -> None:
    marts.covered("exports", NOW, NOW, "missing", "no such file")
    marts.mentions(20, BEFORE, "negative", themes=["wifi"], intents=["bug_report"])
    marts.mentions(20, NOW, "neutral")
    frozen = marts.freeze()
    said = "No post in what was seen, in the sources compared 0, down from 20 the week before."
    assert said in render.markdown_text(frozen)
    assert (
        frozen.sections["wants"].wants[0].posts.now,
        frozen.sections["wants"].wants[0].posts.like_now,
        frozen.sections["wants"].wants[0].unanswered,
    ) == (None, 0, None)


def test_few_mentions_are_only_few_where_all_was_seen(marts: Marts) -> None:
    marts.covered("exports", NOW, NOW, "partial", "written before the day's end")
    marts.mentions(6)
    assert marts.freeze().headline == ["As far as was seen, 6 posts mentioned Halmora: too few to speak of a trend."]


def test_a_day_partly_seen_without_a_mention_is_no_zero(marts: Marts) -> None:
    marts.covered("forum", date(2026, 4, 29), date(2026, 4, 29), "partial", "written before the day's end")
    marts.mentions(12)
    days = {day.date: day.mentions for day in marts.freeze().sections["brands"].brands[0].days}
    assert (days[NOW], days[date(2026, 4, 29)], days[date(2026, 4, 30)]) == (12, None, 0)


@pytest.mark.parametrize(("status", "seen"), [("complete", ""), ("partial", ", as far as was seen")])
def test_a_topic_that_fell_asleep_did_so_as_far_as_was_seen(marts: Marts, status: str, seen: str) -> None:
    marts.covered("forum", BEFORE, BEFORE, status, None)
    marts.mention(BEFORE, topic_id="t0001")
    marts.other("topics", topic_id="t0001", topic_name="Refunds")
    marts.other("topic_events", topic_id="t0001", topic_name="Refunds", event_date=NOW, event="asleep")
    assert f"No longer spoken of for some time{seen}: Refunds." in render.html(marts.freeze())
