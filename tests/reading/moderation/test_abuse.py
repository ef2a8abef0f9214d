"""Abuse, and people who may need help: what is flagged, how much it matters, and what is left alone."""

import pytest

from reading.moderation.lexicon import lexicon, parse
from reading.moderation.reader import Moderator
from reading.moderation.spelling import meant


def flags(reader: Moderator, text: str, lang: str | None = "en") -> dict[str, str]:
    return {flag.flag: flag.severity for flag in reader.read(text, lang)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("you are such an idiot", {"insult": "medium"}),
        ("He is a total moron and everybody knows", {"insult": "medium"}),
        ("only an idiot would paint a door green", {"insult": "low"}),
        ("shut your mouth", {"insult": "medium"}),
        ("these stupid people again", {"insult": "medium"}),
        ("you are an i d i o t and always were", {"insult": "medium"}),
        ("you're pathetic", {"insult": "medium"}),
        ("fuck you and your ugly shop", {"insult": "medium"}),
        ("This is fucking great, thank you!", {"profanity": "low"}),
        ("bullshit, the parcel never left", {"profanity": "low"}),
        ("I will kill you if you show up again", {"threat": "high"}),
        ("I know where you live", {"threat": "high"}),
        ("go kill yourself", {"threat": "high"}),
        ("immigrants are vermin", {"hate": "high"}),
        ("send nudes", {"sexual": "medium"}),
        ("I just want to die, nothing helps any more", {"self-harm": "high"}),
        ("my brother tried to kill himself last night", {"self-harm": "high"}),
    ],
)
def test_what_is_flagged_and_how_much_it_matters(reader: Moderator, text: str, expected: dict[str, str]) -> None:
    assert flags(reader, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "kill the process with kill -9 and start it again",
        "I will kill you in the next round, bring your best deck",
        "If you have suicidal thoughts, please call a hotline",
        "I may just be an idiot, actually",
        'She said "you are a worthless piece of trash" and hung up, so I complained',
        "Someone sprayed 'kill all jews' on our door last night",
        "My grandmother was called a paki on the bus",
        "I'm a proud dyke and this is my garden",
        "winners and losers of globalisation",
        "racist or not, and who calls whom racists, the paper asks",
        "Teaching consent: porn is no guide, says the charity",
        "winding down is driving me insane",
        "is this a stupid question?",
        "a dumb terminal is all I need",
        "what a stupid bug",
        "the garbage collector eats half of the time",
        "I am such an idiot, I forgot the semicolon",
        "He called me an idiot in front of everybody",
        "you are not stupid",
        "> you are an idiot\nno need to talk like that",
        "the variable is called `shit` in the old code",
        "`sh*t`",
        "my dog is sick and I am sad",
        "this bug makes me want to kill myself",
        "I want to die 😂 that was hilarious",
        "we did a suicide burn and landed on the pad",
        "dying of laughter here",
        "you guys are killing it, great release",
        "smoking will kill you",
        "Moby Dick is a long book",
        "git push --force, then restart MongoDB",
        "the minister called it a racist attack on the terrorist's victims",
        "Travelocity and Snowflake work on a collaboration",
        "assess the degenerate case",
        "Mongolia and Burroughs",
        "you will shoot yourself in the foot with that macro",
        "Scunthorpe, Penistone and Essex have nice tea rooms",
        "the assassin passed the class with a cocktail",
        "the database is corrupt, restore it from the backup",
        "We gathered all the facts about cumulative layout shift",
        "thank you, it works! I could hug you (I'm the idiot who asked yesterday)",
    ],
)
def test_what_is_left_alone(reader: Moderator, text: str) -> None:
    assert flags(reader, text) == {}


@pytest.mark.parametrize(
    "written",
    [
        "f*ck",
        "f**k",
        "F***",
        "fuuuuuck",
        "f.u.c.k",
        "f u c k",
        "fück",
        "fuсk",
        "ｆｕｃｋ",
        "fu\u200bck",
        "f@ck",
        "phuck",
    ],
)
def test_a_word_is_found_however_it_is_disguised(reader: Moderator, written: str) -> None:
    assert flags(reader, f"well {written} this") == {"profanity": "low"}


@pytest.mark.parametrize("written", ["sh1t", "$hit", "sh!t", "5h1t", "shiiit", "s**t", "SHIT!!!", "#shit"])
def test_figures_and_signs_stand_for_letters(reader: Moderator, written: str) -> None:
    assert flags(reader, f"oh {written}") == {"profanity": "low"}


