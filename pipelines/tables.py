"""The tables that Python writes, declared once: DDL, the export's order and the data dictionary come from here.

`core` holds what was said and what it means; the same windows always give the same rows. `ops` holds how the
runs went, with wall-clock times.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    MetaData,
    String,
    Table,
)

CORE = "core"
OPS = "ops"
metadata = MetaData()


def _column(name: str, kind: type, comment: str, *, key: bool = False, null: bool = True) -> Column[Any]:
    return Column(name, kind, primary_key=key, nullable=null and not key, autoincrement=False, comment=comment)


def _key(name: str, kind: type, comment: str) -> Column[Any]:
    return _column(name, kind, comment, key=True)


def _must(name: str, kind: type, comment: str) -> Column[Any]:
    return _column(name, kind, comment, null=False)


def _may(name: str, kind: type, comment: str) -> Column[Any]:
    return _column(name, kind, comment)


def _engine() -> list[Column[Any]]:
    return [
        _must("engine", String, "What made the row"),
        _must("engine_version", String, "Version of the engine, with a hash of its settings where it has any"),
    ]


mentions = Table(
    "mentions",
    metadata,
    _key("mention_id", String, "Network and the network's own id: `reddit:t1_abc`"),
    _must("source", String, "The source of the config that saw the mention first"),
    _must("network", String, "The network that the source is a feed of"),
    _may("community", String, "Subreddit, forum category, channel or instance"),
    _must("kind", String, "post, comment, repost, quote, message or review"),
    _may("title", String, "Title, where the network has titles"),
    _may("text", String, "What was written, as plain text; NULL where there is none or it was deleted"),
    _may("url", String, "Where a person can read it"),
    _may("author_id", String, "Account that wrote it; NULL where the account is gone or was not told"),
    _may("parent_id", String, "The mention that this one answers"),
    _may("root_id", String, "The mention that opened the thread; its own id for an opening mention"),
    _must("created_at", DateTime, "When it was written, UTC"),
    _may("edited_at", DateTime, "Last edit that the network told of, UTC; NULL = none told"),
    _may("deleted_at", DateTime, "When it was seen to be gone, UTC: the end of the window that saw it gone"),
    _may("network_lang", String, "Language as the network tells it"),
    _may("lang", String, "Language that our detector reads, ISO 639-1; NULL = too short or too uncertain"),
    _may("lang_engine", String, "Detector and version that read the language"),
    _may("rating", Double, "Stars that a review gives, 1 to 5"),
    _may("product_version", String, "What was reviewed, as the network writes it: `4.2.1`"),
    _may("licence", String, "Under which the text may be passed on, as the network writes it: `CC BY-SA 4.0`"),
    _must("first_seen_at", DateTime, "End of the earliest window that saw the mention, UTC"),
    _must("last_seen_at", DateTime, "End of the latest window that saw the mention, UTC"),
    schema=CORE,
    comment="One row per mention: a post, comment, message or review.",
)

mention_metrics = Table(
    "mention_metrics",
    metadata,
    _key("mention_id", String, "The mention"),
    _key("observed_date", Date, "Last day of the window in which the numbers were read"),
    _may("likes", BigInteger, "Likes or favourites"),
    _may("replies", BigInteger, "Replies or comments"),
    _may("reposts", BigInteger, "Reposts, shares, boosts"),
    _may("quotes", BigInteger, "Quoting posts"),
    _may("views", BigInteger, "Views or impressions"),
    _may("score", BigInteger, "Up-votes less down-votes; may be negative"),
    schema=CORE,
    comment="One row per mention and day on which its numbers were read. NULL = the network has no such number.",
)

authors = Table(
    "authors",
    metadata,
    _key("author_id", String, "Network and the network's own id or unchangeable name: `x:12345`, `reddit:name`"),
    _must("network", String, "The network of the account"),
    _must("handle", String, "Name that others address it by, without @ or u/"),
    _may("name", String, "Display name"),
    _may("followers", BigInteger, "Followers when last seen"),
    _may("account_created_at", DateTime, "When the account was made, UTC"),
    _must("is_team", Boolean, "Whether the config lists it as an account of a brand's team"),
    _may("is_bot", Boolean, "Whether the network marks it as automated; NULL = not told"),
    _must("first_seen_at", DateTime, "End of the earliest window that saw the account, UTC"),
    _must("last_seen_at", DateTime, "End of the latest window that saw the account, UTC"),
    schema=CORE,
    comment="One row per account.",
)

interactions = Table(
    "interactions",
    metadata,
    _key("mention_id", String, "The mention in which it happens"),
    _key("to_author_id", String, "The person addressed"),
    _key("kind", String, "reply, mention, repost or quote"),
    _must("from_author_id", String, "The person who addresses"),
    schema=CORE,
    comment="One row per mention, person addressed and kind.",
)

brands = Table(
    "brands",
    metadata,
    _key("brand_id", String, "Short name from the config"),
    _must("name", String, "Name as people write it"),
    _must("is_competitor", Boolean, "Whether it is watched for comparison"),
    _must("query_version", String, "Hash of the brand's terms and communities"),
    schema=CORE,
    comment="One row per brand in the config of the last load.",
)

brand_queries = Table(
    "brand_queries",
    metadata,
    _key("brand_id", String, "The brand"),
    _key("query_version", String, "Hash of its query and communities"),
    _must("query", String, "The query as text"),
    _must("first_window_start", DateTime, "Start of the earliest window that was asked for with it, UTC"),
    _must("last_window_end", DateTime, "End of the latest window that was asked for with it, UTC"),
    schema=CORE,
    comment="One row per brand and version of its query. What is stored is matched anew when a query changes, but "
    "posts that only the new one finds were not searched for before `first_window_start`.",
)

themes = Table(
    "themes",
    metadata,
    _key("theme_id", String, "Short name from the config"),
    _must("name", String, "Name for readers"),
    schema=CORE,
    comment="One row per theme in the config of the last load.",
)

brand_mentions = Table(
    "brand_mentions",
    metadata,
    _key("mention_id", String, "The mention"),
    _key("brand_id", String, "The brand it speaks of"),
    _must("matched_by", String, "term, or community where only the place speaks for the brand"),
    _may("terms", String, "The terms found, in alphabetical order, separated by ` | `"),
    _must("query_version", String, "Version of the brand's query that matched"),
    schema=CORE,
    comment="One row per mention and brand.",
)

sentiment = Table(
    "sentiment",
    metadata,
    _key("mention_id", String, "The mention"),
    _key("target", String, "`text` for the whole text"),
    _may("compound", Double, "Sum of valences, normalised to -1 … +1 (Hutto & Gilbert 2014)"),
    _may("positive", Double, "Share of the text that is positive, 0 … 1"),
    _may("neutral", Double, "Share of the text that is neutral, 0 … 1"),
    _may("negative", Double, "Share of the text that is negative, 0 … 1"),
    _may("label", String, "positive (compound ≥ 0.05), negative (≤ -0.05) or neutral; NULL = not scored"),
    _may("reason", String, "Why it was not scored: no-text, unknown-language or language:xx; NULL where it was"),
    *_engine(),
    schema=CORE,
    comment="One row per mention and target. A NULL label is not a neutral one: `reason` says why it was not scored.",
)

mention_themes = Table(
    "mention_themes",
    metadata,
    _key("mention_id", String, "The mention"),
    _key("theme_id", String, "The theme"),
    _must("terms", String, "The words and phrases found, in alphabetical order, separated by ` | `"),
    *_engine(),
    schema=CORE,
    comment="One row per mention and theme that it touches.",
)

duplicates = Table(
    "duplicates",
    metadata,
    _key("mention_id", String, "The mention"),
    _must("cluster_id", String, "The earliest mention of the cluster"),
    _must("kind", String, "exact (same words) or near (estimated Jaccard similarity of word pairs ≥ the threshold)"),
    _must("is_representative", Boolean, "Whether it stands for the cluster"),
    *_engine(),
    schema=CORE,
    comment="One row per mention whose text stands elsewhere too. Reposts are not duplicates: they say so themselves.",
)

influence = Table(
    "influence",
    metadata,
    _key("author_id", String, "The account"),
    _key("brand_id", String, "The brand it spoke of"),
    _must("mentions_count", BigInteger, "Mentions of the brand by the account, reposts excepted"),
    _must("engagement_count", BigInteger, "Latest likes, replies, reposts, quotes and absolute score, summed"),
    _may("followers", BigInteger, "Followers when last seen; NULL = not told"),
    _must("addressed_by_count", BigInteger, "Different accounts that replied to, quoted, reposted or named it"),
    _must("rank", Integer, "Place by engagement, then people addressing it, then followers, then id; 1 is first"),
    *_engine(),
    schema=CORE,
    comment="One row per account and brand: the plain ranking by engagement. Team accounts are left out.",
)

coverage = Table(
    "coverage",
    metadata,
    _key("source", String, "The source"),
    _key("query", String, "What was asked"),
    _key("window_start", DateTime, "Start of the window, UTC, inclusive"),
    _key("window_end", DateTime, "End of the window, UTC, exclusive"),
    _must("network", String, "The network of the source"),
    _may("brand_ids", String, "The brands that a search is for, separated by ` | `; NULL for a feed, which serves all"),
    _must(
        "status",
        String,
        "ok, verified-empty (nothing in the window, and older posts or a canary came), unverified (nothing came at "
        "all, and nothing shows that the question was understood), truncated, rate-limited, failed, or schema-drift "
        "(with `drift_count`: all came, with fields that are missing or unknown; without: the answer can't be read)",
    ),
    _may("reason", String, "What went wrong and what to do; NULL where all is well"),
    _must("calls_count", BigInteger, "Answers received"),
    _must("posts_count", BigInteger, "Posts of the window received; for `recheck` the posts looked at again"),
    _must("seen_count", BigInteger, "All posts received, those outside the window included"),
    _must("units_count", BigInteger, "Units of the network's quota used; calls where it has no other"),
    _must("quarantined_count", BigInteger, "Records that could not be read"),
    _must("drift_count", BigInteger, "Fields that were missing or held what nobody documents"),
    _may("first_post_at", DateTime, "Earliest post of the window received, UTC"),
    _may("last_post_at", DateTime, "Latest post of the window received, UTC"),
    _may("unseen_from", DateTime, "Start of the span in which nothing could be seen, UTC"),
    _may("unseen_to", DateTime, "End of that span, UTC"),
    schema=CORE,
    comment="One row per source, query and window: what was and what was not seen.",
)

drifts = Table(
    "drifts",
    metadata,
    _key("source", String, "The source"),
    _key("query", String, "What was asked"),
    _key("window_start", DateTime, "Start of the window, UTC, inclusive"),
    _key("window_end", DateTime, "End of the window, UTC, exclusive"),
    _key("field", String, "Kind of record and name of the field: `post.visibility`"),
    _key("found", String, "What stood there, its first 100 characters; `(missing)` where the field was not there"),
    _must("drift_count", BigInteger, "How often"),
    schema=CORE,
    comment="One row per field that was missing or held what nobody documents. The records were kept all the same.",
)

deletions = Table(
    "deletions",
    metadata,
    _key("mention_id", String, "The mention"),
    _must("first_gone_at", DateTime, "End of the earliest window that was told it is gone, UTC"),
    _must("last_gone_at", DateTime, "End of the latest window that was told so, UTC"),
    schema=CORE,
    comment="One row per mention that its network said is gone: text and author stay away whatever is loaded later.",
)

quarantine = Table(
    "quarantine",
    metadata,
    _key("quarantine_id", String, "Source and a hash of the record"),
    _must("source", String, "The source"),
    _must("query", String, "What was asked when it came"),
    _must("window_start", DateTime, "Start of the window that met it, UTC"),
    _must("window_end", DateTime, "End of that window, UTC"),
    _must("landing_path", String, "File in the landing folder that holds the payload, relative to the home"),
    _must("place", String, "Where in that file: line, and place in the answer"),
    _must("reason", String, "Why it could not be read"),
    _may("excerpt", String, "Its first 500 characters"),
    schema=CORE,
    comment="One row per record that could not be read. It is kept in the landing folder and can be read again.",
)

runs = Table(
    "runs",
    metadata,
    _key("run_id", String, "Step, source and window, and when it started"),
    _must("step", String, "pull, tidy, enrich, load, discover or model"),
    _may("source", String, "The source; NULL for steps over the whole warehouse"),
    _may("window_start", DateTime, "Start of the window, UTC"),
    _may("window_end", DateTime, "End of the window, UTC"),
    _must("started_at", DateTime, "When the step began, UTC"),
    _must("seconds", Double, "How long it took"),
    _may("rows_in", BigInteger, "Rows read"),
    _may("rows_out", BigInteger, "Rows written"),
    _must("code_version", String, "Version of Earshot"),
    _must("fingerprint", String, "Hash of what the step was made from: input, settings, engines"),
    schema=OPS,
    comment="One row per step that ran.",
)

erasures = Table(
    "erasures",
    metadata,
    _key("mention_id", String, "The mention"),
    schema=OPS,
    comment="One row per mention that is gone and whose words were taken out of the landing and tidy files.",
)

loads = Table(
    "loads",
    metadata,
    _key("source", String, "The source"),
    _key("window_start", DateTime, "Start of the window, UTC"),
    _key("window_end", DateTime, "End of the window, UTC"),
    _must("fingerprint", String, "Fingerprint of the enriched files that the warehouse holds"),
    schema=OPS,
    comment="One row per source and window that the warehouse holds.",
)


def tables(schema: str) -> list[Table]:
    """The tables of a schema in the order of their names."""
    return sorted((table for table in metadata.tables.values() if table.schema == schema), key=lambda t: t.name)


def key_columns(table: Table) -> list[str]:
    """Names of the columns that tell a table's rows apart, in order."""
    return [column.name for column in table.primary_key.columns]
