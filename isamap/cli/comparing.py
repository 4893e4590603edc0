"""``isamap compare``: heuristics and solvers on one kernel, side by side, judged by the same simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from isamap.cli.arguments import InstructionName, Json, KernelName, Settings, TargetName, load_pair, require_instruction
from isamap.cli.compiling import Deterministic, ObjectiveName, Seed, Workers
from isamap.cli.exits import CHECK_FAILED, STOPPED, complain
from isamap.cli.progress import Progress
from isamap.cli.terminal import print_json, show
from isamap.errors import NotFound

_LIMIT_S = 20.0  # for each method
_TOTAL_S = 270.0  # for all of them, where no limit is asked for

Methods = Annotated[
    str | None,
    typer.Option(
        "--methods",
        metavar="NAME,NAME",
        help="Some of greedy, list, random, annealing, genetic, exact (default: all), and installed heuristics.",
    ),
]
Seeds = Annotated[
    int, typer.Option("--seeds", min=1, metavar="N", help="Runs of random, annealing and genetic, from --seed on.")
]
MethodLimit = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        min=0,
        metavar="SECONDS",
        help="For each method; its seeds share it. Default: 20, and runs that would end after 270 are not begun.",
    ),
]
Page = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="OUT.html", help="Write the table and its plots as one page.")
]


def compare_kernel(
    kernel: KernelName,
    target: TargetName,
    settings: Settings = None,
    methods: Methods = None,
    seeds: Seeds = 3,
    objective: ObjectiveName = "latency",
    time_limit: MethodLimit = None,
    workers: Workers = None,
    seed: Seed = 0,
    deterministic: Deterministic = False,
    instruction: InstructionName = None,
    output: Page = None,
    as_json: Json = False,
) -> None:
    """Compiles KERNEL for TARGET by heuristics, searches and solvers, and shows how far and how soon each comes.

    Every answer is simulated and checked. Ctrl-C keeps what is done.
    """
    work, machine = load_pair(kernel, target, settings)
    require_instruction(machine, instruction)
    if output is not None:
        from isamap.result import require_writable

        require_writable(output)
    from isamap.compiled import Options
    from isamap.explore.compare import compare_methods
    from isamap.explore.methods import METHODS
    from isamap.plugins import installed, load

    options = Options(
        objective=objective, seed=seed, deterministic=deterministic, instruction=instruction,
        time_limit_s=_LIMIT_S if time_limit is None else time_limit, workers=workers or 2,
    )  # fmt: skip
    asked = METHODS if methods is None else [name.strip() for name in methods.split(",") if name.strip()]
    names = {one.name for one in installed("heuristic")}.difference(METHODS)
    own = {name: load("heuristic", name) for name in asked if name in names}
    total_s = _TOTAL_S if time_limit is None and not deterministic else float("inf")
    try:
        with Progress() as progress:
            found = compare_methods(work, machine, options, asked, seeds, progress, total_s, own)
    except KeyboardInterrupt:
        raise NotFound(STOPPED) from None
    for run in found.runs:
        for note in run.answer.notes:
            typer.echo(f"note: {run.method}: {note}", err=True)
    for method, reason in found.left_out:
        typer.echo(f"note: {method} has no answer: {reason}", err=True)
    if output is not None:
        from isamap.report.page.comparison import render_comparison
        from isamap.result import write_whole

        write_whole(output, render_comparison(found))
        typer.echo(f"page: {output}", err=True)
    if as_json:
        from isamap.report.comparison import comparison_json

        print_json(comparison_json(found))
    else:
        from isamap.report.comparison import comparison_report

        show(comparison_report(found))
    wrong = [f"{run.method}: {violation}" for run in found.runs for violation in run.answer.violations]
    wrong += [f"{method}: {reason}" for method, reason in found.left_out if method in found.failed]
    if wrong:
        complain("\n".join(["a program is wrong; it must not be used:", *wrong]))
        raise typer.Exit(CHECK_FAILED)
