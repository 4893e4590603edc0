"""What pipelining costs a nest: a unit that could start an issue idles until the last one on the same tile is done.

An accumulation reads what the one before wrote. Where the result comes later than the unit is free, the visits between
the two hide the difference while they last: those of the loops inside the innermost reduction.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import ceil, prod

from isamap.ir.binding import Binding
from isamap.ir.hardware import cycles
from isamap.tiling.nest import Loop, Nest


def chain_idle_cycles(binding: Binding, nest: Nest, nest_loops: Sequence[Loop]) -> int:
    """Cycles that the computing unit idles over the whole run, by the sizes of whole tiles."""
    own, tile = binding.output.access.axes, dict(nest.tile)
    last = max((n for n, loop in enumerate(nest_loops) if loop.axis not in own), default=None)
    if last is None:
        return 0
    latency = cycles(binding.instruction.latency_cycles, binding.extents_of_issue(tile) | {"initialise": 0})
    interval = binding.issue_cycles(tile, False)
    outside, inside = [lp.axis for lp in nest_loops[:last]], [lp.axis for lp in nest_loops[last + 1 :]]
    reduced = nest_loops[last].axis
    blocks = {x: _blocks(x, extent, nest, x in outside) for x, extent in binding.extents.items()}
    idle = 0
    for combination in product(*(blocks[x] for x in dict.fromkeys(inside))):
        between = prod(tiles for tiles, _ in combination)
        idle += max(0, latency - between * interval) * prod(times for _, times in combination)
    sweeps = prod(sum(tiles * times for tiles, times in blocks[x]) for x in {*outside} - {*inside, reduced})
    return idle * sweeps * sum((tiles - 1) * times for tiles, times in blocks[reduced])


def _blocks(axis: str, extent: int, nest: Nest, cut: bool) -> list[tuple[int, int]]:
    """(tiles in a block, how many such blocks) along ``axis``, the last block ragged; all in one where it is not
    ``cut`` by a loop outside."""
    tile, block = dict(nest.tile)[axis], dict(nest.block)[axis] if cut else extent
    found = [(ceil(block / tile), extent // block), (ceil(extent % block / tile), 1)]
    return [(tiles, times) for tiles, times in found if tiles]
