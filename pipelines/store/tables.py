"""The tables that Python writes, declared once: DDL, the export's order and the data dictionary come from here.

`core` holds what was said and what it means; the same windows always give the same rows. `ops` holds how the
runs went, with wall-clock times.
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Float,
    Integer,
    MetaData,
    String,
    Table,
)

CORE = "core"
OPS = "ops"
metadata = MetaData()


def _column(name: str, kind: Any, comment: str, *, key: bool = False, null: bool = True) -> Column[Any]:
    return Column(name, kind, primary_key=key, nullable=null and not key, autoincrement=False, comment=comment)


def _key(name: str, kind: type, comment: str) -> Column[Any]:
    return _column(name, kind, comment, key=True)


def _must(name: str, kind: Any, comment: str) -> Column[Any]:
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
    _must(
        "is_team",
        Boolean,
        "Whether the config lists it as an account of a brand's team; `core.team_accounts` says whose",
    ),
    _may("is_bot", Boolean, "Whether the network marks it as automated; NULL = not told"),
    _must("first_seen_at", DateTime, "End of the earliest window that saw the account, UTC"),
    _must("last_seen_at", DateTime, "End of the latest window that saw the account, UTC"),
    schema=CORE,
    comment="One row per account.",
)

team_accounts = Table(
    "team_accounts",
    metadata,
    _key("author_id", String, "The account"),
    _key("brand_id", String, "The brand whose team it is of"),
    schema=CORE,
    comment="One row per account that was seen and brand for whose team the config of the last load lists it.",
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

networks = Table(
    "networks",
    metadata,
    _key("network", String, "The network, as in mentions and authors"),
    _must("title", String, "The name that it goes by, as in headings"),
    _must("handle_prefix", String, "What people write before a handle there: `@`, `u/`; empty = nothing"),
    _must("is_feed", Boolean, "Whether its entries are articles, for which the site speaks where no author is named"),
    schema=CORE,
    comment="One row per network that a source of the config is, or ever was, a feed of.",
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
    _key("target", String, "`text` for the whole text, or the brand whose clauses were read"),
    _may("compound", Double, "-1 … +1: how negative or positive the writer's own words are, quotes and code left out"),
    _may("plain_compound", Double, "What vaderSentiment says of the whole text as it stands; NULL from other engines"),
    _may("positive", Double, "Share of the own words that is positive, or the probability that they are, 0 … 1"),
    _may("neutral", Double, "Share of the own words that is neutral, or the probability that they are, 0 … 1"),
    _may("negative", Double, "Share of the own words that is negative, or the probability that they are, 0 … 1"),
    _may("label", String, "positive (with VADER compound ≥ 0.05), negative (≤ -0.05) or neutral; NULL = not known"),
    _may("confidence", Double, "Probability that the label is right, as the engine reckons; NULL where it doesn't"),
    _may(
        "reason",
        String,
        "Why it was not scored: no-text, nothing-to-read (only links, names, quotes, code), unknown-language, "
        "language:xx (not one that the engine reads), mixed (good and bad words cancel), uncertain, said-in-irony "
        "(the writer marks it so), or no-clause (what words mean the brand is not told); NULL where it was",
    ),
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

mention_flags = Table(
    "mention_flags",
    metadata,
    _key("mention_id", String, "The mention"),
    _key(
        "flag",
        String,
        "profanity, insult, hate (a slur, or contempt for a group), threat, sexual, self-harm (somebody may need "
        "help), personal-data, spam, scam, promotion, or `guideline:<id>` for one of the config's",
    ),
    _must(
        "severity",
        String,
        "low (nobody is hurt by it), medium (aimed at a person, or harms who reads it: look today) or high (somebody "
        "may come to harm: look now)",
    ),
    _must("probability", Double, "How likely it is so, 0.5 … 1, by weights people gave; 1 where a guideline matched"),
    _must("evidence", String, "The words or signs that speak for it, separated by ` | `; personal data are masked"),
    *_engine(),
    schema=CORE,
    comment="One row per mention and flag. A flag asks a person to look; nothing is hidden or deleted by it, and what "
    "people say of the mention stands above it.",
)

account_flags = Table(
    "account_flags",
    metadata,
    _key("author_id", String, "The account"),
    _key("flag", String, "bot (the network or its rhythm says so) or repeater (most of its posts say the same)"),
    _must("probability", Double, "How likely it is so, 0.5 … 1, by weights that people gave"),
    _must("evidence", String, "What speaks for it, in words, separated by ` | `"),
    *_engine(),
    schema=CORE,
    comment="One row per account and flag, from the posts that were seen of it. A bot is not a fault: many are useful. "
    "What people say of the account stands above it.",
)

labels = Table(
    "labels",
    metadata,
    _key("mention_id", String, "The mention; of the task account the account"),
    _key("task", String, "What was asked: sentiment, intent, topic, moderation or account"),
    _key("target", String, "`text` for the whole post, or the brand that the answer is about"),
    _key("labelled_by", String, "Who says so"),
    _key("labelled_at", DateTime, "When, UTC"),
    _may("value", String, "The answer; of several all, separated by ` | `; NULL takes back what was said before"),
    schema=CORE,
    comment="One row per answer that a person gave. The latest of each person holds; what was said before is kept.",
)

models = Table(
    "models",
    metadata,
    _key("task", String, "What it reads: sentiment or intent"),
    _key("source", String, "The source whose posts it may read"),
    _must("engine", String, "`learned`: a model made from this home's labels"),
    _must("engine_version", String, "Hash of the labels, their texts, the settings and the code that it was made of"),
    _must("compared_with", String, "The engine and version that would read these posts otherwise"),
    _must("labels_count", BigInteger, "Labelled posts of the source"),
    _may("learned_recall", Double, "Macro-recall over them, each judged by a model without it; see the model cards"),
    _may("compared_recall", Double, "Macro-recall of the other engine over the same posts"),
    _may("difference_low", Double, "Low end of the 95 % bootstrap interval of the difference"),
    _may("difference_high", Double, "High end of that interval"),
    _must("is_used", Boolean, "Whether it reads the posts of the source"),
    _must("why", String, "Why it does or doesn't"),
    schema=CORE,
    comment="One row per task and source of which people labelled posts: whether a model learned from them reads it.",
)

mention_intents = Table(
    "mention_intents",
    metadata,
    _key("mention_id", String, "The mention"),
    _key(
        "intent",
        String,
        "bug_report, churn_risk, complaint, praise, purchase_intent, question, request, spam or story; or other: none "
        "of them, and then alone",
    ),
    _must("probability", Double, "How likely it holds, 0 … 1; calibrated on the examples that the model learned from"),
    _may("evidence", String, "The words that speak most for it, separated by ` | `; NULL where no single word does"),
    *_engine(),
    schema=CORE,
    comment="One row per mention and thing that its writer wants; several may hold. A mention without a row is not "
    "told: its language is none that the model reads, there is nothing to read, or it is not sure of anything.",
)

mention_tones = Table(
    "mention_tones",
    metadata,
    _key("mention_id", String, "The mention"),
    _key("tone", String, "`emotion:` and its name, irony or offensive; the config says what a model's labels mean"),
    _must("probability", Double, "How sure the model is, 0 … 1; at least what the config asks for"),
    *_engine(),
    schema=CORE,
    comment="One row per mention and tone that a model of the config hears in it. No row says nothing: without a model "
    "for it no tone is ever guessed.",
)

duplicates = Table(
    "duplicates",
    metadata,
    _key("mention_id", String, "The mention"),
    _must(
        "cluster_id",
        String,
        "The mention of the cluster that was seen first when it was found; stays when others join, or that one is gone",
    ),
    _must("kind", String, "exact (same words as the representative) or near (nearly the same, letter by letter)"),
    _must("is_representative", Boolean, "Whether it stands for the cluster: the earliest that still stands"),
    _may(
        "spread",
        String,
        "repeated (one account), copypasta (several accounts) or syndicated (several, with a common link or in feeds "
        "of several sites); NULL = too few of those who wrote are known. The same in the whole cluster",
    ),
    *_engine(),
    schema=CORE,
    comment="One row per mention whose text stands elsewhere too. Reposts are not duplicates: they say so themselves.",
)

topics = Table(
    "topics",
    metadata,
    _key("topic_id", String, "Number of the topic, which it keeps for good: `t0012`"),
    _must("name", String, "What readers call it: as the config says, else `model_name`"),
    _must("model_name", String, "The words that set it apart when it was born"),
    _must("named_by", String, "model or config"),
    _must("status", String, "active, asleep (nobody spoke of it for some time) or merged (it is part of another)"),
    _may("merged_into", String, "The topic that it is part of; NULL where it stands for itself"),
    _must("born_date", Date, "Day on whose posts it was found, UTC"),
    _must("last_seen_date", Date, "Newest day on which somebody spoke of it, UTC"),
    _must("mentions_count", BigInteger, "Mentions that are in it: neither deleted nor reposts, copies and team too"),
    _must("reach", Double, "The least cosine similarity to the centroid with which a mention comes to it"),
    _must("centroid", ARRAY(Float), "Mean direction of its mentions, of length 1"),
    *_engine(),
    schema=CORE,
    comment="One row per topic that was ever found. What was read earlier decides which topics there are, so other "
    "nights may give other topics.",
)

topic_terms = Table(
    "topic_terms",
    metadata,
    _key("topic_id", String, "The topic"),
    _key("term", String, "A word or phrase that sets it apart"),
    _must("rank", Integer, "Place among its terms; 1 is first"),
    _must("weight", Double, "How much it sets the topic apart: class-based TF-IDF (Grootendorst 2022)"),
    *_engine(),
    schema=CORE,
    comment="One row per topic and term, as of the last time that the topic was found.",
)

mention_topics = Table(
    "mention_topics",
    metadata,
    _key("mention_id", String, "The mention"),
    _may("topic_id", String, "The topic that it is in; NULL = none that is known reaches it"),
    _may("similarity", Double, "Cosine similarity to the centroid when it came to the topic; NULL without a topic"),
    _must("is_typical", Boolean, "Whether it is one of the three that are most similar to the topic's centroid"),
    *_engine(),
    schema=CORE,
    comment="One row per mention that was read for topics: those with words that are neither deleted nor reposts.",
)

topic_events = Table(
    "topic_events",
    metadata,
    _key("topic_id", String, "The topic"),
    _key("event_date", Date, "Day on whose posts it happened, UTC"),
    _key("event", String, "born, split (off from another), merged (into another), asleep or woke"),
    _may("other_topic_id", String, "The topic that it was split off from, or merged into; NULL for other events"),
    _may("share", Double, "Part of the topic split, or merged, that went over, by mentions in the sample; or NULL"),
    _must("mentions_count", BigInteger, "Mentions in the sample that went over or were born; for woke, of the day"),
    *_engine(),
    schema=CORE,
    comment="One row per topic and thing that happened to it.",
)

emerging = Table(
    "emerging",
    metadata,
    _key("kind", String, "word, pair (of neighbouring words), hashtag, link, theme or topic"),
    _key("item", String, "What stands out: words in lower case, a link without `https://`, the id of theme or topic"),
    _key("brand_id", String, "The brand whose posts are looked at; `*` = all posts"),
    _key("day_date", Date, "The day, UTC"),
    _must("mentions_count", BigInteger, "Earned posts of the day with the item; one text by one account counts once"),
    _must("people_count", BigInteger, "Different people behind them; where authors aren't known, different texts"),
    _must("authors_count", BigInteger, "Different authors among them that are known"),
    _must("texts_count", BigInteger, "Different texts among them, near-duplicates taken as one"),
    _must("expected", Double, "People that the past lets expect among as many as spoke that day"),
    _must("ratio", Double, "people_count divided by expected"),
    _must("usual_low", BigInteger, "People a day in the past: a tenth of its days had fewer or as many"),
    _must("usual_high", BigInteger, "People a day in the past: nine tenths of its days had fewer or as many"),
    _must("p_value", Double, "Probability of as many people or more, were all as in the past"),
    _must("q_value", Double, "Share of chance among items that stand out as much that day (Benjamini & Hochberg 1995)"),
    _must("is_new", Boolean, "Whether nobody spoke of it in the past that it is held against"),
    _must("story", String, "Kind and item of the strongest that mostly the same people spoke of in the same hours"),
    _must("episode_id", String, "The story over following days, whatever its strongest item"),
    _must("first_date", Date, "Day on which the episode began, UTC"),
    _must("examples", String, "Up to three mentions, each of another person, the earliest first, separated by ` | `"),
    *_engine(),
    schema=CORE,
    comment="One row per item, brand and day on which more people spoke of it than its own past lets expect.",
)

judged_days = Table(
    "judged_days",
    metadata,
    _key("source", String, "The source"),
    _key("day_date", Date, "The day, UTC"),
    _must("past_days_count", BigInteger, "Days of its past, which ends a week before it, on which the source was seen"),
    _must("needed_days_count", BigInteger, "As many of them are needed"),
    _must("is_judged", Boolean, "Whether the day was held against its past: there were enough days, and posts on them"),
    schema=CORE,
    comment="One row per source and day on which it was seen: whether what emerges was looked for.",
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
        "ok (posts of the window came, and all that came was read), verified-empty (none in the window, and all that "
        "came was read, older posts or a canary), unverified (nothing came at all, and nothing shows that the question "
        "was understood), truncated, rate-limited, schema-drift (records, fields or the answer can't be read), or "
        "failed (also where most of what came can't be read)",
    ),
    _may(
        "is_complete",
        Boolean,
        "Whether the whole window was seen: answered in full, and read but for one record in twenty at most; "
        "NULL in rows of earlier versions",
    ),
    _may("reason", String, "What went wrong and what to do; NULL where all is well"),
    _must("calls_count", BigInteger, "Answers received"),
    _must("posts_count", BigInteger, "Posts of the window that were read; for `recheck` the posts looked at again"),
    _must("seen_count", BigInteger, "All posts received, those outside the window included"),
    _must("units_count", BigInteger, "Units of the network's quota used; calls where it has no other"),
    _must("quarantined_count", BigInteger, "Records that could not be read"),
    _must("drift_count", BigInteger, "Fields that were missing or held what nobody documents"),
    _may("first_post_at", DateTime, "Earliest post of the window that was read, UTC"),
    _may("last_post_at", DateTime, "Latest post of the window that was read, UTC"),
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
    _key("run_id", String, "Night, step and source, and when it started"),
    _must("night", String, "The night: when it began, or the id of Airflow's run"),
    _must("step", String, "learn, pull, tidy, enrich, load, discover, build, publish or digest"),
    _may("source", String, "The source; NULL for steps over the whole"),
    _may("window_start", DateTime, "Start of the night's window, UTC; NULL = nothing was left to ask"),
    _may("window_end", DateTime, "End of the night's window, UTC"),
    _must("started_at", DateTime, "When the step began, UTC"),
    _must("seconds", Double, "How long it took"),
    _must("status", String, "ok or failed"),
    _may("posts_count", BigInteger, "Posts that it landed, read or loaded; NULL = none, or it counts none"),
    _may("error", String, "Why it failed; NULL = it did not"),
    _must("code_version", String, "Version of Earshot, and the commit where it is known"),
    schema=OPS,
    comment="One row per step of each night, and per try. The steps that follow a publication stand in the next one.",
)

emergence_days = Table(
    "emergence_days",
    metadata,
    _key("day_date", Date, "The day, UTC"),
    _must("fingerprint", String, "Hash of its posts that count, of the sources seen and of the settings"),
    schema=OPS,
    comment="One row per day that was looked at for what emerges; it is looked at again when one before it changed.",
)

erasures = Table(
    "erasures",
    metadata,
    _key("mention_id", String, "The mention"),
    schema=OPS,
    comment="One row per mention that is gone and whose words were taken out of the landing and tidy files.",
)

text_keys = Table(
    "text_keys",
    metadata,
    _key("mention_id", String, "The mention"),
    _must("text_hash", BigInteger, "Hash of title and text as they stood when they were read for duplicates"),
    _may("words_hash", BigInteger, "Hash of their words without case, signs, links and names; NULL = too few words"),
    _must("engine_version", String, "Version of the engine that read them"),
    schema=OPS,
    comment="One row per mention that was looked at for duplicates: those of unchanged texts need no second look.",
)

text_bands = Table(
    "text_bands",
    metadata,
    _key("words_hash", BigInteger, "Hash of the words"),
    _key("band_hash", Integer, "A part of the MinHash signature; texts that are alike share one"),
    schema=OPS,
    comment="One row per text and band of its MinHash signature; by these new texts find old ones.",
)

topic_readings = Table(
    "topic_readings",
    metadata,
    _key("reading_number", BigInteger, "Number of the reading, in their order"),
    _must("day_date", Date, "Day on which the mentions were written, UTC"),
    _must("newest_date", Date, "Newest day that had been read by then, UTC"),
    _must("mentions_count", BigInteger, "Mentions with a say in what is a topic: with words, and not by a team"),
    _must("unplaced_count", BigInteger, "Those of them that no topic reached at first"),
    _may("fit", String, "What was looked at again afterwards: all, or new (what no topic reaches); NULL = nothing"),
    *_engine(),
    schema=OPS,
    comment="One row per day's mentions, 4,096 at most, that were read for topics at once.",
)

topic_samples = Table(
    "topic_samples",
    metadata,
    _key("mention_id", String, "The mention"),
    _must("reading_number", BigInteger, "The reading that brought it"),
    _may("topic_id", String, "The topic that the next fit takes it to be in; NULL = none"),
    schema=OPS,
    comment="One row per mention that is looked at when topics are fitted anew.",
)

publication = Table(
    "publication",
    metadata,
    _key("built_at", DateTime, "When the marts were built from these tables and all their tests held, UTC"),
    _may("published_at", DateTime, "When this file took the place of the one before, UTC; NULL in the warehouse"),
    _must("code_version", String, "Version of Earshot that built them"),
    schema=OPS,
    comment="One row: which publication this file is. In the warehouse it stands only until the next step writes.",
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
