"""Personal data: what counts as such, and that a flag does not give away what it found."""

import pytest

from reading.moderation.reader import Moderator


def told(reader: Moderator, text: str, lang: str | None = "en") -> list[tuple[str, str]]:
    return [(flag.severity, flag.evidence) for flag in reader.read(text, lang) if flag.flag == "personal-data"]


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("reach me at jana.keller@post.de", "en", ("low", "e-mail: j…@….de")),
        ("my number is +49 30 901820", "de", ("medium", "phone: +49 … 20")),
        ("ruf mich an: 030 901820", "de", ("medium", "phone: … 20")),
        ("call (202) 555-0143 after six", "en", ("medium", "phone: … 43")),
        ("appelle-moi au 06 12 34 56 78", "fr", ("medium", "phone: … 78")),
        ("pay to DE89 3704 0044 0532 0130 00", "de", ("high", "bank account: DE89 … 00")),
        ("card 5555 3412 4444 1115 please", "en", ("high", "card: … 15")),
        ("she lives at 12 High Street, London SW1A 1AA", "en", ("medium", "address: 12…")),
        ("742 Evergreen Terrace, Springfield, OR 97403", "en", ("medium", "address: 742…")),
        ("Lindenstraße 12, 10969 Berlin", "de", ("medium", "address: Lin…")),
        ("Hauptstraße 5, 8010 Graz", "de", ("medium", "address: Hau…")),
        ("jana.keller [at] post [dot] de", "en", ("low", "e-mail: j…@….de")),
        ("mail jana.keller at post dot de", "en", ("low", "e-mail: j…@….de")),
        ("jana.keller(at)post.de", "de", ("low", "e-mail: j…@….de")),
        ("Amex 3782 822463 10005", "en", ("high", "card: … 05")),
        ("12 rue de la Paix, 75002 Paris", "fr", ("medium", "address: 12…")),
        ("Calle Mayor 5, 28013 Madrid", "es", ("medium", "address: Cal…")),
    ],
)
def test_what_is_personal(reader: Moderator, text: str, lang: str, expected: tuple[str, str]) -> None:
    assert told(reader, text, lang) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "write to support@kettles.com or info@kettles.com",
        "customer.relations@kettles.com never answers",
        "look at the dot com boom, and at this point in time",
        "the highest 32-bit number squared is 8589934590 less than that",
        "jana@wrentea.example answers questions about tins",
        "user@example.com is what the manual says",
        "git@github.com:wren/kettle.git",
        "version 1.2.3.4 of 2024-05-06, build 20240506123456",
        "order 12345678901234 is late",
        "Chrome 87.0.4280.141 on Windows 10.0.22621",
        "it took 12.50000000 ms, then 98.17767091 ms, call 1530248",
        "bert@2023.onnx",
        "trace 516770465071103 and 5522204518514688",
        "call 1-800-433-7300 and wait",
        "the address is 192.168.100.200",
        "between 2019-2023 we sold 1,234,567 tins for 10.000.000 EUR",
        "DE89 3704 0044 0532 0130 01 has wrong check digits",
        "card 5555 3412 4444 1116 has a wrong check digit",
        "on Main Street there are 2000 shops",
        "12 drops of milk, 250 ml of water, 3 minutes",
    ],
)
def test_what_is_not(reader: Moderator, text: str) -> None:
    assert told(reader, text) == []


def test_several_finds_are_one_flag_as_severe_as_the_worst(reader: Moderator) -> None:
    text = "jana.keller@post.de, +49 30 901820, DE89370400440532013000"
    assert told(reader, text) == [("high", "e-mail: j…@….de | bank account: DE89 … 00 | phone: +49 … 20")]
