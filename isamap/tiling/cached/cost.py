"""How many cycles a blocked kernel takes on a core: the most of what its pipes and its caches need, and copies.

tile     max(multiply-adds / rate, loads / rate, steps * latency * rate / sums in flight)   per register tile
caches   bytes brought into the cache / bandwidth of the next one, for each cache
panels   read once from where they are, written once
ends     loading and storing the sums of a tile, entering and leaving its loop
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod

from isamap.ir.blocking import Blocking, Panels
from isamap.ir.contraction import Contraction
from isamap.ir.cpu import Core
from isamap.ir.panels import layout, size_at
from isamap.tiling.cached.reuse import brought_bytes

_LOOP_CYCLES = 12.0  # entering and leaving the loop of a register tile, with its mispredicted end
_HIDDEN = 0.7  # of what the caches need, beside the pipes: out-of-order execution and prefetchers overlap the rest


@dataclass(frozen=True)
class Cycles:
    """Where the cycles go."""

    pipes: float
    caches: tuple[float, ...]
    panels: float
    ends: float

    @property
    def total(self) -> float:
        most = max(self.pipes + self.ends, *self.caches)
        return most + (1 - _HIDDEN) * (self.pipes + self.ends + sum(self.caches) - most) + self.panels


def cycles(what: Contraction, how: Blocking, core: Core) -> Cycles:
    """The cycles that the kernel is thought to take."""
    product = core.multiply_add(what)
    lanes = product.lanes
    tile = how.tile(what.extents)
    vectors = ceil(tile[how.vector] / lanes)
    others = prod(tile[axis] for axis in what.parallel if axis != how.vector)
    sums = others * (vectors if how.vector in what.parallel else 1)
    tiles = prod(ceil(what.extents[axis] / tile[axis]) for axis in what.parallel)
    turns = prod(ceil(what.extents[axis] / tile[axis]) for axis in what.reduced)
    steps = prod(tile[axis] for axis in what.reduced) / (lanes if how.vector in what.reduced else 1)
    step = max(
        sums / product.per_cycle,
        _loads(what, how, vectors, others, tile) / core.loads_per_cycle,
        product.latency_cycles,
    )
    ends = tiles * turns * (sums / core.loads_per_cycle + sums / core.stores_per_cycle + _LOOP_CYCLES)
    traffic = tuple(
        sum(brought_bytes(what, how, cache).values()) / outer.read_bytes_per_cycle
        for cache, outer in zip(core.caches, core.caches[1:], strict=False)
    )
    copies = sum(_copied(what, how, panels, core) for panels in how.panels if not panels.before)
    return Cycles(tiles * turns * steps * step, traffic, copies, ends)


def _loads(what: Contraction, how: Blocking, vectors: int, others: int, tile: dict[str, int]) -> int:
    """Loads of one step: each factor's elements of the tile, vector by vector or one by one."""
    count = 0
    for factor in what.factors:
        own = prod(tile[axis] for axis in what.parallel if axis in factor.strides and axis != how.vector)
        count += own * (vectors if how.vector in factor.strides and how.vector in what.parallel else 1)
    return count


def _copied(what: Contraction, how: Blocking, panels: Panels, core: Core) -> float:
    """Cycles that making panels takes, each time that they are made."""
    lies = layout(what, how, panels, core.multiply_add(what))
    elements = lies.elements
    times = prod(
        ceil(size_at(what, how, loop.axis, depth) / loop.step) for depth, loop in enumerate(how.loops[: panels.depth])
    )
    size = lies.dtype.size_bytes
    lies_along = what.factor(panels.tensor).strides.get(lies.along) == 1
    source = next((cache for cache in core.caches if cache.capacity_bytes >= elements * size), core.caches[-1])
    per_element = size / source.read_bytes_per_cycle + size / source.write_bytes_per_cycle
    return times * elements * max(per_element, 0.0 if lies_along else 1 / core.stores_per_cycle)
