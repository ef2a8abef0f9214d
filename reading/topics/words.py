"""The words of a text, and those that say nothing of what it is about in the languages of which lists are kept."""

import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from stop_words import AVAILABLE_LANGUAGES, get_stop_words

from reading.topics.embedding import readable

LANGUAGES = tuple(sorted(AVAILABLE_LANGUAGES))
"""Those of which lists are kept."""
LONGEST = 30
"""Letters of a word: what is longer is none."""
LETTERS_AMONG = 3
"""One in so many characters of a word that begins with a digit is a letter: "1st" is a word, "1920x1080" a number."""
UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
"""Letters of scripts without spaces between words, Thai to Khmer, Chinese and Japanese: pairs stand in for words."""
_SIGNS = r"\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u200c\u200d"
"""Accents and vowel signs that stand inside words and are no letters, from Hebrew to Sinhala."""
_TOKEN = re.compile(rf"[^\W_]+(?:['’.+-][^\W_]+|[{_SIGNS}]+[^\W_]*)*[+#]*|[^\w\s]")
"""A word, or a mark, which ends a phrase."""
_TOKEN_UNSPACED = re.compile(
    rf"[{UNSPACED}]{{2}}|(?:(?![{UNSPACED}])[^\W_])+(?:['’.+-](?:(?![{UNSPACED}])[^\W_])+)*[+#]*|[^\w\s]"
)
_UNSPACED = re.compile(f"[{UNSPACED}]")
_ELIDED = re.compile(r"[^\W\d_]{1,4}'(?=[^\W\d_]{3})")
"""What stands before a word in French and Italian: l'eau, c'est, dell'acqua."""
_ENDS = frozenset(".!?:。！？")
_LETTER = re.compile(r"[^\W\d_]")
ALSO_SPOKEN = 0.1
"""A language counts as spoken too when its list adds this share of what the foremost one's covers."""
_OF_THE_MEDIUM = frozenset(("rt", "via", "http", "https", "www", "amp"))
_ENGLISH_SUBJECTS = frozenset(("bill", "fire", "system", "computer", "interest", "mill", "amount"))
"""On the English list, and yet what people talk about."""
_BEFORE_VERBS = frozenset(
    re.findall(
        r"\S+",
        """
        to i you we they he she it who not never please will would can could should must don't doesn't didn't can't
        won't i'll you'll we'll i'm you're we're they're it's is are was were am been be being
        ich du wir sie ihr er nicht je tu nous vous ils ne yo no me se te lo eu nós você não
        """,
    )
)
_BEFORE_NOUNS = frozenset(
    re.findall(
        r"\S+",
        """
        the a an my your our their his her these those no any some every of in on at from with for by about into after
        der die das dem den des ein eine einen einem einer mein meine meinen kein keine im am vom zum zur für mit bei
        von le la les un une des du au aux mon ma mes ce cette dans sur avec pour el los las una mi del al en con por
        o os as um uma meu minha do da dos das no na em com
        """,
    )
)
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


class Words(NamedTuple):
    """The words of different texts in the order in which they stand, as places in lists of all words."""

    texts: tuple[str, ...]
    """What is `readable` of them, each once, in the order of the alphabet."""
    row_of: npt.NDArray[np.int64]
    """For each text that was given its place in `texts`."""
    folded: tuple[str, ...]
    """All words as they are counted, in lower case; at place 0 stands what is none: marks, numbers, endless words."""
    forms: tuple[str, ...]
    """All words and marks as they are written."""
    words: npt.NDArray[np.int64]
    """Each word of each text, as a place in `folded`."""
    written: npt.NDArray[np.int64]
    """The same words, as places in `forms`."""
    rows: npt.NDArray[np.int64]
    """The text that each stands in, as a place in `texts`."""
    begins_sentence: npt.NDArray[np.bool_]
    """Whether it is the first of its sentence, where a capital says nothing."""
    listed: npt.NDArray[np.int64]
    """Places in `folded` of what is a stop word in some language."""
    listed_in: npt.NDArray[np.bool_]
    """Whether each of those (column) is one in each of `LANGUAGES` (row)."""

    def uses(self) -> sparse.csr_array:
        """How often each text (row) has each word (column)."""
        is_word = self.words > 0
        ones = np.ones(int(is_word.sum()), np.float32)
        shape = (len(self.texts), len(self.folded))
        return sparse.coo_array((ones, (self.rows[is_word], self.words[is_word])), shape).tocsr()


