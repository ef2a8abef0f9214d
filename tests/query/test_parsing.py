"""What a query means as people write it, and where it is wrong."""

import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.expression import And, Expression, Field, Handle, Near, Not, Or, Phrase, Tag, Wildcard, Word, version
from query.parsing import LONGEST, QueryError, any_of, parse, term, with_context

A, B, C = Word("a"), Word("b"), Word("c")


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("halmora", Word("halmora")),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b c", Or((A, And((B, C))))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("a OR (b OR c)", Or((A, B, C))),
        ("a OR a", A),
        ("a -b", And((A, Not(B)))),
        ("a NOT b", And((A, Not(B)))),
        ("a AND NOT b", And((A, Not(B)))),
        ("a –b", And((A, Not(B)))),
        ("a -(b OR c)", And((A, Not(Or((B, C)))))),
        ("a NOT -b", And((A, B))),
        ("a NOT b NEAR/2 c", And((A, Not(Near(B, C, 2))))),
        ("a and or not b", And((A, Word("and"), Word("or"), Word("not"), B))),
        ('"a b"', Phrase("a b")),
        ("“a b” «a c» „b c“ 「a b」", And((Phrase("a b"), Phrase("a c"), Phrase("b c")))),
        ('"OR" "a"', And((Word("OR"), A))),
        ("a\n  OR b", Or((A, B))),
        ("a NEAR/5 b", Near(A, B, 5)),
        ("a NEAR/5 b NEAR/2 c", Near(Near(A, B, 5), C, 2)),
        ("a (b OR c) NEAR/5 a", And((A, Near(Or((B, C)), A, 5)))),
        ("#a @b", And((Tag("a"), Handle("b")))),
        ("@mira@example.social", Handle("mira@example.social")),
        ("col*r col?r wren*", And((Wildcard("col*r"), Wildcard("col?r"), Wildcard("wren*")))),
        ('"wren*" "what?"', And((Wildcard("wren*"), Word("what?")))),
        ("4.2 h1-23 €9 12.50", And(tuple(map(Word, ("4.2", "h1-23", "€9", "12.50"))))),
        ("wi-fi C++ C# 1:1", And(tuple(map(Word, ("wi-fi", "C++", "C#", "1:1"))))),
        ("https://a.example/b?c=1 std::vector", And((Word("https://a.example/b?c=1"), Word("std::vector")))),
        ("(a :) OR 👍🏽 OR :-( OR <3)", Or((And((A, Word(":)"))), Word("👍🏽"), Word(":-("), Word("<3")))),
        ("site:https://www.A.example/", Field("site", "a.example")),
        ("site:*.gov", Field("site", "gov")),
        ("lang:DE", Field("lang", "de")),
        ("author:@mira", Field("author", "mira")),
        ("author:Reddit:u/mira", Field("author", "reddit:mira")),
        ('author:"Mira K"', Field("author", "Mira K")),
        ("Source:Reddit", Field("source", "reddit")),
        ("type:comment", Field("type", "comment")),
    ],
)
def test_what_a_query_means(text: str, expression: Expression) -> None:
    assert parse(text) == expression
    assert parse(str(expression)) == expression
    assert pickle.loads(pickle.dumps(expression)) == expression


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 0, "The query is empty"),
        (" \n", 0, "The query is empty"),
        ('a "b', 2, 'The quotation mark " has no partner'),
        ("a (b (c)", 2, "This parenthesis is never closed"),
        ("a b)", 3, "This parenthesis closes nothing"),
        ("a ()", 3, "There is nothing between the parentheses"),
        ("OR a", 0, "OR needs something to the left"),
        ("a AND", 5, "AND needs something to the right of it, but the query ends"),
        ("a OR OR b", 5, "OR needs something to the right of it, but OR follows"),
        ("a NOT", 5, "NOT needs something to the right"),
        ("a --b", 3, "- needs something to the right of it, but - follows"),
        ("a - b", 2, "- stands alone"),
        ("NEAR/5 a", 0, "NEAR/5 needs something to the left"),
        ("a NEAR b", 2, "NEAR needs a distance in words"),
        ("a NEAR/x b", 2, "NEAR needs a distance in words"),
        ("a NEAR/0 b", 7, "NEAR reaches 1 to 1000 words, not 0"),
        ("a NEAR/9999 b", 7, "NEAR reaches 1 to 1000 words, not 9999"),
        ("a NEAR/2 -b", 2, "NEAR needs a word to the left and to the right"),
        ("a NEAR/2 lang:en", 2, "NEAR needs a word to the left and to the right"),
        (" NEAR/1 ".join("abcdefgh"), 47, "More than 5 NEAR in a row"),
        ("a foo:b", 2, "foo: is no field; there are site: lang: author: source: type:."),
        ("from:mira", 0, "from: is no field; there are site: lang: author: source: type:. Did you mean author:?"),
        ("a site: b", 7, "site: needs a value right behind the colon"),
        ("lang:english", 5, "lang: takes an ISO 639 code"),
        ("site:a/b", 5, "site: takes a domain"),
        ("author:@", 7, "author: takes a handle"),
        ("source:??", 7, "source: takes the id of a source"),
        ("type:story", 5, "type: is one of post, comment, repost, quote, message, review."),
        ("-a", 0, "The query only says what must not be there"),
        ("NOT a -b", 0, "The query only says what must not be there"),
        ("a OR b -c OR -a", 13, "This side of OR only says what must not be there"),
        ("a *", 2, "There is nothing here to look for"),
        ('a " "', 2, "There is nothing here to look for"),
        ("(" * 31 + "a" + ")" * 31, 30, "More than 30 parentheses inside each other"),
        ("a" * (LONGEST + 1), LONGEST, "A query has at most 50,000 characters; this has 50,001."),
    ],
)
def test_where_a_query_is_wrong(text: str, position: int, reason: str) -> None:
    with pytest.raises(QueryError, match=f"^{re.escape(reason)}") as caught:
        parse(text)
    assert caught.value.position == position


