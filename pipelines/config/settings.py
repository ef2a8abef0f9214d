"""`earshot.toml`: what to listen for, checked before anything runs.

Credentials are never in it: they come from the environment or from Airflow connections.
"""

import re
import tomllib
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from connectors import CONNECTORS, Connector
from connectors.contract import Listening, SourceSettings, Window, utc
from pipelines.config import account_shapes
from pipelines.config.faults import did_you_mean, fault_told, follows_from_others, one_of
from pipelines.errors import ConfigError
from query.expression import Expression, version
from query.parsing import any_of, parse, term, with_context
from reading.engines import ENGINES
from reading.fingerprints import fingerprint
from reading.language import codes
from reading.moderation.flags import Severity
from reading.topics import embedding
from reading.transformers import FLAGS, MOODS


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _term(text: str) -> str:
    if not text.strip() or "\n" in text:
        raise ValueError("a term is one word or phrase on one line")
    term(text)
    return " ".join(text.split())


def _query(text: str) -> str:
    parse(text)
    return text


def _account(name: str) -> str:
    network, _, handle = name.partition(":")
    if not network or not handle or handle.startswith(("@", "u/")):
        raise ValueError("write network and handle, as in 'reddit:halmora_mira' or 'x:halmora'")
    return f"{network}:{handle}"


Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Term = Annotated[str, AfterValidator(_term)]
QueryText = Annotated[str, AfterValidator(_query)]
Account = Annotated[str, AfterValidator(_account)]
Domain = Annotated[str, Field(pattern=r"^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$"), AfterValidator(str.casefold)]
Word = Annotated[str, Field(pattern=r"^\S+$"), AfterValidator(str.casefold)]


YEARS = range(1970, 2200)


