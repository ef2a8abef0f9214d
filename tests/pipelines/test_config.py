"""earshot.toml: every fault is told at once, with the file, the key, what was found and what is allowed."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from connectors import CONNECTORS
from connectors.contract import Window
from pipelines.config import ConfigError, load_config
from pipelines.credentials import from_environment, missing
from query.parsing import parse

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.toml"))


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
    assert told[0] == f"{path}: 19 fault(s)"
    assert [line.strip().partition("; allowed: id, language")[0].partition("allowed: ace")[0] for line in told[1:]] == [
        "since: a window begins and ends on a whole minute (found datetime.datetime(2026, 3, 1, 10, 0, 30))",
        "until: Input should be a valid datetime or date, input is too short (found 'soon')",
        "workers: Input should be greater than or equal to 1 (found 0)",
        "brands.0.id: String should match pattern '^[a-z0-9][a-z0-9_-]{0,39}$' (found 'ACME')",
        "brands.0.name: String should have at least 1 character (found '')",
        "brands.0.query: give either terms, a list, or a query, which knows AND, NOT and NEAR",
        "brands.0.team.0: write network and handle, as in 'reddit:halmora_mira' or 'x:halmora' (found 'acme')",
        "brands.0.colr: is not known; allowed: id, name, terms, query, competitor, context, exclude, team, domains, "
        "communities",
        "sources.0.files.path: Field required",
        "sources.0.files.columns.txt: is not known; allowed: id, created_at, text, title, url, author, author_name, "
        "followers, community, parent_id, root_id, addressed_to, lang, likes, replies, reposts, quotes, views, score",
        "sources.0.files.delimiter: String should match pattern '^[^\"\\r\\n]$' (found '\"')",
        "sources.0.files.time_zone: is no time zone; write one such as 'UTC' or 'Europe/Amsterdam' (found 'Mars/Base')",
        "sources.0.files.pth: is not known",
        f"sources.1: type 'gopher' is not known; allowed: {', '.join(CONNECTORS)}",
        f"sources.2: has no type; allowed: {', '.join(CONNECTORS)}",
        "language.expected: the detector does not know xx; ",
        "digest.days: Input should be less than or equal to 92 (found 1000)",
        "digest.quots: is not known; allowed: title, days, quotes",
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
        f"{path}: 1 fault(s)",
        "  sources.0.reddit.client_secret: is not known; credentials are not for this file: "
        "set EARSHOT_<ID OF THE SOURCE>_CLIENT_SECRET in the environment",
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("workers = 1", "workers = = 1"), "is not TOML: Invalid value (at line 4, column 11)."),
        (('id = "moss"', 'id = "wren"'), "brands: the id 'wren' is given twice; each needs its own"),
        (("until = 2026-03-04", "until = 2026-02-01"), "since (2026-03-01 00:00:00) must come before until"),
        (('["price*", "expensive", "cheap"]', '["  "]'), "themes.0.terms.0: a term is one word or phrase on one line"),
        (('"forum:wren_lotte"', '"forum:@wren"'), "brands.0.team.0: write network and handle"),
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


def test_what_brands_want_heard_on_a_network(configure: Callable[..., object]) -> None:
    config = configure()
    queries = (("wren", parse('wren OR "wren tea"')), ("moss", parse("moss")))
    assert config.listening("forum") == (queries, (("wren", "wren_lotte"),))
    assert config.listening("x") == (queries, ())


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("wren AND (tea", "brands.0.query"),
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
