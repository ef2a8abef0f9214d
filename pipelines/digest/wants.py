"""What people want of us, and what they speak of without being asked."""

from pipelines.digest import compare
from pipelines.digest.frozen import Count, Coverage, Labels, Topic, Topics, Want
from pipelines.digest.queries import Asker, Row
from pipelines.digest.quotes import quote_of, shown_name

INTENTS = ("complaint", "bug_report", "request", "question", "churn_risk", "purchase_intent", "praise", "story")
"""In the order in which they are told."""
QUOTED = {"bug_report": 0.95, "request": 0.85, "churn_risk": 0.85, "purchase_intent": 0.9}
"""Those of which a post is shown, to carry inside or to act on, and how probable it has to be: rather none than a
wrong one, which costs the page its readers' trust.
"""
MOST_TOPICS = 8


def wants(asker: Asker, coverage: Coverage) -> list[Want]:
    """How many posts about our brands want something, for each thing wanted in either period."""
    rows, compared = _asked(asker, "wants", coverage)
    posts = asker.ask("want_posts", intents=list(QUOTED), least=list(QUOTED.values()), limit=1)
    now = _by(rows, "intent", True)
    like_now, like_before = _by(compared, "intent", True), _by(compared, "intent", False)
    found = []
    for intent in INTENTS:
        sides = [int(side[intent]["mentions"]) if intent in side else 0 for side in (now, like_now, like_before)]
        if any(sides):
            unanswered = int(now[intent]["unanswered"]) if intent in now else coverage.told(0)
            quotes = [quote_of(post) for post in posts if post["intent"] == intent]
            found.append(Want(intent, _count(sides, coverage), unanswered, quotes))
    return found


def topics(asker: Asker, coverage: Coverage) -> Topics:
    """The topics that posts about our brands were most in."""
    rows, compared = _asked(asker, "topics", coverage)
    events = asker.ask("topic_events")
    now = _by(rows, "topic_id", True)
    like_now, like_before = _by(compared, "topic_id", True), _by(compared, "topic_id", False)
    most = sorted(now, key=lambda topic_id: (-int(now[topic_id]["mentions"]), topic_id))
    items = []
    for topic_id in most[:MOST_TOPICS]:
        sides = [_labels(side.get(topic_id)) for side in (now, like_now, like_before)]
        happened = [row["event"] for row in events if row["topic_id"] == topic_id]
        items.append(
            Topic(
                topic_id=topic_id,
                name=shown_name(now[topic_id]["topic_name"]) or topic_id,
                labels=sides[0],
                mentions=_count([labels.mentions for labels in sides], coverage),
                tags=[event for event in dict.fromkeys(happened) if event in ("born", "split", "woke")],
            )
        )
    spoken = {row["topic_id"] for row in rows}
    asleep = [row for row in events if row["event"] == "asleep" and row["topic_id"] in spoken]
    return Topics(len(now), items, [shown_name(row["topic_name"]) or row["topic_id"] for row in asleep])


def _asked(asker: Asker, name: str, coverage: Coverage) -> tuple[list[Row], list[Row]]:
    """Rows of all sources, and of those that may be compared."""
    rows = asker.ask(name, sources=[source.source for source in coverage.sources])
    if coverage.mode != "some":
        return rows, rows
    return rows, asker.ask(name, as_name=f"{name}_compared", sources=coverage.compared)


def _by(rows: list[Row], key: str, is_current: bool) -> dict[str, Row]:
    return {row[key]: row for row in rows if row["is_current"] is is_current}


def _labels(row: Row | None) -> Labels:
    if row is None:
        return Labels()
    return Labels(row["mentions"], row["positive"], row["neutral"], row["negative"], row["unscored"])


def _count(sides: list[int], coverage: Coverage) -> Count:
    now, like_now, like_before = sides
    return compare.count_change(coverage.told(now), like_now, like_before, coverage.mode, compare.CHANCE_AMONG_MANY)
