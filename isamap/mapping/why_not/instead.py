"""Where the instruction that was asked for does not do an einsum: which other of the machine does, and at what cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.mapping.givens import Freedom
from isamap.mapping.match import candidates, map_einsum
from isamap.mapping.match_set import MatchSet
from isamap.mapping.modes import with_modes
from isamap.mapping.pareto import ranked


def with_others(work: Workload, target: Target, found: MatchSet, freedom: Freedom) -> MatchSet:
    """``found``, where it has no match with a repair for every other instruction that does the einsum."""
    return found if found.matches else replace(found, repairs=(*found.repairs, *_others(work, target, found, freedom)))


def _others(work: Workload, target: Target, found: MatchSet, freedom: Freedom) -> Iterator[str]:
    for one in candidates(work, found.einsum, target):
        if one.name == found.instruction:
            continue
        other = map_einsum(
            work, found.einsum, one, target=target,
            realise=freedom.realise, replicate=freedom.replicate, empty_axes=freedom.empty_axes,
        )  # fmt: skip
        rows = ranked(work, target, with_modes(work, target, other).matches)
        if rows:
            cost = rows[0].cost
            yield f"use {one.name} instead: {cost.issues:,} issues, {cost.cycles:,.0f} cycles"
