"""Which queries a post matches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.matching import Matcher, Post
from query.parsing import any_of, parse, with_context
from query.words import words_of

BRANDS = Matcher(
    {
        name: any_of(terms)
        for name, terms in {
            "wren": ["wren", "wren tea", "#wrentime", "@wren_lotte"],
            "moss": ["Moss & Sons", "moss"],
            "bree": ["brêe", "straße 9"],
            "cha": ["茶のレン"],
            "cpp": ["c++", "c#", ":)"],
            "late": ["delay*"],
        }.items()
    }
)


@given(
    st.text()
    | st.lists(st.sampled_from(["Wren", "tea", "茶のレン", "c++", ":)", "delays", "_", "Ｃ＋＋"])).map(" ".join)
)
def test_words_that_somebody_has_already_change_nothing(text: str) -> None:
    assert BRANDS.find(Post(text), words_of(text)) == BRANDS.find(Post(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("I like WREN.", {"wren": ["wren"]}),
        ("wrench and brown-wrens", {}),
        ("Wren   tea, please", {"wren": ["wren", "wren tea"]}),
        ("wren\ntea", {"wren": ["wren", "wren tea"]}),
        ("#wren @Wren", {"wren": ["wren"]}),
        ("wrentime", {}),
        ("It is #WrenTime", {"wren": ["#wrentime"]}),
        ("wren_lotte said", {}),
        ("ask @wren_lotte!", {"wren": ["@wren_lotte"]}),
        ("moss-sons, Moss/Sons", {"moss": ["Moss & Sons", "moss"]}),
        ("wren vs. moss", {"moss": ["moss"], "wren": ["wren"]}),
        ("bree", {}),
        ("BRÊE", {"bree": ["brêe"]}),
        ("bre\u0302e", {"bree": ["brêe"]}),
        ("STRASSE 9", {"bree": ["straße 9"]}),
        ("昨日茶のレンを飲んだ", {"cha": ["茶のレン"]}),
        ("C++ :)", {"cpp": [":)", "c++"]}),
        ("plan c and vitamin c", {}),
        ("I write C#", {"cpp": ["c#"]}),
        ("delayed, delays, undelayed", {"late": ["delay*"]}),
        ("\u202ewren\u202c", {"wren": ["wren"]}),
    ],
)
def test_names_found_in_a_text(text: str, found: dict[str, list[str]]) -> None:
    assert BRANDS.find(Post(text)) == found


def matches(query: str, text: str) -> bool:
    return "it" in Matcher({"it": parse(query)}).find(Post(text))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        # the ways to write one thing
        ("wren's", "Wren’s shop"),
        ("L'Oréal", "L’ORE\u0301AL"),
        ("wi-fi", "the wi fi, Wi‑Fi and WI/FI"),
        ("ＷＲＥＮ", "wren"),
        ("wren", "𝗪𝗿𝗲𝗻 in bold letters"),
        ("wren", "w\u00adren and w\u200bren"),
        ("wren", "_wren_ in Markdown, **wren**"),
        ("Wren™", "wren"),
        ("wren", "Wren™"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσεύς οδυσσευς"),
        ("istanbul", "İSTANBUL"),
        ("ISPARTA", "ısparta"),
        ("groß", "GROSS"),
        ("h3llo", "H3LLO"),
        # marks that readers leave out
        ("كتاب", "كِتَابٌ"),
        ("كتاب", "كتـــاب"),
        ("שלום", "שָׁלוֹם"),
        ("می‌خواهم", "میخواهم"),
        # scripts with marks inside words
        ("हिन्दी", "यह हिन्दी है"),
        ("தமிழ்", "தமிழ் மொழி"),
        # scripts without spaces
        ("小米", "我喜欢小米手机"),
        ("ハルモラ", "ﾊﾙﾓﾗの新作"),
        ("wren", "新型wrenが出た"),
        ("wren時計", "昨日wren時計を買った"),
        ("กาแฟ", "ฉันชอบกาแฟมาก"),
        ("茶*レン", "茶のレン"),
        ("茶*", "お茶を"),
        # Korean particles
        ("할모라", "할모라는 좋다"),
        ("할모라", "할모라에서는"),
        ('"할모라 시계"', "할모라 시계를 샀다"),
        ("wren", "wren은 좋다"),
        ("LG전자", "LG 전자가"),
        # emoji
        ("👍", "good👍"),
        ("👍", "👍🏽"),
        ("❤", "❤️"),
        ("❤️", "❤"),
        ("👩‍💻", "a 👩‍💻 at work"),
        ("🇩🇪", "🇫🇷🇩🇪"),
        # signs
        ("4.2", "version 4.2."),
        ("h1-23", "the H1-23"),
        ("€9", "only €9!"),
        ("12.50", "at 12.50"),
        ("C++", "C++, C"),
        ("C#", "#1 in C#"),
        ("1:1", "a 1:1 copy"),
        (".NET", "on .NET 8"),
        ("AT&T", "at&t"),
        ("https://wren.example/a?b=1", "see https://wren.example/a?b=1"),
        (":)", "fine :)"),
        ("<3", "I <3 it"),
        # tags and handles
        ("#wren", "so #Wren!"),
        ("#wren*", "so #WrenTime!"),
        ("#茶", "今日 #茶 だ"),
        ("@wren", "thanks @Wren."),
        ("@wren", "ask u/wren or /u/wren"),
        ("@wren.example.social", "@wren.example.social"),
        ("@wren", "@wrenさん"),
        # wildcards
        ("col*r", "colour"),
        ("col*r", "color"),
        ("col?ur", "colour"),
        ("*mora", "halmora"),
        ("*הלמורה*", "והלמורה"),
        ('"flight attendant*"', "two flight attendants"),
        ('"flight* attendant"', "flights attendant"),
        ("cross-compil*", "cross compiling"),
        ("co-op*", "co-operative"),
        # operators
        ("a b", "b a"),
        ("a OR b", "b"),
        ("a -b", "a c"),
        ("a NOT (b c)", "a b"),
        ("(a OR b) (c OR d)", "b d"),
        ("a NEAR/1 b", "b a"),
        ("a NEAR/3 b", "a x x b"),
        ('"a b" NEAR/2 c', "c x a b"),
        ("(a OR b) NEAR/2 (c OR d)", "a x x x b x d"),
        ("a NEAR/2 b NEAR/2 c", "a x b x c"),
        ("(a c) NEAR/1 b", "a b x x x c"),
        ("a NEAR/2 👍", "a x 👍"),
        ("a NEAR/2 a", "a x a"),
        ("小米 NEAR/4 手机", "小米的新手机"),
    ],
)
def test_matches(query: str, text: str) -> None:
    assert matches(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("wren", "wrén"),
        ("hello", "h3llo"),
        ("Moss", "Mos"),
        ("4.2", "4, 2 and 4 2 and 14.2 and 4.20"),
        ("1:1", "1 1"),
        ("AT&T", "at t-shirts"),
        (".NET", "net, ASP.NET"),
        ("C++", "C"),
        ("€9", "€99, 9"),
        ("Yahoo!", "yahoo"),
        ("小米", "大小。米"),
        ("กา", "กาํ"),
        ("wren時計", "brownwren時計"),
        ("사과", "사과나무"),
        ("할모라", "신할모라"),
        ("👩", "👩‍💻"),
        ("💻", "👩‍💻"),
        ("👩", "👩🏽‍💻"),
        ("🇪🇸", "🇩🇪🇸🇪"),
        ("#wren", "wren, #wrens, a#wren"),
        ("#茶", "#茶のレン"),
        ("@wren", "mira@wren.example, menu/wren"),
        ("col?r", "colour"),
        ("col*r", "collared"),
        ("a OR b", "c"),
        ("a -b", "a b"),
        ("a -b*", "a box"),
        ("a -(b OR c)", "a c"),
        ("a NEAR/2 b", "a x x b"),
        ("a NEAR/5 a", "a"),
        ('a NEAR/5 "b c"', "a b x c"),
        ("(a c) NEAR/5 b", "a b"),
        ("a NEAR/2 👍", "a x x 👍"),
        ("a NEAR/1 4.2", "a 4 2"),
    ],
)
def test_does_not_match(query: str, text: str) -> None:
    assert not matches(query, text)


POST = Post(
    "Bought one at https://shop.wren.example:443/tea?x=1 today",
    author="Mira",
    lang="en-GB",
    source="tea-forum",
    network="discourse",
    community="Kettles",
    kind="comment",
    url="https://forum.example/t/1",
    links=("http://blog.example",),
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("site:wren.example", ["site:wren.example"]),
        ("site:shop.wren.example", ["site:shop.wren.example"]),
        ("site:ren.example", None),
        ("site:forum.example", ["site:forum.example"]),
        ("site:blog.example", ["site:blog.example"]),
        ("author:mira", ["author:mira"]),
        ("author:discourse:mira", ["author:discourse:mira"]),
        ("author:reddit:mira", None),
        ("author:mir", None),
        ("lang:en", ["lang:en"]),
        ("lang:de", None),
        ("source:tea-forum", ["source:tea-forum"]),
        ("source:discourse", ["source:discourse"]),
        ("source:discourse:kettles", ["source:discourse:kettles"]),
        ("source:reddit", None),
        ("type:comment", ["type:comment"]),
        ("type:post", None),
        ("bought lang:en -author:lotte", ["bought", "lang:en"]),
        ("bought -author:mira", None),
        ("sold OR author:mira", ["author:mira"]),
    ],
)
def test_fields(query: str, found: list[str] | None) -> None:
    assert Matcher({"it": parse(query)}).find(POST).get("it") == found


def test_a_field_that_the_network_does_not_tell_is_not_fulfilled() -> None:
    asked = {name: parse(name) for name in ("lang:en", "author:mira", "source:x", "type:post", "site:x.example")}
    assert Matcher(asked).find(Post("a text")) == {}


def test_the_terms_are_those_by_which_the_post_matches() -> None:
    query = parse('(apple OR "granny smith") (pie OR cake) -mouse OR wren NEAR/3 tea')
    matcher = Matcher({"it": query})
    assert matcher.find(Post("Granny Smith apple cake, and a wren")) == {"it": ["apple", "cake", "granny smith"]}
    assert matcher.find(Post("wren tea and apple")) == {"it": ["tea", "wren"]}
    assert matcher.find(Post("apple pie with a mouse")) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("an Apple phone", True),
        ("an apple, and much, much later a phone", False),
        ("apple phone pie", False),
        ("apple", False),
        ("the phone, I forgot, the apple", True),
    ],
)
def test_an_ambiguous_name_needs_its_context(text: str, found: bool) -> None:
    query = with_context(any_of(["apple"]), context=["phone", "laptop*"], exclude=["pie"], distance=4)
    assert bool(Matcher({"apple": query}).find(Post(text))) is found


def test_what_was_found_before_does_not_change_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("query.matching.MOST_WORDS", 3)
    matcher = Matcher({"wren": any_of(["wren", "wren tea", "wre*"])})
    for _ in range(3):
        assert matcher.find(Post("a wren b tea c wren tea d")) == {"wren": ["wre*", "wren", "wren tea"]}
        assert matcher.find(Post("a b c d e f")) == {}


WORDS = st.lists(
    st.sampled_from(["wren", "Tea", "c++", "4.2", "👍", "茶のレン", "할모라는", "#tag", "@tea", "_x_"]), max_size=8
)
QUERIES = [
    "wren",
    "tea*",
    "c++",
    "4.2",
    "👍",
    "茶の",
    "할모라",
    "#tag",
    "@tea",
    "x",
    '"wren tea"',
    "wren NEAR/2 tea",
    "tea -wren",
]


@given(WORDS)
def test_many_queries_find_what_each_finds_alone(words: list[str]) -> None:
    post = Post(" ".join(words))
    together = Matcher({query: parse(query) for query in QUERIES}).find(post)
    alone = {query: found for query in QUERIES for found in Matcher({query: parse(query)}).find(post).values()}
    assert together == dict(sorted(alone.items()))


@given(st.text(), st.text(min_size=1))
def test_every_term_and_every_text_can_be_looked_at(text: str, written: str) -> None:
    try:
        query = any_of([written])
    except ValueError:
        return
    assert set(Matcher({"it": query}).find(Post(text))) <= {"it"}


@given(st.text(alphabet=st.sampled_from("ab _-.,'#@Àé茶한👍\u0301\u200d\n"), min_size=1))
def test_a_term_is_found_in_its_own_text(written: str) -> None:
    try:
        query = any_of([written])
    except ValueError:
        return
    assert Matcher({"it": query}).find(Post(written))


@pytest.mark.parametrize(
    "query", ["*a*a*a*a*b", "#a*a*a*a*b", "茶*茶*茶*茶*レン", "a NEAR/9 b NEAR/9 a", "_", "🇩🇪", "할모라"]
)
def test_a_hostile_text_takes_no_longer_than_others(query: str) -> None:
    matcher = Matcher({"it": parse(query)})
    for piece in ("a", "茶", "a b ", "#a", "_", "🇩", "할모라은", "a_"):
        matcher.find(Post(piece * 20_000))
