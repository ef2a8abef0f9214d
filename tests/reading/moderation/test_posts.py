"""How well the flags do on hundreds of posts that we wrote: what moderators look for, and what only looks like it."""

import tomllib
from collections import Counter
from pathlib import Path

from reading.moderation import spam
from reading.moderation.flags import SEVERITIES
from reading.moderation.reader import Moderator

FILE = Path(__file__).with_name("posts.toml")
LEAST_RIGHT = 0.9


def told(reader: Moderator, text: str, lang: str) -> set[str]:
    """The flags of a post; spam stands for its kinds, too."""
    return {"spam" if flag.flag in spam.FLAGS else flag.flag for flag in reader.read(text, lang)}


def test_most_of_what_is_flagged_deserves_it_and_most_of_what_deserves_it_is_flagged(reader: Moderator) -> None:
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for group in tomllib.loads(FILE.read_text(encoding="utf-8"))["posts"]:
        expected = set(group["flags"].split())
        may = {"spam" if flag in spam.FLAGS else flag for flag in group.get("may", "").split()}
        for text in group["texts"]:
            found = told(reader, text, group["lang"])
            right.update(found & expected)
            wrong.update(found - expected - may)
            missed.update(expected - found)
    assert set(right) == {"insult", "profanity", "hate", "threat", "sexual", "self-harm", "personal-data", "spam"}
    for flag, count in right.items():
        assert count / (count + wrong[flag]) >= LEAST_RIGHT, f"precision of {flag}"
        assert count / (count + missed[flag]) >= LEAST_RIGHT, f"recall of {flag}"


def test_what_hurts_stands_before_what_annoys(reader: Moderator) -> None:
    posts = [
        "I will slit your throat",
        "I just want to die, nothing helps any more",
        "you are such an idiot",
        "verify your wallet at http://metamask-verify.top now",
        "what the fuck is this update",
        "please subscribe to my channel",
    ]
    severities = [reader.read(post, "en")[0].severity for post in posts]
    assert severities == sorted(severities, key=list(SEVERITIES).index, reverse=True)
