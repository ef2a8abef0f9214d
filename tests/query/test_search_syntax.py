"""Queries in the words of networks."""

import dataclasses
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.expression import Expression, Near, all_of, one_of, opposite
from query.matching import Matcher, Post
from query.parsing import parse, with_context
from query.search_syntax import Packed, SearchSyntax, pack, searches

NETWORKS: Mapping[str, SearchSyntax] = {
    "x": SearchSyntax(
        longest=512,
        fields={"author": "from:{}", "lang": "lang:{}", "site": "url:{}", "type": {"repost": "is:retweet"}},
        ending=" -is:retweet",
    ),
    "reddit": SearchSyntax(
        longest=512, and_=" AND ", not_=None, tag=None, handle=None, fields={"author": "author:{}", "site": "site:{}"}
    ),
    "mastodon": SearchSyntax(longest=500, or_=None, group=None, fields={"author": "from:{}", "lang": "language:{}"}),
    "hackernews": SearchSyntax(longest=512, or_=None, group=None, tag=None, handle=None, signs=False),
    "bluesky": SearchSyntax(
        longest=300, or_=None, group=None, fields={"author": "from:{}", "lang": "lang:{}", "site": "domain:{}"}
    ),
    "github": SearchSyntax(
        longest=256, most_operators=5, not_="NOT {}", tag=None, any_case=True, fields={"author": "author:{}"}
    ),
    "stackexchange": SearchSyntax(
        longest=240, or_=None, not_=None, group=None, phrase=None, tag=None, handle=None, signs=False
    ),
    "youtube": SearchSyntax(longest=200, or_="|", or_first=True, group=None, tag=None, handle=None),
    "discourse": SearchSyntax(
        longest=200, or_=None, not_=None, group=None, tag=None, handle=None, fields={"author": "@{}"}
    ),
    "ours": SearchSyntax(
        longest=10_000,
        wildcards="anywhere",
        near="{left} NEAR/{distance} {right}",
        fields={name: f"{name}:{{}}" for name in ("site", "lang", "author", "source", "type")},
    ),
}


@pytest.mark.parametrize(
    ("query", "network", "found"),
    [
        ("wren OR #wren OR @wren", "x", ["(wren OR #wren OR @wren) -is:retweet"]),
        ('wren ("tea pot" OR kettle) -spam lang:en', "x", ['wren ("tea pot" OR kettle) lang:en -spam -is:retweet']),
        ("wren type:repost author:x:mira", "x", ["wren is:retweet from:mira -is:retweet"]),
        ('wren "tea pot" OR moss', "reddit", ['(wren AND "tea pot") OR moss']),
        ("#wren OR @wren OR moss", "reddit", ["wren OR moss"]),
        ("site:wren.example OR author:mira", "reddit", ["site:wren.example OR author:mira"]),
        ("wren OR moss tea", "mastodon", ["wren", "moss tea"]),
        ("(wren OR moss) (tea OR pot)", "hackernews", ["wren tea", "wren pot", "moss tea", "moss pot"]),
        ("wren site:wren.example", "bluesky", ["wren domain:wren.example"]),
        ("a OR b OR c OR d OR e OR f OR g", "github", ["a OR b OR c OR d OR e OR f", "g"]),
        ("(a OR b OR c OR d) -e -f -g", "github", ["(a OR b OR c) NOT e NOT f NOT g", "d NOT e NOT f NOT g"]),
        ('"tea or" "or" NOT', "github", None),
        ('"OR" wren', "github", ['"OR" wren']),
        ("or wren", "github", ['"or" wren']),
        ("or wren", "x", ["or wren -is:retweet"]),
        ('"OR" wren', "stackexchange", ["or wren"]),
        ('"tea pot" OR wi-fi', "stackexchange", ["tea pot", "wi fi"]),
        ("(wren OR moss) (tea OR pot) -spam", "youtube", ["wren|moss tea|pot -spam"]),
        ("wren tea OR moss pot", "youtube", ["wren tea", "moss pot"]),
        ("author:mira wren", "discourse", ["@mira wren"]),
        ("C++ OR 👍", "x", ['("C++" OR "👍") -is:retweet']),
        ("wren NEAR/5 tea", "ours", ["wren NEAR/5 tea"]),
        ("col*r OR mo?s -m*", "ours", ["col*r OR (mo?s -m*)"]),
    ],
)
def test_a_query_in_the_words_of_a_network(query: str, network: str, found: list[str] | None) -> None:
    if found is None:
        with pytest.raises(ValueError, match="NOT needs something"):
            parse(query)
        return
    assert list(searches(parse(query), NETWORKS[network]).searches) == found


