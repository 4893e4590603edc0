"""``isamap calibrate``: measures this machine and writes its hardware file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from isamap.cli.arguments import Json
from isamap.cli.progress import Progress
from isamap.cli.terminal import print_json, show

if TYPE_CHECKING:
    from isamap.ir.calibration import Calibration

HardwareOut = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="HARDWARE.yaml", help="Write it there, not where `host` finds it."),
]


def calibrate_host(output: HardwareOut = None, as_json: Json = False) -> None:
    """Measures this CPU (clock, instructions, caches, main memory; about 20 s) and writes a hardware file of it."""
    from isamap.host import calibrate, detected

    typer.echo(str(detected()), err=True)
    with Progress() as progress:
        found, file = calibrate(output, progress)
    if as_json:
        print_json(_record(found, file))
        return
    from isamap.report.calibration import calibration_tables

    show(*calibration_tables(found))
    typer.echo(f"hardware file: {file}")


def _record(found: Calibration, file: Path) -> dict[str, Any]:
    from dataclasses import asdict

    return {"target": "host", "file": str(file), **asdict(found)}
