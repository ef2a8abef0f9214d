"""Models of the Hugging Face kind: what they say becomes a score or a flag, whatever stands beside a text."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from reading import classifier as classifiers
from reading.classifier import Classifier, ModelError, classifier
from reading.sentiment import Post, Score, read
from reading.transformers import Flag, Flagger, Model, Sentiment
from tests.reading import tiny_model

LABELS = (("bad", "negative"), ("middling", "neutral"), ("good", "positive"))
Make = Callable[..., Path]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.make(tmp_path_factory.mktemp("models") / "moods")


@pytest.fixture(scope="session")
def moods(folder: Path) -> Sentiment:
    return Sentiment(Model("sentiment", str(folder), LABELS))


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda name="model", **more: tiny_model.make(tmp_path / name, **more)


# Sentiment ---------------------------------------------------------------------------------------------


def test_probabilities_of_the_labels_become_a_score(moods: Sentiment) -> None:
    (score,) = moods.score([Post("Lovely, lovely!", "lovely lovely", "en")])
    assert score == Score(0.8641, None, 0.9094, 0.0453, 0.0453, "positive", 0.9094, None)  # e³ : 1 : 1, as shares


def test_a_model_stands_behind_the_interface_of_engines(moods: Sentiment) -> None:
    texts = ["so awful broken", None, " ", "> lovely", "lovely fine"]
    scores = read(texts, ["en", "en", "en", "en", "fr"], lambda _: moods)
    assert [(score.label, score.reason) for score in scores] == [
        ("negative", None),
        (None, "no-text"),
        (None, "no-text"),
        (None, "nothing-to-read"),
        ("positive", None),
    ]


def test_below_the_least_probability_it_is_uncertain(folder: Path) -> None:
    moods = Sentiment(Model("sentiment", str(folder), LABELS, min_probability=0.8))
    scores = moods.score([Post(text, text, "en") for text in ("lovely", "lovely ok", "nobody knows")])
    assert [(score.label, score.compound, score.reason) for score in scores] == [
        ("positive", 0.8641, None),
        (None, None, "uncertain"),
        (None, None, "uncertain"),
    ]


def test_labels_of_one_mood_are_added_up_and_those_that_mean_nothing_take_their_share(folder: Path) -> None:
    added = Sentiment(
        Model("sentiment", str(folder), (("bad", "negative"), ("middling", "positive"), ("good", "positive")))
    )
    left_out = Sentiment(Model("sentiment", str(folder), (("bad", "negative"), ("middling", ""), ("good", "positive"))))
    post = Post("so lovely", "so lovely", "en")
    assert [engine.score([post])[0].label for engine in (added, left_out)] == ["positive", None]
    assert added.score([post])[0].positive == 0.8996


def test_it_reads_only_the_languages_it_is_told_to(folder: Path) -> None:
    english = Sentiment(Model("sentiment", str(folder), LABELS, languages=("en",)))
    scores = read(["lovely"] * 3, ["en", "fr", None], lambda _: english)
    assert [score.reason for score in scores] == [None, "language:fr", "unknown-language"]


def test_its_version_tells_weights_and_settings_apart(make: Make, folder: Path) -> None:
    copy = make("moods")
    other = make("other/moods", limit=8)
    weights = (other / "model.onnx").read_bytes()
    (other / "model.onnx").write_bytes(weights.replace(b"bag", b"bog"))
    one, same, changed = (Sentiment(Model("sentiment", str(path), LABELS)).version for path in (folder, copy, other))
    (make("words/moods") / "tokenizer_config.json").write_text('{"model_max_length": 4}', encoding="utf-8")
    other_words = Sentiment(Model("sentiment", str(copy.parent / "words/moods"), LABELS)).version
    stricter = Sentiment(Model("sentiment", str(folder), LABELS, min_probability=0.9)).version
    assert one == same
    assert len({one, changed, other_words, stricter}) == 4
    assert one.startswith("moods, weights ")


# What stands beside a text, and long texts -------------------------------------------------------------

TEXTS = st.lists(st.lists(st.sampled_from([*tiny_model.WORDS, "tea", "🫖"]), max_size=12).map(" ".join), max_size=20)


@settings(max_examples=50, deadline=None)
@given(TEXTS, st.randoms())
def test_a_text_gets_the_same_answer_whatever_stands_beside_it(
    moods: Sentiment, texts: list[str], random: object
) -> None:
    posts = [Post(text, text, "en") for text in texts]
    together = dict(zip(posts, moods.score(posts), strict=True))
    random.shuffle(posts)  # type: ignore[attr-defined]
    assert dict(zip(posts, moods.score(posts), strict=True)) == together
    assert {post: moods.score([post])[0] for post in posts} == together


def test_of_a_long_text_the_beginning_is_read(folder: Path) -> None:
    made = Classifier(folder, "moods")
    long, cut, vast = made.probabilities(["awful " * 8 + "lovely " * 50, "awful " * 8, "awful " * 200_000])
    assert long.tolist() == cut.tolist() == vast.tolist()


@pytest.mark.parametrize(
    ("told", "tokenizer_told", "limit"),
    [
        ({}, {}, 8),
        ({}, {"model_max_length": 3}, 3),
        ({}, {"model_max_length": 1e30}, 8),
        ({"model_type": "roberta", "pad_token_id": 1}, {}, 6),
        ({"model_type": "mpnet"}, {}, 6),
        ({"max_position_embeddings": None}, {}, 512),
        ({"max_position_embeddings": None, "n_positions": 5}, {}, 5),
    ],
    ids=["its places", "the tokenizer's own", "no limit told", "counts from the padding"]
    + ["counts from the usual padding", "nothing told", "another name"],
)
def test_the_limit_is_that_of_the_model(
    make: Make, told: dict[str, object], tokenizer_told: dict[str, object], limit: int
) -> None:
    folder = make(**told)
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_told), encoding="utf-8")
    assert len(Classifier(folder, "model")._tokenizer.encode("awful " * 600).ids) == limit


def test_a_text_without_tokens_gets_no_answer(folder: Path) -> None:
    moods = Sentiment(Model("sentiment", str(folder), LABELS))
    assert moods.score([Post("", "", "en"), Post("ok", "ok", "en")])[0].reason == "nothing-to-read"
    assert moods.score([]) == []


def test_weights_that_are_quantized_as_they_run_read_one_text_at_a_time(make: Make) -> None:
    folder = make()
    assert Classifier(folder, "model")._batch == classifiers.BATCH
    weights = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(weights + b"\x32\x16DynamicQuantizeLinear!")  # a note of the producer
    assert Classifier(folder, "model")._batch == 1


# Flags -------------------------------------------------------------------------------------------------


def test_the_likeliest_emotion_becomes_a_flag_where_it_is_likely_enough(make: Make) -> None:
    folder = make(labels=("sadness", "neutral", "joy"))
    means = (("sadness", "sadness"), ("neutral", ""), ("joy", "joy"))
    flagger = Flagger(Model("emotion", str(folder), means, min_probability=0.6, languages=("en",)))
    texts = ["lovely", "lovely awful", "ok so", "awful", "awful", None, ""]
    assert flagger.read(texts, ["en", "en", "en", "en", "fr", "en", "en"]) == [
        [Flag("emotion:joy", 0.9094)],
        [],
        [],
        [Flag("emotion:sadness", 0.9094)],
        [],
        [],
        [],
    ]


def test_labels_that_do_not_exclude_each_other_are_told_each(make: Make) -> None:
    folder = make(labels=("sadness", "surprise", "joy"), problem_type="multi_label_classification")
    flagger = Flagger(
        Model("emotion", str(folder), tuple((label, label) for label in ("sadness", "surprise", "joy")), 0.6)
    )
    assert flagger.read(["lovely awful", "lovely"], [None, None]) == [
        [Flag("emotion:joy", 0.8176), Flag("emotion:sadness", 0.8176)],
        [Flag("emotion:joy", 0.9526)],
    ]


def test_irony_is_flagged_by_the_label_that_says_so(make: Make) -> None:
    flagger = Flagger(Model("irony", str(make(labels=("LABEL_0", "LABEL_1"))), (("LABEL_0", ""), ("LABEL_1", "irony"))))
    assert flagger.read(["so ok", "lovely"], ["en", "en"]) == [[Flag("irony", 0.9526)], []]


# What can't be used ------------------------------------------------------------------------------------


def test_every_label_has_to_be_told_and_no_other(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"missing: middling, good; not in it: LABEL_1"):
        Sentiment(Model("sentiment", str(folder), (("bad", "negative"), ("LABEL_1", "neutral"))))


def _only_a_pickle(folder: Path) -> None:
    (folder / "model.onnx").rename(folder / "pytorch_model.bin")


def _write(name: str, content: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_text(content, encoding="utf-8")

    return write


def _with_inputs(
    kind: int = TensorProto.INT64, shape: tuple[int | str, ...] = ("texts", "tokens")
) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        model = onnx.load(str(folder / "model.onnx"))
        model.graph.input[0].CopyFrom(helper.make_tensor_value_info("input_ids", kind, shape))
        onnx.save(model, str(folder / "model.onnx"))

    return change


def test_tokens_are_given_as_the_model_wants_them(make: Make) -> None:
    folder = make()
    usual = Classifier(folder, "model").probabilities(["lovely", "so awful"])
    _with_inputs(TensorProto.INT32)(folder)
    assert Classifier(folder, "model").probabilities(["lovely", "so awful"]).tolist() == usual.tolist()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_only_a_pickle, r"pytorch_model.bin is a pickle, which may run anything .*`optimum-cli export onnx"),
        (lambda folder: (folder / "config.json").unlink(), r"model: config.json can't be read"),
        (_write("config.json", "[]"), r"config.json is no JSON object"),
        (_write("config.json", "{}"), r"config.json has no id2label"),
        (_write("config.json", '{"id2label": {"0": "one", "2": "two"}}'), r"config.json has no id2label"),
        (
            _write("config.json", '{"id2label": {"0": "one", "1": "two"}}'),
            r"gave \(2, 3\) in place of a number for each",
        ),
        (_write("tokenizer.json", "{"), r"tokenizer.json can't be read"),
        (lambda folder: (folder / "tokenizer.json").unlink(), r"has neither tokenizer.json nor one of vocab.json"),
        (_write("model.onnx", "no model"), r"model.onnx can't be loaded"),
        (_write("tokenizer_config.json", "{"), r"tokenizer_config.json can't be read"),
        (_with_inputs(shape=(1, 8)), r"can't read texts of up to 8 tokens \(.* any number of texts of any length"),
    ],
    ids=["a pickle", "no config", "a list", "no labels", "a gap", "other labels", "no tokenizer"]
    + ["not even words", "no weights", "no tokenizer settings", "one length only"],
)
def test_a_model_that_cannot_be_used_says_why(make: Make, spoil: Callable[[Path], None], message: str) -> None:
    folder = make()
    spoil(folder)
    with pytest.raises(ModelError, match=message):
        Classifier(folder, "model").probabilities(["lovely"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("models/of/mine", "there is no such folder, and it is no name on the Hugging Face Hub"),
        ("somebody/tiny-moods", r"Nothing is fetched unless the config says download = true; .*`hf download"),
    ],
)
def test_nothing_is_fetched_unasked(name: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.HfApi", None)
    with pytest.raises(ModelError, match=message):
        classifier(name)


def test_of_a_model_on_the_hub_only_what_is_needed_is_fetched() -> None:
    beside = ["config.json", "tokenizer.json", "README.md", "handler.py", "pytorch_model.bin"]
    onnx = ["onnx/model.onnx", "onnx/model.onnx_data", "onnx/model_fp16.onnx", "model.safetensors"]
    assert classifiers._wanted([*beside, *onnx], "a/b") == [
        "config.json",
        "onnx/model.onnx",
        "onnx/model.onnx_data",
        "tokenizer.json",
    ]
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"]
    assert classifiers._wanted([*beside, *shards], "a/b") == ["config.json", *shards, "tokenizer.json"]
    with pytest.raises(ModelError, match=r"pytorch_model\.bin is a pickle"):
        classifiers._wanted(beside, "a/b")


@pytest.mark.parametrize(
    ("module", "command"),
    [("onnxruntime", "pip install onnxruntime tokenizers"), ("tokenizers", "pip install onnxruntime tokenizers")],
)
def test_what_is_not_installed_is_named(make: Make, module: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(ModelError, match=f"needs {module}: {command}"):
        Classifier(make(), "model")


def test_safetensors_without_torch_name_the_extra_and_the_way_around_it(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make()
    (folder / "model.onnx").rename(folder / "model.safetensors")
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(ModelError, match=r"requirements-transformers.txt\. Or export it to ONNX"):
        Classifier(folder, "model")


# With torch --------------------------------------------------------------------------------------------


@pytest.fixture
def save(make: Make) -> Callable[..., Path]:
    """Saves a tiny model of a kind that torch runs, with weights by chance, and gives its folder."""
    torch = pytest.importorskip("torch", reason="the extra is not installed: requirements-transformers.txt")
    transformers = pytest.importorskip("transformers")

    def saved(kind: str = "BertForSequenceClassification", dtype: str = "float32", **settings: object) -> Path:
        folder = make(labels=("bad", "good"))
        torch.manual_seed(1)
        model = getattr(transformers, kind)
        sizes = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 16} if "GPT2" in kind else BERT_SIZES
        told = model.config_class(
            vocab_size=len(tiny_model.WORDS),
            id2label={0: "bad", 1: "good"},
            label2id={"bad": 0, "good": 1},
            **sizes,
            **settings,
        )
        (folder / "model.onnx").unlink()
        model(told).to(getattr(torch, dtype)).save_pretrained(folder)
        return folder

    return saved


BERT_SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 16,
}


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("BertForSequenceClassification", {}), ("GPT2ForSequenceClassification", {"bos_token_id": 0, "eos_token_id": 0})],
    ids=["the first token speaks", "the last token speaks, and none is for padding"],
)
def test_torch_reads_safetensors_and_gives_the_same_whatever_stands_beside(
    save: Callable[..., Path], kind: str, settings: dict[str, object]
) -> None:
    made = Classifier(save(kind, **settings), "model")
    texts = ["lovely", "awful", "so awful", "broken tea", "lovely fine ok " * 20, ""]
    together = made.probabilities(texts)
    assert [made.probabilities([text])[0].tolist() for text in texts[:5]] == together[:5].tolist()
    assert together[:5].sum(axis=1) == pytest.approx(1, abs=1e-3)
    assert 0 < together[0, 0] != together[1, 0]


def test_half_precision_weights_are_run_in_full(save: Callable[..., Path]) -> None:
    made = Classifier(save(dtype="bfloat16"), "model")
    shares = made._logits(np.array([[1, 2]]), np.array([[0, 0]]))
    assert shares.dtype == np.float32
    assert not (shares.view(np.int32) & 0xFFFF == 0).all()  # a number of half precision has nothing there


def test_weights_without_the_part_that_classifies_are_refused(save: Callable[..., Path]) -> None:
    folder = save("BertModel")
    with pytest.raises(ModelError, match=r"its weights lack classifier\.bias, classifier\.weight"):
        Classifier(folder, "model")


def test_a_tokenizer_of_the_older_form_is_read(save: Callable[..., Path]) -> None:
    folder = save()
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nok\nso\nfine\n", "utf-8")
    assert Classifier(folder, "model").probabilities(["so ok", "fine"]).shape == (2, 2)
