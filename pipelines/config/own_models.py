"""The models of the config's own, found before any process asks for them."""

from pipelines.config.settings import Config
from pipelines.errors import ConfigError
from reading.classifier import ModelError
from reading.transformers import Model, flagger, sentiment_engine


def models_of(config: Config) -> tuple[Model, ...]:
    """The models of the `[[transformers]]` sections, each loaded once; `ConfigError` names one that can't be used.

    Loading fetches what is not here yet, where the config allows that: other processes then find it.
    """
    models = tuple(
        Model(
            purpose=settings.purpose,
            name=settings.model,
            labels=tuple(sorted(settings.labels.items())),
            min_probability=settings.min_probability,
            languages=settings.languages,
            revision=settings.revision,
            download=settings.download,
        )
        for settings in config.transformers
    )
    for model in models:
        try:
            (sentiment_engine if model.purpose == "sentiment" else flagger)(model)
        except ModelError as error:
            raise ConfigError(f"[[transformers]] for {model.purpose}: {error}") from error
    return models
