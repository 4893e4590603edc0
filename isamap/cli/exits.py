"""From exceptions to exit codes and one clear message on stderr; usage errors (2) are typer's own."""

from __future__ import annotations

import errno
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from isamap.errors import InputError, IsamapError, NotFound

DEFECT = 1
CHECK_FAILED = 5
STOPPED = "stopped before anything was found"
REPORT = "this is a defect of isamap. Please report it with the lines above and the command that you gave."


class Commands(TyperGroup):
    """Commands whose exceptions end in a message and the exit code that ``isamap.errors`` gives them."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except IsamapError as error:
            complain(describe(error))
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            complain(STOPPED)
            raise typer.Exit(NotFound.exit_code) from None
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output has gone
                raise
            return _defect(error)
        except Exception as error:
            if type(error).__module__.startswith(("typer", "click")):  # usage errors and exits
                raise
            return _defect(error)


def describe(error: IsamapError) -> str:
    """The message, with a did-you-mean where a fault lists what is possible."""
    from isamap.spec.diagnostic import SpecError, with_suggestion

    if isinstance(error, InputError) and error.faults and not isinstance(error, SpecError):
        return "\n".join(str(with_suggestion(fault)) for fault in error.faults)
    return str(error)


def complain(message: str) -> None:
    """``error: ...`` on stderr."""
    typer.echo(f"error: {message}", err=True)


def _defect(error: BaseException) -> None:
    traceback.print_exception(error, file=sys.stderr)
    complain(f"{type(error).__name__}: {error}\n{REPORT}")
    raise typer.Exit(DEFECT)
