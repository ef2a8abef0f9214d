"""Enrich: what can be read from each post alone: language, brands, sentiment and themes."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import repeat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.contract import Window
from pipelines.code_version import code_version
from pipelines.config.settings import Config
from pipelines.enrich.files import MANIFEST, SCHEMAS
from pipelines.enrich.learned import intents_for, trained_for
from pipelines.enrich.lens import Lens, lens_of
from pipelines.errors import InputError
from pipelines.parallel import Workers, workers_or_own
from pipelines.store.arrow import Batches, TableFiles, to_batch
from pipelines.store.home import Home, read_json, whole_folder, write_json
from pipelines.tidy import step as tidy
from query.expression import version
from query.matching import Matcher, Post
from query.words import words_of
from reading import engines, intent, language, learned, sentiment, transformers
from reading.fingerprints import fingerprint
from reading.moderation.reader import Moderator, moderator
from reading.targets import Named, Polarity, Targets, towards
from reading.vader import polarity

BATCH = 4096
THEME_ENGINE = "terms"

READ = ["mention_id", "network", "community", "kind", "title", "text", "url", "author", "network_lang", "seq"]
"""Columns that are read: those of tidy mentions, and `author`, the handle."""


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
    if config.sentiment.learned:
        lens = lens._replace(learned=trained_for(home, source_id))
    learned_intents = intents_for(home, source_id) if config.intents.learned else None
    lens = lens._replace(models=home.models, learned_intents=learned_intents)
    tidied = read_json(source / tidy.MANIFEST)
    if tidied is None:
        raise InputError(f"There is no {source}. Tidy that window first: earshot tidy --source {source_id}.")
    try:
        pq.read_metadata(source / "mentions.parquet")
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise InputError(f"{source} is damaged ({error}). Remove it and run again: it is made anew.") from error
    made_from = fingerprint([lens.version, tidied["fingerprint"]])
    if (read_json(target / MANIFEST) or {}).get("fingerprint") == made_from:
        return target
    started, started_at = time.monotonic(), datetime.now(UTC)
    if lens.learned_intents is None:
        intent.model(home.models)  # made here where it is not there yet, so that no worker has to
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
                "code_version": code_version(),
                "started_at": started_at,
                "seconds": round(time.monotonic() - started, 3),
                "rows_in": total,
                "rows_out": files.counts["languages"],
            },
        )
    return target


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
    """Of brands, themes and guidelines at once; names are `brand:<id>`, `theme:<id>` and `guideline:<id>`."""
    brands_by_community: dict[str, list[str]]
    query_versions: dict[str, str]
    themes_version: str
    guidelines_version: str
    severities: dict[str, str]
    """Of each guideline, by `guideline:<id>`."""
    moderator: Moderator
    detector: language.Detector
    sentiment_engine_of: sentiment.EngineOf
    targets: Targets
    polarity: Polarity
    intents: intent.Engine


@lru_cache(maxsize=2)
def _tools(lens: Lens) -> _Tools:
    by_community: dict[str, list[str]] = {}
    for brand_id, _, communities, _ in lens.brands:
        for community in communities:
            by_community.setdefault(community.casefold(), []).append(brand_id)
    brands = {f"brand:{brand_id}": expression for brand_id, expression, _, _ in lens.brands}
    themes = {f"theme:{theme_id}": expression for theme_id, expression in lens.themes}
    guidelines = {f"guideline:{rule_id}": expression for rule_id, expression, _ in lens.guidelines}
    tools = _Tools(
        queries=Matcher(brands | themes | guidelines),
        brands_by_community=by_community,
        query_versions={brand_id: query_version for brand_id, _, _, query_version in lens.brands},
        themes_version=fingerprint([(theme_id, version(expression)) for theme_id, expression in lens.themes]),
        guidelines_version=fingerprint(sorted((name, version(expression)) for name, expression in guidelines.items())),
        severities={f"guideline:{rule_id}": severity for rule_id, _, severity in lens.guidelines},
        moderator=moderator(lens.domains),
        detector=language.detector(lens.languages),
        sentiment_engine_of=learned.above(
            engines.chosen(lens.sentiment_engine, dict(lens.sentiment_engines), lens.lexicon, lens.classifiers),
            lens.learned,
        ),
        targets=Targets({brand_id: expression for brand_id, expression, _, _ in lens.brands}),
        polarity=polarity(lens.lexicon),
        intents=intent.engine(lens.models, lens.learned_intents),
    )
    gc.freeze()  # what is loaded once is no garbage: nobody has to look at it again
    return tools


def read_batch(mentions: pa.RecordBatch, lens: Lens) -> Batches:
    """What the posts of a batch with the columns of `READ` say, as a batch for each table."""
    tools = _tools(lens)
    ids, networks, communities, kinds, titles, texts, urls, authors, network_langs, seqs = (
        column.to_pylist() for column in mentions.columns
    )
    whole = [full_text(title, text) for title, text in zip(titles, texts, strict=True)]
    # One pass for each tool over the whole batch, as each works on tables that just fit the processor's cache; what
    # looks for words in a post shares them.
    languages = [
        (lang, engine) if lang else _told_language(network_lang, network, lens)
        for (lang, engine), network_lang, network in zip(
            tools.detector.detect(whole), network_langs, networks, strict=True
        )
    ]
    langs = [lang for lang, _ in languages]
    scores = sentiment.read(whole, langs, tools.sentiment_engine_of)
    posts = map(Post, whole, authors, langs, repeat(lens.source), networks, communities, kinds, urls)
    names: list[dict[str, list[str]]] = []
    brands: list[tuple[Any, ...]] = []
    themes: list[tuple[Any, ...]] = []
    flags: list[tuple[Any, ...]] = []
    for mention_id, post, seq in zip(ids, posts, seqs, strict=True):
        words = words_of(post.text)  # one by one, as those of a whole batch of long posts would be gigabytes
        names.append(tools.queries.find(post, words))
        found_flags = tools.moderator.read(post.text, post.lang, words)
        flags.extend((mention_id, *flag, *tools.moderator.engine(flag.flag), seq) for flag in found_flags)
    for mention_id, network, community, found, seq in zip(ids, networks, communities, names, seqs, strict=True):
        for name, terms in found.items():
            what, _, found_id = name.partition(":")
            if what == "brand":
                version = tools.query_versions[found_id]
                brands.append((mention_id, found_id, "term", " | ".join(terms), version, seq))
            elif what == "guideline":
                rule = (name, tools.severities[name], 1.0, " | ".join(terms) or name)
                flags.append((mention_id, *rule, THEME_ENGINE, tools.guidelines_version, seq))
            else:
                themes.append((mention_id, found_id, " | ".join(terms), THEME_ENGINE, tools.themes_version, seq))
        brands.extend(
            (mention_id, brand_id, "community", None, tools.query_versions[brand_id], seq)
            for brand_id in tools.brands_by_community.get(f"{network}:{community}".casefold(), ())
            if f"brand:{brand_id}" not in found
        )
    intents = tools.intents.read(whole, langs)
    by_targets = _by_targets(whole, langs, names, scores, tools)
    scored_by = [(engine.name, engine.version) for engine in map(tools.sentiment_engine_of, langs)]
    rows: dict[str, list[tuple[Any, ...]]] = {
        "languages": [(mention_id, *told, seq) for mention_id, told, seq in zip(ids, languages, seqs, strict=True)],
        "sentiment": [
            (mention_id, target, *score, *engine, seq)
            for mention_id, by_target, engine, seq in zip(ids, by_targets, scored_by, seqs, strict=True)
            for target, score in by_target
        ],
        "brand_mentions": brands,
        "mention_themes": themes,
        "mention_intents": [
            (mention_id, *want[:2], " | ".join(want.evidence) or None, *tools.intents[:2], seq)
            for mention_id, wants, seq in zip(ids, intents, seqs, strict=True)
            for want in wants
        ],
        "mention_flags": flags,
        "mention_tones": [
            (mention_id, *tone, transformers.ENGINE, tones.version, seq)
            for tones in lens.flaggers
            for mention_id, found_tones, seq in zip(ids, tones.read(whole, langs), seqs, strict=True)
            for tone in found_tones
        ],
    }
    return {name: to_batch(table_rows, SCHEMAS[name]) for name, table_rows in rows.items()}


def _by_targets(
    texts: list[str],
    langs: list[str | None],
    names: list[dict[str, list[str]]],
    scores: list[sentiment.Score],
    tools: _Tools,
) -> list[list[tuple[str, sentiment.Score]]]:
    """For each post its score as a whole, and then those towards the brands that it names."""
    by_targets = [[("text", score)] for score in scores]
    places: list[int] = []
    named: list[Named] = []
    for place, found in enumerate(names):
        if found and (brands := tuple(name[6:] for name in found if name.startswith("brand:"))):
            places.append(place)
            named.append(Named(texts[place], langs[place], brands, scores[place]))
    towards_brands = towards(named, tools.targets, tools.sentiment_engine_of, tools.polarity)
    for place, post, found_scores in zip(places, named, towards_brands, strict=True):
        by_targets[place] += zip(post.brand_ids, found_scores, strict=True)
    return by_targets


def _told_language(network_lang: str | None, network: str, lens: Lens) -> tuple[str | None, str | None]:
    """The language of a post that is too short to tell: as the network says, or as the config says of the source."""
    if network_lang:
        return network_lang.split("-")[0].lower(), f"told by {network}"
    return lens.language_of_short_posts, "config" if lens.language_of_short_posts else None


def full_text(title: str | None, text: str | None) -> str:
    """Title and text as one, as people read them."""
    return f"{title}\n\n{text}" if title and text else title or text or ""
