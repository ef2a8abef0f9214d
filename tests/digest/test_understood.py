"""What the digest makes of intents, topics, flags and what emerges."""

from datetime import date

import pytest

from pipelines.digest import render, words
from pipelines.digest.frozen import Count, Frozen, Labels
from pipelines.digest.sections import new, todo
from pipelines.digest.sections.todo import FlagCount
from tests.digest.small_marts import BEFORE, NOW, Marts


def both(frozen: Frozen) -> tuple[str, str]:
    """The digest as HTML and as Markdown."""
    return render.html(frozen), render.markdown_text(frozen)


# New and growing ---------------------------------------------------------------------------------------


def test_a_story_is_one_line_with_its_posts(marts: Marts) -> None:
    post = marts.mention(NOW, "negative", text="Stuck in a login loop again")
    marts.story("login loop", kind="pair", example_ids=[post["mention_id"]], first_date=date(2026, 4, 27))
    frozen = marts.freeze()
    (story,) = frozen.sections["new"].stories.items
    assert (story.posts, story.people, [quote.text for quote in story.quotes]) == (14, 12, [post["text"]])
    html, markdown = both(frozen)
    line = f"14 posts on {words.span(date(2026, 4, 27), NOW)}, by up to 12 people a day; usually 0–2"
    assert line in html
    assert line in markdown
    assert "“login loop”" in html


def test_days_of_one_episode_are_one_story(marts: Marts) -> None:
    marts.story("outage", NOW, people_count=12, mentions_count=14)
    marts.story("outage", date(2026, 4, 29), people_count=30, mentions_count=33, first_date=NOW)
    (story,) = marts.freeze().sections["new"].stories.items
    assert (story.posts, story.people, story.first_day, story.last_day) == (47, 30, NOW, date(2026, 4, 29))


def test_what_stands_out_for_our_brand_and_for_all_is_told_once_of_our_brand(marts: Marts) -> None:
    marts.mention(NOW)
    marts.story("outage")
    marts.story("outage", brand_id="halmora", brand_name="Halmora")
    assert [story.brand_name for story in marts.freeze().sections["new"].stories.items] == ["Halmora"]


def test_only_the_strongest_item_of_a_story_is_told(marts: Marts) -> None:
    marts.story("outage")
    marts.story("down", is_lead=False, episode_id="word:outage")
    assert [story.name for story in marts.freeze().sections["new"].stories.items] == ["outage"]


def test_more_stories_than_are_shown_are_counted(marts: Marts) -> None:
    for number in range(7):
        marts.story(f"word{number}")
    frozen = marts.freeze()
    assert (frozen.sections["new"].stories.stories, len(frozen.sections["new"].stories.items)) == (7, 5)
    assert "2 more stories" in both(frozen)[0]


@pytest.mark.parametrize(
    ("kind", "name", "shown"),
    [
        ("hashtag", "#outage", "#outage"),
        ("link", "example.org/a", "the link example.org/a"),
        ("topic", "Ticket refunds", "the topic Ticket refunds"),
        ("word", "outage", "“outage”"),
    ],
)
def test_stories_are_called_by_what_they_are(marts: Marts, kind: str, name: str, shown: str) -> None:
    marts.story(name, kind=kind)
    (story,) = marts.freeze().sections["new"].stories.items
    assert new.story_name(story) == shown


def test_spam_is_not_shown_behind_a_story(marts: Marts) -> None:
    post = marts.mention(NOW, text="Buy cheap pumps")
    marts.flagged(post, "spam", "low")
    marts.story("pumps", example_ids=[post["mention_id"]])
    assert marts.freeze().sections["new"].stories.items[0].quotes == []


def test_where_nothing_stands_out_the_digest_says_so(marts: Marts) -> None:
    marts.mention(NOW)
    assert all("No word, theme or topic stands out against its own past." in text for text in both(marts.freeze()))


# Wants and topics --------------------------------------------------------------------------------------


def test_posts_are_counted_for_each_thing_that_they_want(marts: Marts) -> None:
    marts.mentions(12, NOW, intents=["complaint", "question"], is_answered=False)
    marts.mentions(1, BEFORE, intents=["complaint"])
    marts.mentions(3, NOW, intents=["other"])
    marts.mentions(2, NOW)
    wants = {want.intent: (want.posts, want.unanswered) for want in marts.freeze().sections["wants"].wants}
    assert wants == {"complaint": (Count(12, 12, 1, "up"), 12), "question": (Count(12, 12, 0, "up"), 12)}