def read_moment(value: object) -> datetime:
    """A day or a moment, as TOML or text has it, in UTC without a zone; one without a zone is UTC already."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip())
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)
        if not isinstance(value, datetime):
            raise ValueError
        value = utc(value)
    except (ValueError, OverflowError):
        raise ValueError("write a day or a moment, such as 2026-03-02 or 2026-03-02T14:00Z") from None
    if value.second or value.microsecond:
        raise ValueError("a window begins and ends on a whole minute")
    if value.year not in YEARS:
        raise ValueError(f"expected a year from {YEARS[0]} to {YEARS[-1]}")
    return value


Moment = Annotated[datetime, BeforeValidator(read_moment)]


class _Sought(_Section):
    """Something that is looked for in texts: by a list of terms, or by a query."""

    id: Id
    name: str = Field(min_length=1)
    terms: tuple[Term, ...] = Field((), description="words, phrases, #tags and @handles, any of which is enough")
    query: QueryText | None = Field(
        None,
        validate_default=True,
        description='in place of terms, what to look for as AND, OR, NOT, "phrases", NEAR/5, lang:, site:, author:',
    )

    @field_validator("query")
    @classmethod
    def _is_sought_one_way(cls, query: str | None, others: ValidationInfo) -> str | None:
        if "terms" in others.data and bool(others.data["terms"]) == bool(query):
            raise ValueError("give either terms, a list, or a query, which knows AND, NOT and NEAR")
        return query

    def _sought(self) -> Expression:
        return parse(self.query) if self.query else any_of(self.terms)


class Brand(_Sought):
    """A name to listen for."""

    competitor: bool = False
    context: tuple[Term, ...] = Field(
        (), description="for a name that means other things too: words of which one has to be near"
    )
    exclude: tuple[Term, ...] = Field((), description="words that tell that something else of that name is meant")
    team: tuple[Account, ...] = Field((), description="accounts that speak for the brand, network:handle")
    domains: tuple[Domain, ...] = Field(
        (), description="web domains of the brand: links that imitate them are flagged, mail to them is nobody's secret"
    )
    communities: tuple[Account, ...] = Field(
        (), description="places where everything said is about the brand, network:community"
    )

    @field_validator("id")
    @classmethod
    def _is_no_target(cls, brand_id: str) -> str:
        if brand_id == "text":
            raise ValueError("stands for the whole text where sentiment is told; choose another id")
        return brand_id

    @cached_property
    def expression(self) -> Expression:
        """What a text must say to speak of the brand."""
        return with_context(self._sought(), self.context, self.exclude)

    @property
    def query_version(self) -> str:
        """Hash of what decides whether a text speaks of the brand."""
        return fingerprint([version(self.expression), sorted(self.communities)])


class Theme(_Sought):
    """Something that people speak of."""

    @cached_property
    def expression(self) -> Expression:
        """What a text must say to touch the theme."""
        return self._sought()


class Guideline(_Sought):
    """A rule of the community: posts that speak of these things are flagged for a person to look at."""

    severity: Severity = Field("medium", description="low: when there is time, medium: today, high: now")

    @cached_property
    def expression(self) -> Expression:
        """What a text must say to be looked at."""
        return self._sought()


class DigestSettings(_Section):
    """How the digest for readers is made."""

    title: str = "What was said"
    days: int = Field(7, ge=1, le=92, description="length of the period, which ends where the window ends")
    quotes: int = Field(3, ge=1, le=20, description="posts shown behind a finding")


def _engine(name: str) -> str:
    if name not in ENGINES:
        raise ValueError(f"there is no such engine; {one_of(name, ENGINES)}")
    return name


def _language(code: str) -> str:
    if code not in codes():
        raise ValueError(f"not the ISO 639-1 code of a language that is detected; allowed: {' '.join(sorted(codes()))}")
    return code


EngineName = Annotated[str, AfterValidator(_engine)]
LanguageCode = Annotated[str, AfterValidator(_language)]


class SentimentSettings(_Section):
    """How sentiment is scored."""

    engine: EngineName = Field("vader", description="what reads it, in languages that `engines` doesn't name")
    engines: dict[LanguageCode, EngineName] = Field(
        default_factory=dict, description='what reads it in a language: de = "vader"'
    )
    learned: bool = Field(
        True, description="whether what was learned from your labels takes over where it is better, see docs/labels.md"
    )
    embedding: bool = Field(
        False, description="whether what is learned reads a sentence embedding, too: better, and 20 times slower"
    )
    lexicon: dict[Word, Annotated[float, Field(ge=-4, le=4)]] = Field(
        default_factory=dict,
        description="words that mean something else here, with their valence from -4 to 4: sick = 2.0. "
        "Names of brands are 0 without saying so",
    )


class IntentSettings(_Section):
    """How it is read what the writer wants."""

    learned: bool = Field(
        True, description="whether what was learned from your labels takes over where it is better, see docs/labels.md"
    )


def _folder_or_name(name: str, info: ValidationInfo) -> str:
    """A folder beside the config; what is none is a name on the Hub."""
    folder = Path((info.context or {}).get("folder", ".")) / Path(name).expanduser()
    return str(folder) if folder.is_dir() else name


class ModelSettings(_Section):
    """A text classifier of your own, of the Hugging Face kind."""

    purpose: Literal["sentiment", "emotion", "irony", "offensive"] = Field(description="what it reads")
    model: Annotated[str, AfterValidator(_folder_or_name)] = Field(
        min_length=1, description="its folder, relative to the config, or its name on the Hugging Face Hub"
    )
    labels: dict[str, str] = Field(
        min_length=2,
        description="what each of the model's labels means: positive, neutral or negative; irony; offensive; or the "
        'name of an emotion. "" for one that says nothing here',
    )
    min_probability: float = Field(0.5, gt=0, le=1, description="below it nothing is said")
    languages: tuple[LanguageCode, ...] = Field((), description="what it reads, ISO 639-1; all where none are given")
    revision: str | None = Field(None, description="commit, tag or branch on the Hub, so that it stays the same")
    download: bool = Field(
        False, description="whether its weights and tokenizer may be fetched from huggingface.co, once"
    )

    @model_validator(mode="after")
    def _labels_mean_something(self) -> "ModelSettings":
        allowed = MOODS if self.purpose == "sentiment" else FLAGS[self.purpose]
        wrong = [
            meaning
            for meaning in self.labels.values()
            if meaning and (meaning not in allowed if allowed else not re.fullmatch("[a-z][a-z -]*", meaning))
        ]
        if wrong:
            told = ", ".join(allowed) if allowed else "names of emotions in small letters"
            raise ValueError(
                f'labels: {wrong[0]!r} is nothing that a model for {self.purpose} says; allowed: {told}, or ""'
            )
        if not any(self.labels.values()):
            raise ValueError("labels: none of them means anything, so the model would never say anything")
        return self


class EmergenceSettings(_Section):
    """What stands out against its own past."""

    people: int = Field(3, ge=2, le=1000, description="fewest people who must speak of it on a day")
    past_days: int = Field(
        28, ge=14, le=182, multiple_of=7, description="days of past that a day is held against, up to a week before it"
    )
    days: int = Field(
        92, ge=1, le=3660, description="newest days that are looked at; what stood out before stays as it was found"
    )
    false_discoveries: float = Field(
        0.05, gt=0, le=0.5, description="share of chance allowed among what stands out; less is stricter"
    )


def _embedding(name: str) -> str:
    embedding.version(name)  # ValueError for one that is not known
    return name


TopicId = Annotated[str, Field(pattern=r"^t[0-9]{4,}$")]


class TopicSettings(_Section):
    """What people speak of, found in the posts themselves and kept under the same ids from night to night."""

    enabled: bool = Field(True, description="whether topics are looked for")
    engine: Annotated[str, AfterValidator(_embedding)] = Field(
        embedding.DEFAULT, description="what turns texts into vectors; another one reads all posts anew"
    )
    days: int = Field(
        92, ge=1, le=3660, description="newest days whose posts are read, at 1 to 2 ms a post; what was read stays"
    )
    sample_size: int = Field(
        4000, ge=500, le=20000, description="posts that are looked at again for what is new, what merged and what split"
    )
    asleep_after_days: int = Field(
        30, ge=1, le=366, description="days without a post after which a topic is said to be asleep"
    )
    names: dict[TopicId, str] = Field(
        default_factory=dict, description='what you call a topic, in place of the words found: t0012 = "Lost bags"'
    )


EXPECTED_LANGUAGES = (
    *("ar", "cs", "da", "de", "en", "es", "fi", "fr", "hi", "it", "ja"),
    *("ko", "nl", "no", "pl", "pt", "ru", "sv", "tr", "uk", "zh"),
)


def _detectable(languages: tuple[str, ...]) -> tuple[str, ...]:
    unknown = sorted(set(languages) - codes())
    if unknown:
        raise ValueError(f"the detector does not know {', '.join(unknown)}; allowed: {' '.join(sorted(codes()))}")
    return languages


class LanguageSettings(_Section):
    """Which languages the detector chooses from: fewer means fewer mistakes on short posts."""

    expected: Annotated[tuple[str, ...], AfterValidator(_detectable)] = Field(
        EXPECTED_LANGUAGES,
        min_length=2,
        description="ISO 639-1 codes",
    )


def _source(value: Any, info: ValidationInfo) -> SourceSettings:
    """A source as its connector reads it; no other connector is imported."""
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in CONNECTORS:
        told = "has no type" if kind is None else f"type {kind!r} is not known"
        raise ValueError(f"{told}; {one_of(kind, CONNECTORS)}")
    return CONNECTORS[kind].Settings.model_validate(value, context=info.context)


Source = Annotated[SourceSettings, PlainValidator(_source)]


class Config(_Section):
    """The whole of `earshot.toml`."""

    since: Moment | None = Field(None, description="start of the window where neither schedule nor command line says")
    until: Moment | None = Field(None, description="end of the window where neither schedule nor command line says")
    workers: int = Field(2, ge=1, le=64, description="processes that one task may use")
    brands: tuple[Brand, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)
    themes: tuple[Theme, ...] = ()
    guidelines: tuple[Guideline, ...] = ()
    language: LanguageSettings = LanguageSettings()
    sentiment: SentimentSettings = SentimentSettings()
    intents: IntentSettings = IntentSettings()
    topics: TopicSettings = TopicSettings()
    emergence: EmergenceSettings = EmergenceSettings()
    digest: DigestSettings = DigestSettings()
    transformers: tuple[ModelSettings, ...] = ()

    @model_validator(mode="after")
    def _a_model_reads_sentiment_where_it_is_asked_to(self) -> "Config":
        is_asked = "transformers" in (self.sentiment.engine, *self.sentiment.engines.values())
        count = [model.purpose for model in self.transformers].count("sentiment")
        if count != is_asked:
            raise ValueError(
                'sentiment: engine = "transformers", for all languages or some, and one [[transformers]] section with '
                f'purpose = "sentiment" go together; there are {count} such sections'
                + ("" if is_asked else ", and [sentiment] names no such engine")
            )
        return self

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "Config":
        for section in ("brands", "sources", "themes", "guidelines"):
            ids = [entry.id for entry in getattr(self, section)]
            twice = sorted({name for name in ids if ids.count(name) > 1})
            if twice:
                raise ValueError(f"{section}: the id {twice[0]!r} is given twice; each needs its own")
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"since ({self.since}) must come before until ({self.until})")
        return self

    def source(self, source_id: str) -> SourceSettings:
        """The settings of a source; `ConfigError` names the ones there are."""
        for source in self.sources:
            if source.id == source_id:
                return source
        known = [source.id for source in self.sources]
        meant = did_you_mean(source_id, known)
        hint = f"{meant.capitalize()} " if meant else ""
        raise ConfigError(f"There is no source {source_id!r}. {hint}The config has: {', '.join(known)}.")

    def listening(self, network: str) -> Listening:
        """What all brands together want heard on a network."""
        team = [
            (brand.id, handle)
            for brand in self.brands
            for account_network, _, handle in (account.partition(":") for account in brand.team)
            if account_network == network
        ]
        return Listening(
            queries=tuple((brand.id, brand.expression) for brand in self.brands),
            team=tuple(team),
        )

    def default_window(self) -> Window | None:
        """The window that the config itself names, if it names both ends."""
        return Window(self.since, self.until) if self.since and self.until else None


def connector_of(settings: SourceSettings) -> Connector:
    """The connector module that a source's type names."""
    return CONNECTORS[settings.type]  # type: ignore[attr-defined]


def network_of(settings: SourceSettings) -> str:
    """The network whose ids a source's mentions carry."""
    return str(getattr(settings, "network", None) or connector_of(settings).NETWORK.name)


def load_config(path: Path) -> Config:
    """The config in a file, its relative paths made relative to that file. `ConfigError` lists every fault."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: can't be read ({error.strerror}). Give a config with --config, or start from examples/."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start}).") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}.") from error
    try:
        config = Config.model_validate(raw, context={"folder": path.resolve().parent})
        networks = [(network_of(source), connector_of(source).NETWORK) for source in config.sources]
        faults = account_shapes.faults(config.brands, networks)
    except ValidationError as error:
        faults = [fault_told(fault, raw, Config) for fault in error.errors() if not follows_from_others(fault)]
    if faults:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise ConfigError(f"{path}: {count}" + "".join(f"\n  {fault}" for fault in faults))
    return config
