"""How a Discourse forum searches: words, phrases, and the filters that the connector uses."""

import re
from collections.abc import Callable
from datetime import datetime

from sandbox.community import Post


def matcher(asked: str) -> Callable[[Post, str], bool]:
    """Whether a post is found: each word the beginning of one of its own or its title's, phrases as they stand."""
    filters: list[Callable[[Post, str], bool]] = []
    for phrase, word in re.findall(r'"([^"]*)"|(\S+)', asked):
        filters.append(_filter(phrase, word))
    return lambda post, title: all(passes(post, title) for passes in filters)


def _filter(phrase: str, word: str) -> Callable[[Post, str], bool]:
    name, _, value = word.partition(":")
    if name == "order":
        return lambda *_: True
    if name in ("after", "before") and value:
        day = datetime.fromisoformat(value)
        return (lambda post, _: post.at > day) if name == "after" else (lambda post, _: post.at < day)
    if word.startswith("@"):
        return lambda post, _: post.by.lower() == word[1:].lower()
    if phrase:
        return lambda post, title: any(phrase.lower() in text.lower() for text in (post.text or "", title))
    starts = re.findall(r"\w+", word.lower())

    def holds(post: Post, title: str) -> bool:
        words = re.findall(r"\w+", f"{post.text or ''} {title if post.to is None else ''}".lower())
        return all(any(said.startswith(start) for said in words) for start in starts)

    return holds
