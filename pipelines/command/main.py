"""The `earshot` command: a thin layer that reads arguments, calls the steps and says how it went.

Exit codes: 0 all is well; 1 a step failed; 2 wrong arguments or config; 3 a source failed, everything else arrived;
4 another run holds what this one needs.
"""

import errno
import os
import sys

import duckdb
import pyarrow
import typer

from pipelines.command import check, engines, freshness, labels, steps, tables
from pipelines.command.app import app, err
from pipelines.errors import BusyError, ConfigError, EarshotError, InputError, SourceFailed

COMMANDS = (steps, check, freshness, tables, engines, labels)
"""The modules whose commands these are, in the order in which the help lists them."""


def main() -> None:
    """Run the command; a fault that a person can mend is one message, not a traceback."""
    try:
        app(standalone_mode=False)
    except typer.Exit as leaving:
        sys.exit(leaving.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        err.print("Stopped. What had landed stays; run the same command to go on.")
        sys.exit(130)
    except BusyError as error:
        _complain(error, 4)
    except SourceFailed as error:
        _complain(error, 3)
    except (ConfigError, InputError) as error:
        _complain(error, 2)
    except EarshotError as error:
        _complain(error, 1)
    except (duckdb.Error, pyarrow.ArrowException, OSError) as error:
        _complain(_disk_fault(error), 1)
    except Exception as error:
        if not hasattr(error, "format_message"):  # click's own complaints about arguments
            raise
        error.show()  # type: ignore[attr-defined]
        sys.exit(2)


def _disk_fault(error: Exception) -> str:
    """What a failed write means and what to do."""
    # DuckDB goes on with the statement, which the reader did not write
    told = " ".join(str(error).partition("\n\n")[0].split()).rstrip(".")
    if getattr(error, "errno", None) in _NO_ROOM or any(os.strerror(code).lower() in told.lower() for code in _NO_ROOM):
        return f"The disk is full: {told}. Make room and run the same command again; nothing is lost or doubled."
    return f"{type(error).__name__}: {told}."


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""No room on the disk, in the user's share of it, or for a larger file."""


def _complain(error: object, code: int) -> None:
    err.print(f"earshot: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
