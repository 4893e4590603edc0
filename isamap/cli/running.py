"""``isamap run``: a kernel for real on this CPU, beside the libraries that a user would call instead."""

from __future__ import annotations

from typing import Annotated

import typer

from isamap.cli.arguments import Json, KernelName, Settings, load_pair
from isamap.cli.exits import CHECK_FAILED, complain
from isamap.cli.progress import Progress
from isamap.cli.terminal import print_json, show

_SECONDS = 5.0

TargetOption = Annotated[
    str, typer.Option("--target", metavar="TARGET", help="The description of this CPU: a file, or a bundled name.")
]
Against = Annotated[
    str,
    typer.Option("--against", metavar="NAME,NAME", help="Libraries to run beside it: mkl, openblas, onednn, torch."),
]
Seconds = Annotated[
    float, typer.Option("--seconds", min=0, metavar="S", help="How long rounds go on; preparing comes before.")
]
Packed = Annotated[
    str,
    typer.Option(
        "--packed", metavar="TENSOR", help="A factor that stays the same: copies of it are made before, not counted."
    ),
]
Measure = Annotated[
    bool, typer.Option("--measure", help="Time the model's best candidates first, and run the quickest of them.")
]
Threads = Annotated[int, typer.Option("--threads", min=1, metavar="N", help="Of each contestant, a CPU for each.")]


def run_kernel(
    kernel: KernelName,
    target: TargetOption = "host",
    against: Against = "",
    settings: Settings = None,
    seconds: Seconds = _SECONDS,
    threads: Threads = 1,
    packed: Packed = "",
    measure: Measure = False,
    as_json: Json = False,
) -> None:
    """Compiles KERNEL for this CPU, checks its result, and times it.

    Each library runs in a process of its own, pinned like the kernel's, in rounds by turns. Exit code 5: the kernel's
    result is wrong.
    """
    work, machine = load_pair(kernel, target, settings)
    from isamap.deploy.against import Ring
    from isamap.report.contest import contest_json, contest_report
    from isamap.tiling.cached.machine import core_of

    names = [name.strip() for name in against.split(",") if name.strip()]
    with Progress() as progress, Ring(names, threads, progress, measure) as ring:
        found = ring.contest(work, core_of(machine), seconds, frozenset(filter(None, packed.split(","))))
    if as_json:
        print_json(contest_json(found))
    else:
        show(contest_report(found))
    if not found.ours.is_right:
        complain(f"the kernel's result is wrong; it must not be used: {found.ours.wrong}")
        raise typer.Exit(CHECK_FAILED)
