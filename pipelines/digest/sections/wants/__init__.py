"""What people want of us, and what they speak of without being asked."""

from dataclasses import dataclass, replace

from pipelines.digest.frozen import Count, Coverage, Labels, Quote, Search
from pipelines.digest.given import Given, labels_of
from pipelines.digest.queries import Row
from pipelines.digest.quotes import quote_of, shown_name
from pipelines.digest.searches import Posts, search
from pipelines.digest.text import clean

LINK = "Wants and topics"
ORDER = ("complaint", "bug_report", "request", "question", "churn_risk", "purchase_intent", "praise", "story")
"""In the order in which they are told."""
QUOTED = {"bug_report": 0.95, "request": 0.85, "churn_risk": 0.85, "purchase_intent": 0.9}
"""Those of which a post is shown, to carry inside or to act on, and how probable it has to be: rather none than a
wrong one, which costs the page its readers' trust.
"""
MOST_TOPICS = 8


@dataclass(frozen=True, slots=True)
class Want:
    """Posts about our brands that want the same, how many of this period nobody has answered, and some of them."""

    intent: str
    posts: Count
    unanswered: int | None
    quotes: list[Quote]


@dataclass(frozen=True, slots=True)
class Topic:
    """A discovered topic in posts about our brands. `tags` say what happened to it in the period: born, split, woke."""

    topic_id: str
    name: str
    labels: Labels
    mentions: Count
    tags: list[str]


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics of our brands, most spoken of first; the count is of all. `asleep` are names of those that fell asleep."""

    topics: int | None
    items: list[Topic]
    asleep: list[str]


@dataclass(frozen=True, slots=True)
class Searches:
    """What came of looking for them."""

    wants: Search
    topics: Search


@dataclass(frozen=True, slots=True)
class Data:
    """What the section says."""

    searches: Searches
    wants: list[Want]
    topics: Topics


def freeze(given: Given) -> Data:
    """What posts about our brands want, and the topics that they are in."""
    wanted, spoken, posts = wants(given), topics(given), given.judged["posts"]
    came = Searches(
        wants=search(
            bool(wanted),
            Posts(posts, given.judged["unread"]),
            "Nobody wants anything in {n} about our brands.",
            "Nobody wants anything in {n}.",
            given.coverage,
        ),
        topics=search(
            bool(spoken.items),
            Posts(posts, given.judged["unread_for_topics"]),
            "No topic comes up in {n} about our brands.",
            "No topic comes up in {n}.",
            given.coverage,
        ),
    )
    return Data(came, wanted, spoken if came.topics.is_known else replace(spoken, topics=None))


def wants(given: Given) -> list[Want]:
    """How many posts about our brands want something, for each thing wanted in either period."""
    rows, compared = given.of_all_and_compared("wants")
    posts = given.asker.ask("want_posts", intents=list(QUOTED), least=list(QUOTED.values()), limit=1)
    now = _by(rows, "intent", True)
    like_now, like_before = _by(compared, "intent", True), _by(compared, "intent", False)
    found = []
    for intent in ORDER:
        sides = [int(side[intent]["mentions"]) if intent in side else 0 for side in (now, like_now, like_before)]
        if any(sides):
            unanswered = int(now[intent]["unanswered"]) if intent in now else given.coverage.told(0)
            quotes = [quote_of(post) for post in posts if post["intent"] == intent]
            found.append(Want(intent, given.count(*sides), unanswered, quotes))
    return found


def topics(given: Given) -> Topics:
    """The topics that posts about our brands were most in."""
    rows, compared = given.of_all_and_compared("topics")
    events = given.asker.ask("topic_events")
    now = _by(rows, "topic_id", True)
    like_now, like_before = _by(compared, "topic_id", True), _by(compared, "topic_id", False)
    most = sorted(now, key=lambda topic_id: (-int(now[topic_id]["mentions"]), topic_id))
    items = []
    for topic_id in most[:MOST_TOPICS]:
        sides = [labels_of(side.get(topic_id)) for side in (now, like_now, like_before)]
        happened = [row["event"] for row in events if row["topic_id"] == topic_id]
        items.append(
            Topic(
                topic_id=topic_id,
                name=shown_name(now[topic_id]["topic_name"]) or topic_id,
                labels=sides[0],
                mentions=given.count(*(labels.mentions for labels in sides)),
                tags=[event for event in dict.fromkeys(happened) if event in ("born", "split", "woke")],
            )
        )
    spoken = {row["topic_id"] for row in rows}
    asleep = [row for row in events if row["event"] == "asleep" and row["topic_id"] in spoken]
    return Topics(len(now), items, [shown_name(row["topic_name"]) or row["topic_id"] for row in asleep])


def _by(rows: list[Row], key: str, is_current: bool) -> dict[str, Row]:
    return {row[key]: row for row in rows if row["is_current"] is is_current}


# Words ------------------------------------------------------------------------------------------------


def asleep_line(topics: Topics, coverage: Coverage) -> str:
    """No longer spoken of for some time: Ticket refunds."""
    seen = "" if not coverage.unseen_in_both else ", as far as was seen"
    return f"No longer spoken of for some time{seen}: {', '.join(topics.asleep)}."


INTENTS = {
    "complaint": "Complaints",
    "bug_report": "Bug reports",
    "request": "Requests",
    "question": "Questions",
    "churn_risk": "People who may leave",
    "purchase_intent": "People who may buy",
    "praise": "Praise",
    "story": "Stories",
}


def intent(value: str) -> str:
    """How posts that want the same are called."""
    return INTENTS.get(value, clean(value))


def topic_tag(tag: str) -> str:
    """What happened to a topic, as a tag beside its name."""
    return {"born": "new", "split": "split off", "woke": "back"}.get(tag, clean(tag))
