"""What a candidate looks like in numbers: what a learned ranking or cost model may go by.

Sizes and counts as logarithms, so that differences are ratios; operands in the order of the instruction, the output
last; loops that make more than one trip, innermost first. The names are the same for every kernel and machine whose
instruction has as many operands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil, log2, prod

from isamap.ir.answers import Tiling
from isamap.ir.binding import Binding, Role
from isamap.tiling.nest import Loop

_LOOPS = 4
"""The innermost loops that are described one by one."""


def features_of(binding: Binding, tiling: Tiling) -> dict[str, float]:
    """Numbers of a candidate by name, of a tiling in blocks and issues."""
    extents, reduced = binding.extents, set(binding.einsum.reduction_axes)
    outer, inner = tiling.levels
    block, tile = dict(outer.tile), dict(inner.tile)
    loops = _loops(binding, tiling)
    found = {
        "modelled": log2(tiling.modelled_value),
        "blocks": sum(log2(ceil(extents[x] / block[x])) for x in extents),
        "issues": sum(log2(ceil(extents[x] / tile[x])) for x in extents),
        "chunks": sum(log2(ceil(extents[x] / block[x])) for x in reduced),
        "pieces per chunk": sum(log2(ceil(block[x] / tile[x])) for x in reduced),
        "points per issue": log2(prod(tile.values())),
        "short tiles": sum(log2(ceil(extents[x] / tile[x]) * tile[x] / extents[x]) for x in extents),
        "short blocks": sum(log2(ceil(extents[x] / block[x]) * block[x] / extents[x]) for x in extents),
        "turning": float(outer.turning),
        "backward": float(bool(outer.backward or inner.backward)),
    }
    for number, role in enumerate((*binding.fetched, binding.output)):
        found |= {f"{name} of {number}": value for name, value in _operand(role, tiling, loops)}
    for number in range(_LOOPS):
        loop = loops[-1 - number] if number < len(loops) else None
        found[f"trips of loop {number}"] = log2(loop.trips) if loop else 0.0
        for which, role in enumerate((*binding.fetched, binding.output)):
            found[f"loop {number} moves {which}"] = float(loop.axis in role.access.axes) if loop else 0.5
    return found


def _loops(binding: Binding, tiling: Tiling) -> list[Loop]:
    """The loops that make more than one trip, outer to inner."""
    left: dict[str, int] = dict(binding.extents)
    found = []
    for level in tiling.levels:
        sizes = dict(level.tile)
        found += [Loop(x, sizes[x], ceil(left[x] / sizes[x]), left[x] / sizes[x]) for x in level.order]
        left = sizes
    return [loop for loop in found if loop.trips > 1]


def _operand(role: Role, tiling: Tiling, loops: list[Loop]) -> Iterator[tuple[str, float]]:
    """Bytes of a piece, slots for it, pieces held and slots to spare, and how often a piece would come if one were
    held: over the loops outside of the innermost one that moves it."""
    outer, inner = tiling.levels
    level = inner if role.written else outer
    piece: Mapping[str, int] = dict(dict(outer.pieces).get(role.label, inner.tile))
    slots, held = dict(level.buffers).get(role.label, 1), dict(level.held).get(role.label, 1)
    moving = [number for number, loop in enumerate(loops) if loop.axis in role.access.axes]
    within = loops[: moving[-1] + 1] if moving else []
    again = sum(log2(loop.trips) for loop in within if loop.axis not in role.access.axes)
    yield "bytes", log2(max(1, role.slot_bytes(dict(inner.tile) if role.written else piece)))
    yield "slots", log2(slots)
    yield "held", log2(held)
    yield "spare", float(slots - held)
    yield "again", again
    yield "different", sum(log2(loops[number].trips) for number in moving)
