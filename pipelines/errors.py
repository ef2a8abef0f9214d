"""What can go wrong, as far as a person can mend it. The command line prints these without a traceback."""

from collections.abc import Sequence
from datetime import datetime


class EarshotError(Exception):
    """A message that names what was given, what was expected and what to do next."""


class ConfigError(EarshotError):
    """The config can't be used; all its faults are in the message."""


class BusyError(EarshotError):
    """Another run holds what this one needs."""


class InputError(EarshotError):
    """A file or an argument that can't be used."""


class SourceFailed(EarshotError):
    """A source did not answer in full. What it did answer has landed; the other sources are not touched.

    `retry_at` is when the network wants to be asked again, UTC, if it said so; `is_permanent`: asking again won't help.
    """

    def __init__(self, message: str, *, retry_at: datetime | None = None, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.retry_at = retry_at
        self.is_permanent = is_permanent

    @classmethod
    def of_several(cls, failures: Sequence["SourceFailed"]) -> "SourceFailed":
        """One error for several windows."""
        return cls(
            "\n".join(map(str, failures)),
            retry_at=max((failure.retry_at for failure in failures if failure.retry_at), default=None),
            is_permanent=all(failure.is_permanent for failure in failures),
        )


class NotHandedOn(EarshotError):
    """What the step before made isn't where this one looks for it."""


class MartsFailed(EarshotError):
    """A mart or a test of one failed. What was published before stays as it is."""


class NotSound(EarshotError):
    """The warehouse is not as the tests of the marts found it. What was published before stays as it is."""


def is_final(error: BaseException) -> bool:
    """Whether trying again, with nothing changed, would end the same way."""
    if isinstance(error, SourceFailed):
        return error.is_permanent
    return isinstance(error, ConfigError | InputError | NotHandedOn | MartsFailed | NotSound)
