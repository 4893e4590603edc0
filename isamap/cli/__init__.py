"""The command line. ``isamap --help`` is instant: solvers, numpy and files of the user are met inside a command only.

``arguments`` names what commands share, ``exits`` turns exceptions into exit codes, ``terminal`` writes, ``progress``
shows what takes long; then one file per command.
"""

from __future__ import annotations

import io
import sys

import typer

from isamap import __version__
from isamap.cli.calibrating import calibrate_host
from isamap.cli.comparing import compare_kernel
from isamap.cli.compiling import compile_kernel
from isamap.cli.exits import Commands
from isamap.cli.listing import list_names
from isamap.cli.mapping import map_kernel
from isamap.cli.placing import place_file
from isamap.cli.reporting import report_result
from isamap.cli.running import run_kernel
from isamap.cli.schemas import print_schema
from isamap.cli.simulating import simulate_result
from isamap.cli.sweeping import sweep_file
from isamap.cli.validating import validate_files
from isamap.cli.verifying import verify_result

__all__ = ["app", "main"]

app = typer.Typer(
    name="isamap",
    cls=Commands,
    help="Maps deep-learning computations onto a machine's instructions, proves how good the answer is, and runs it.",
    epilog="Exit codes: 0 answer found, 2 wrong usage or file, 3 proved impossible, 4 nothing found in time, "
    "5 a check failed, 1 a defect of isamap.",
    rich_markup_mode=None,  # rich would double the time that --help takes
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)
app.command("list", short_help="What comes with isamap.")(list_names)
app.command("map", short_help="Every match, proved; or why there is none.")(map_kernel)
app.command("compile", short_help="The best program found, simulated and checked.")(compile_kernel)
app.command("compare", short_help="Heuristics and solvers side by side.")(compare_kernel)
app.command("simulate", short_help="Run a result file again, every check on.")(simulate_result)
app.command("verify", short_help="Check a result and its certificate, no solver asked.")(verify_result)
app.command("run", short_help="A kernel for real on this CPU, beside libraries.")(run_kernel)
app.command("place", short_help="Addresses for the buffers of a CSV file.")(place_file)
app.command("report", short_help="A result file as one HTML page.")(report_result)
app.command("calibrate", short_help="Measure this CPU and write its hardware file.")(calibrate_host)
app.command("sweep", short_help="Every design of a grid, and which are worth a look.")(sweep_file)
app.command("validate", short_help="Check files; every mistake at once.")(validate_files)
app.command("schema", short_help="JSON Schema of a kind of file, for editors.")(print_schema)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"isamap {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    """Options of isamap itself."""


def main() -> None:
    """The console entry."""
    for stream in (sys.stdout, sys.stderr):  # what the terminal cannot show must not end the command
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app(prog_name="isamap")
