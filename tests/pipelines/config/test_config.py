"""earshot.toml: every fault is told at once, with the file, the key, what was found and what is allowed."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from connectors import CONNECTORS
from connectors.contract import Window
from pipelines.config.credentials import from_environment, missing
from pipelines.config.settings import Config, ConfigError, load_config
from query.parsing import parse

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples").glob("*.toml"))


def faults(path: Path) -> list[str]:
    """The lines of the complaint about a config."""
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    return str(raised.value).splitlines()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_sound(path: Path) -> None:
    assert load_config(path).brands


def test_every_fault_is_told_at_once(write_config: Callable[..., Path]) -> None:
    path = write_config(
        text="""
colour = "red"
since = 2026-03-01T10:00:30
until = "soon"
workers = 0
[[brands]]
id = "ACME"
name = ""
terms = []
team = ["acme"]
colr = 1
[[sources]]
id = "a"
type = "files"
pth = "x"
delimiter = '"'
time_zone = "Mars/Base"
columns = { txt = "x" }
[[sources]]
id = "b"
type = "gopher"
[[sources]]
id = "c"
[language]
expected = ["en", "xx"]
[digest]
days = 1000
quots = 3
"""
    )
    told = faults(path)
    assert told[0] == f"{path}: 19 faults"
    assert [line.strip().partition(" Allowed: id, language")[0].partition("allowed: ace")[0] for line in told[1:]] == [
        "since: a window begins and ends on a whole minute (found 2026-03-01T10:00:30)",
        "until: write a day or a moment, such as 2026-03-02 or 2026-03-02T14:00Z (found 'soon')",
        "workers: write 1 or more (found 0)",
        "brands \"ACME\", id: write lower-case letters, digits, '-' and '_', forty at most, as in 'acme' or "
        "'acme-forum' (found 'ACME')",
        "brands \"ACME\", name: must not be empty (found '')",
        'brands "ACME", query: give either terms, a list, or a query, which knows AND, NOT and NEAR',
        "brands \"ACME\", team, entry 1: write network and handle, as in 'reddit:halmora_mira' or 'x:halmora' "
        "(found 'acme')",
        'brands "ACME", colr: is not known; allowed: id, name, terms, query, competitor, context, exclude, team, '
        "domains, communities",
        'sources "a", path: is missing',
        "sources \"a\", columns.txt: is not known; did you mean 'text'? Allowed: id, created_at, text, title, "
        "url, author, author_name, followers, community, parent_id, root_id, addressed_to, lang, likes, replies, "
        "reposts, quotes, views, score, "
        "rating, product_version",
        "sources \"a\", delimiter: write the one character that parts the columns, as in ';' (found '\"')",
        "sources \"a\", time_zone: is no time zone; write one such as 'UTC' or 'Europe/Amsterdam' (found 'Mars/Base')",
        "sources \"a\", pth: is not known; did you mean 'path'?",
        f"sources \"b\": type 'gopher' is not known; allowed: {', '.join(CONNECTORS)}",
        f'sources "c": has no type; allowed: {", ".join(CONNECTORS)}',
        "language.expected: the detector does not know xx; ",
        "digest.days: write 92 or less (found 1000)",
        "digest.quots: is not known; did you mean 'quotes'? Allowed: title, days, quotes",
        "colour: is not known; allowed: since, until, workers, brands, sources, themes, guidelines, language, "
        "sentiment, intents, topics, emergence, digest, transformers",
    ]


def test_a_secret_in_the_config_is_refused_and_not_repeated(write_config: Callable[..., Path]) -> None:
    path = write_config(
        text="""