def test_the_message_shows_the_place() -> None:
    with pytest.raises(QueryError) as caught:
        parse('halmora OR\n茶の "レン')
    assert str(caught.value) == (
        'The quotation mark " has no partner; close the phrase, or leave it out.\n  茶の "レン\n       ^'
    )


def test_the_message_shows_a_part_of_a_long_query() -> None:
    with pytest.raises(QueryError) as caught:
        parse("word " * 100 + ") " + "word " * 100)
    assert [len(line) for line in str(caught.value).splitlines()[1:]] == [104, 64]


PIECES = [*"ab \n()\"“”-–*?:#@/'.é茶👍\u200b", " AND ", " OR ", " NOT ", " NEAR/2 ", "lang:", '"b a"', " :) "]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_every_text_is_a_query_or_says_where_it_is_wrong(text: str) -> None:
    try:
        expression = parse(text)
    except QueryError as wrong:
        assert wrong.position in range(len(text) + 1)  # noqa: PT017 - most texts are queries
        return
    assert version(parse(str(expression))) == version(expression)


@pytest.mark.parametrize("text", ["NOT " * 12_000 + "a", "-" * 40_000 + "a", "a NEAR/1 " * 5_000 + "a", "(" * 40_000])
def test_hostile_queries_are_refused_at_once(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("halmora", Word("halmora")),
        ("  halmora   tea ", Phrase("halmora tea")),
        ("#halmora", Tag("halmora")),
        ("@halmora", Handle("halmora")),
        ("halm*", Wildcard("halm*")),
        ("flight attendant*", Phrase("flight attendant*")),
        ("AND", Word("AND")),
        ("what?", Word("what?")),
        ("re: halmora", Phrase("re: halmora")),
        ("foo:bar", Word("foo:bar")),
        ("-5", Word("-5")),
        ('19"', Word('19"')),
        ("C#", Word("C#")),
        ("#", Word("#")),
        ("(halmora)", Word("(halmora)")),
        (":", Word(":")),
    ],
)
def test_a_term_of_a_list_is_taken_literally(text: str, meant: Expression) -> None:
    assert term(text) == meant
    assert version(parse(str(meant))) == version(meant)


def test_a_term_without_anything_to_look_for_is_refused() -> None:
    with pytest.raises(QueryError, match="There is nothing here to look for"):
        term(" \u200b ")


def test_lists_become_expressions() -> None:
    assert any_of(["a", "a b"]) == Or((A, Phrase("a b")))
    assert with_context(A) == A
    assert str(with_context(any_of(["a", "b"]), ["c", "#d"], ["e f"])) == '(a OR b) NEAR/20 (c OR #d) -"e f"'
    assert str(with_context(A, exclude=["b"])) == "a -b"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a OR b", "b OR a"),
        ("a b -c", "-c b a"),
        ("a NEAR/5 b", "b NEAR/5 a"),
        ("Halmora", "halmora"),
        ('"Halmora  Tea"', "“halmora tea”"),
        ("author:Mira", "author:mira"),
        ("a (b OR c)", "(c OR b) a"),
    ],
)
def test_a_query_that_means_the_same_keeps_its_version(one: str, other: str) -> None:
    assert version(parse(one)) == version(parse(other))


def test_a_query_that_means_something_else_has_another_version() -> None:
    queries = [
        "a",
        "#a",
        "@a",
        "a*",
        '"a b"',
        "a b",
        "a OR b",
        "a -b",
        "a NEAR/2 b",
        "a NEAR/3 b",
        "lang:de",
        "author:de",
        "é",
        "e",
    ]
    assert len({version(parse(query)) for query in queries}) == len(queries)
    assert all(re.fullmatch("[0-9a-f]{12}", version(parse(query))) for query in queries)


def test_what_the_documentation_shows_can_be_written() -> None:
    page = (Path(__file__).parents[2] / "docs" / "query-language.md").read_text("utf-8")
    table = page.split("| write | to find |")[1].split("\n\n")[0]
    examples = [example for row in table.splitlines()[2:] for example in re.findall("`([^`]+)`", row.split(" | ")[0])]
    assert len(examples) > 25
    for example in examples:
        assert parse(example)
