"""Enrich: what can be read from each post alone: language, brands, sentiment and themes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.contract import Window
from pipelines import __version__, tables, tidy
from pipelines.arrow import SEQ, Batches, TableFiles, arrow_schema, to_batch
from pipelines.config import Config
from pipelines.home import Home, read_json, whole_folder, write_json
from pipelines.parallel import Workers, workers_or_own
from query.expression import Expression, terms_of, version
from query.matching import Matcher, Post
from reading import language, sentiment
from reading.fingerprints import fingerprint

MANIFEST = "manifest.json"
VERSION = 2
"""Raised when the same post would be read another way."""
BATCH = 4096
THEME_ENGINE = "terms"

SCHEMAS: dict[str, pa.Schema] = {
    "languages": arrow_schema(tables.mentions, ("mention_id", "lang", "lang_engine")).append(SEQ),
    "sentiment": arrow_schema(tables.sentiment, [column.name for column in tables.sentiment.columns]).append(SEQ),
    "brand_mentions": arrow_schema(
        tables.brand_mentions, [column.name for column in tables.brand_mentions.columns]
    ).append(SEQ),
    "mention_themes": arrow_schema(
        tables.mention_themes, [column.name for column in tables.mention_themes.columns]
    ).append(SEQ),
}
READ = ["mention_id", "network", "community", "kind", "title", "text", "url", "author", "network_lang", "seq"]
"""Columns that are read: those of tidy mentions, and `author`, the handle."""


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

    @property
    def asks_for_authors(self) -> bool:
        """Whether a query says who must have written a post."""
        expressions = [brand[1] for brand in self.brands] + [theme[1] for theme in self.themes]
        return any("author:" in str(expression) for expression in expressions)

    @property
    def version(self) -> str:
        """Hash of the lens and of the engines behind it."""
        brands = [(*brand[:1], *brand[2:]) for brand in self.brands]
        themes = [(theme_id, version(expression)) for theme_id, expression in self.themes]
        return fingerprint([VERSION, brands, themes, *self[2:], language.ENGINE, sentiment.VERSION])


def lens_of(config: Config, language_of_short_posts: str | None = None, source: str | None = None) -> Lens:
    """The lens of a config."""
    return Lens(
        brands=tuple((brand.id, brand.expression, brand.communities, brand.query_version) for brand in config.brands),
        themes=tuple((theme.id, theme.expression) for theme in config.themes),
        languages=config.language.expected,
        language_of_short_posts=language_of_short_posts,
        source=source,
        lexicon=tuple(sorted((_names_are_no_praise(config) | config.sentiment.lexicon).items())),
    )


def _names_are_no_praise(config: Config) -> dict[str, float]:
    """Valence 0 for the names of the brands: to VADER "united" is a good word."""
    words = (term.text.casefold() for brand in config.brands for term in terms_of(brand.expression))
    return {word: 0.0 for word in words if sentiment.knows(word)}


def enrich(
    home: Home,
    config: Config,
    source_id: str,
    window: Window,
    advance: Callable[[int], None] = lambda _: None,
    workers: Workers | None = None,
) -> Path:
    """Read every mention of a tidy window into `enriched/<source>/<window>/*.parquet` and return that folder.

    Nothing is done where the files are there already and were made from the same mentions through the same lens.
    """
    source = home.tidy / source_id / window.name
    target = home.enriched / source_id / window.name
    lens = lens_of(config, config.source(source_id).language, source_id)
    tidied = read_json(source / tidy.MANIFEST)
    made_from = fingerprint([lens.version, tidied["fingerprint"]])
    if (read_json(target / MANIFEST) or {}).get("fingerprint") == made_from:
        return target
    started, started_at = time.monotonic(), datetime.now(UTC)
    with whole_folder(target) as making:
        with (
            TableFiles(making, SCHEMAS) as files,
            pq.ParquetFile(source / "mentions.parquet") as mentions,
            workers_or_own(workers, config.workers) as hands,
        ):
            total = mentions.metadata.num_rows
            work = partial(read_batch, lens=lens)
            handles = _handles(source / "authors.parquet") if lens.asks_for_authors else None
            columns = [*(name for name in READ if name != "author"), "author_id"]
            batches = (_with_author(batch, handles) for batch in mentions.iter_batches(BATCH, columns=columns))
            for read in hands.map(work, batches, total):
                files.write(read)
                advance(read["languages"].num_rows)
        write_json(
            making / MANIFEST,
            {
                "fingerprint": made_from,
                "code_version": __version__,
                "started_at": started_at,
                "seconds": round(time.monotonic() - started, 3),
                "rows_in": total,
                "rows_out": files.counts["languages"],
            },
        )
    return target


def enrich_tidied(home: Home, config: Config, source_id: str) -> None:
    """Enrich every tidy window of a source that is not up to date, as after a change of the config."""
    for tidied_source, window in home.windows(home.tidy):
        if tidied_source == source_id:
            enrich(home, config, source_id, window)


def _handles(path: Path) -> pa.Table:
    """Id and handle of a window's authors, each once."""
    authors = pq.read_table(path, columns=["author_id", "handle"])
    return authors.group_by("author_id").aggregate([("handle", "max")])


