"""Plans in which tensors between einsums stay on chip: whole, or passing in strips from einsum to einsum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from isamap.compiled import Plan
from isamap.errors import Contradiction, Infeasible, NotFound, Unsupported
from isamap.ir.answers import Home, Match
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.plan.addresses import place
from isamap.plan.apart import bindings_of, one_by_one
from isamap.plan.fusing import Fused, fused
from isamap.plan.search import Search
from isamap.scheduling import list_schedule
from isamap.tiling import Alone, passing_homes

_FUSED = 4  # candidates that are scheduled where tensors pass on chip
_TO_FUSE = 2.0  # seconds to tile an einsum of them


def homes_on_chip(work: Workload, target: Target) -> Iterator[dict[str, Home]]:
    """Which tensors between einsums might stay on chip, and where: all that fit one memory together, then each."""
    read = {access.tensor for einsum in work.einsums for access in einsum.reads}
    written = {access.tensor for einsum in work.einsums for access in einsum.outputs}
    between = sorted((read & written) - {*work.inputs, *work.outputs})
    for memory in target.memories[1:]:
        fitting = [name for name in between if work.tensor(name).size_bytes < memory.capacity_bytes]
        if sum(work.tensor(name).size_bytes for name in fitting) < memory.capacity_bytes and len(fitting) > 1:
            yield dict.fromkeys(fitting, Home(memory.name))
        yield from ({name: Home(memory.name)} for name in fitting)


def on_chip(search: Search, plan: Plan, candidates: Sequence[Sequence[Match]], homes: Mapping[str, Home]) -> Plan:
    """The plan with the tensors ``homes`` kept on chip, where that can be done and is better."""
    if search.is_met(plan.value) or search.stopped or search.left() < search.options.time_limit_s / 4:
        return plan
    search.tell(f"keeping {' '.join(homes)} on chip", plan.value)
    try:
        choices = list(bindings_of(plan.work, candidates, search.target, homes))
        other = one_by_one(search, plan.work, choices)
    except (Contradiction, Infeasible, NotFound, Unsupported):
        return plan
    return other if other.value < plan.value else plan


def in_strips(search: Search, plan: Plan, apart: Plan, candidates: Sequence[Sequence[Match]]) -> Plan:
    """The plan with einsums of ``apart`` fused, tensors passing between them in strips, where that is better."""
    if search.is_met(plan.value) or search.interrupted or len(apart.parts) < 2:
        return plan
    done = {binding.number: binding.match for binding in apart.bindings}
    alone = {b.einsum: Alone(b.instruction.unit, dict(tiling.levels[-1].tile)) for b, tiling in apart.parts}
    whole = {role.tensor.name for binding in plan.bindings for role in binding.roles if role.home is not None}
    found: list[Fused] = []
    for homes in passing_homes(plan.work, search.target, alone):
        if whole.issuperset(homes):  # nothing more to save
            continue
        if search.left() < search.options.time_limit_s / 8:
            search.stopped = True
            break
        search.tell(f"passing {' '.join(homes)} on chip", plan.value)
        try:
            choices = list(bindings_of(plan.work, candidates, search.target, homes))
        except Unsupported:
            continue
        same = [[one for one in bindings if one.match == done[one.number]] or bindings for bindings in choices]
        found += fused(same, search.options.objective, max(0.5, min(_TO_FUSE, search.left() / 8)))
    found.sort(key=lambda one: one.value)
    for one in found[:_FUSED] if search.left() > search.options.time_limit_s / 16 else found[:1]:
        mine = {binding.number: (binding, tiling) for binding, tiling in one.parts}
        parts = tuple(mine.get(binding.number, (binding, tiling)) for binding, tiling in apart.parts)
        try:
            schedule = list_schedule(parts, search.target)
            place(schedule, [binding for binding, _ in parts], search.target)
            other = search.plan(plan.work, parts, schedule)
        except (Infeasible, Unsupported):
            continue
        plan = other if other.value < plan.value else plan
    return plan