@lru_cache(maxsize=1)
def read_words(texts: tuple[str, ...]) -> Words:
    """Every word of texts. What was read last is remembered: topics are found and named in the same texts."""
    plain = [readable(text) for text in texts]
    distinct = tuple(sorted(set(plain)))
    row_of = {text: row for row, text in enumerate(distinct)}
    place_of: defaultdict[str, int] = defaultdict()
    place_of.default_factory = place_of.__len__
    written, lengths = array("i"), []
    for text in distinct:
        is_unspaced = not text.isascii() and _UNSPACED.search(text)
        found = (_TOKEN_UNSPACED if is_unspaced else _TOKEN).findall(text)
        written.extend([place_of[form] for form in found])
        lengths.append(len(found))
    folded = {"": 0}
    word_of = np.array([folded.setdefault(_folded(form), len(folded)) for form in place_of], np.int64)
    places = np.array(written, np.int64)
    rows = np.repeat(np.arange(len(distinct)), lengths)
    ends = np.array([form in _ENDS for form in place_of], np.bool_)[places]
    return Words(
        distinct,
        np.array([row_of[text] for text in plain], np.int64),
        tuple(folded),
        tuple(place_of),
        word_of[places],
        places,
        rows,
        np.diff(rows, prepend=-1).astype(np.bool_) | np.r_[True, ends][: len(ends)],
        *_listed(folded),
    )


def _listed(folded: Iterable[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The places of words that are stop words, and in which languages they are."""
    index = _languages_of()
    listed = [(place, index[word]) for place, word in enumerate(folded) if word in index]
    listed_in = np.zeros((len(LANGUAGES), len(listed)), np.bool_)
    for column, (_, languages) in enumerate(listed):
        listed_in[languages, column] = True
    return np.array([place for place, _ in listed], np.int64), listed_in


def _folded(form: str) -> str:
    if not form.isascii():
        form = unicodedata.normalize("NFKC", form).replace("’", "'")
    if elided := _ELIDED.match(form):
        form = form[elided.end() :]
    if len(form) > LONGEST or not _LETTER.search(form):
        return ""
    if form[0].isdigit() and len(form) > LETTERS_AMONG * sum(map(str.isalpha, form)):
        return ""
    return form.lower()


def verbs(words: Words) -> npt.NDArray[np.bool_]:
    """Whether each word stands more often where verbs do, after a pronoun or a "don't", than where nouns do.

    In English, German, French, Spanish and Portuguese; elsewhere none counts as a verb.
    """
    before, after = words.words[:-1], words.words[1:]
    is_inside = words.rows[:-1] == words.rows[1:]
    difference = np.zeros(len(words.folded))
    for listed, sign in ((_BEFORE_VERBS, 1), (_BEFORE_NOUNS, -1)):
        follows = np.array([word in listed for word in words.folded], np.bool_)[before] & is_inside
        difference += sign * np.bincount(after[follows], minlength=len(difference))
    return difference > 0


def stop_words(words: Words, counts: npt.NDArray[np.int64]) -> frozenset[str]:
    """The stop words of the languages in which texts are written that use each word of `words.folded` so often."""
    left = counts[words.listed]
    found = _OF_THE_MEDIUM
    most = 0
    while True:
        added = words.listed_in @ left
        foremost = int(added.argmax())  # of equals the first in the alphabet
        most = most or added[foremost]
        if not added[foremost] or added[foremost] < ALSO_SPOKEN * most:
            return found
        found |= _of(LANGUAGES[foremost])
        left = np.where(words.listed_in[foremost], 0, left)


@lru_cache(maxsize=1)
def _languages_of() -> dict[str, list[int]]:
    """The languages that each stop word is one in, as places in `LANGUAGES`."""
    index: dict[str, list[int]] = {}
    for place, language in enumerate(LANGUAGES):
        for word in _of(language) - _OF_THE_MEDIUM:
            index.setdefault(word, []).append(place)
    return index


@lru_cache(maxsize=64)
def _of(language: str) -> frozenset[str]:
    listed = {_folded(word) for word in get_stop_words(language)} - {""}
    if language == "english":  # the package's list holds "website" and "problem" too
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # takes seconds to import, and is seldom needed

        listed = {word for word in listed if word in ENGLISH_STOP_WORDS or "'" in word} | _ENGLISH_CHAT
        listed -= _ENGLISH_SUBJECTS
    return frozenset(listed | {word.replace("'", "") for word in listed})
