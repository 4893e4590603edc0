"""``isamap simulate``: runs the program of a result file again, with every check on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from isamap.cli.arguments import Json
from isamap.cli.exits import CHECK_FAILED, complain
from isamap.cli.progress import Progress
from isamap.cli.terminal import print_json, show

if TYPE_CHECKING:
    from isamap.ir.answers import Violation
    from isamap.result import Result
    from isamap.simulate import Simulation

ResultFile = Annotated[Path, typer.Argument(metavar="RESULT.json", help="A file that `isamap compile -o` wrote.")]


def simulate_result(result: ResultFile, as_json: Json = False) -> None:
    """Runs the program of RESULT.json again, checks it, and compares with what the file says of it."""
    from isamap.result import differences, read_result

    with Progress() as progress:
        progress("reading")
        read = read_result(result)
        progress("simulating")
        from isamap.judge import judge_program

        simulation, found = judge_program(read.program, read.performed, read.target, seed=read.seed, asked=read.work)
    violations = (*found, *differences(read, simulation))
    if as_json:
        print_json(_to_json(read, simulation, violations))
    else:
        from isamap.report.answer import simulation_report

        show(simulation_report(read.work, read.target, simulation, checked=not violations))
    if violations:
        complain("\n".join([f"{result}: the program fails its checks:", *map(str, violations)]))
        raise typer.Exit(CHECK_FAILED)


def _to_json(read: Result, simulation: Simulation, violations: tuple[Violation, ...]) -> dict[str, Any]:
    return {
        "kernel": read.work.name,
        "target": read.target.name,
        "checked": not violations,
        "latency_cycles": simulation.latency_cycles,
        "energy_pj": simulation.energy_pj,
        "traffic_bytes": simulation.traffic_bytes,
        "issues": simulation.issues,
        "peak_bytes": simulation.peak_bytes,
        "busy_cycles": simulation.busy_cycles,
        "stalls": simulation.stalls,
        "seed": read.seed,
        "violations": [{"rule": v.rule, "where": v.where, "detail": v.detail} for v in violations],
    }