def test_a_post_that_rather_wants_something_else_is_not_counted(marts: Marts) -> None:
    post = marts.mention(NOW, intents=["request"])
    marts.probabilities[post["mention_id"]] = 0.49
    assert marts.freeze().sections["wants"].wants == []


def test_a_request_is_quoted_to_carry_inside(marts: Marts) -> None:
    marts.mention(NOW, text="Please add a timer", intents=["request"], engagement=9)
    marts.mention(NOW, text="Please add a lamp", intents=["request"], engagement=2)
    (want,) = marts.freeze().sections["wants"].wants
    assert [quote.text for quote in want.quotes] == ["Please add a timer"]


def quoted(marts: Marts) -> list[str]:
    return [quote.text for want in marts.freeze().sections["wants"].wants for quote in want.quotes]


def test_a_post_that_may_not_want_it_is_counted_but_not_quoted(marts: Marts) -> None:
    post = marts.mention(NOW, text="Mine too. I have deleted my angry draft.", intents=["churn_risk"], engagement=900)
    marts.probabilities[post["mention_id"]] = 0.79
    (want,) = marts.freeze().sections["wants"].wants
    assert (want.posts.now, want.quotes) == (1, [])


def test_what_a_person_says_of_a_post_is_sure(marts: Marts) -> None:
    post = marts.mention(NOW, text="We sign with Tillwick in May", intents=["churn_risk"])
    marts.probabilities[post["mention_id"]] = None
    assert quoted(marts) == ["We sign with Tillwick in May"]


def test_the_surer_post_is_quoted_where_reactions_are_alike(marts: Marts) -> None:
    for text, probability, engagement in (("Add a lamp", 0.86, 4), ("Add a timer", 0.98, 3)):
        post = marts.mention(NOW, text=text, intents=["request"], engagement=engagement)
        marts.probabilities[post["mention_id"]] = probability
    assert quoted(marts) == ["Add a timer"]


def test_many_reactions_outweigh_a_little_doubt(marts: Marts) -> None:
    for text, probability, engagement in (("Add a lamp", 0.85, 800), ("Add a timer", 0.95, 3)):
        post = marts.mention(NOW, text=text, intents=["request"], engagement=engagement)
        marts.probabilities[post["mention_id"]] = probability
    assert quoted(marts) == ["Add a lamp"]


def test_a_post_that_wants_it_first_and_tells_something_is_quoted(marts: Marts) -> None:
    told = "Please let me set the timer of the pump by the minute, an hour is far too long for seedlings."
    marts.mention(NOW, text="timer pls", intents=["request"])
    marts.mention(NOW, text=told, intents=["request"])
    marts.mention(NOW, text=told + " Mine are dying.", intents=["complaint", "request"])
    assert quoted(marts) == [told]


def test_topics_of_our_brands_with_what_happened_to_them(marts: Marts) -> None:
    marts.mentions(9, NOW, "negative", topic_id="t0001")
    marts.mentions(1, BEFORE, topic_id="t0001")
    marts.mentions(2, BEFORE, topic_id="t0002")
    for topic_id, name in (("t0001", "Pump noise"), ("t0002", "Basil seeds")):
        marts.other("topics", topic_id=topic_id, topic_name=name)
    marts.other("topic_events", topic_id="t0001", topic_name="Pump noise", event_date=NOW, event="born")
    marts.other("topic_events", topic_id="t0002", topic_name="Basil seeds", event_date=NOW, event="asleep")
    frozen = marts.freeze()
    (topic,) = frozen.sections["wants"].topics.items
    assert (topic.name, topic.labels, topic.tags) == ("Pump noise", Labels(9, 0, 0, 9, 0), ["born"])
    assert topic.mentions == Count(9, 9, 1, "steady")
    assert frozen.sections["wants"].topics.asleep == ["Basil seeds"]
    assert all("No longer spoken of" in text and "Basil seeds" in text for text in both(frozen))


# Who waits ---------------------------------------------------------------------------------------------


def test_somebody_who_may_leave_waits_before_somebody_who_asks(marts: Marts) -> None:
    marts.mention(NOW, "neutral", is_answered=False, intents=["question"], author_handle="asks")
    marts.mention(NOW, "neutral", is_answered=False, intents=["churn_risk", "complaint"], author_handle="leaves")
    items = marts.freeze().sections["todo"].waiting.items
    assert [item.quote.author for item in items] == ["u/leaves", "u/asks"]
    assert todo.waiting_why(items[0]).endswith("may leave · complaint")


