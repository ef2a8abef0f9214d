"""JSON that is one document rather than an object on each line: told from its first bytes, and what to do with it."""

import json
import re
from typing import Any

_ASSIGNED = re.compile(rb"(?:var |let |const )?[A-Za-z_$][\w$.\[\]'\"]*\s*=\s*[\[{]")
_LIST = re.compile(rb'"([^"\\\n]{1,60})"\s*:\s*\[\s*\{')
_TO_LINES = "Expected JSON Lines, an object on each line, which this makes of it: "


def json_document(head: bytes, *, is_whole: bool) -> str | None:
    """What the file is and what to do, where its first bytes are those of one JSON document; None for JSON Lines."""
    if _ASSIGNED.match(head):
        return f"a script with JSON in it, as an account's archive is. {_TO_LINES}sed '1s/^[^=]*=//' | jq -c '.[]'"
    if head.startswith(b"["):
        return f"one JSON array. {_TO_LINES}jq -c '.[]'"
    if head.startswith(b"{") and not _has_lines(head, is_whole=is_whole):
        found = _LIST.search(head)
        return a_document(found[1].decode("utf-8", "replace") if found else None)
    return None


def a_document(name: str | None) -> str:
    """What a document is whose records are listed under `name`, and what to do."""
    hint = "" if name else " (with the name of its list for NAME)"
    return f"one JSON document. {_TO_LINES}jq -c '.[\"{name or 'NAME'}\"][]'{hint}"


def list_in(row: dict[str, Any]) -> str | None:
    """The name under which an object lists others."""
    lists = (name for name, value in row.items() if isinstance(value, list) and value and isinstance(value[0], dict))
    return next(lists, None)


def _has_lines(head: bytes, *, is_whole: bool) -> bool:
    """Whether an object stands on a line, or too little is to be seen to deny it."""
    lines = [line.strip() for line in head.split(b"\n")]
    complete = [line for line in (lines if is_whole else lines[:-1]) if line]
    if not complete or any(_is_object(line) for line in complete):
        return True
    return len(complete) == 1 and not complete[0].endswith((b"{", b"[", b",", b":"))


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.decode("utf-8", "replace"), strict=False), dict)
    except (ValueError, RecursionError):
        return False
