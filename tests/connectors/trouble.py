"""What can go wrong with any HTTP API: how the sandbox is to misbehave, the error it makes, and words of that error."""

from typing import Any

from connectors.contract import SchemaDrift, SourceError

NO_JSON = (
    ({"kind": "html"}, SchemaDrift, "where JSON belongs"),
    ({"kind": "half-json"}, SchemaDrift, "where JSON belongs"),
    ({"kind": "empty"}, SchemaDrift, "where JSON belongs"),
)
NO_ANSWER = (
    ({"kind": "cut"}, SourceError, "failed or was cut"),
    ({"kind": "stall", "seconds": 1}, SourceError, "did not answer in time"),
)


def trouble_id(value: Any) -> str:
    """Id of a case: the body that comes, or else the kind of trouble."""
    return value.get("body") or value["kind"] if isinstance(value, dict) else ""
