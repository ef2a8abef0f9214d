"""The words of a text, and those that say nothing of what it is about in the languages of which lists are kept."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from stop_words import AVAILABLE_LANGUAGES, get_stop_words

LONGEST = 30
"""Letters of a word: what is longer is none."""
UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
"""Letters of scripts without spaces between words, Thai to Khmer, Chinese and Japanese: pairs stand in for words."""
_WORD = re.compile(rf"[{UNSPACED}]{{2}}|(?:(?![{UNSPACED}])[^\W_])+(?:['’.+-](?:(?![{UNSPACED}])[^\W_])+)*[+#]*")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:['.+-][A-Za-z0-9]+)*[+#]*")
"""The same where all of a text is ASCII, five times as fast."""
ALSO_SPOKEN = 0.1
"""A language counts as spoken too when its list adds this share of what the foremost one's covers."""
_OF_THE_MEDIUM = frozenset(("rt", "via", "http", "https", "www", "amp"))
_ENGLISH_SUBJECTS = frozenset(("bill", "fire", "system", "computer", "interest", "mill", "amount"))
"""On the English list, and yet what people talk about."""
_ENGLISH_CHAT = frozenset(
    re.findall(
        r"\w+",
        """
        actually ah also always am anyone anything away back can come cool day did didn does doesn doing don done
        else even ever every everyone exactly getting give gives going gonna good got gotta great guess guys haha
        hehe hello hey hi hmm id idk im isn ive just keep know let lets like literally ll lmao lol look looking lot
        made make makes maybe mean much need needs never new nice nope now nvm oh ok okay one oops people please pls
        probably put re really right said say says see shit since someone something sorry still sure take tell thank
        thanks that thats thing things think though thx time times today told too trying two u ur use used using ve
        very want wanted wants was wasn way welcome well what whats will wish won wow yeah yep yes yet you your yup
        """,
    )
)
"""What English posts are full of, whatever they are about."""


def words_in(text: str) -> Iterator[re.Match[str]]:
    """Each word that is no number, where it stands."""
    pattern = _ASCII_WORD if text.isascii() else _WORD
    return (found for found in pattern.finditer(text) if len(found[0]) <= LONGEST and not found[0].isdigit())


def folded(word: str) -> str:
    """A word as it is counted."""
    return word.lower().replace("’", "'")


def stop_words(words: Mapping[str, int]) -> frozenset[str]:
    """The stop words, in lower case, of the languages in which words, with how often each is used, are written."""
    index = _languages_of()
    listed = {word: count for word, count in words.items() if word in index}
    found = _OF_THE_MEDIUM
    most = 0
    while True:
        added: Counter[str] = Counter()
        for word, count in listed.items():
            if word not in found:
                added.update(dict.fromkeys(index[word], count))
        language, covered = min(added.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
        most = most or covered
        if not covered or covered < ALSO_SPOKEN * most:
            return found
        found |= _of(language)


@lru_cache(maxsize=1)
def _languages_of() -> dict[str, list[str]]:
    """The languages that each stop word is one in."""
    index: dict[str, list[str]] = {}
    for language in AVAILABLE_LANGUAGES:
        for word in _of(language):
            index.setdefault(word, []).append(language)
    return index


@lru_cache(maxsize=64)
def _of(language: str) -> frozenset[str]:
    listed = {folded(word) for word in get_stop_words(language)}
    if language == "english":  # the package's list holds "website" and "problem" too
        listed = {word for word in listed if word in ENGLISH_STOP_WORDS or "'" in word} | _ENGLISH_CHAT
        listed -= _ENGLISH_SUBJECTS
    return frozenset(listed | {word.replace("'", "") for word in listed})


def count_words(texts: Iterable[Iterable[str]]) -> Counter[str]:
    """In how many texts each word stands."""
    return Counter(word for words in texts for word in set(words))
