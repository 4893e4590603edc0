"""Between plans, tilings and the values of a model's variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Any

from isamap.ir.answers import Tiling
from isamap.ir.binding import Binding
from isamap.tiling.estimate import estimate_of
from isamap.tiling.exact.counts import Counts
from isamap.tiling.exact.modelled import modelled
from isamap.tiling.exact.plan import ACCUMULATORS, SIDES, SUMS, LoopName, Plan, Side, plan_of
from isamap.tiling.exact.shapes import Shape
from isamap.tiling.exact.variables import Model, holders, nested
from isamap.tiling.fitting import Kept, more_slots
from isamap.tiling.greedy import tiling_as_estimated
from isamap.tiling.hold import Hold, OutputSlots
from isamap.tiling.nest import Nest, loops, normal, piece


def solution(m: Model, value: Callable[[Any], int]) -> Plan:
    """The plan that a solver found."""
    given = m.given
    tile, block = dict.fromkeys(given.extents, 1), dict.fromkeys(given.extents, 1)
    for x in given.walked:
        tile[x] = value(m["tile", x])
        block[x] = tile[x] * value(m["multiple", x])
    nest = normal(given.extents, tile, block, given.extents, given.extents)
    inside: dict[str, set[LoopName]] = {
        h: {
            (side, x)
            for side in SIDES
            for x in given.walked
            if value(m[side, h, x]) and _moves(nest, given.extents, side, x)
        }
        for h in nested(given)
    }
    slots = tuple((h, value(m["buffers", h])) for h in holders(given) if h != ACCUMULATORS)
    sets = _with_still_loops(nest, given.extents, inside)
    return plan_of(nest, sets, bool(value(m["spare"])), slots, tuple(given.binding.einsum.reduction_axes))


def _moves(nest: Nest, extents: dict[str, int], level: Side, axis: str) -> bool:
    """Does a loop make more than one trip?"""
    tile, block = dict(nest.tile)[axis], dict(nest.block)[axis]
    return tile < block if level == "inner" else block < extents[axis]


def _with_still_loops(
    nest: Nest, extents: dict[str, int], inside: dict[str, set[LoopName]]
) -> dict[str, set[LoopName]]:
    """Loops of one trip are inside of every hold that they can be inside of."""
    still: dict[str, set[LoopName]] = {
        level: {(level, x) for x in extents if not _moves(nest, extents, level, x)} for level in SIDES
    }
    found: dict[str, set[LoopName]] = {}
    for holder, own in inside.items():
        full = own | still["inner"]
        all_tiles = sum(level == "inner" for level, _ in full) == len(extents)
        found[holder] = full | still["outer"] if all_tiles else full
    return found


def tiling_of_plan(binding: Binding, plan: Plan, objective: str) -> Tiling:
    """``plan`` in the form in which scheduling takes it. What room is left loads more pieces ahead, and loops turn
    round where that is no worse: both are more than the model knows."""
    nest = plan.nest
    nest_loops, tile = loops(nest, binding.extents), dict(nest.tile)
    count = Counts(binding, plan)
    output = binding.output
    alive, _ = count.held(SUMS, output)
    room = binding.room()
    if output.route.drain is None:
        out = OutputSlots(1.0, dict(plan.slots)[SUMS], alive, 0)
    else:
        sessions = count.fetched(ACCUMULATORS, output)
        places = max(1, room[output.route.memory.name] // output.slot_bytes(tile))
        out = OutputSlots(sessions, places, count.held(ACCUMULATORS, output)[0], dict(plan.slots)[SUMS])
        room[output.route.landing.name] -= out.staging * output.staged_slot_bytes(tile)
    room[output.route.memory.name] -= out.slots * output.slot_bytes(tile)
    kept: dict[str, Kept] = {}
    inside = {role.operand.name: plan.inside(role.operand.name) for role in binding.inputs}
    moving = [(level, x) for level, x in plan.loops if _moves(nest, binding.extents, level, x)]
    for role in binding.inputs:
        name, sizes = role.operand.name, piece(role, nest)
        held, distinct = count.held(name, role)
        stepping = [n for n, loop in enumerate(moving) if loop in inside[name] and loop[1] in role.access.axes]
        first = stepping[0] if stepping else len(moving)
        fetches = sum(count.pieces(role).values()) * count.fetched(name, role)
        hold = Hold(held, float(fetches), distinct, first)
        kept[name] = Kept(role, hold, dict(plan.slots)[name], role.slot_bytes(sizes))
        room[role.route.memory.name] -= kept[name].slots * kept[name].slot_bytes
    while plan.spare and more_slots(kept, room):
        pass
    found = estimate_of(binding, nest, nest_loops, out, kept)
    turning = replace(nest, turning=True)
    staying = replace(out, held=max(out.held, min(out.slots, count.held(SUMS, output)[1])))
    turned = estimate_of(binding, turning, nest_loops, staying, kept)
    if binding.strip is None and turned.value(objective) <= found.value(objective):
        nest, found = turning, turned
    return tiling_as_estimated(binding, nest, found, objective)


def plan_from(binding: Binding, tiling: Tiling) -> Plan | None:
    """The plan that ``tiling`` stands for, as the model sees it; None where the model has no place for it."""
    blocks, issue = tiling.levels[0], tiling.levels[-1]
    extents = binding.extents
    orders = [[*(x for x in extents if x not in level.order), *level.order] for level in (blocks, issue)]
    nest = normal(extents, dict(issue.tile), dict(blocks.tile), *orders)
    everywhere, output = range(2 * len(extents), -1, -1), binding.output
    held = {role.operand.name: (role, dict(blocks.held).get(role.label, 1)) for role in binding.inputs}
    if output.route.drain is not None:
        held[ACCUMULATORS] = (output, dict(issue.held).get(output.label, 1))
    depth = {}
    for holder, (role, most) in held.items():
        counts = ((at, Counts(binding, Plan(nest, ((holder, at),), False))) for at in everywhere)
        depth[holder] = min(at for at, count in counts if count.held(holder, role)[0] <= most)
    counts = ((at, Counts(binding, Plan(nest, ((SUMS, at),), False))) for at in everywhere)
    depth[SUMS] = next(at for at, count in counts if count.fetched(SUMS, output) == 1)
    plain = Plan(nest, tuple(depth.items()), False)
    slots = {}
    for role in binding.inputs:
        name, given = role.operand.name, dict(blocks.buffers)[role.label]
        kept, every = Counts(binding, plain).held(name, role)
        slots[name] = kept if kept == every else max(kept + 1, min(given, 2 * kept))
    slots[SUMS] = dict((blocks if output.route.staging is not None else issue).buffers)[output.label]
    for plan in (replace(plain, spare=True, slots=tuple(slots.items())), plain):
        if modelled(binding, plan) is not None:
            return plan
    return None


def decisions(m: Model, plan: Plan) -> dict[Any, int]:
    """The values of the variables that say all of ``plan``; the others follow from them."""
    tile, block = dict(plan.nest.tile), dict(plan.nest.block)
    found = {m["spare"]: int(plan.spare)}
    for x in m.given.walked:
        shape = _as_good(m.given.shapes[x], ceil(m.given.extents[x] / tile[x]), tile[x], ceil(block[x] / tile[x]))
        found |= {m["tile", x]: shape.tile, m["multiple", x]: shape.multiple}
    for h in holders(m.given):
        inside = plan.inside(h)
        found |= {m[level, h, x]: int((level, x) in inside) for level in ("inner", "outer") for x in m.given.walked}
    if plan.spare:
        found |= {m["buffers", h]: slots for h, slots in plan.slots}
    return found


def _as_good(shapes: list[Shape], tiles: int, tile: int, multiple: int) -> Shape:
    """The shape that is meant, or the one with as many tiles and blocks in less room."""
    same = [s for s in shapes if (s.tiles, s.blocks) == (tiles, ceil(tiles / multiple))]
    return next((s for s in same if (s.tile, s.multiple) == (tile, multiple)), None) or next(
        (s for s in same if s.tile == tile), same[0]
    )
