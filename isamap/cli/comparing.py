"""``isamap compare``: heuristics and solvers on one kernel, side by side, judged by the same simulator."""

from __future__ import annotations

import typer

from isamap.cli.arguments import InstructionName, Json, KernelName, Settings, TargetName, load_pair, require_instruction
from isamap.cli.compiling import Deterministic, ObjectiveName, Seed, TimeLimit, Workers
from isamap.cli.exits import CHECK_FAILED, STOPPED, complain
from isamap.cli.progress import Progress
from isamap.cli.terminal import print_json, show
from isamap.errors import NotFound


def compare_kernel(
    kernel: KernelName,
    target: TargetName,
    settings: Settings = None,
    objective: ObjectiveName = "latency",
    time_limit: TimeLimit = None,
    workers: Workers = None,
    seed: Seed = 0,
    deterministic: Deterministic = False,
    instruction: InstructionName = None,
    as_json: Json = False,
) -> None:
    """Compiles KERNEL for TARGET by heuristics and by the solvers, and shows what the solvers bring.

    The time limit is for each method.
    """
    work, machine = load_pair(kernel, target, settings)
    require_instruction(machine, instruction)
    from isamap.compiled import Options
    from isamap.explore.compare import compare_methods
    from isamap.report.comparison import comparison_json, comparison_report

    options = Options(
        objective=objective, seed=seed, deterministic=deterministic, instruction=instruction,
        time_limit_s=60.0 if time_limit is None else time_limit, workers=workers or 2,
    )  # fmt: skip
    try:
        with Progress() as progress:
            found = compare_methods(work, machine, options, progress=progress)
    except KeyboardInterrupt:
        raise NotFound(STOPPED) from None
    for one in found:
        for note in one.answer.notes:
            typer.echo(f"note: {one.method}: {note}", err=True)
    if as_json:
        print_json(comparison_json(found))
    else:
        show(comparison_report(found))
    wrong = [f"{one.method}: {violation}" for one in found for violation in one.answer.violations]
    if wrong:
        complain("\n".join(["a program is wrong; it must not be used:", *wrong]))
        raise typer.Exit(CHECK_FAILED)
