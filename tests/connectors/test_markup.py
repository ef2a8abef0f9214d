"""HTML as plain text: what a reader would see, whatever the markup."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.markup import plain_text
from reading.prose import own_words

MASTODON_POST = (
    '<p><span class="h-card" translate="no"><a href="https://kraut.example/@mira" class="u-url mention">@<span>mira'
    '</span></a></span> sowed today &amp; wrote it up:<br /><a href="https://www.kraut.example/posts/2026/04/basil" '
    'target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://www.</span><span '
    'class="ellipsis">kraut.example/posts/2026/04/ba</span><span class="invisible">sil</span></a></p><p><a '
    'href="https://kraut.example/tags/Basil" class="mention hashtag" rel="tag">#<span>Basil</span></a> 🌱</p>'
)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("no markup at all", "no markup at all"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<p>one<br>two<br/>three</p>", "one\ntwo\nthree"),
        ("<p>one<br></p><p><br>two</p>", "one\n\ntwo"),
        ("one<br><br><br><br>two", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<h2>Title</h2>text<hr>more", "Title\n\ntext\n\nmore"),
        ("  a \n\t <b> b</b>  c&nbsp;&nbsp;d ", "a b c d"),
        ("bas<i>il</i> <b>grows</b>", "basil grows"),
        ("<dl><dt>pump</dt><dd>hums</dd></dl>", "pump\nhums"),
        ("<details><summary>More</summary>Less</details>", "More\nLess"),
    ],
)
def test_paragraphs_lines_and_spaces(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("&lt;b&gt; &amp;amp; &quot;x&quot; &#39;y&#39; &#x1F331; &eacute;", "<b> &amp; \"x\" 'y' 🌱 é"),
        ("AT&T &unknown; &", "AT&T &unknown; &"),
        ("&#0;&#xD800;a&#1;b\x00\x07c&shy;d", "\ufffd\ufffdabcd"),
        ("👩\u200d🌾 Διόσμος شتلة 薄荷", "👩\u200d🌾 Διόσμος شتلة 薄荷"),
    ],
)
def test_entities_and_other_characters(markup: str, text: str) -> None:
    assert plain_text(markup) == text


def test_post_as_mastodon_writes_it() -> None:
    assert plain_text(MASTODON_POST) == (
        "@mira sowed today & wrote it up:\nhttps://www.kraut.example/posts/2026/04/basil\n\n#Basil 🌱"
    )


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ('read <a href="https://a.example/b">the manual</a>, all', "read the manual (https://a.example/b), all"),
        ('<a href="https://a.example/b">https://a.example/b</a>', "https://a.example/b"),
        ('<a href="https://a.example/">a.example</a>', "https://a.example/"),
        ('<a href="https://www.a.example/long/path">a.example/lo…</a>', "https://www.a.example/long/path"),
        ('<a href="https://a.example/x?a=1&amp;b=2">here</a>', "here (https://a.example/x?a=1&b=2)"),
        ('<a href="https://evil.example">https://good.example</a>', "https://good.example (https://evil.example)"),
        ('<a href="https://evil.example" class="mention">click me</a>', "click me (https://evil.example)"),
        ('<a href="https://evil.example">@halmora</a>', "@halmora (https://evil.example)"),
        ('<a class="mention" href="/u/mira">@mira</a>', "@mira"),
        ('<a href="https://a.example/tags/mint" rel="tag">#mint</a>', "#mint"),
        ('<a href="javascript:alert(1)">a</a> <a href="/b">b</a> <a name="c">c</a>', "a b c"),
        ('<a href="https://a.example"></a>x', "x"),
        (
            '<a href="https://a.example"> one <a href=https://b.example>two',
            "one (https://a.example) two (https://b.example)",
        ),
        ('<a href="https://a.example"><p>one</p><p>two</p></a>', "one\n\ntwo (https://a.example)"),
    ],
)
def test_links_show_where_they_lead(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>d", "- a\n- b\n  - c\n\nd"),
        ("<ol><li>a<br>b<li>c</ol>", "1. a\n   b\n2. c"),
        ('<ol start="7"><li>a</li></ol>', "7. a"),
        ("<li>alone</li>", "- alone"),
        ("<blockquote><p>one</p><p>two</p></blockquote><p>three</p>", "> one\n>\n> two\n\nthree"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n>\n> > b\n\nc"),
        ("<blockquote><ul><li>a</li></ul></blockquote>", "> - a"),
        ("a</li></blockquote></ul>b</p>c", "a\n\nb\n\nc"),
        ("<blockquote><ul><li>a</blockquote>b", "> - a\n\nb"),
    ],
)
def test_lists_and_quotes(markup: str, text: str) -> None:
    assert plain_text(markup) == text


def test_code_stands_as_it_is() -> None:
    markup = "<p>Try <code>a  &lt; b</code>:</p><pre><code>\ndef pump():\r\n\n\n    return 1\n</code></pre><p>Good?</p>"

    assert plain_text(markup) == "Try `a < b`:\n\n```\ndef pump():\n\n\n    return 1\n```\n\nGood?"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<blockquote><pre>a\n  b</pre></blockquote>", "> ```\n> a\n>   b\n> ```"),
        ("<ul><li>a<pre>b\nc</pre>d</ul>", "- a\n\n  ```\n  b\n  c\n  ```\n\n  d"),
        ("<ol><li><pre>b</pre></ol>c", "1. ```\n   b\n   ```\n\nc"),
        ("<pre>``` x</pre>", "````\n``` x\n````"),
        ("<pre>a<pre>b</pre></pre>c", "```\na\n\nb\n```\n\nc"),
        ("<blockquote><pre>a</blockquote>b</pre>c", "> ```\n> a\n> ```\n\nb\n\nc"),
        ("<pre>a<blockquote>b</pre>c</blockquote>d", "```\na\n\nb\n```\n\nc\n\nd"),
        ("<pre>never ends", "```\nnever ends\n```"),
        ("<pre> </pre>a", "a"),
        ("use<code>x</code>, <code>a`b</code>, <code>a<br>b</code>, <code></code>, <code>y", "use`x`, a`b, a\nb, , y"),
        ('<a href="https://a.example"><code>a</code></a>', "`a` (https://a.example)"),
    ],
)
def test_code_is_marked(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@given(
    st.lists(
        st.sampled_from(
            ["<pre>", "</pre>", "<code>", "</code>", "<blockquote>", "</blockquote>", "<ul>", "<li>", "</ul>"]
        )
        | st.sampled_from(["<p>", "<br>", "\n", "word", "<a href=https://a.example>", "</a>"]),
        max_size=20,
    ).map("".join)
)
def test_what_follows_code_is_still_the_writers_words(markup: str) -> None:
    ends = "".join(f"</{name}>" * 20 for name in ("pre", "code", "blockquote", "ul"))
    assert "END" in own_words(plain_text(f"{markup}{ends}<p>END</p>"))


def test_tables_have_a_line_a_row() -> None:
    assert plain_text("<table><tr><th>model<th>pods<tr><td>One</td><td>4</td></tr></table>") == "model | pods\nOne | 4"


def test_images_are_what_they_are_described_as() -> None:
    assert (
        plain_text('a <img class="emoji" alt=":seedling:" title="x" src="s.png"> b<img src="t.png">')
        == "a :seedling: b"
    )


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a<script>alert('<p>x</p>')</script>b<style>p {}</style >c", "abc"),
        ("a<SCRIPT>x</ScRiPt>b", "ab"),
        ("a<script>x", "a"),
        ("a<svg><title>x</title></svg>b<iframe src=x>y</iframe>c", "abc"),
        ("a<svg>b<svg>c", "abc"),
        ("a<!-- <p>x</p> -->b<!doctype html>c<?xml x?>d<![if x]>e", "abcde"),
        ("a<!-- x", "a"),
        ("<![CDATA[<p>a</p>]]><p>b</p>", "a\n\nb"),
        ("1 < 2, 3 > 2, <3, a<b", "1 < 2, 3 > 2, <3, a"),
        ("a<p title=\"x > y\">b</p title='>'>c", "a\n\nb\n\nc"),
        ("a<p title=it's>b", "a\n\nb"),
        ('a<p title="x>b</p>c', "a\n\nb\n\nc"),
        ("a<a href=https://a.example", "a"),
        ("a<b/>c<br/ >d<o:p>e</o:p>", "ac\nde"),
    ],
)
def test_broken_markup_and_what_is_never_shown(markup: str, text: str) -> None:
    assert plain_text(markup) == text


TAGS = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<br>",
        "<ul>",
        "<ol>",
        "<li>",
        "</li>",
        "</ul>",
        "<blockquote>",
        "</blockquote>",
        "<pre>",
        "</pre>",
    ]
    + [
        "<a href='https://a.example'>",
        "</a>",
        "<td>",
        "<tr>",
        "<svg>",
        "</svg>",
        "<!--",
        "-->",
        "<",
        ">",
        '"',
        "&",
        "\n",
    ]
)


@given(st.lists(TAGS | st.text(max_size=5), max_size=30).map("".join))
def test_any_markup_gives_text_without_stray_space(markup: str) -> None:
    text = plain_text(markup)

    assert text == text.rstrip()
    assert not re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text)


@given(st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="<&\xad"), min_size=1))
def test_text_without_markup_stays_as_it_is(text: str) -> None:
    assert plain_text(f"<p>{text}</p>") == text


@given(st.lists(st.text("abc ", min_size=1).filter(str.strip), min_size=1, max_size=5))
def test_every_word_stays_in_order(texts: list[str]) -> None:
    markup = "".join(f"<blockquote><ul><li><a href=https://l.example>{text}" for text in texts)

    assert (
        re.findall(r"\b[abc]+\b(?! )|\b[abc]+\b", re.sub(r"\(\S+\)", "", plain_text(markup))) == " ".join(texts).split()
    )


@pytest.mark.parametrize(
    "bit",
    [
        "<",
        "<a ",
        "</",
        "<!--",
        "<?",
        "<![CDATA[",
        '<a ="',
        "<a x='",
        "<svg>",
        "<title>x",
        "<script>",
        "&amp",
        "<blockquote>x",
    ]
    + ["<pre>x", "<pre>x</pre>", "<code>x", "<code>x</code>", "<li><pre>`"]
    + ["<ul><li>x", "<b><p>", "<a href=https://x.example>y", "<pre>\n", "</li><blockquote>"],
)
def test_hostile_markup_takes_time_in_proportion_to_its_length(bit: str) -> None:
    began = time.process_time()

    text = plain_text(bit * 20_000)

    assert len(text) <= 4 * len(bit) * 20_000
    # What takes time in proportion needs a tenth of a second here, what doesn't half a minute.
    assert time.process_time() - began < 5
