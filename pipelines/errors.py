"""What can go wrong, as far as a person can mend it. The command line prints these without a traceback."""


class EarshotError(Exception):
    """A message that names what was given, what was expected and what to do next."""


class ConfigError(EarshotError):
    """The config can't be used; all its faults are in the message."""


class BusyError(EarshotError):
    """Another run holds what this one needs."""


class InputError(EarshotError):
    """A file or an argument that can't be used."""


class SourceFailed(EarshotError):
    """A source did not answer in full. What it did answer has landed; the other sources are not touched."""


class ModelFailed(EarshotError):
    """A mart or a test of one failed. What was published before stays as it is."""
