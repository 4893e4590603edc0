"""``isamap sweep``: every design of a grid, compiled, simulated and checked, on processes that may be killed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isamap.cli.arguments import Json
from isamap.cli.exits import complain
from isamap.cli.progress import Progress
from isamap.cli.terminal import print_json, show
from isamap.errors import NotFound

if TYPE_CHECKING:
    from isamap.explore import Standing, Swept

_MOST_BEST = 3

SweepFile = Annotated[Path, typer.Argument(metavar="SWEEP.yaml", help="Kernels, targets and options; lists are swept.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", min=1, metavar="N", help="Worker processes, instead of the file's `jobs`.")
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on with the results in the store, also those of another sweep that shares designs with this one. "
        "Without it a store that holds results of this sweep is refused, never overwritten.",
    ),
]
StoreFile = Annotated[
    Path | None,
    typer.Option(
        "--store", metavar="FILE.sqlite", help="Where results are kept as they come; default: SWEEP.sqlite beside it."
    ),
]


def sweep_file(
    sweep: SweepFile, jobs: Jobs = None, resume: Resume = False, as_json: Json = False, store: StoreFile = None
) -> None:
    """Compiles every design of SWEEP.yaml and shows those that no other beats. Ctrl-C keeps everything that is done.

    A job that fails is a result with a reason; the exit code is 0 where any design has an answer, 4 where none has.
    """
    from isamap.explore import read_sweep, sweep_designs

    plan = read_sweep(sweep)
    place = store or sweep.with_suffix(".sqlite")
    with Progress() as progress:
        swept = sweep_designs(
            plan, store=place, jobs=jobs, resume=resume, progress=lambda standing: progress(line(standing))
        )
    if as_json:
        print_json(swept.to_json())
    else:
        _show(swept)
    if swept.stopped:
        done = f"{len(swept.results)} of {swept.total} designs"
        typer.echo(f"note: stopped after {done}; they are in {place}, and --resume continues", err=True)
    if not swept.answers:
        complain(f"no design of {sweep} has an answer")
        raise typer.Exit(NotFound.exit_code)


def line(standing: Standing) -> str:
    """``12/60  1 failed  ETA 40 s  best latency 69,608 (p16/gmed)``."""
    parts = [f"{standing.ended}/{standing.total}"]
    if standing.failed:
        parts.append(f"{standing.failed} failed")
    if standing.eta_s is not None and standing.ended < standing.total:
        parts.append(f"ETA {standing.eta_s:.0f} s")
    best = [f"{objective} {value:,.0f} ({kernel})" for objective, kernel, value in standing.best]
    if best:
        more = f" and {len(best) - _MOST_BEST} more" if len(best) > _MOST_BEST else ""
        parts.append(f"best {', '.join(best[:_MOST_BEST])}{more}")
    return "  ".join(parts)


def _show(swept: Swept) -> None:
    from isamap.report.pareto import front_table, standing

    settings = [result.setting for result in swept.results]
    names = dict.fromkeys(name for setting in settings for name in setting)
    varied = [name for name in names if len({repr(setting.get(name)) for setting in settings}) > 1]
    for front in swept.fronts:
        rows = [{name: result.setting.get(name) for name in varied} for result in front.results]
        show(front_table(front.kernel, front.count, rows, swept.minimise, front.values))
    failed = [(r.outcome.state, r.outcome.reason) for r in swept.results if r.outcome.state != "done"]
    show(standing(swept.name, swept.total, swept.counts, failed))
