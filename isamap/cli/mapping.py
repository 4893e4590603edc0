"""``isamap map``: every match of a kernel on a machine's instructions, proved; or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from isamap.cli.arguments import InstructionName, Json, KernelName, Settings, TargetName, load_pair, require_instruction
from isamap.cli.composites import Made, find
from isamap.cli.progress import Progress
from isamap.cli.terminal import print_json, show
from isamap.errors import Infeasible

if TYPE_CHECKING:
    from isamap.ir.hardware import Target
    from isamap.ir.workload import Workload
    from isamap.mapping import MatchSet, Ranked

RealiseName = Annotated[
    Literal["direct", "view", "gather"],
    typer.Option("--realise", help="What an operand may need: one stride per axis, any view, or a packed copy."),
]
Replicate = Annotated[bool, typer.Option("--replicate", help="An input may be repeated along axes that it lacks.")]
EmptyAxes = Annotated[bool, typer.Option("--empty-axes", help="Axes of the instruction may stay empty.")]
Every = Annotated[bool, typer.Option("--all", help="Show every match, not the cheapest twenty of each einsum.")]
Composites = Annotated[
    bool, typer.Option("--composites", help="Also what several instructions do together, or one of several einsums.")
]


def map_kernel(
    kernel: KernelName,
    target: TargetName,
    settings: Settings = None,
    instruction: InstructionName = None,
    realise: RealiseName = "gather",
    replicate: Replicate = False,
    empty_axes: EmptyAxes = False,
    composites: Composites = False,
    every: Every = False,
    as_json: Json = False,
) -> None:
    """Finds every way to do KERNEL with the instructions of TARGET, and proves each; or says why there is none."""
    work, machine = load_pair(kernel, target, settings)
    require_instruction(machine, instruction)
    with Progress() as progress:
        progress("mapping")
        from isamap.mapping import Freedom, map_workload, with_others

        found = map_workload(
            work, machine, instruction=instruction, realise=realise, replicate=replicate, empty_axes=empty_axes
        )
        made = find(work, machine, instruction, progress) if composites else Made()
        if instruction is not None:
            freedom = Freedom(realise, replicate, empty_axes)
            found = tuple(tuple(with_others(work, machine, one, freedom) for one in sets) for sets in found)
    sets = with_empty(work, found, instruction)
    if as_json:
        print_json(to_json(work, machine, sets) | (made.as_json() if composites else {}))
    else:
        from isamap.report.composites import composite_report
        from isamap.report.matches import match_report

        show(match_report(work, machine, sets, every=every))
        if composites:
            show(composite_report(work, machine, made.composites, made.groups))
    if len({s.einsum for s in sets if s.matches} | made.einsums) < len(work.einsums):
        raise typer.Exit(Infeasible.exit_code)


def with_empty(work: Workload, found: Sequence[Sequence[MatchSet]], instruction: str | None) -> list[MatchSet]:
    """All match sets; an einsum that no instruction was asked about has one that says so."""
    from isamap.mapping import MatchSet

    sets: list[MatchSet] = []
    for number, answers in enumerate(found):
        statement = work.einsums[number].statement
        name = instruction or "(any)"
        reason = f"{name} and einsum {number} ({statement}) are not alike: one only moves data, the other computes"
        sets += answers or [MatchSet(number, name, reasons=(reason,))]
    return sets


def to_json(work: Workload, target: Target, sets: Sequence[MatchSet]) -> dict[str, Any]:
    """The object that --json prints; with several einsums the counts are sums and entries carry ``einsum``."""
    from isamap.mapping import ranked

    several = len(work.einsums) > 1

    def entry(number: int, record: dict[str, Any]) -> dict[str, Any]:
        return {"einsum": number, **record} if several else record

    matches: list[dict[str, Any]] = []
    for number in range(len(work.einsums)):
        mine = [match for s in sets if s.einsum == number for match in s.matches]
        worth = {id(one.match): one for one in ranked(work, target, mine)}
        matches += [entry(number, match_record(worth[id(match)])) for match in mine]
    return {
        "kernel": work.name,
        "target": target.name,
        "count": sum(s.count for s in sets),
        "count_with_swap": sum(s.count_with_swap for s in sets),
        "matches": matches,
        "why_not": [
            entry(s.einsum, {"instruction": s.instruction, "reasons": list(s.reasons), "repairs": list(s.repairs)})
            for s in sets
            if not s.matches
        ],
    }


def match_record(one: Ranked) -> dict[str, Any]:
    """A match as --json prints it, with what it costs and whether no other beats it."""
    match = one.match
    return {
        "instruction": match.instruction,
        "axes": {axis: list(fused) for axis, fused in match.axes},
        "operands": {operand: tensor for operand, tensor, _ in match.operands},
        "realisation": dict(match.realisation),
        "utilisation": match.utilisation,
        "proved": match.proved,
        "cost": asdict(one.cost),
        "pareto": one.pareto,
    }
