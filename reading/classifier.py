"""A text classifier in the form that Hugging Face keeps them: a folder, or a name on the Hub.

Two ways to run one, both on the processor: `model.onnx` with onnxruntime and tokenizers, which is light, and
`model.safetensors` with torch and transformers, an extra. Weights in any other form are refused: a pickle, such as
`pytorch_model.bin`, runs what it holds, and so does code that a model brings along.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

log = logging.getLogger(__name__)

BATCH = 32
LETTERS_OF_A_TOKEN = 32
"""No more letters are cut into tokens than these for each token that is read."""
DEFAULT_LIMIT = 512
LIGHT = "pip install onnxruntime tokenizers"
HEAVY = "pip install -r requirements-transformers.txt"
ONNX = ("model.onnx", "onnx/model.onnx")
SAFETENSORS = ("model.safetensors", "model.safetensors.index.json")
VOCABULARIES = ("vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model", "spm.model", "tokenizer.model")
"""Of which a tokenizer can be made where there is no tokenizer.json."""
BESIDE = (
    *("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    *(*VOCABULARIES, "merges.txt", "bpe.codes"),
)
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COUNTS_FROM_PADDING = frozenset(
    (
        *(
            "roberta",
            "xlm-roberta",
            "camembert",
            "xlm-roberta-xl",
            "roberta-prelayernorm",
            "xmod",
            "mpnet",
            "longformer",
        ),
        *("data2vec-text", "ibert", "luke"),
    )
)
"""Kinds of model that number the first token one above the padding: of 514 places 512 are left."""


class ModelError(ValueError):
    """A model that can't be used: which, why, and what to do."""


