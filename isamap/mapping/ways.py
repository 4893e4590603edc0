"""The workloads worth planning: the one that was asked for, and those that stand for it with less work for the units.

An einsum whose best match keeps a unit busy for more than ``_WASTEFUL`` times what its points would take at the best
rate of any instruction (or that has no match with every axis fed) is looked at through rewrites; composites that need
fewer cycles are put in its place. The best of every such einsum together make one way, the second best another.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from isamap.bounds.latency import cycles_per_point
from isamap.errors import NoMatch
from isamap.ir.answers import Match
from isamap.ir.hardware import Target
from isamap.ir.routes import computing
from isamap.ir.workload import Workload
from isamap.mapping.choose import choose
from isamap.mapping.composite import Able, Composite, best_match, best_part, composites, unit_cycles
from isamap.mapping.givens import Freedom
from isamap.mapping.match_set import MatchSet

_WASTEFUL = 1.5
_TRIED = 2  # composites of an einsum


@dataclass(frozen=True)
class Way:
    """``work`` with the matches to plan with, per einsum; ``steps`` say how it was made from what was asked for.
    ``cycles``: what the busiest unit is kept busy for where every einsum is done by its best match."""

    work: Workload
    steps: tuple[str, ...]
    sets: tuple[MatchSet, ...]
    candidates: list[list[Match]]
    notes: tuple[str, ...]
    cycles: float


def ways(
    work: Workload, target: Target, freedom: Freedom, instruction: str | None = None, time_limit_s: float = 60.0
) -> list[Way]:
    """At least one way, those that keep the busiest unit busy for the fewest cycles first. Raises NoMatch, with every
    reason."""
    deadline = time.monotonic() + time_limit_s
    found: list[Way] = []
    refused: NoMatch | None = None
    try:
        found.append(_way(work, (), target, freedom, instruction, time_limit_s))
    except NoMatch as error:
        refused = error
    spent = _spent(work, target, found[0].sets if found else None)
    better = _better(work, target, spent, instruction, deadline)
    for rank in range(_TRIED if better else 0):
        other, steps = _in_place(work, target, better, rank)
        if other not in [way.work for way in found]:
            try:
                found.append(_way(other, steps, target, freedom, instruction, time_limit_s))
            except NoMatch as error:
                refused = refused or error
    if not found:
        assert refused is not None
        raise refused
    return sorted(found, key=lambda way: way.cycles)


def _way(
    work: Workload, steps: tuple[str, ...], target: Target, freedom: Freedom, instruction: str | None, limit_s: float
) -> Way:
    sets, candidates, notes = choose(
        work, target, instruction=instruction, realise=freedom.realise, replicate=freedom.replicate,
        empty_axes=freedom.empty_axes, time_limit_s=limit_s,
    )  # fmt: skip
    return Way(work, steps, sets, candidates, (*steps, *notes), _busiest(work, target, candidates))


def _busiest(work: Workload, target: Target, candidates: Sequence[Sequence[Match]]) -> float:
    transfers = {transfer.name for transfer in target.transfers}
    spent: dict[str, float] = {}
    for matches in candidates:
        able = [match for match in matches if match.instruction not in transfers]
        if able:
            best = min(able, key=lambda match: unit_cycles(work, match, target))
            unit = target.instruction(best.instruction).unit
            spent[unit] = spent.get(unit, 0.0) + unit_cycles(work, best, target)[0]
    counts = {unit.name: unit.count for unit in target.units}
    return max((cycles / counts[unit] for unit, cycles in spent.items()), default=0.0)


def _spent(work: Workload, target: Target, sets: Sequence[MatchSet] | None) -> list[float]:
    """For each einsum the cycles of its best match; infinite where it has none."""
    able, found = Able(target), []
    for number in range(len(work.einsums)):
        best = None
        if sets is not None:
            mine = [one for one in sets if one.einsum == number and one.matches]
            best = best_match(mine, work, target) if mine else None
        elif able(work, number):
            best = best_part(work, number, target)
        found.append(unit_cycles(work, best, target)[0] if best else float("inf"))
    return found


def _better(
    work: Workload, target: Target, spent: Sequence[float], instruction: str | None, deadline: float
) -> dict[int, list[Composite]]:
    """Composites that keep units busy for fewer cycles than the einsum's best match does. Where an einsum has neither,
    those of its readers that have swallowed it."""
    found: dict[int, list[Composite]] = {}
    for number, einsum in enumerate(work.einsums):
        left = deadline - time.monotonic()
        if spent[number] <= _WASTEFUL * _least(work, number, target) or left <= 0:
            continue
        these = [one for one in composites(work, number, target, time_limit_s=left / 2) if one.cycles < spent[number]]
        named = [one for one in these if instruction in (None, *(match.instruction for match in one.best))]
        if named:
            found[number] = named
        elif spent[number] == float("inf"):
            for reader, other in enumerate(work.einsums):
                if einsum.output.tensor in [access.tensor for access in other.reads]:
                    every = composites(work, reader, target, time_limit_s=left / 2)
                    found |= {reader: inlined} if (inlined := [o for o in every if number not in o.origin]) else {}
    return found


def _least(work: Workload, number: int, target: Target) -> float:
    """What the points of an einsum would take at the best rate of any instruction."""
    points = prod(work.einsums[number].extents.values())
    return min((points * cycles_per_point(one) for one in computing(target)), default=0.0)


def _in_place(
    work: Workload, target: Target, better: Mapping[int, Sequence[Composite]], rank: int
) -> tuple[Workload, tuple[str, ...]]:
    """``work`` with the composites of that rank in place of their einsums, the last einsum first."""
    origin, steps = list(range(len(work.einsums))), list[str]()
    for number in sorted(better, reverse=True):
        if origin.count(number) != 1:  # swallowed by one that reads it
            continue
        these = composites(work, origin.index(number), target) if steps else better[number]
        if these:
            composite = these[min(rank, len(these) - 1)]
            work, origin = composite.workload, [origin[n] for n in composite.origin]
            steps.insert(0, f"einsum {number}: {composite.because}")
    return work, tuple(steps)
