"""A text classifier so small that tests can make it: words point to the label they speak for."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

WORDS = {"[UNK]": None, "lovely": 2, "fine": 2, "ok": 1, "so": 1, "awful": 0, "broken": 0, "doomed": 0}
"""Word → the label it speaks for."""


def make(
    folder: Path, labels: tuple[str, ...] = ("bad", "middling", "good"), limit: int = 8, **settings: object
) -> Path:
    """A bag of embeddings in ONNX: the mean over a text's words of what each says for each label."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    told = {"id2label": dict(enumerate(labels)), "max_position_embeddings": limit} | settings
    (folder / "config.json").write_text(json.dumps(told), encoding="utf-8")
    weights = np.zeros((len(WORDS), len(labels)), np.float32)
    for number, label in enumerate(WORDS.values()):
        if label is not None:
            weights[number, label % len(labels)] = 3
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["weights", "input_ids"], ["said"]),
            helper.make_node("ReduceMean", ["said"], ["logits"], axes=[1], keepdims=0),
        ],
        "bag",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"]) for name in ("input_ids",)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", len(labels)])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))
    return folder