[[brands]]
id = "wren"
name = "Wren"
terms = ["wren"]
[[sources]]
id = "talk"
type = "reddit"
subreddits = ["tea"]
client_secret = "s3cr3t"
"""
    )
    assert faults(path) == [
        f"{path}: 1 fault",
        '  sources "talk", client_secret: is not known; credentials are not for this file: '
        "set EARSHOT_TALK_CLIENT_SECRET in the environment",
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("workers = 1", "workers = = 1"), "is not TOML: Invalid value (at line 4, column 11)."),
        (('id = "moss"', 'id = "wren"'), "brands: the id 'wren' is given twice; each needs its own"),
        (("until = 2026-03-04", "until = 2026-02-01"), "since (2026-03-01 00:00:00) must come before until"),
        (
            ('["price*", "expensive", "cheap"]', '["  "]'),
            'themes "price", terms, entry 1: a term is one word or phrase on one line',
        ),
        (('"forum:wren_lotte"', '"forum:@wren"'), 'brands "wren", team, entry 1: write network and handle'),
        (("[[sources]]", "[sources]"), "sources: write [[sources]], as there may be several"),
        (
            ('["forum:wren_lotte"]', '"forum:wren_lotte"'),
            'brands "wren", team: write a list, such as ["one", "two"] (found',
        ),
    ],
)
def test_single_faults(write_config: Callable[..., Path], change: tuple[str, str], told: str) -> None:
    assert told in "\n".join(faults(write_config(change)))


def test_a_missing_file_a_folder_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    strange = tmp_path / "strange.toml"
    strange.write_bytes(b"workers = \xff\xfe")
    advice = "Give a config with --config, or start from examples/."
    assert faults(tmp_path / "nowhere.toml") == [
        f"{tmp_path}/nowhere.toml: can't be read (No such file or directory). {advice}"
    ]
    assert faults(tmp_path) == [f"{tmp_path}: can't be read (Is a directory). {advice}"]
    assert faults(strange) == [f"{strange}: is not UTF-8 text (byte 10)."]


def test_a_relative_path_is_relative_to_the_config(
    configure: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert configure(("posts*.jsonl", "exports/posts.csv")).source("forum").path == str(tmp_path / "exports/posts.csv")
    assert configure(("posts*.jsonl", "/srv/posts.csv")).source("forum").path == "/srv/posts.csv"
    assert configure(("posts*.jsonl", "~/posts.csv")).source("forum").path == str(Path.home() / "posts.csv")


def test_the_window_of_a_config_is_utc(configure: Callable[..., object]) -> None:
    config = configure(("since = 2026-03-01", "since = 2026-03-01T02:00:00+02:00"))
    assert config.default_window() == Window(datetime(2026, 3, 1), datetime(2026, 3, 4))


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ('"2026-03-02T00:00:00Z"', datetime(2026, 3, 2)),
        ('"2026-03-02T02:00+02:00"', datetime(2026, 3, 2)),
        ('"2026-03-02 14:00"', datetime(2026, 3, 2, 14)),
        ('"2026-03-02"', datetime(2026, 3, 2)),
        ("2026-03-02", datetime(2026, 3, 2)),
        ("2026-03-02T14:00:00", datetime(2026, 3, 2, 14)),
        ("2026-03-02T23:30:00-01:00", datetime(2026, 3, 3, 0, 30)),
    ],
)
def test_a_window_begins_at_the_same_moment_however_it_is_written(
    configure: Callable[..., object], written: str, start: datetime
) -> None:
    config = configure(("since = 2026-03-01", f"since = {written}"))
    assert config.default_window() == Window(start, datetime(2026, 3, 4))


MOMENT = "since: write a day or a moment, such as 2026-03-02 or 2026-03-02T14:00Z"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('"yesterday"', f"{MOMENT} (found 'yesterday')"),
        ('""', f"{MOMENT} (found '')"),
        ("14:00:00", MOMENT),
        ("20260302", f"{MOMENT} (found 20260302)"),
        ('"1772409600"', f"{MOMENT} (found '1772409600')"),
        ("true", f"{MOMENT} (found True)"),
        ("[2026-03-02]", MOMENT),
        ('"0001-01-01T00:00+14:00"', f"{MOMENT} (found '0001-01-01T00:00+14:00')"),
        ("1066-10-14", "since: expected a year from 1970 to 2199 (found 1066-10-14)"),
        ('"2026-03-02T00:00:30Z"', "since: a window begins and ends on a whole minute (found '2026-03-02T00:00:30Z')"),
        ('"2026-03-05T00:00:00Z"', "since (2026-03-05 00:00:00) must come before until (2026-03-04 00:00:00)"),
    ],
)
def test_what_is_no_moment_is_told(write_config: Callable[..., Path], written: str, told: str) -> None:
    (line,) = faults(write_config(("since = 2026-03-01", f"since = {written}")))[1:]
    assert line.strip().removeprefix("(whole file): ") == told


def test_what_brands_want_heard_on_a_network(configure: Callable[..., object]) -> None:
    config = configure()
    queries = (("wren", parse('wren OR "wren tea"')), ("moss", parse("moss")))
    assert config.listening("forum") == (queries, (("wren", "wren_lotte"),))
    assert config.listening("x") == (queries, ())


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("wren AND (tea", 'brands "wren", query'),
        ('wren NEAR/0 "tea pot"', "NEAR reaches 1 to"),
        ("foo:bar wren", "foo"),
        ("-moss", "only says what must not be there"),
    ],
)
def test_a_wrong_query_points_at_the_character_that_is_wrong(
    write_config: Callable[..., Path], query: str, told: str
) -> None:
    shown = "\n".join(faults(write_config(('terms = ["wren", "wren tea"]', f"query = '{query}'"))))
    assert told in shown
    assert query in shown
    assert "^" in shown


def test_a_name_of_several_meanings_needs_its_context(configure: Callable[..., object]) -> None:
    config = configure(
        ('terms = ["wren", "wren tea"]', 'query = "wren OR wrens"\ncontext = ["tea", "shop"]\nexclude = ["nest"]')
    )
    assert str(config.brands[0].expression) == "(wren OR wrens) NEAR/20 (tea OR shop) -nest"


def test_the_version_of_a_query_changes_with_its_meaning_only(configure: Callable[..., object]) -> None:
    versions = [
        configure(('terms = ["wren", "wren tea"]', written)).brands[0].query_version
        for written in (
            'terms = ["wren", "wren tea"]',
            'terms = ["Wren Tea", "wren"]',
            "query = '\"wren tea\" OR wren'",
            'terms = ["wren"]',
        )
    ]
    assert len(set(versions[:3])) == 1
    assert versions[3] != versions[0]


def test_an_unknown_source_is_told_beside_the_known_ones(configure: Callable[..., object]) -> None:
    with pytest.raises(ConfigError, match=r"There is no source 'blog'\. The config has: forum\."):
        configure().source("blog")


def test_the_query_version_changes_with_the_terms_and_not_with_their_order(configure: Callable[..., object]) -> None:
    before = configure().brands[0].query_version
    assert configure(('["wren", "wren tea"]', '["wren tea", "wren"]')).brands[0].query_version == before
    assert configure(('["wren", "wren tea"]', '["wren"]')).brands[0].query_version != before


def test_credentials_come_from_the_environment_by_the_name_of_the_source(write_config: Callable[..., Path]) -> None:
    path = write_config(
        text="""
