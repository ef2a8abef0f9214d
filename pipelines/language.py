"""Which language a post is written in: py3langid, which carries its model, on the text without links and names."""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version

from py3langid.langid import MODEL_FILE, LanguageIdentifier

ENGINE = f"py3langid {version('py3langid')}"
MIN_CONFIDENCE = 0.5
"""Below this the detector is wrong too often on short posts; chosen on labelled tweets, see docs/models.md."""
SHORTCUT = "english function words 1"
FEWEST_FUNCTION_WORDS = 3
LEAST_SHARE = 0.12
"""With so many different ones among the words the detector agrees in 99.8 % of posts; see docs/models.md."""
LONGEST = 500
"""Characters that are read: more do not change the answer."""

_ENGLISH = frozenset(
    (
        *("the", "and", "you", "that", "this", "with", "are", "they", "from", "what", "your", "his", "she", "would"),
        *("when", "which", "were", "been", "our", "how", "about", "could", "should", "just", "don", "it", "doesn"),
        *("didn", "isn", "because", "these", "those", "than", "then", "who", "why", "where", "does", "my", "its"),
        *("if", "can", "out", "like", "know", "some", "more", "only", "think", "want", "into", "people", "get"),
        *("but", "not"),
    )
)
"""Common words that are no words of another language, or rare ones."""
_WORD = re.compile(r"[^\W\d_]+")
_NOT_LANGUAGE = re.compile(r"https?://\S+|[@#]\w+|\b[ur]/\w+|`[^`]*`|&\w+;")
_LETTER = re.compile(r"[^\W\d_]")
_THREE_LETTERS = re.compile(r"(?:[^\W\d_][\W\d_]*){3}")


def detector(languages: Sequence[str]) -> LanguageIdentifier:
    """A detector that chooses between these ISO 639-1 codes; `ValueError` names codes that it does not know."""
    return _detector(tuple(sorted(set(languages))))


@lru_cache(maxsize=4)
def _detector(languages: tuple[str, ...]) -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(languages))
    return identifier


@lru_cache(maxsize=1)
def codes() -> frozenset[str]:
    """The ISO 639 codes of the languages that the detector knows."""
    return frozenset(str(code) for code in LanguageIdentifier.from_model_file(MODEL_FILE).nb_classes) - {"zxx"}


def has_letters(text: str) -> bool:
    """Whether there is anything in the text that a language could be read from."""
    return _LETTER.search(text) is not None


def prose(text: str) -> str:
    """The text without links, names, tags and code, which are the same in every language."""
    return _NOT_LANGUAGE.sub(" ", text[:LONGEST])


def detect(identifier: LanguageIdentifier, text: str) -> tuple[str | None, str | None]:
    """ISO 639-1 code of a text and what read it; both None where it is too short or the detector too uncertain."""
    words = prose(text)
    if not _THREE_LETTERS.search(words):
        return None, None
    if "en" in identifier.nb_classes and plainly_english(words):
        return "en", SHORTCUT
    language, confidence = identifier.classify(words)
    return (language, ENGINE) if confidence >= MIN_CONFIDENCE else (None, None)


def plainly_english(words: str) -> bool:
    """Whether function words that only English has leave no doubt, so that the slow detector need not be asked."""
    tokens = _WORD.findall(words.lower())
    found = _ENGLISH.intersection(tokens)
    return len(found) >= FEWEST_FUNCTION_WORDS and sum(map(_ENGLISH.__contains__, tokens)) >= len(tokens) * LEAST_SHARE
