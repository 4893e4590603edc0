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
from isamap.mapping.composite import Composite, best_match, composites, unit_cycles
from isamap.mapping.givens import Freedom
from isamap.mapping.match_set import MatchSet

_WASTEFUL = 1.5
_TRIED = 2  # composites of an einsum


@dataclass(frozen=True)
class Way:
    """``work`` with the matches to plan with, per einsum; ``steps`` say how it was made from what was asked for."""

    work: Workload
    steps: tuple[str, ...]
    sets: tuple[MatchSet, ...]
    candidates: list[list[Match]]
    notes: tuple[str, ...]


def ways(
    work: Workload, target: Target, freedom: Freedom, instruction: str | None = None, time_limit_s: float = 60.0
) -> list[Way]:
    """At least one way, the one that was asked for first where it can be done. Raises NoMatch, with every reason."""
    deadline = time.monotonic() + time_limit_s
    found: list[Way] = []
    refused: NoMatch | None = None
    try:
        found.append(_way(work, (), target, freedom, instruction, time_limit_s))
    except NoMatch as error:
        refused = error
    better = {
        number: these
        for number in range(len(work.einsums))
        if (these := _better(work, number, target, found, instruction, deadline))
    }
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
    return found


def _way(
    work: Workload, steps: tuple[str, ...], target: Target, freedom: Freedom, instruction: str | None, limit_s: float
) -> Way:
    sets, candidates, notes = choose(
        work, target, instruction=instruction, realise=freedom.realise, replicate=freedom.replicate,
        empty_axes=freedom.empty_axes, time_limit_s=limit_s,
    )  # fmt: skip
    return Way(work, steps, sets, candidates, (*steps, *notes))


def _in_place(
    work: Workload, target: Target, better: Mapping[int, Sequence[Composite]], rank: int
) -> tuple[Workload, tuple[str, ...]]:
    """``work`` with the composites of that rank in place, the last einsum first so that the numbers before stay."""
    steps: list[str] = []
    for number in sorted(better, reverse=True):
        these = composites(work, number, target) if steps else better[number]
        if these:
            composite = these[min(rank, len(these) - 1)]
            work = composite.workload
            steps.insert(0, f"einsum {number}: {composite.because}")
    return work, tuple(steps)


def _better(
    work: Workload, number: int, target: Target, direct: Sequence[Way], instruction: str | None, deadline: float
) -> list[Composite]:
    """Composites of an einsum that keep units busy for fewer cycles than its best match does."""
    points = prod(work.einsums[number].extents.values())
    least = min((points * cycles_per_point(one) for one in computing(target)), default=0.0)
    spent = float("inf")
    if direct:
        sets = [one for one in direct[0].sets if one.einsum == number and one.matches]
        spent = unit_cycles(work, best_match(sets, work, target), target)[0] if sets else spent
    left = deadline - time.monotonic()
    if spent <= _WASTEFUL * least or left <= 0:
        return []
    every = composites(work, number, target, time_limit_s=left / 2)
    return [
        one
        for one in every
        if one.cycles < spent and (instruction is None or instruction in [match.instruction for match in one.best])
    ]