class Classifier:
    """A model in a folder. One thread: a step runs in as many processes as the config gives it workers."""

    def __init__(self, folder: Path, name: str) -> None:
        settings = _json(folder / "config.json", name)
        self.labels = _labels(settings, name)
        self.is_multi_label = settings.get("problem_type") == "multi_label_classification"
        weights, self._logits, self._batch = _weights(folder, name, len(self.labels))
        self._limit = _limit(settings, folder, name)
        self._tokenizer = _tokenizer(folder, name)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self._limit)
        beside = [path for file in BESIDE if (path := folder / file).is_file()]
        self.version = f"{name}, weights {_hash_of([*weights, *beside])}"
        self._try(name)

    def _try(self, name: str) -> None:
        """Read two short texts and a long one, so that what can't be run is known before a night begins."""
        try:
            self.probabilities(["a", "a", "a " * self._limit])
        except ModelError:
            raise
        except Exception as error:  # of onnxruntime's and torch's many families
            raise ModelError(
                f"{name}: can't read texts of up to {self._limit} tokens ({' '.join(str(error).split())}). config.json "
                "and tokenizer.json have to be those of the weights, and an ONNX model has to take any number of texts "
                "of any length."
            ) from error

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """For each text the probability of each label, to four places; NaN where there is nothing to read.

        Of a long text the beginning is read, as much as the model takes. Texts of one length are read together and no
        text is filled up, so that what stands beside a text doesn't change its answer.
        """
        longest = self._limit * LETTERS_OF_A_TOKEN
        encoded = [self._tokenizer.encode(text[:longest]) for text in texts]
        found = np.full((len(texts), len(self.labels)), np.nan)
        by_length: dict[int, list[int]] = {}
        for place, encoding in enumerate(encoded):
            by_length.setdefault(len(encoding.ids), []).append(place)
        for length in sorted(filter(None, by_length)):
            places = by_length[length]
            for start in range(0, len(places), self._batch):
                some = places[start : start + self._batch]
                ids = np.array([encoded[place].ids for place in some], np.int64)
                types = np.array([encoded[place].type_ids for place in some], np.int64)
                found[some] = self._shares(np.asarray(self._logits(ids, types), np.float64))
        return found

    def _shares(self, logits: np.ndarray) -> np.ndarray:
        """Logits as probabilities: of each label by itself, or all together 1."""
        if self.is_multi_label:
            shares: np.ndarray = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
        else:
            shares = np.exp(logits - logits.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
        return shares.round(4)


@lru_cache(maxsize=4)
def classifier(name: str, revision: str | None = None, download: bool = False) -> Classifier:
    """The model of a folder or a name on the Hub, loaded once in each process. `ModelError` where it can't be used."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return Classifier(folder, folder.name)
    if not _HUB_NAME.fullmatch(name):
        raise ModelError(
            f"{name}: there is no such folder, and it is no name on the Hugging Face Hub, as in 'owner/model'."
        )
    return Classifier(_from_hub(name, revision, download), f"{name}@{revision}" if revision else name)


def _from_hub(name: str, revision: str | None, download: bool) -> Path:
    """The folder of a model that was fetched before, or is fetched now where that is allowed."""
    try:
        from huggingface_hub import HfApi, snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError
    except ImportError as error:
        raise ModelError(f"{name}: models are found by name with huggingface_hub: {LIGHT} huggingface_hub") from error
    try:
        return Path(snapshot_download(name, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        if not download:
            raise ModelError(
                f"{name}: is no folder, and was not fetched before. Nothing is fetched unless the config says "
                f"download = true; or fetch it yourself, `hf download {name} --local-dir FOLDER`, and name the folder."
            ) from None
    try:
        there = HfApi().list_repo_files(name, revision=revision)
        wanted = _wanted(there, name)
        log.info("fetching %s from huggingface.co: %s", name, ", ".join(wanted))
        return Path(snapshot_download(name, revision=revision, allow_patterns=wanted))
    except ModelError:
        raise
    except Exception as error:  # what the Hub's client throws is of many families
        raise ModelError(f"{name}: can't be fetched from huggingface.co: {error}") from error


def _wanted(there: Sequence[str], name: str) -> list[str]:
    """The files of a model that are needed: one form of weights, the lightest to run, and what stands beside them."""
    onnx = next((file for file in ONNX if file in there), None)
    sharded = [file for file in there if re.fullmatch(r"model(-\d+-of-\d+)?\.safetensors(\.index\.json)?", file)]
    if not onnx and not sharded:
        raise ModelError(_no_weights(name, there))
    weights = [file for file in there if file == onnx or file == f"{onnx}_data"] if onnx else sharded
    return sorted([*weights, *(file for file in BESIDE if file in there)])


def _no_weights(name: str, there: Sequence[str]) -> str:
    pickles = sorted(file for file in there if file.endswith((".bin", ".pt", ".pth", ".pkl", ".ckpt")))
    found = (
        f" {pickles[0]} is a pickle, which may run anything when it is loaded, and is not opened." if pickles else ""
    )
    return (
        f"{name}: has neither {' nor '.join(ONNX)} nor {SAFETENSORS[0]}.{found} Export it on a machine that you can "
        "spare: `pip install optimum-onnx[onnxruntime]`, then `optimum-cli export onnx --task text-classification "
        f"--model {name} FOLDER`, and name the folder."
    )


def _json(path: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{name}: {path.name} can't be read ({error}). It stands beside the weights of a model."
        ) from error
    if not isinstance(content, dict):
        raise ModelError(f"{name}: {path.name} is no JSON object.")
    return content


def _labels(settings: dict[str, Any], name: str) -> list[str]:
    told = settings.get("id2label")
    try:
        labels = [str(told[str(number)]) for number in range(len(told))]  # type: ignore[index, arg-type]
    except (KeyError, TypeError):
        labels = []
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise ModelError(f"{name}: config.json has no id2label with two or more labels; is it a text classifier?")
    return labels


def _limit(settings: dict[str, Any], folder: Path, name: str) -> int:
    """Tokens that the model takes."""
    places = settings.get("max_position_embeddings") or settings.get("n_positions")
    if not isinstance(places, int):
        places = DEFAULT_LIMIT
    elif settings.get("model_type") in _COUNTS_FROM_PADDING:
        padding = settings.get("pad_token_id")
        places -= (padding if isinstance(padding, int) else 1) + 1
    told = folder / "tokenizer_config.json"
    most = _json(told, name).get("model_max_length") if told.is_file() else None
    return max(1, min(places, int(most)) if isinstance(most, int | float) and most >= 1 else places)


def _tokenizer(folder: Path, name: str) -> Any:
    """What cuts a text into tokens; an older form is turned into today's by transformers, where that is installed."""
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ModelError(f"{name}: needs tokenizers: {LIGHT}") from error
    path = folder / "tokenizer.json"
    if path.is_file():
        try:
            return Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises nothing more exact
            raise ModelError(f"{name}: tokenizer.json can't be read: {error}") from error
    if not any((folder / file).is_file() for file in VOCABULARIES):  # transformers would make one that knows no word
        raise ModelError(f"{name}: has neither tokenizer.json nor one of {', '.join(VOCABULARIES)}.")
    try:
        from transformers import AutoTokenizer

        made = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        return made.backend_tokenizer
    except ImportError as error:
        raise ModelError(f"{name}: has no tokenizer.json; to make one from what it has: {HEAVY}") from error
    except Exception as error:
        raise ModelError(f"{name}: no tokenizer can be made from what it has: {error}") from error


def _hash_of(paths: Sequence[Path]) -> str:
    """Twelve hexadecimal digits of the files."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:12]


# Weights --------------------------------------------------------------------------------------------------

Logits = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Ids and types of the tokens of texts of one length → a row of logits for each text."""


def _weights(folder: Path, name: str, labels_count: int) -> tuple[list[Path], Logits, int]:
    """The files with the weights, what runs them, and how many texts it may get at a time."""
    for file in ONNX:
        if (path := folder / file).is_file():
            data = path.with_name(f"{path.name}_data")
            return [path, *([data] if data.is_file() else [])], *_onnx(path, name, labels_count)
    shards = sorted(folder.glob("model*.safetensors"))
    if shards:
        return shards, _torch(folder, name), BATCH
    raise ModelError(_no_weights(name, [path.name for path in folder.iterdir()]))


def _onnx(path: Path, name: str, labels_count: int) -> tuple[Logits, int]:
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(f"{name}: needs onnxruntime: {LIGHT}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no family of their own
        raise ModelError(f"{name}: {path.name} can't be loaded: {error}") from error
    asked = {given.name: np.int32 if given.type == "tensor(int32)" else np.int64 for given in session.get_inputs()}
    outputs = [given.name for given in session.get_outputs()]
    output = "logits" if "logits" in outputs else outputs[0]
    if unknown := sorted(asked.keys() - {"input_ids", "attention_mask", "token_type_ids"}):
        raise ModelError(f"{name}: {path.name} asks for {', '.join(unknown)}; is it a text classifier?")

    def logits(ids: np.ndarray, types: np.ndarray) -> np.ndarray:
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": types}
        (found,) = session.run([output], {key: given[key].astype(kind, copy=False) for key, kind in asked.items()})
        if found.shape != (len(ids), labels_count):
            raise ModelError(f"{name}: gave {found.shape} in place of a number for each of {labels_count} labels.")
        return np.asarray(found)

    # what is quantized as it runs takes its scale from the whole batch
    return logits, 1 if b"DynamicQuantize" in path.read_bytes() else BATCH


def _torch(folder: Path, name: str) -> Logits:
    try:
        import torch
        from transformers import AutoModelForSequenceClassification
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise ModelError(
            f"{name}: safetensors are read with torch and transformers, which are not installed: {HEAVY}. Or export it "
            "to ONNX, which needs neither: `optimum-cli export onnx --task text-classification`."
        ) from error
    torch.set_num_threads(1)
    transformers_logging.disable_progress_bar()
    try:
        model, loaded = AutoModelForSequenceClassification.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except Exception as error:
        raise ModelError(f"{name}: can't be loaded: {error}") from error
    if missing := sorted(loaded["missing_keys"]):
        raise ModelError(
            f"{name}: its weights lack {', '.join(missing[:3])}, which would be left to chance: it is no text "
            "classifier, or not yet trained to be one."
        )
    model.eval()
    settings = model.config.get_text_config()
    if settings.pad_token_id is None:
        settings.pad_token_id = -1  # no token is one: texts of one length need none to be read together
    takes_types = getattr(model.config, "type_vocab_size", 0) > 1

    def logits(ids: np.ndarray, types: np.ndarray) -> np.ndarray:
        given = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.ones(ids.shape, dtype=torch.int64)}
        if takes_types:
            given["token_type_ids"] = torch.from_numpy(types)
        with torch.inference_mode():
            return np.asarray(model(**given).logits.float().numpy())

    return logits
