"""``isamap place``: addresses for the buffers of a CSV file, within a capacity or as low as they go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from isamap.cli.arguments import Json
from isamap.cli.compiling import Deterministic, Seed, TimeLimit, Workers
from isamap.cli.exits import STOPPED
from isamap.cli.offsets import Alignment, Banks, Capacity, require_capacity
from isamap.cli.progress import Progress
from isamap.cli.terminal import print_json, show
from isamap.errors import CheckFailed, Fault, Infeasible, InputError, IsamapError, NotFound

if TYPE_CHECKING:
    from isamap.ir.answers import Placement
    from isamap.placing import Placed
    from isamap.spec import Buffers

BuffersFile = Annotated[
    Path, typer.Argument(metavar="BUFFERS.csv", help="A row per buffer: id,lower,upper,size (MiniMalloc's format).")
]
PlacingMethod = Annotated[
    Literal["exact", "greedy"], typer.Option("--method", help="Greedy methods and the solver, or greedy methods only.")
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="OUT.csv", help="Write the buffers with their offsets.")
]


def place_file(
    buffers: BuffersFile,
    capacity: Capacity = None,
    alignment: Alignment = 1,
    banks: Banks = 1,
    method: PlacingMethod = "exact",
    time_limit: TimeLimit = None,
    workers: Workers = None,
    seed: Seed = 0,
    deterministic: Deterministic = False,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Gives every buffer of BUFFERS.csv an offset at which it shares no byte with another that lives at that time.

    With a capacity any placement that fits is an answer; without one the lowest is looked for.
    """
    from isamap.ir.effort import Effort
    from isamap.result import require_writable
    from isamap.spec import read_buffers

    require_capacity(capacity, banks)
    if output is not None:
        require_writable(output)
    read = read_buffers(buffers)
    given = {"time_limit_s": time_limit, "workers": workers}
    effort = Effort(seed=seed, deterministic=deterministic, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    with Progress() as progress:
        progress("placing")
        from isamap.placing import place_buffers

        try:
            placed = place_buffers(
                read.lives,
                capacity,
                alignment_bytes=alignment,
                banks=banks,
                method=method,
                effort=effort,
                hint=_hint(read),
                tell=lambda value, bound: progress("placing", value, bound),
            )
        except InputError as error:
            raise read.located(error) from None
    _report(read, placed, output, as_json)


def _hint(read: Buffers) -> Placement | None:
    """The placement to begin from, where the file has one."""
    from isamap.ir.answers import Placement

    known = [(life, hint) for life, hint in zip(read.lives, read.hints, strict=True) if hint is not None]
    if known and len(known) < len(read.lives):
        missing = next(life.name for life, hint in zip(read.lives, read.hints, strict=True) if hint is None)
        raise InputError([Fault((missing, "hint"), "an address, as other buffers have one", "none")])
    return Placement(tuple(known)) if known else None


def _report(read: Buffers, placed: Placed, output: Path | None, as_json: bool) -> None:
    """Writes and prints what was found; raises what ends the command with its exit code."""
    from isamap.spec import write_buffers

    written = placed.checked and output is not None
    if placed.checked and placed.solved.answer is not None and output is not None:
        output.write_text(write_buffers(placed.solved.answer), encoding="utf-8")
    failure = _failure(read, placed)
    if as_json:
        reason: dict[str, Any] = {"reason": None if failure is None else str(failure)}
        print_json({"file": read.file, "buffers": len(read.lives), **placed.to_json(), **reason})
    else:
        from isamap.report.placement import placement_report

        show(placement_report(placed, output if written else None))
    if placed.solved.interrupted and failure is None:
        typer.echo("note: stopped; this is the best placement found so far", err=True)
    if failure is not None:
        raise failure


def _failure(read: Buffers, placed: Placed) -> IsamapError | None:
    """Why there is no answer that may be used, if there is none."""
    solved, capacity = placed.solved, placed.capacity_bytes
    if placed.violations:
        return CheckFailed("\n".join(["the placement is wrong; it must not be used:", *map(str, placed.violations)]))
    if solved.status == "infeasible":
        large = [
            Fault((life.name, "size"), f"at most {capacity}, the capacity", str(life.size_bytes))
            for life in read.lives
            if life.size_bytes > (capacity or 0)
        ]
        told = str(read.located(InputError(large))) if large else f"{read.file}: {solved.method}"
        return Infeasible(f"no placement: {told}")
    if solved.answer is None:
        best = min(placed.greedy.values(), default=None)
        lowest = "" if best is None else f"; the lowest placement at hand needs {best} bytes"
        stopped = STOPPED if solved.interrupted else f"nothing found that fits {capacity} bytes, and no proof"
        return NotFound(f"{read.file}: {stopped}{lowest}")
    return None
