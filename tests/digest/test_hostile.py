"""Posts written to break the page: they are shown, and do nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipelines.digest import render
from pipelines.digest.frozen import Frozen
from pipelines.digest.quotes import quote_of
from pipelines.digest.step import digest
from tests.digest.small_marts import NOW, SETTINGS, UNTIL, Marts

HOSTILE = [
    pytest.param("<script>document.title='owned'</script>", id="script"),
    pytest.param(
        "</p></blockquote></main><h1>Owned</h1><img src=//evil.example/x onerror=alert(1)>", id="closing-tags"
    ),
    pytest.param('"><svg onload=alert(1)><a href="javascript:alert(1)">x</a>', id="attribute-break"),
    pytest.param("{{ 7 * 7 }}{% raw %}{{ digest.__class__ }}", id="template"),
    pytest.param(
        "[x](javascript:alert(1)) ![p](https://evil.example/p.png) <https://evil.example>", id="markdown-links"
    ),
    pytest.param("# Owned\n\n| a | b |\n|---|---|\n\n```\n- x\n1. y\n> z\n---\n===", id="markdown-blocks"),
    pytest.param("@everyone #1 https://evil.example www.evil.example", id="mentions-and-addresses"),
    pytest.param("\u202egnp.exe\u2066\u2067\u202d hidden", id="bidi"),
    pytest.param("nul\x00bell\x07esc\x1b[31m", id="controls"),
    pytest.param("e" + "\u0301" * 500, id="tower"),
    pytest.param("'; drop table marts.mentions; -- \" $(rm -rf /) `id`", id="sql-and-shell"),
    pytest.param(
        "<style>*{display:none}</style><base href=//evil.example><meta http-equiv=refresh content=0>", id="style"
    ),
    pytest.param("]]><!-- <![CDATA[ &lt;script&gt; &#60;script&#62;", id="entities"),
]
TAGS = """
html head meta link title style body svg defs pattern rect circle line text g desc main header section nav aside article
p h1 h2 h3 h4 a bdi span strong table caption thead tbody tr th td ul ol li div figure figcaption details summary
blockquote footer time pre code i
"""


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.headings = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.headings += tag in {"h1", "h2", "h3", "h4"}
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def fill(marts: Marts, text: str) -> None:
    """The text in every place that a stranger or a network can write to."""
    everywhere = dict.fromkeys(
        ("title", "text", "author_handle", "author_name", "community", "url", "lang", "network"), text
    )
    marts.mentions(12, NOW, "negative", themes=["price"], is_answered=False, **everywhere)
    marts.mentions(2, NOW, "positive", is_answered=False, **everywhere)
    marts.mentions(2, NOW, None, **everywhere, sentiment_reason=text)
    marts.rival(10, NOW, "positive", themes=["wifi"], **everywhere)
    marts.covered("forum", NOW, NOW, "partial", text)
    marts.person("reddit:author1", handle=text, name=text)


def assert_harmless(page: Page) -> None:
    assert page.tags <= set(TAGS.split())
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in {"src", "srcset", "style", "srcdoc", "action", "formaction", "background", "xlink:href"}
        if name == "href":
            assert value.startswith(("https://", "http://", "#")) or (tag, value) == ("link", "data:,")
        if name == "rel" and tag == "a":
            assert value == "noopener noreferrer nofollow"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_every_place(marts: Marts, text: str) -> None:
    fill(marts, text)

    frozen = marts.freeze()
    page, markdown = render.html(frozen), render.markdown_text(frozen)

    assert_harmless(Page(page))
    assert_plain(markdown)
    assert not [c for c in page + markdown + render.json_text(frozen) if c in "\x00\x07\x1b\u202e\u2066\u202d"]
    assert json.loads(render.json_text(frozen)) == frozen.plain()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_adds_no_heading(marts: Marts, text: str) -> None:
    fill(marts, text)
    page = Page(render.html(marts.freeze()))

    harmless = Marts(marts.path.with_name("harmless.duckdb"))
    harmless.covered()
    fill(harmless, "harmless")

    assert page.headings == Page(render.html(harmless.freeze())).headings


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://a@evil.example",
        "//evil.example",
        'https://x.example/" onclick="x',
    ],
)
def test_an_address_that_is_none_is_not_linked(marts: Marts, url: str) -> None:
    marts.mentions(12, NOW, "negative", url=url, is_answered=False, themes=["price"])

    frozen = marts.freeze()

    assert [item.quote.url for item in frozen.sections["todo"].waiting.items] == [None] * 6
    assert "rel=" not in render.html(frozen).replace('rel="icon"', "")


def test_two_megabytes_are_shortened_with_the_whole_one_link_away(marts: Marts) -> None:
    marts.mentions(3, NOW, "negative", text="all work and no play " * 100_000, is_answered=False, themes=["price"])

    frozen = marts.freeze()
    page = render.html(frozen)

    assert frozen.sections["todo"].waiting.items[0].quote.text.endswith("all work and no play all…")
    assert frozen.sections["todo"].waiting.items[0].quote.is_shortened
    assert "Read it all" in page
    assert len(page) < 120_000


def test_text_of_another_direction_is_kept_apart(marts: Marts) -> None:
    marts.mention(NOW, None, text="متى يصل؟", lang="ar", author_handle="نعناع", is_answered=False)

    page = render.html(marts.freeze())

    assert '<p class="text" lang="ar" dir="auto">متى يصل؟</p>' in page
    assert "<bdi>u/نعناع</bdi>" in page


def test_the_page_forbids_itself_everything_but_its_own_styles(marts: Marts) -> None:
    page = render.html(marts.freeze())

    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}' in page.replace("&#39;", "'")
    assert page.index("Content-Security-Policy") < page.index("<style>")


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frozen]:
    marts = Marts(tmp_path_factory.mktemp("week") / "earshot.duckdb")
    marts.covered()
    marts.fill_a_week()
    return marts.freeze()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec=None), min_size=1), st.text(st.sampled_from("<>\"'&/=[]()!`*_|#\n\\@x ")))
def test_any_text_as_a_quote(week: Frozen, anything: str, trouble: str) -> None:
    row = dict.fromkeys(("likes", "score", "engagement", "sentiment_label", "compound")) | dict.fromkeys(
        (
            "title",
            "text",
            "url",
            "lang",
            "network",
            "network_title",
            "handle_prefix",
            "community",
            "author_handle",
            "author_name",
            "mention_id",
        ),
        anything + trouble,
    )
    quote = quote_of(row | {"created_at": UNTIL})
    todo = week.sections["todo"]
    item = replace(todo.waiting.items[0], quote=quote)
    todo = replace(todo, waiting=replace(todo.waiting, items=[item]))
    frozen = replace(week, sections={**week.sections, "todo": todo})

    page = render.html(frozen)

    assert_harmless(Page(page))
    assert_plain(render.markdown_text(replace(frozen, queries={})))
    assert page.encode("utf-8")
    assert json.loads(render.json_text(frozen).encode("utf-8")) == frozen.plain()


def test_a_hostile_title_from_the_config(marts: Marts) -> None:
    settings = SETTINGS.model_copy(update={"title": "<script>alert(1)</script>\n# x"})

    files = digest(marts.publish(), marts.path.parent, settings, UNTIL)

    assert_harmless(Page(files.html.read_text("utf-8")))
    assert "<script" not in files.html.read_text("utf-8")
    assert_plain(files.markdown.read_text("utf-8"))


def assert_plain(markdown: str) -> None:
    tokens = list(_flat(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)))

    assert not {token.type for token in tokens} & {"html_block", "html_inline", "image", "code_inline", "s_open", "hr"}
    links = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    assert all(link.startswith("https://reddit.example/") for link in links), links
    assert {token.content for token in tokens if token.type == "text"}.isdisjoint({"Owned"})


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])