[[brands]]
id = "wren"
name = "Wren"
terms = ["wren"]
[[sources]]
id = "tea-talk"
type = "x"
"""
    )
    source = load_config(path).source("tea-talk")
    (name,) = missing(source, {})
    assert name == "EARSHOT_TEA_TALK_BEARER_TOKEN"
    assert from_environment(source, {name: "s3cr3t", "EARSHOT_OTHER_BEARER_TOKEN": "x"}) == {"bearer_token": "s3cr3t"}
    assert missing(source, {name: "s3cr3t"}) == []
    assert missing(source, {name: ""}) == [name]


def test_engines_of_sentiment_are_chosen_by_language(write_config: Callable[..., Path]) -> None:
    path = write_config()
    written = path.read_text(encoding="utf-8")
    path.write_text(written + '\n[sentiment]\nengines = { de = "vader" }\n', encoding="utf-8")
    assert load_config(path).sentiment.engines == {"de": "vader"}
    path.write_text(written + '\n[sentiment]\nengine = "oracle"\nengines = { xx = "vader" }\n', encoding="utf-8")
    engine, code = faults(path)[1:]
    assert engine.startswith("  sentiment.engine: there is no such engine; allowed: vader")
    assert "not the ISO 639-1 code of a language that is detected" in code


# Accounts and communities ----------------------------------------------------------------------------------

SOURCE = '[[sources]]\nid = "forum"'


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ("redit:halmora", "no source of this config and no connector has the network 'redit'; did you mean 'reddit'?"),
        ("reddit:Mira from Halmora", "can't be an account on Reddit; write it as in 'reddit:halmora_mira'"),
        ("reddit:https://reddit.com/u/mira", "can't be an account on Reddit"),
        ("x:halmora.help", "can't be an account on X; write it as in 'x:halmora_help'"),
        ("mastodon:halmora", "can't be an account on Mastodon; write it as in 'mastodon:halmora@mastodon.example'"),
        ("lemmy:halmora", "can't be an account on Lemmy; write it as in 'lemmy:halmora@lemmy.example'"),
        ("bluesky:halmora", "can't be an account on Bluesky; write it as in 'bluesky:halmora.bsky.social'"),
        ("discourse:forum.example.com/u/mira", "can't be an account on Discourse; write it as in 'discourse:mira'"),
        ("github:halmora/mira", "can't be an account on GitHub; write it as in 'github:halmora-mira'"),
        ("hackernews:mira halmora", "can't be an account on Hacker News"),
        ("youtube:UCabcdefghijklmnopqrstuv", "can't be an account on YouTube; write it as in 'youtube:halmora'"),
        ("mail:mira@halmora.example", "can't be an account on Mail archives; write it as in 'mail:mira@0a59d16fb3'"),
    ],
)
def test_an_account_that_can_match_nobody_is_a_fault(
    write_config: Callable[..., Path], account: str, told: str
) -> None:
    (line,) = faults(write_config(('team = ["forum:wren_lotte"]', f'team = ["forum:wren_lotte", "{account}"]')))[1:]
    assert line.startswith('  brands "wren", team, entry 2: ')
    assert told in line
    assert line.endswith(f"(found {account!r:.80})")


@pytest.mark.parametrize(
    ("community", "told"),
    [
        ("reddit:halmora", "'halmora' can't be a community on Reddit; write it as in 'reddit:r/halmora'"),
        ("discourse:help", "write it as in 'discourse:forum.example.com/help'"),
        ("lemmy:halmora@lemmy.example", "write it as in 'lemmy:!halmora@lemmy.example'"),
        ("github:firmware", "write it as in 'github:halmora/firmware'"),
        ("appstore:Halmora", "write it as in 'appstore:Halmora (US)'"),
        ("mastodon:https://mastodon.example", "write it as in 'mastodon:mastodon.example'"),
        ("stackexchange:https://gardening.stackexchange.com", "write it as in 'stackexchange:gardening'"),
        ("x:halmora", "posts on X stand in no community"),
        ("bluesky:halmora", "posts on Bluesky stand in no community"),
        ("hackernews:halmora", "posts on Hacker News stand in no community"),
    ],
)
def test_a_community_in_which_no_post_can_stand_is_a_fault(
    write_config: Callable[..., Path], community: str, told: str
) -> None:
    written = f'team = ["forum:wren_lotte"]\ncommunities = ["{community}"]'
    (line,) = faults(write_config(('team = ["forum:wren_lotte"]', written)))[1:]
    assert line.startswith('  brands "wren", communities, entry 1: ')
    assert told in line


def test_names_as_their_networks_write_them_are_sound(write_config: Callable[..., Path]) -> None:
    examples = [
        f"{name}:{shape.example}" for name, connector in CONNECTORS.items() if (shape := connector.NETWORK.handle)
    ]
    team = [*examples, "discourse:łukasz.m", "bluesky:did:plc:abc234", "stackexchange:Femke (Halmora)", "rss:Mira (us)"]
    communities = [
        f"{name}:{shape.example}"
        for name, connector in CONNECTORS.items()
        if (shape := connector.NETWORK.community) and shape.example
    ]
    communities += ["discourse:talk.example.com/help/integrations", "reddit:r/Halmora", "youtube:The Halmora Show"]
    changed = f"team = {team!r}\ncommunities = {communities!r}"
    assert load_config(write_config(('team = ["forum:wren_lotte"]', changed))).brands[0].team == tuple(team)


def test_a_network_that_files_are_given_takes_any_name(write_config: Callable[..., Path]) -> None:
    path = write_config(
        ('network = "forum"', 'network = "reddit"'), ('team = ["forum:wren_lotte"]', 'team = ["reddit:Lotte W."]')
    )
    assert load_config(path).brands[0].team == ("reddit:Lotte W.",)


# Anything at all ------------------------------------------------------------------------------------------


def keys(model: Any, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every key of a section and of those below it."""
    found = []
    for name, field in model.model_fields.items():
        found.append((*before, name))
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found += keys(kind, (*before, name))
    return found


