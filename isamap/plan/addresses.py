"""Addresses for the buffers of a schedule: first fit, and where that fails, the solver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from isamap.errors import Infeasible
from isamap.ir.answers import Lifetime, Placement, Schedule
from isamap.ir.binding import Binding
from isamap.ir.effort import Effort
from isamap.ir.hardware import Target
from isamap.placement import first_fit, place_exactly
from isamap.scheduling import same_places, turns


def place(schedule: Schedule, bindings: Sequence[Binding], target: Target, effort: Effort | None = None) -> Placement:
    """Addresses for every slot: the schedule's own, else those of one einsum (or of einsums that work in turns)
    together, and of one such group after the other.

    Where first fit fails, the solver is asked, if it may spend any effort; raises Infeasible.
    """
    if schedule.placed:
        return Placement(schedule.placed)
    during, same = turns(bindings, schedule, target), same_places(bindings, schedule, target)
    lifetimes = {
        b.slot_name(n): Lifetime(
            b.slot_name(n), b.memory, during[b.name].start, during[b.name].stop, b.slot_bytes, b.alignment_bytes
        )
        for b in schedule.buffers
        for n in range(b.slots)
    }
    handed_on = {
        b.slot_name(n): f"{same[b.name]}[{n}]" for b in schedule.buffers if b.name in same for n in range(b.slots)
    }
    found = _placed(_together(lifetimes, handed_on), target, effort)
    at = {life.name: address for life, address in found.addresses}
    return Placement(tuple((life, at[handed_on.get(name, name)]) for name, life in lifetimes.items()))


def _together(lifetimes: Mapping[str, Lifetime], handed_on: Mapping[str, str]) -> list[Lifetime]:
    """One lifetime for all that have one place."""
    found = {name: life for name, life in lifetimes.items() if name not in handed_on}
    for name, first in handed_on.items():
        one, other = found[first], lifetimes[name]
        start, end = min(one.start_cycles, other.start_cycles), max(one.end_cycles, other.end_cycles)
        found[first] = replace(one, start_cycles=start, end_cycles=end)
    return list(found.values())


def _placed(lifetimes: Sequence[Lifetime], target: Target, effort: Effort | None) -> Placement:
    try:
        return first_fit(lifetimes, target)
    except Infeasible:
        if effort is None:
            raise
        answer = place_exactly(lifetimes, target, effort=effort).answer
        if answer is None:
            raise
        return answer
