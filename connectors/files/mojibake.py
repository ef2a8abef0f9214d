"""Texts that were read as Latin-1 once too often, mended: `gÃ©nial` is `génial`. Pure.

A text is changed only if all of it turns into UTF-8 again and it holds what no sound text does: a control character, an
emoji or quotation mark taken to pieces, or a letter in two signs right beside a plain letter. `café` and a lone `Ã©`
that somebody asks about stay as they are.
"""

import re

_CP1252 = {ord(bytes([byte]).decode("cp1252", "ignore") or "\0"): byte for byte in range(0x80, 0xA0)}
_CP1252.pop(0, None)
_SUSPECT = re.compile("[\xc2-\xf4][\x80-\xbf\u0152-\u2122]")
_CERTAIN = re.compile(
    rb"\xe2[\x80-\x9d][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|(?:[\xe0-\xef][\x80-\xbf]{2}){2}|(?:[\xc2-\xdf][\x80-\xbf]){3}"
    rb"|[A-Za-z][\xc2\xc3][\xa0-\xbf]|[\xc2\xc3][\xa0-\xbf][A-Za-z]"
)
_CONTROL = re.compile("[\x80-\x9f]")


def mended(text: str) -> str:
    """The text as it was before it was read wrongly; a sound text as it is."""
    if text.isascii() or not _SUSPECT.search(text):
        return text
    try:
        raw = text.translate(_CP1252).encode("latin-1")
        sound = raw.decode("utf-8")
    except UnicodeError:
        return text
    return sound if _CONTROL.search(text) or _CERTAIN.search(raw) else text