@pytest.mark.parametrize(
    "text", ["2*3*4 = 24", "a**b is a power", "**bold** words", "i5 or i7?", "co-op", "B&B", "C#", "U.S.A."]
)
def test_signs_and_figures_that_hide_nothing(reader: Moderator, text: str) -> None:
    assert flags(reader, text) == {}


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("du bist ein Arschloch", "de", {"insult": "medium"}),
        ("halt die Fresse", "de", {"insult": "medium"}),
        ("ich will nicht mehr leben", "de", {"self-harm": "high"}),
        ("eres un gilipollas", "es", {"insult": "medium"}),
        ("quiero morirme", "es", {"self-harm": "high"}),
        ("tu es un connard", "fr", {"insult": "medium"}),
        ("je vais te tuer", "fr", {"threat": "high"}),
        ("vai tomar no cu", "pt", {"insult": "medium"}),
        ("sei uno stronzo", "it", {"insult": "medium"}),
        ("você é um idiota", "pt", {"insult": "medium"}),
        ("sois todos unos imbéciles", "es", {"insult": "medium"}),
        ("bande d'abrutis", "fr", {"insult": "low"}),
        ("je bent een klootzak", "nl", {"insult": "medium"}),
        ("ik weet waar je woont", "nl", {"threat": "high"}),
        ("ik wil dood", "nl", {"self-harm": "high"}),
        ("ik lach me dood", "nl", {}),
        ("die Suppe ist dick und der Hund ist fett", "de", {}),
        ("a vaca é gorda", "pt", {}),
        ("je crève de faim", "fr", {}),
        ("Das Bier hat mir gut geschmeckt, dick und süß", "de", {}),
        ("le train a du retard", "fr", {}),
        ("chili con carne", "es", {}),
        ("Ana sale con Luis", "es", {}),
        ("die FDP tagt in Berlin", "de", {}),
        ("muero de risa", "es", {}),
    ],
)
def test_the_commonest_words_of_seven_languages(
    reader: Moderator, text: str, lang: str, expected: dict[str, str]
) -> None:
    assert flags(reader, text, lang) == expected


def test_the_evidence_is_what_was_written_and_weighs_together(reader: Moderator) -> None:
    (flag,) = reader.read("What a sh1t day, everything is f*cked!", "en")
    assert (flag.flag, flag.probability, flag.evidence) == ("profanity", 0.99, "sh1t | f*cked")


def test_a_text_that_is_all_in_quotation_marks_is_its_writers_own(reader: Moderator) -> None:
    assert flags(reader, '"you are an idiot"') == {"insult": "medium"}


def test_hints_make_no_insult_together(reader: Moderator) -> None:
    assert flags(reader, "is it racist, or are they the racists? a clown of a liar says so") == {}


def test_a_word_on_two_lists_is_looked_for_in_both() -> None:
    words = parse("[insult it strong]\nidiota\n[insult pt strong]\nidiota*, idio*\n[insult es clear]\nidi*")
    assert [entry.language for entry in words.entries("idiota")] == ["it", "pt"]
    assert [entry.language for entry in words.entries("idiotas")] == ["it", "pt"]


def test_a_list_says_what_it_means() -> None:
    words = parse(
        "# a comment\n[groups]\ntea drinkers\n[insult en clear]\ntwit, teapot*, (dry|wet) (old|) towel\n"
        "[hate en strong]\nno <group>\n[harmless en]\nbeach towel\n"
    )
    assert [entry.flag for entry in words.entries("twits")] == ["insult"]
    assert [entry.flag for entry in words.entries("teapotty")] == ["insult"]
    assert words.entries("tea") == ()
    found = {
        (start, end)
        for text in ("wet towel", "dry old towel", "no tea drinkers")
        for start in range(3)
        for end, _ in words.phrases_at(text.split(), start)
    }
    assert found == {(0, 2), (0, 3)}
    with pytest.raises(ValueError, match=r"line 1: '\[insult\]' is no section"):
        parse("[insult]\nword")


def test_every_word_of_the_list_is_as_folding_leaves_it() -> None:
    words = lexicon()
    for word in (*words.words, *words.stems):
        assert word == word.strip().lower(), word
        assert "’" not in word, word


def test_links_and_names_have_no_words() -> None:
    knows = {"shit", "ass"}.__contains__
    assert [meant(token, knows) for token in ("https://shit.example/ass", "@shitake_fan", "sh1t,")] == [
        (),
        (),
        ("shit",),
    ]
