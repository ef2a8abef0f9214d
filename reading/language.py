"""Which language a post is written in: py3langid, which carries its model, on the text without links and names."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import version

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

ENGINE = f"py3langid {version('py3langid')}"
MIN_CONFIDENCE = 0.5
"""Below this the detector is wrong too often on short posts; chosen on labelled tweets, see docs/models.md."""
LONGEST = 500
"""Characters that are read: more do not change the answer."""
AT_ONCE = 1024
"""Texts that are read side by side: as many as fit into the processor's cache."""

_NOT_LANGUAGE = re.compile(r"https?://\S+|[@#]\w+|\b[ur]/\w+|`[^`]*`|&\w+;")
_SIGN_OF_IT = re.compile(r"[/@#`&]")
"""One of these is in everything that is no language; most texts have none, and are spared the longer look."""
_LETTER = re.compile(r"[^\W\d_]")
_THREE_LETTERS = re.compile(r"(?:[^\W\d_][\W\d_]*){3}")

Told = tuple[str | None, str | None]
"""ISO 639-1 code of a text and what read it; both None where it is too short or the detector too uncertain."""


class Detector(LanguageIdentifier):  # type: ignore[misc]
    """py3langid's classifier over many texts at once: its automaton walks all of them in step, a byte at a time."""

    __slots__ = ("_features", "_moves", "_rows", "_weights")

    def choose_between(self, languages: Sequence[str]) -> None:
        """Answer with these ISO 639-1 codes only; `ValueError` names codes that the model does not know."""
        self.set_languages(list(languages))
        self._moves = np.frombuffer(self.tk_nextmove, dtype=self.tk_nextmove.typecode)
        self._rows = np.asarray(self._rowbase, dtype=np.int32)
        self._features = np.asarray(self.tk_output, dtype=np.int32)
        self._weights = self.nb_ptc.astype(np.float32)

    def detect(self, texts: Sequence[str]) -> list[Told]:
        """What each text is written in, in their order; the same whatever stands beside it."""
        proses = [prose(text) for text in texts]
        readable = [place for place, words in enumerate(proses) if _THREE_LETTERS.search(words)]
        told: list[Told] = [(None, None)] * len(texts)
        for start in range(0, len(readable), AT_ONCE):
            places = readable[start : start + AT_ONCE]
            found = self._classify([self._encode(proses[place]) for place in places])
            for place, (language, confidence) in zip(places, found, strict=True):
                if confidence >= MIN_CONFIDENCE:
                    told[place] = language, ENGINE
        return told

    def _classify(self, texts: list[bytes]) -> Iterator[tuple[str, float]]:
        """Language and confidence of encoded texts, by the steps of `LanguageIdentifier.classify`."""
        from scipy import sparse  # takes a quarter of a second, and most commands detect nothing

        lengths = np.array([len(text) for text in texts])
        owners, features = self._visits(texts, lengths)
        visits, counts = np.unique(owners * len(self._weights) + features, return_counts=True)
        owners, features = np.divmod(visits, len(self._weights))
        starts = np.searchsorted(owners, np.arange(len(texts) + 1))
        visited = (np.log1p(counts, dtype=np.float32), features, starts)
        scores = sparse.csr_matrix(visited, shape=(len(texts), len(self._weights))) @ self._weights
        scores[starts[1:] > starts[:-1]] += self.nb_pc
        scores /= np.sqrt(np.maximum(lengths, 1), dtype=np.float32)[:, None]
        np.exp(scores - scores.max(axis=1, keepdims=True), out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        for first, again in self._alias_pairs:
            scores[:, first] += scores[:, again]
            scores[:, again] = 0
        best = scores.argmax(axis=1)
        return zip([self.nb_classes[place] for place in best], scores.max(axis=1).tolist(), strict=True)

    def _visits(self, texts: list[bytes], lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Every feature that the automaton meets, as number of the text and number of the feature."""
        order = np.argsort(-lengths, kind="stable").astype(
            np.int32
        )  # the longest first: those still being read are the first ones
        letters = np.zeros((int(lengths.max(initial=0)), len(texts)), np.uint8)
        for column, place in enumerate(order):
            letters[: lengths[place], column] = np.frombuffer(texts[place], np.uint8)
        reading = np.searchsorted(-lengths[order], -np.arange(len(letters)), side="left")
        state = np.zeros(len(texts), self._moves.dtype)
        owners, states = [order[:0]], [state[:0]]
        for row, count in zip(letters, reading, strict=True):
            state = self._moves[self._rows[state[:count]] + row[:count]]
            owners.append(order[:count])
            states.append(state)
        features = self._features[np.concatenate(states)]
        met = np.flatnonzero(features >= 0)
        return np.concatenate(owners)[met], features[met]


def detector(languages: Sequence[str]) -> Detector:
    """A detector that chooses between these ISO 639-1 codes; `ValueError` names codes that it does not know."""
    return _detector(tuple(sorted(set(languages))))


@lru_cache(maxsize=4)
def _detector(languages: tuple[str, ...]) -> Detector:
    made = Detector.from_model_file(MODEL_FILE, norm_probs=True)
    made.choose_between(languages)
    return made  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def codes() -> frozenset[str]:
    """The ISO 639 codes of the languages that the detector knows."""
    return frozenset(str(code) for code in LanguageIdentifier.from_model_file(MODEL_FILE).nb_classes) - {"zxx"}


def has_letters(text: str) -> bool:
    """Whether there is anything in the text that a language could be read from."""
    return _LETTER.search(text) is not None


def prose(text: str) -> str:
    """The text without links, names, tags and code, which are the same in every language."""
    start = text[:LONGEST]
    return _NOT_LANGUAGE.sub(" ", start) if _SIGN_OF_IT.search(start) else start
