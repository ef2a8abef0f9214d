"""What goes wrong on the way of one query while the rest of it goes on: one error at the end tells it all."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TypeVar

from connectors.contract import CredentialsError, Page, RateLimited, SourceError, Truncated

T = TypeVar("T")

IN_A_ROW = 3
"""After so many the network is down, not a thread."""


class Failures:
    """Failures of one query. A failing thread costs itself; what makes going on useless is raised at once."""

    def __init__(self) -> None:
        self.noted: list[SourceError] = []
        self._in_a_row = 0

    def __bool__(self) -> bool:
        return bool(self.noted)

    def over(self) -> None:
        """Something was answered: the network is there."""
        self._in_a_row = 0

    def note(
        self, failure: SourceError, unseen_from: datetime | None = None, unseen_to: datetime | None = None
    ) -> None:
        """Remember a failure and the span that it leaves unseen.

        Credentials and rate limits are raised at once, and so is the whole after three failures in a row.
        """
        failure.unseen_from = failure.unseen_from or unseen_from
        failure.unseen_to = failure.unseen_to or unseen_to
        if isinstance(failure, CredentialsError | RateLimited):
            raise self.ending(failure)
        self.noted.append(failure)
        if isinstance(failure, Truncated):
            return
        self._in_a_row += 1
        if self._in_a_row == IN_A_ROW:
            self.noted.append(
                SourceError(
                    f"gave up after {IN_A_ROW} failures in a row; run this window again later.",
                    unseen_from=unseen_from,
                    unseen_to=unseen_to,
                )
            )
            self.raise_noted()

    def ending(self, failure: SourceError) -> SourceError:
        """The failure that ends a query, with what those noted before it left unseen, which is told nowhere else."""
        failure.unseen_from, failure.unseen_to = self._first_unseen(failure), self._last_unseen(failure)
        return failure

    def raise_noted(self) -> None:
        """One error for all that was noted, of the gravest kind among them; nothing where nothing was."""
        if not self.noted:
            return
        gravity = ("failed", "schema-drift", "truncated")
        gravest = min(self.noted, key=lambda failure: gravity.index(failure.status))
        kind = SourceError if gravest.status == "failed" else type(gravest)
        reasons = list(dict.fromkeys(str(failure) for failure in self.noted))
        shown = [*reasons[:3], f"(and {len(reasons) - 4} more)", reasons[-1]] if len(reasons) > 5 else reasons
        raise kind(
            " ".join(shown),
            unseen_from=self._first_unseen(),
            unseen_to=self._last_unseen(),
        )

    def _first_unseen(self, *others: SourceError) -> datetime | None:
        return min((at for failure in (*self.noted, *others) if (at := failure.unseen_from)), default=None)

    def _last_unseen(self, *others: SourceError) -> datetime | None:
        return max((at for failure in (*self.noted, *others) if (at := failure.unseen_to)), default=None)


def one_by_one(parts: Iterable[T], ask: Callable[[T], Page | None]) -> Iterator[Page]:
    """The page that `ask` gets for each part, None where it has nothing to tell. One failure costs its part; what is
    raised at the end tells of all.
    """
    failures = Failures()
    for part in parts:
        try:
            page = ask(part)
        except SourceError as failure:
            failures.note(failure)
            continue
        failures.over()
        if page is not None:
            yield page
    failures.raise_noted()