def test_where_intents_are_known_a_question_mark_alone_makes_nobody_wait(marts: Marts) -> None:
    marts.mention(NOW, "neutral", is_answered=False, intents=["other"], text="Who knew? Not me.")
    assert marts.freeze().sections["todo"].waiting.items == []


def test_where_intents_are_not_known_a_question_mark_makes_them_wait(marts: Marts) -> None:
    marts.mention(NOW, "neutral", is_answered=False, intents=None, text="Wo gibt es das? Danke")
    assert [item.is_question for item in marts.freeze().sections["todo"].waiting.items] == [True]


def test_spam_does_not_wait_but_is_told(marts: Marts) -> None:
    post = marts.mention(NOW, "negative", is_answered=False, intents=["question"])
    marts.mention(NOW, "negative", is_answered=False, author_handle="real")
    marts.flagged(post, "scam", "medium")
    frozen = marts.freeze()
    assert [item.quote.author for item in frozen.sections["todo"].waiting.items] == ["u/real"]
    assert frozen.sections["todo"].waiting.spam == 1
    assert all("1 post that look" in text for text in both(frozen))


def test_only_what_is_read_as_praise_is_thanked(marts: Marts) -> None:
    marts.mention(NOW, "positive", is_answered=False, intents=["complaint"], text="Great, another outage")
    marts.mention(NOW, "positive", is_answered=False, intents=["praise"], text="Best basil ever")
    assert [item.quote.text for item in marts.freeze().sections["todo"].thanks.items] == ["Best basil ever"]


# For moderators ----------------------------------------------------------------------------------------


def test_flags_are_counted_and_the_gravest_posts_shown(marts: Marts) -> None:
    low, high = marts.mention(NOW, text="Damn pump"), marts.mention(NOW, text="I will find you")
    marts.flagged(low, "profanity", "low", evidence="Damn")
    marts.flagged(high, "threat", "high", evidence="I will find you")
    moderation = marts.freeze().sections["todo"].moderation
    assert moderation.counts == [FlagCount("threat", "high", 1), FlagCount("profanity", "low", 1)]
    assert [(item.quote.text, item.flags, item.evidence) for item in moderation.items] == [
        ("I will find you", ["threat"], "I will find you")
    ]
    assert todo.flag_counts(moderation.counts) == "high: threat 1 · low: profanity 1"


def test_low_flags_alone_are_counted_and_no_heading_says_that_there_were_none(marts: Marts) -> None:
    marts.flagged(marts.mention(NOW, text="Damn pump"), "profanity", "low", evidence="Damn")
    for text in both(marts.freeze()):
        assert "low: profanity 1. None is grave enough to show its post." in text
        assert "0 posts" not in text.partition("For moderators")[2].partition("People to know")[0]


def test_somebody_who_may_need_help_is_told_first_and_apart(marts: Marts) -> None:
    marts.flagged(marts.mention(NOW, text="You fool"), "insult", "high", evidence="fool")
    marts.flagged(marts.mention(NOW, text="I can't go on"), "self-harm", "high", evidence="can't go on")
    frozen = marts.freeze()
    assert [item.is_about_risk for item in frozen.sections["todo"].moderation.items] == [True, False]
    for text in both(frozen):
        assert text.index("Someone may need help") < text.index("For moderators")


def test_personal_data_are_not_passed_on(marts: Marts) -> None:
    post = marts.mention(NOW, text="Call her at 030 1234567")
    marts.flagged(post, "personal-data", "medium", evidence="phone: 030 …67")
    frozen = marts.freeze()
    (item,) = frozen.sections["todo"].moderation.items
    assert (item.quote.text, item.quote.title, item.quote.url) == ("", None, post["url"])
    assert not any("1234567" in text for text in both(frozen))


def test_what_is_only_about_a_competitor_is_not_ours_to_moderate(marts: Marts) -> None:
    marts.mention(NOW)
    post = marts.mention(NOW, brand_id="tillwick", brand_name="Tillwick", is_competitor=True)
    marts.flagged(post, "insult", "high")
    assert marts.freeze().sections["todo"].moderation.counts == []


# Whose reading it is -----------------------------------------------------------------------------------


def test_a_model_learned_from_labels_is_told_with_its_figures(marts: Marts) -> None:
    marts.other(
        "models",
        task="sentiment",
        source="forum",
        labels_count=540,
        learned_recall=0.71,
        compared_with="vader",
        compared_recall=0.56,
        is_used=True,
    )
    marts.other("models", task="sentiment", source="x", labels_count=9, is_used=False)
    line = "In forum, sentiment is read by a model learned from 540 labels of people"
    assert all(line in text and "71%" in text for text in both(marts.freeze()))
