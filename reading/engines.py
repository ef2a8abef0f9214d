"""The engines that read sentiment, by the name that the config gives them."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from reading import transformers
from reading.sentiment import Engine, EngineOf
from reading.transformers import Model
from reading.vader import Lexicon, Vader

Models = tuple[Model, ...]

ENGINES: dict[str, Callable[[Lexicon, Models], Engine]] = {
    "vader": lambda lexicon, _: Vader(lexicon),
    transformers.ENGINE: lambda _, models: transformers.sentiment_engine(*models),
}
"""How each is made, with the valences of the config above its own where it has any, or with the config's own model."""


@lru_cache(maxsize=8)
def engine(name: str, lexicon: Lexicon = (), models: Models = ()) -> Engine:
    """An engine, made once in each process; of the models those for sentiment count, and there is one at most."""
    return ENGINES[name](lexicon, tuple(model for model in models if model.purpose == "sentiment"))


def chosen(name: str, by_language: Mapping[str, str], lexicon: Lexicon = (), models: Models = ()) -> EngineOf:
    """The engine for each language: the one that is named for it, else `name`."""
    others = {lang: engine(other, lexicon, models) for lang, other in by_language.items()}
    usual = engine(name, lexicon, models)
    return lambda lang: others.get(lang, usual) if lang else usual
