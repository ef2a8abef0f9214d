"""The lens: everything that decides what is read from a post."""

from pathlib import Path
from typing import NamedTuple

from pipelines.config.own_models import models_of
from pipelines.config.settings import Config
from query.expression import Expression, terms_of, version
from reading import engines, intent, language
from reading.fingerprints import fingerprint
from reading.learned import Trained
from reading.moderation.reader import moderator
from reading.transformers import Flagger, Model, flagger
from reading.vader import knows

VERSION = 4
"""Raised when the same post would be read another way."""


class Lens(NamedTuple):
    """Everything in the config that decides what is read from a post; small, and the same in every process."""

    brands: tuple[tuple[str, Expression, tuple[str, ...], str], ...]
    """Id, query, communities and query version of each brand."""
    themes: tuple[tuple[str, Expression], ...]
    languages: tuple[str, ...]
    language_of_short_posts: str | None
    lexicon: tuple[tuple[str, float], ...]
    """Words whose valence differs from VADER's."""
    source: str | None = None
    """The source whose posts are read, as queries may ask for it."""
    sentiment_engine: str = "vader"
    sentiment_engines: tuple[tuple[str, str], ...] = ()
    """Language and the engine that reads it, where it is not the usual one."""
    learned: Trained | None = None
    """What was learned from labels, where it reads the source."""
    guidelines: tuple[tuple[str, Expression, str], ...] = ()
    """Id, query and severity of each guideline of the community."""
    domains: tuple[str, ...] = ()
    """The brands' own."""
    models: Path | None = None
    """Where the model of intents' examples is kept; what it says does not depend on it."""
    classifiers: tuple[Model, ...] = ()
    """The config's own models."""
    learned_intents: intent.Trained | None = None
    """What was learned of intents from labels, where it reads the source."""

    @property
    def asks_for_authors(self) -> bool:
        """Whether a query says who must have written a post."""
        expressions = [sought[1] for sought in (*self.brands, *self.themes, *self.guidelines)]
        return any("author:" in str(expression) for expression in expressions)

    @property
    def version(self) -> str:
        """Hash of the lens and of the engines behind it."""
        brands = [(*brand[:1], *brand[2:]) for brand in self.brands]
        themes = [(theme_id, version(expression)) for theme_id, expression in self.themes]
        rest = self._replace(learned=None, guidelines=(), models=None, classifiers=(), learned_intents=None)[2:]
        heard = [tones.version for tones in self.flaggers]
        guidelines = [(name, version(expression), severity) for name, expression, severity in self.guidelines]
        moderated = moderator(self.domains).versions
        trained = self.learned and self.learned.fingerprint
        intents = self.learned_intents.fingerprint if self.learned_intents else intent.engine_version()
        read_by = [language.ENGINE, self.sentiment_engine_versions, trained, moderated, intents, *heard]
        return fingerprint([VERSION, brands, themes, guidelines, *rest, *read_by])

    @property
    def sentiment_engine_versions(self) -> list[str]:
        """The engines that the config names for sentiment, each with its version."""
        names = {self.sentiment_engine, *dict(self.sentiment_engines).values()}
        return [f"{name} {engines.engine(name, self.lexicon, self.classifiers).version}" for name in sorted(names)]

    @property
    def flaggers(self) -> list[Flagger]:
        """What reads emotion, irony and offence, where the config has models for them."""
        return [flagger(model) for model in self.classifiers if model.purpose != "sentiment"]


def lens_of(config: Config, language_of_short_posts: str | None = None, source: str | None = None) -> Lens:
    """The lens of a config."""
    return Lens(
        brands=tuple((brand.id, brand.expression, brand.communities, brand.query_version) for brand in config.brands),
        themes=tuple((theme.id, theme.expression) for theme in config.themes),
        languages=config.language.expected,
        language_of_short_posts=language_of_short_posts,
        source=source,
        sentiment_engine=config.sentiment.engine,
        sentiment_engines=tuple(sorted(config.sentiment.engines.items())),
        classifiers=models_of(config),
        guidelines=tuple((rule.id, rule.expression, rule.severity) for rule in config.guidelines),
        domains=tuple(sorted({domain for brand in config.brands for domain in brand.domains})),
        lexicon=tuple(sorted((_names_are_no_praise(config) | config.sentiment.lexicon).items())),
    )


def _names_are_no_praise(config: Config) -> dict[str, float]:
    """Valence 0 for the names of the brands: to VADER "united" is a good word."""
    words = (term.text.casefold() for brand in config.brands for term in terms_of(brand.expression))
    return {word: 0.0 for word in words if knows(word)}
