"""Short hashes that tell one version of anything from another."""

import hashlib
import json
from typing import Any


def fingerprint(value: Any) -> str:
    """Twelve hexadecimal digits that change when `value`, anything that JSON can hold, changes."""
    text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