KEYS = [key for key in keys(Config) if key[0] != "sources"]
KEYS += [("sources", name, *key) for name, connector in CONNECTORS.items() for key in keys(connector.Settings) if key]
STRANGE = [
    "",
    "~",
    "~nobody/x",
    "\0",
    "../..",
    "http://[",
    "reddit:",
    ":",
    "{",
    "(" * 40,
    "é" * 300,
    "NaN",
    "٣",
    "2026-13-01",
]
SCALARS = (
    st.sampled_from(STRANGE)
    | st.text(max_size=20)
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.datetimes()
    | st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))]))
    | st.dates()
    | st.times()
)
VALUES = st.recursive(
    SCALARS,
    lambda value: st.lists(value, max_size=3) | st.dictionaries(st.sampled_from(["id", "de", "x", "type", ""]), value),
    max_leaves=6,
)


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, date | time):
        return value.isoformat()
    return json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")


LIBRARY_WORDS = ("Input should", "String should", "List should", "Value error", "Field required", "Tuple should", "URL")
"""What the library that reads a config would say in place of our words."""


@given(key=st.sampled_from(KEYS), value=VALUES)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_a_config_is_read_or_told(tmp_path: Path, key: tuple[str, ...], value: Any) -> None:
    config: dict[str, Any] = {
        "brands": [{"id": "wren", "name": "Wren", "terms": ["wren"]}],
        "sources": [{"id": "posts", "type": "files", "path": "posts.csv"}],
    }
    place: Any = config
    for part in key[:-1]:
        if part in CONNECTORS:
            place["type"] = part
            continue
        if part in ("brands", "sources", "themes", "guidelines", "transformers"):
            place = place.setdefault(part, [{}])[0]
        else:
            place = place.setdefault(part, {})
    place[key[-1]] = value
    path = tmp_path / "earshot.toml"
    path.write_text("".join(f"{name} = {toml(entry)}\n" for name, entry in config.items()), encoding="utf-8")
    told = ""
    try:
        load_config(path)
    except ConfigError as error:
        told = str(error)
    assert [word for word in LIBRARY_WORDS if word in told] == []


def test_a_config_nested_deeper_than_anybody_reads_is_told(tmp_path: Path) -> None:
    path = tmp_path / "earshot.toml"
    path.write_text("workers = " + "[" * 5000, encoding="utf-8")
    assert "is not TOML" in faults(path)[0]
