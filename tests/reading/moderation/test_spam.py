"""Spam, scams and self-promotion, and posts that only look a little like them."""

import pytest

from reading.moderation import spam
from reading.moderation.links import links_in
from reading.moderation.reader import Moderator


def flags(reader: Moderator, text: str) -> set[str]:
    return {flag.flag for flag in reader.read(text, "en")} & set(spam.FLAGS)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("Check out my new channel and please subscribe!", "promotion"),
        ("follow me on instagram for daily cat pictures", "promotion"),
        ("Use my code TEA20, link in my bio", "promotion"),
        ("CONGRATULATIONS! You have won a £500 voucher, text CLAIM to 80123 now", "spam"),
        ("Earn $3000 a week working from home, click here http://easy-cash.example.top/start", "spam"),
        ("Cheap viagra, order now, 70 % off", "spam"),
        ("I invested with Mrs Harper and made $9,000 in a week, message her on WhatsApp +1 202 555 0143", "scam"),
        ("Claim your free airdrop, connect your wallet before it ends", "scam"),
        ("Your account has been suspended. Verify your account at http://wrentea.example.top/login", "scam"),
        ("Log in again at https://wr3ntea.example/", "scam"),
        ("your prize waits at https://wrentea.github.io/", "scam"),
        ("have a look at http://xn--wrnta-3ve.com/shop", "scam"),
        ("Sign in at https://paypa1-secure.com to go on", "scam"),
        ("your session expired: https://rnicrosoft-login.com/x", "scam"),
        ("see http://netflix-billing-update.com/", "scam"),
        ("Work from home and earn $200 a day", "spam"),
    ],
)
def test_what_is_flagged(reader: Moderator, text: str, flag: str) -> None:
    assert flags(reader, text) == {flag}


@pytest.mark.parametrize(
    "text",
    [
        "The parcel arrived late, I want my money back",
        "see https://docs.python.org/3/library/re.html for how groups work",
        "https://github.com/wren/kettle/issues/12",
        "the tin is at https://www.wrentea.example/tins and it is free of plastic",
        "Can you call me back? I have waited for two hours now",
        "How do I cancel my subscription? I can't find the page",
        "please check this out when you have time, the build is red again",
        "I won the argument in the end",
        "if you change it you won't get an error, and you won't need the cast",
        "I use inheritance a lot in that codebase",
        "I have never made money with games",
        "Why you shouldn't exercise to lose weight",
        "it would mean that the file is always read",
        "please follow us back so that I can DM you",
        "Scammers on telegram promise to double your bitcoin, please report them",
        "a mail says 'your account is suspended, verify your account', it looks like a scam",
        "https://files.kettles.net/boards/plan.png",
        "Kettles.com is down",
        "var broken: error = error.Xyz;",
        "I wrote a tool that times tea, it is free and open source: https://github.com/wren/timer",
        "the list at https://www.paypal.com/fees is long",
        "Bitcoin fell by 3 % today",
        "What is the difference between subscribe and publish?",
        "THE KETTLE LEAKS AGAIN AND NOBODY ANSWERS",
        "We paid $40 for shipping",
        "pip install . && pytest -q; see setup.cfg and main.rs",
    ],
)
def test_what_is_left_alone(reader: Moderator, text: str) -> None:
    assert flags(reader, text) == set()


def test_a_flag_says_by_which_signs_the_strongest_first(reader: Moderator) -> None:
    (flag,) = reader.read("Please subscribe to my channel, link in bio", "en")
    assert (flag.flag, flag.severity) == ("promotion", "low")
    assert flag.evidence.split(" | ")[:2] == ["look at my …", "subscribe to me"]
    assert flag.probability == pytest.approx(0.999, abs=0.002)


def test_a_long_text_may_say_a_few_such_things() -> None:
    short = "Please share this page: https://tea-news.example/win"
    long = short + " ".join(f"leaf{number}" for number in range(400))
    assert [bool(spam.read(text)) for text in (short, long)] == [True, False]


def test_links_are_found_with_their_hosts_and_what_is_odd_about_them() -> None:
    text = "https://bit.ly/abc, www.Wren.com/x?ref=9 or tinyshop.xyz! v1.2.3, a.b and main.rs are none; http://1.2.3.4/"
    assert [(link.host, link.oddities) for link in links_in(text)] == [
        ("bit.ly", ["shortener"]),
        ("wren.com", ["referral"]),
        ("1.2.3.4", ["bare-ip"]),
        ("tinyshop.xyz", ["cheap-ending"]),
    ]


@pytest.mark.parametrize(
    ("host", "imitates"),
    [
        ("wrentea.example", None),
        ("www.wrentea.example", None),
        ("wrentea-support.com", "wrentea.example"),
        ("wr3ntea.net", "wrentea.example"),
        ("wremtea.com", "wrentea.example"),
        ("teahouse.com", None),
    ],
)
def test_a_host_that_wants_to_be_taken_for_ours(host: str, imitates: str | None) -> None:
    (link,) = links_in(f"https://{host}/")
    assert link.imitates(["wrentea.example"]) == imitates