@pytest.mark.parametrize(
    ("query", "network", "found", "notes"),
    [
        (
            "wren NEAR/5 tea",
            "reddit",
            ["wren AND tea"],
            ["`NEAR/5` can't be asked; both sides are, and the distance is checked on what comes back"],
        ),
        ("wren -tea", "reddit", ["wren"], ["`-tea` can't be asked; it is checked on what comes back"]),
        ("wren lang:en", "reddit", ["wren"], ["`lang:en` can't be asked; it is checked on what comes back"]),
        ("wren col*r", "mastodon", ["wren"], ["`col*r` can't be asked; it is checked on what comes back"]),
        (
            "wren (tea OR col*r)",
            "reddit",
            ["wren"],
            ["`tea OR col*r` can't be asked; it is checked on what comes back"],
        ),
        (
            "#wren",
            "reddit",
            ["wren"],
            ["`#wren` can't be asked; its word is, and the sign is checked on what comes back"],
        ),
        (
            '"flight attendant*"',
            "mastodon",
            ["flight"],
            [
                '`"flight attendant*"` can\'t be asked as one; words of it are, and the whole '
                "is checked on what comes back"
            ],
        ),
        ('wren -"C++"', "mastodon", ["wren"], ["`-C++` can't be asked; it is checked on what comes back"]),
        (
            "wren -author:x:mira",
            "mastodon",
            ["wren"],
            ["`-author:x:mira` can't be asked; it is checked on what comes back"],
        ),
        ("wren -(tea pot)", "mastodon", ["wren"], ["`-(tea pot)` can't be asked; it is checked on what comes back"]),
        (
            "wren -aa -bb -ccc -dd -ee -ff",
            "github",
            ["wren NOT aa NOT bb NOT dd NOT ee NOT ff"],
            ["`-ccc` is not asked, as there is no room for it; it is checked on what comes back"],
        ),
    ],
)
def test_what_a_network_cannot_say_is_left_out_and_told(
    query: str, network: str, found: list[str], notes: list[str]
) -> None:
    compiled = searches(parse(query), NETWORKS[network])
    assert (list(compiled.searches), list(compiled.notes), compiled.lost) == (found, notes, ())


@pytest.mark.parametrize(
    ("query", "network", "found", "lost"),
    [
        ("col*r", "mastodon", [], ["col*r"]),
        ("wren OR col*r", "mastodon", ["wren"], ["col*r"]),
        ("(wren OR col*r) NEAR/9 (tea OR pot)", "reddit", ["wren AND (tea OR pot)"], ["col*r"]),
        ("(wren OR col*r) tea", "reddit", ["wren AND tea"], ["col*r"]),
        ("author:mira OR wren", "hackernews", ["wren"], ["author:mira"]),
        ("lang:de OR wren", "x", ["wren -is:retweet"], ["lang:de"]),
        ("👍", "hackernews", [], ["👍"]),
        ("a" * 600 + " OR wren", "mastodon", ["wren"], ["a" * 600]),
    ],
)
def test_what_cannot_be_found_on_a_network_is_told(query: str, network: str, found: list[str], lost: list[str]) -> None:
    compiled = searches(parse(query), NETWORKS[network])
    assert (list(compiled.searches), list(compiled.lost)) == (found, lost)
    assert all(
        any(f"`{part}` can't be asked; posts with only that are not found here" == note for note in compiled.notes)
        for part in lost
    )


def test_a_part_that_would_need_too_many_searches_is_left_out() -> None:
    names = one_of(parse(f"name{number}") for number in range(12))
    query = with_context(names, [f"context{number}" for number in range(20)], ["spam"])
    compiled = searches(query, NETWORKS["mastodon"])
    assert compiled.searches == tuple(f"name{number} -spam" for number in range(12))
    assert compiled.lost == ()
    assert "is not asked, as there would be too many searches; it is checked on what comes back" in compiled.notes[-1]


def test_a_long_query_is_split_into_searches_that_fit() -> None:
    words = [f"word{number}" for number in range(200)]
    compiled = searches(parse(" OR ".join(words)), NETWORKS["x"])
    assert all(len(search) <= 512 for search in compiled.searches)
    assert [word for search in compiled.searches for word in search.strip("(").split(")")[0].split(" OR ")] == words
    assert len(compiled.searches) == 5


def test_many_queries_share_searches_that_say_whom_they_serve() -> None:
    named = [(f"brand{number}", parse(f"name{number} OR shared")) for number in range(4)]
    small = SearchSyntax(longest=26)
    assert pack(named, small).searches == (
        Packed("name0 OR shared OR name1", ("brand0", "brand1")),
        Packed("name2 OR shared OR name3", ("brand2", "brand3")),
    )
    none = SearchSyntax(longest=26, or_=None)
    assert pack(named[:2], none).searches == (
        Packed("name0", ("brand0",)),
        Packed("shared", ("brand0", "brand1")),
        Packed("name1", ("brand1",)),
    )


