"""What is wrong with a config, in words of its own: the entry by its id, what was found, what belongs there."""

import re
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from connectors import CONNECTORS

_ID = r"^[a-z0-9][a-z0-9_-]{0,39}$"
_FORMS = {
    _ID: "write lower-case letters, digits, '-' and '_', forty at most, as in 'acme' or 'acme-forum'",
    r"^[a-z]{2}$": "write a language by its two letters, as in 'en' (ISO 639-1)",
    r"^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$": "write a domain, as in 'acme.example'",
    r"^\S+$": "write one word without spaces",
    '^[^"\\r\\n]$': "write the one character that parts the columns, as in ';'",
}
"""What a pattern of the settings asks for."""
_WORDS = {
    "missing": "is missing",
    "string_too_short": "must not be empty",
    "string_too_long": "write at most {max_length} characters",
    "too_short": "write at least {min_length} of them",
    "too_long": "write at most {max_length} of them",
    "greater_than_equal": "write {ge} or more",
    "greater_than": "write more than {gt}",
    "less_than_equal": "write {le} or less",
    "less_than": "write less than {lt}",
    "literal_error": "write {expected}",
    "enum": "write {expected}",
    "string_type": "write a text in quotes",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
    "finite_number": "write a number that has an end",
    "dict_type": 'write keys with their values, as in {{ key = "value" }}',
    "model_type": 'write keys with their values, as in {{ key = "value" }}',
    "model_attributes_type": 'write keys with their values, as in {{ key = "value" }}',
    "url_type": "write a full address, such as https://forum.example",
    "url_parsing": "write a full address, such as https://forum.example",
    "url_scheme": "write an address that begins with {expected_schemes}",
}
"""What a kind of fault means to somebody who writes a config; see pydantic's list of error types."""


def follows_from_others(fault: Any) -> bool:
    """A list that is too short only because its entries have faults of their own."""
    return fault["type"] == "too_short" and bool(fault["input"])


def fault_told(fault: Any, raw: dict[str, Any], config: type[BaseModel]) -> str:
    """One line on one fault: where, what belongs there, what was found. No value that might be a secret."""
    where, found, kind = _place(fault["loc"], raw), fault.get("input"), fault["type"]
    if kind == "extra_forbidden":
        return f"{where}: is not known; {_allowed_beside(fault['loc'], raw, config)}"
    shown = f" (found {_shown(found)})" if isinstance(found, str | int | float | date) else ""
    if kind == "tuple_type":
        key = fault["loc"][-1]
        wanted = f"[[{key}]], as there may be several" if isinstance(found, dict) else 'a list, such as ["one", "two"]'
        return f"{where}: write {wanted}{shown}"
    context = fault.get("ctx") or {}
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return f"{where}: {_FORMS.get(pattern, f'must have the form {pattern}')}{shown}"
    if kind in _WORDS:
        allowed = re.findall("'([^']+)'", str(context.get("expected", "")))
        meant = did_you_mean(found, allowed)
        return f"{where}: {_WORDS[kind].format(**context)}{shown}{meant and '; ' + meant}"
    said = f"{fault['msg'].removeprefix('Value error, ')}{shown}"
    return f"{where}: {said}" if where else said


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """A suggestion for a word that isn't known; empty where none is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.7) if isinstance(word, str) else []
    return f"did you mean '{near[0]}'?" if near else ""


def one_of(word: object, known: Iterable[str]) -> str:
    """What is allowed in the place of a word that isn't known, the nearest first."""
    allowed = list(known)
    meant = did_you_mean(word, allowed)
    return f"{meant} Allowed: {', '.join(allowed)}" if meant else f"allowed: {', '.join(allowed)}"


def _shown(found: object) -> str:
    return found.isoformat() if isinstance(found, date) else f"{found!r:.80}"


def _place(loc: tuple[Any, ...], raw: dict[str, Any]) -> str:
    """Where a fault is: `sources "talk", columns.text`; an entry without an id by its number. Empty where it is in what
    several keys say together.
    """
    if not loc:
        return ""
    section, *rest = loc
    told = str(section)
    if rest and isinstance(rest[0], int):
        number = rest.pop(0)
        entries = raw.get(section)
        entry = entries[number] if isinstance(entries, list) and number < len(entries) else None
        name = entry.get("id") if isinstance(entry, dict) else None
        told += f' "{name[:40]}"' if isinstance(name, str) and name else f", entry {number + 1}"
        told += ", " if rest else ""
    elif rest:
        told += "."
    keys = ""
    for part in rest:
        keys += f", entry {part + 1}" if isinstance(part, int) else f".{part}" if keys else str(part)
    return told + keys


def _allowed_beside(loc: tuple[Any, ...], raw: dict[str, Any], config: type[BaseModel]) -> str:
    """What may stand where an unknown key was found."""
    section: Any = config
    entry = raw["sources"][loc[1]] if loc[0] == "sources" else {}
    connector = CONNECTORS[entry["type"]] if entry else None
    for part in loc[:-1]:
        if part == "sources" and connector:
            section = connector.Settings
        elif isinstance(part, str):
            kind = section.model_fields[part].annotation
            section = next((entry for entry in get_args(kind) if isinstance(entry, type)), kind)
    key, allowed = loc[-1], list(section.model_fields)
    if connector and section is connector.Settings and key in connector.NETWORK.credentials:
        name = str(entry.get("id", "<id of the source>")).upper().replace("-", "_")
        return f"credentials are not for this file: set EARSHOT_{name}_{key.upper()} in the environment"
    return one_of(key, allowed)
