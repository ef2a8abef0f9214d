"""Which entry of a feed is which, so that it is known again on another night and no two become one.

What names an entry should not depend on the others that happen to stand beside it. So a guid or link is judged by
itself first; and once one turns out to be shared, that is remembered with the entry that had it alone until then.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

MOST_HELD = 500
"""Shared names that are remembered of a feed."""
_NOTHING = frozenset(
    (
        *("na", "none", "null", "nil", "nan", "undefined", "unknown", "unset", "empty", "blank", "default"),
        *("true", "false", "guid", "noguid", "id", "noid", "link", "nolink", "url", "string", "todo", "tbd", "test"),
        *("notavailable", "notapplicable", "notset", "missing", "object", "objectobject", "about:blank"),
    )
)
_ONLY_ZEROS = re.compile(r"(?:urn:uuid:|tag:|uuid:)?[\W0_]*", re.IGNORECASE)


class Candidate(NamedTuple):
    """An entry, as far as its identity is concerned."""

    guid: str | None
    link: str | None
    written: str
    """When it was written, as told."""
    changed: str
    """When it was changed, as told."""
    words: Callable[[], tuple[str | None, str | None]]
    """Its title and text."""

    @property
    def mark(self) -> str:
        """What tells it apart from another of its name, however its text is edited."""
        return _hash(self.link, self.written, self.words()[0])

    def is_same(self, other: "Candidate") -> bool:
        """Whether another of the same name is the same entry once more, or in another version that says so."""
        if (self.link, self.written) != (other.link, other.written):
            return False
        if self.changed and other.changed and self.changed != other.changed:
            return True
        return self.words() == other.words()


class Identities(NamedTuple):
    """Who is who in a feed."""

    names: list[str | None]
    """What each entry is known by; None where there is nothing that it could be known by."""
    shared: set[str]
    """Guids and links that different entries bear."""


def identities(entries: Sequence[Candidate], places: Collection[str], held: Mapping[str, str | None]) -> Identities:
    """The identity of each entry: its own guid, else its own link, else a hash of its words and moment.

    `places` are addresses of the feed and its site; `held` names that were found to be shared, and the mark of the one
    entry that had it alone before, if any did.
    """

    def may_bear(name: str | None, entry: Candidate) -> bool:
        if name is None or says_nothing(name) or name.rstrip("/") in places:
            return False
        return name not in held or held[name] == entry.mark

    by_guid: dict[str, list[Candidate]] = defaultdict(list)
    by_either: dict[str, list[Candidate]] = defaultdict(list)
    for entry in entries:
        for name in {entry.guid, entry.link}:
            if name is not None and may_bear(name, entry):
                by_either[name].append(entry)
                if name == entry.guid:
                    by_guid[name].append(entry)
    shared_guids = {name for name, bearers in by_guid.items() if _are_several(bearers)}
    shared_links: set[str] = set()
    names: list[str | None] = []
    for entry in entries:
        if may_bear(entry.guid, entry) and entry.guid not in shared_guids:
            names.append(entry.guid)
            continue
        if entry.link in by_either and _are_several(by_either[entry.link]):
            shared_links.add(entry.link)
        if may_bear(entry.link, entry) and entry.link not in shared_links:
            names.append(entry.link)
        else:
            title, text = entry.words()
            names.append(f"#{_hash(title, text, entry.written)}" if title or text else None)
    return Identities(names, shared_guids | shared_links)


def held_names(
    shared: Collection[str], before: Sequence[tuple[str | None, Candidate]], held: Mapping[str, str | None]
) -> dict[str, str | None]:
    """`held`, and what is to be remembered of further shared names; `before` are the entries of the last visit, each
    with what it is known by.
    """
    found = dict(held)
    for name in sorted(set(shared) - found.keys()):
        marks = {entry.mark for known_by, entry in before if known_by == name}
        found[name] = marks.pop() if len(marks) == 1 else None
    return dict(list(found.items())[-MOST_HELD:])


def says_nothing(name: str) -> bool:
    """Whether a guid stands for nothing, such as `N/A`, `-`, `0` or a UUID of zeros."""
    return bool(_ONLY_ZEROS.fullmatch(name)) or re.sub(r"[\W_]", "", name.casefold()) in _NOTHING


def _are_several(bearers: Sequence[Candidate]) -> bool:
    return any(not bearers[0].is_same(other) for other in bearers[1:])


def _hash(*told: str | None) -> str:
    return hashlib.sha256("\0".join(each or "" for each in told).encode("utf-8", "replace")).hexdigest()[:32]