def test_notes_of_many_queries_name_the_query() -> None:
    packing = pack([("wren", parse("wren -tea")), ("moss", parse("moss OR m*s"))], NETWORKS["reddit"])
    assert packing.searches == (Packed("wren OR moss", ("wren", "moss")),)
    assert packing.notes == (
        ("wren", "`-tea` can't be asked; it is checked on what comes back"),
        ("moss", "`m*s` can't be asked; posts with only that are not found here"),
    )
    assert packing.lost == (("moss", "m*s"),)


# Whatever the query and the network: nothing is lost that is not told -----------------------------------

TERMS = (
    "wren",
    "moss",
    "tea",
    "pot",
    '"wren tea"',
    '"moss & tea"',
    "po*",
    "m?ss",
    "#wren",
    "@moss",
    "C++",
    "👍",
    "茶の",
    "lang:en",
    "author:mira",
)


def _combined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(
        several.map(one_of),
        st.tuples(several, st.lists(inner, max_size=2)).map(lambda both: all_of([*both[0], *map(opposite, both[1])])),
        st.tuples(inner, inner, st.integers(1, 4)).map(lambda near: Near(*near)),
    )


EXPRESSIONS = st.recursive(st.sampled_from(TERMS).map(parse), _combined, max_leaves=12)
SYNTAXES = st.builds(
    SearchSyntax,
    longest=st.sampled_from([8, 15, 30, 500]),
    most_operators=st.sampled_from([None, 0, 1, 3]),
    most_terms=st.sampled_from([None, 1, 2]),
    and_=st.sampled_from([" ", " AND "]),
    or_=st.sampled_from([None, " OR ", "|"]),
    not_=st.sampled_from([None, "-{}", "NOT {}"]),
    group=st.sampled_from([None, "({})"]),
    or_first=st.booleans(),
    phrase=st.sampled_from([None, '"{}"']),
    wildcards=st.sampled_from(["none", "end", "anywhere"]),
    near=st.sampled_from([None, "{left} NEAR/{distance} {right}"]),
    tag=st.sampled_from([None, "#{}"]),
    handle=st.sampled_from([None, "@{}"]),
    fields=st.sampled_from([{}, {"author": "from:{}"}, {"author": "from:{}", "lang": {"en": "english"}}]),
    only_narrowing=st.sampled_from([frozenset(), frozenset({"lang"})]),
    signs=st.booleans(),
    ending=st.sampled_from(["", " -x"]),
)
POSTS = st.builds(
    lambda words, lang, author: Post(" ".join(words), lang=lang, author=author),
    st.lists(st.sampled_from(["wren", "moss", "tea", "pot", "#wren", "@moss", "c++", "👍", "茶の", "box"]), max_size=7),
    st.sampled_from([None, "en", "de"]),
    st.sampled_from([None, "mira"]),
)


@given(EXPRESSIONS, SYNTAXES, POSTS)
def test_what_matches_is_found_by_a_search_unless_it_is_told(
    expression: Expression, syntax: SearchSyntax, post: Post
) -> None:
    compiled = searches(expression, syntax)
    assert all(len(search) <= syntax.longest for search in compiled.searches)
    assert bool(compiled.lost) == any(note.endswith("not found here") for note in compiled.notes)
    if not compiled.lost and Matcher({"it": expression}).find(post):
        assert Matcher({str(number): asked for number, asked in enumerate(compiled.asked)}).find(post)


@given(EXPRESSIONS, POSTS, st.sampled_from([20, 40, 10_000]))
def test_searches_in_our_own_words_mean_what_they_say(expression: Expression, post: Post, longest: int) -> None:
    compiled = searches(expression, dataclasses.replace(NETWORKS["ours"], longest=longest))
    for search, asked in zip(compiled.searches, compiled.asked, strict=True):
        assert Matcher({"it": parse(search)}).find(post) == Matcher({"it": asked}).find(post)


@given(st.lists(EXPRESSIONS, max_size=4), SYNTAXES)
def test_shared_searches_fit_and_serve_all(expressions: list[Expression], syntax: SearchSyntax) -> None:
    named = [(str(number), expression) for number, expression in enumerate(expressions)]
    packing = pack(named, syntax)
    assert all(len(search.text) <= syntax.longest for search in packing.searches)
    served = {name for search in packing.searches for name in search.names}
    assert served == {name for name, expression in named if searches(expression, syntax).searches}