def _with_author(mentions: pa.RecordBatch, handles: pa.Table | None) -> pa.RecordBatch:
    """The columns of `READ`, the author's handle among them where the handles are given."""
    if handles is None:
        authors = pa.nulls(mentions.num_rows, pa.string())
    else:
        places = pc.index_in(mentions["author_id"], handles["author_id"].combine_chunks())
        authors = handles["handle_max"].combine_chunks().take(places)
    return pa.RecordBatch.from_arrays([authors if name == "author" else mentions[name] for name in READ], names=READ)


@dataclass(frozen=True)
class _Tools:
    """What a lens needs to read, made once in each process."""

    queries: Matcher
    """Of brands and themes at once; names are `brand:<id>` and `theme:<id>`."""
    brands_by_community: dict[str, list[str]]
    query_versions: dict[str, str]
    themes_version: str
    detector: language.Detector
    sentiment_version: tuple[str, str]


@lru_cache(maxsize=2)
def _tools(lens: Lens) -> _Tools:
    by_community: dict[str, list[str]] = {}
    for brand_id, _, communities, _ in lens.brands:
        for community in communities:
            by_community.setdefault(community.casefold(), []).append(brand_id)
    brands = {f"brand:{brand_id}": expression for brand_id, expression, _, _ in lens.brands}
    themes = {f"theme:{theme_id}": expression for theme_id, expression in lens.themes}
    return _Tools(
        queries=Matcher(brands | themes),
        brands_by_community=by_community,
        query_versions={brand_id: query_version for brand_id, _, _, query_version in lens.brands},
        themes_version=fingerprint([(theme_id, version(expression)) for theme_id, expression in lens.themes]),
        detector=language.detector(lens.languages),
        sentiment_version=sentiment.version_with(lens.lexicon),
    )


def read_batch(mentions: pa.RecordBatch, lens: Lens) -> Batches:
    """What the posts of a batch with the columns of `READ` say, as a batch for each table."""
    tools = _tools(lens)
    ids, networks, communities, kinds, titles, texts, urls, authors, network_langs, seqs = (
        column.to_pylist() for column in mentions.columns
    )
    whole = [full_text(title, text) for title, text in zip(titles, texts, strict=True)]
    # One pass for each tool over the whole batch: each works on tables that just fit the processor's cache.
    languages = [
        (lang, engine) if lang else _told_language(network_lang, network, lens)
        for (lang, engine), network_lang, network in zip(
            tools.detector.detect(whole), network_langs, networks, strict=True
        )
    ]
    langs = [lang for lang, _ in languages]
    scores = [sentiment.score(text, lang, lens.lexicon) for text, lang in zip(whole, langs, strict=True)]
    posts = map(Post, whole, authors, langs, repeat(lens.source), networks, communities, kinds, urls)
    names = [tools.queries.find(post) for post in posts]
    brands: list[tuple[Any, ...]] = []
    themes: list[tuple[Any, ...]] = []
    for mention_id, network, community, found, seq in zip(ids, networks, communities, names, seqs, strict=True):
        for name, terms in found.items():
            what, _, found_id = name.partition(":")
            if what == "brand":
                version = tools.query_versions[found_id]
                brands.append((mention_id, found_id, "term", " | ".join(terms), version, seq))
            else:
                themes.append((mention_id, found_id, " | ".join(terms), THEME_ENGINE, tools.themes_version, seq))
        brands.extend(
            (mention_id, brand_id, "community", None, tools.query_versions[brand_id], seq)
            for brand_id in tools.brands_by_community.get(f"{network}:{community}".casefold(), ())
            if f"brand:{brand_id}" not in found
        )
    rows: dict[str, list[tuple[Any, ...]]] = {
        "languages": [(mention_id, *told, seq) for mention_id, told, seq in zip(ids, languages, seqs, strict=True)],
        "sentiment": [
            (mention_id, "text", *scored, *tools.sentiment_version, seq)
            for mention_id, scored, seq in zip(ids, scores, seqs, strict=True)
        ],
        "brand_mentions": brands,
        "mention_themes": themes,
    }
    return {name: to_batch(table_rows, SCHEMAS[name]) for name, table_rows in rows.items()}


def _told_language(network_lang: str | None, network: str, lens: Lens) -> tuple[str | None, str | None]:
    """The language of a post that is too short to tell: as the network says, or as the config says of the source."""
    if network_lang:
        return network_lang.split("-")[0].lower(), f"told by {network}"
    return lens.language_of_short_posts, "config" if lens.language_of_short_posts else None


def full_text(title: str | None, text: str | None) -> str:
    """Title and text as one, as people read them."""
    return f"{title}\n\n{text}" if title and text else title or text or ""
