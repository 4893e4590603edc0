"""``isamap compile``: the best program found for a kernel on a machine, simulated and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from isamap.cli.arguments import InstructionName, Json, KernelName, Settings, TargetName, load_pair, require_instruction
from isamap.cli.emitting import Emit, compile_for_core, is_core
from isamap.cli.exits import CHECK_FAILED, STOPPED, complain, describe
from isamap.cli.progress import Progress
from isamap.cli.terminal import print_json, show
from isamap.errors import Fault, Infeasible, InputError, IsamapError, NotFound

if TYPE_CHECKING:
    from isamap.compile import Compiled, Options
    from isamap.ir.hardware import Target
    from isamap.ir.workload import Workload

MethodName = Annotated[
    Literal["auto", "heuristic", "exact"],
    typer.Option("--method", help="Heuristics only, exact solvers, or what suits the size."),
]
ObjectiveName = Annotated[
    Literal["latency", "energy", "edp", "traffic"], typer.Option("--objective", help="What is made small.")
]
TimeLimit = Annotated[
    float | None, typer.Option("--time-limit", min=0, metavar="SECONDS", help="Stop then, with the best answer found.")
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, metavar="N", help="Threads of a solver.")]
Seed = Annotated[
    int, typer.Option("--seed", min=0, metavar="N", help="For solvers and for the inputs that are checked.")
]
Deterministic = Annotated[
    bool, typer.Option("--deterministic", help="The same answer, byte for byte, on every run: no wall time.")
]
FixFile = Annotated[
    Path | None,
    typer.Option("--fix", metavar="FILE", help="What the answer has to have: YAML, see `isamap schema fix`."),
]
StartFile = Annotated[
    Path | None,
    typer.Option(
        "--start", metavar="FILE", help="Begin from a result, or from the best answer with what a YAML fixes."
    ),
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="RESULT.json", help="Write everything needed to run it again.")
]


HeuristicName = Annotated[
    str | None, typer.Option("--heuristic", metavar="NAME", help="An installed function that finds more tilings.")
]
CostModelName = Annotated[
    str | None,
    typer.Option("--cost-model", metavar="NAME", help="An installed function that says what is tried first."),
]
RankingName = Annotated[
    str | None, typer.Option("--ranking", metavar="NAME", help="An installed function that orders what is tried.")
]


def compile_kernel(
    kernel: KernelName,
    target: TargetName,
    settings: Settings = None,
    method: MethodName = "auto",
    objective: ObjectiveName = "latency",
    time_limit: TimeLimit = None,
    workers: Workers = None,
    seed: Seed = 0,
    deterministic: Deterministic = False,
    output: Output = None,
    instruction: InstructionName = None,
    heuristic: HeuristicName = None,
    cost_model: CostModelName = None,
    ranking: RankingName = None,
    fix: FixFile = None,
    start: StartFile = None,
    emit: Emit = None,
    as_json: Json = False,
) -> None:
    """Compiles KERNEL for TARGET: matches, tiles, order, addresses; simulates the program and checks every number. For
    a CPU with caches: loops, register tile and panels, and with --emit its code."""
    work, machine = load_pair(kernel, target, settings)
    require_instruction(machine, instruction)
    if output is not None:
        from isamap.result import require_writable

        require_writable(output)
    if emit is not None or is_core(machine):
        steering = {"--method": method != "auto", "--objective": objective != "latency", "--time-limit": time_limit,
                    "--workers": workers, "--instruction": instruction, "--heuristic": heuristic,
                    "--cost-model": cost_model, "--ranking": ranking, "--fix": fix, "--start": start}  # fmt: skip
        compile_for_core(work, machine, emit, output, as_json, [name for name, given in steering.items() if given])
        return
    from isamap.compile import Options

    given = {"time_limit_s": time_limit, "workers": workers}
    options = Options(
        method=method,
        objective=objective,
        seed=seed,
        deterministic=deterministic,
        instruction=instruction,
        heuristic=heuristic,
        cost_model=cost_model,
        ranking=ranking,
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    )
    if fix is not None and start is not None:
        raise InputError([Fault(("--start",), "no --fix beside it", str(fix), "a start fixes nothing")])
    _report(_compiled(work, machine, options, as_json, fix, start), output, as_json)


def _compiled(
    work: Workload, target: Target, options: Options, as_json: bool, fix: Path | None, start: Path | None
) -> Compiled:
    """The answer; where there is none, its JSON object is printed and the exception goes on."""
    from isamap.compile import compile_workload
    from isamap.start import compile_fixed, start_from

    try:
        with Progress() as progress:
            if fix is not None:
                compiled = compile_fixed(fix, work, target, options, progress)
            else:
                begun = start_from(start, work, target, options, progress) if start is not None else None
                compiled = compile_workload(work, target, options, progress, begun)
    except (Infeasible, NotFound, KeyboardInterrupt) as error:
        refusal = error if isinstance(error, IsamapError) else NotFound(STOPPED)
        if as_json:
            print_json(_without_answer(work, target, options, refusal))
        raise refusal from None
    for note in compiled.notes:
        typer.echo(f"note: {note}", err=True)
    return compiled


def _without_answer(work: Workload, target: Target, options: Options, error: IsamapError) -> dict[str, Any]:
    from isamap.result import KEYS

    known = {
        "kernel": work.name,
        "target": target.name,
        "status": "infeasible" if isinstance(error, Infeasible) else "unknown",
        "objective": options.objective,
        "certificate": "none",
        "seed": options.seed,
        "reason": describe(error),
    }
    return {**dict.fromkeys(KEYS), **known}


def _report(compiled: Compiled, output: Path | None, as_json: bool) -> None:
    """Prints the answer, also where it cannot be written or is wrong; then says so."""
    from isamap.result import summary, write_result

    failure: InputError | None = None
    if output is not None:
        try:
            write_result(output, compiled)
        except InputError as error:
            failure = error
    if as_json:
        print_json(summary(compiled))
    else:
        from isamap.report.answer import answer_report

        show(answer_report(compiled, output if failure is None else None))
    if failure is not None:
        raise failure
    if not compiled.checked:
        complain("\n".join(["the program is wrong; it must not be used:", *map(str, compiled.violations)]))
        raise typer.Exit(CHECK_FAILED)
