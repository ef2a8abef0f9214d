"""`earshot.toml`: what to listen for, checked before anything runs.

Credentials are never in it: they come from the environment or from Airflow connections.
"""

import tomllib
from datetime import UTC, date, datetime
from functools import cached_property, reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Tag,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic import Discriminator as PydanticDiscriminator

from connectors import CONNECTORS
from connectors.contract import Listening, SourceSettings, Window
from pipelines.errors import ConfigError
from query.expression import Expression, version
from query.parsing import any_of, parse, term, with_context
from reading.fingerprints import fingerprint
from reading.language import codes


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
Word = Annotated[str, Field(pattern=r"^\S+$"), AfterValidator(str.casefold)]


def _moment(value: object) -> object:
    if isinstance(value, datetime) and (value.second or value.microsecond):
        raise ValueError("a window begins and ends on a whole minute")
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]


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
    communities: tuple[Account, ...] = Field(
        (), description="places where everything said is about the brand, network:community"
    )

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


class DigestSettings(_Section):
    """How the digest for readers is made."""

    title: str = "What was said"
    days: int = Field(7, ge=1, le=92, description="length of the period, which ends where the window ends")
    quotes: int = Field(3, ge=1, le=20, description="posts shown behind a finding")


class SentimentSettings(_Section):
    """How sentiment is scored."""

    engine: Literal["vader"] = "vader"
    lexicon: dict[Word, Annotated[float, Field(ge=-4, le=4)]] = Field(
        default_factory=dict,
        description="words that mean something else here, with their valence from -4 to 4: sick = 2.0. "
        "Names of brands are 0 without saying so",
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


def _source_type(value: Any) -> str | None:
    return value.get("type") if isinstance(value, dict) else getattr(value, "type", None)


if TYPE_CHECKING:
    Source = SourceSettings
else:
    Source = Annotated[
        reduce(or_, (Annotated[connector.Settings, Tag(name)] for name, connector in CONNECTORS.items())),
        PydanticDiscriminator(_source_type),
    ]


class Config(_Section):
    """The whole of `earshot.toml`."""

    since: Moment | None = Field(None, description="start of the window where neither schedule nor command line says")
    until: Moment | None = Field(None, description="end of the window where neither schedule nor command line says")
    workers: int = Field(2, ge=1, le=64, description="processes that one task may use")
    brands: tuple[Brand, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)
    themes: tuple[Theme, ...] = ()
    language: LanguageSettings = LanguageSettings()
    sentiment: SentimentSettings = SentimentSettings()
    digest: DigestSettings = DigestSettings()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "Config":
        for section in ("brands", "sources", "themes"):
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
        known = ", ".join(source.id for source in self.sources)
        raise ConfigError(f"There is no source {source_id!r}. The config has: {known}.")

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


def connector_of(settings: SourceSettings) -> Any:
    """The connector module that a source's type names."""
    return CONNECTORS[settings.type]  # type: ignore[attr-defined]


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
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML: {error}.") from error
    try:
        return Config.model_validate(raw, context={"folder": path.resolve().parent})
    except ValidationError as error:
        faults = [_fault(fault) for fault in error.errors() if not _follows_from_others(fault)]
        raise ConfigError(f"{path}: {len(faults)} fault(s)" + "".join(f"\n  {fault}" for fault in faults)) from None


def _follows_from_others(fault: Any) -> bool:
    """A list that is too short only because its entries have faults of their own."""
    return fault["type"] == "too_short" and bool(fault["input"])


def _fault(fault: Any) -> str:
    """One line on one fault: key, what is wrong, what was found, what is allowed. No value that might be a secret."""
    key = ".".join(str(part) for part in fault["loc"]) or "(whole file)"
    found = fault.get("input")
    if fault["type"] == "union_tag_invalid":
        return f"{key}: type {found.get('type')!r} is not known; allowed: {', '.join(CONNECTORS)}"
    if fault["type"] == "union_tag_not_found":
        return f"{key}: has no type; allowed: {', '.join(CONNECTORS)}"
    if fault["type"] == "extra_forbidden":
        return f"{key}: is not known; {_allowed_beside(fault['loc'])}"
    shown = f" (found {found!r:.80})" if isinstance(found, str | int | float | date) else ""
    return f"{key}: {fault['msg'].removeprefix('Value error, ')}{shown}"


def _allowed_beside(loc: tuple[Any, ...]) -> str:
    """What may stand where an unknown key was found."""
    section: Any = Config
    for part in loc[:-1]:
        if part in CONNECTORS and section is Config:
            section = CONNECTORS[part].Settings
        elif isinstance(part, str) and part != "sources":
            kind = section.model_fields[part].annotation
            section = next((entry for entry in get_args(kind) if isinstance(entry, type)), kind)
    allowed = f"allowed: {', '.join(section.model_fields)}"
    if not issubclass(section, SourceSettings):
        return allowed
    names = CONNECTORS[loc[2]].NETWORK.credentials
    if loc[-1] not in names:
        return allowed
    return f"credentials are not for this file: set EARSHOT_<ID OF THE SOURCE>_{loc[-1].upper()} in the environment"
