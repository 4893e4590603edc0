"""Panels: where the elements of a factor lie that was copied for a register tile to read.

Panels lie one after the other, each as wide as the register tile along the one axis that the tile shares with the
tensor; within a panel the other axes go row-major, and for each of their points the tile's elements lie next to each
other:  element (p, r) of a block of extents R  is at  (p // tile) * tile * prod(R) + r * tile + p % tile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from isamap.errors import Unsupported
from isamap.ir.blocking import Blocking, Panels
from isamap.ir.contraction import Contraction


@dataclass(frozen=True)
class Layout:
    """Panels of ``tile`` elements along axis ``along``, and the extents of the ``others``, outer to inner."""

    along: str
    tile: int
    extent: int
    others: Mapping[str, int]

    @property
    def elements(self) -> int:
        """Of all panels, the last one filled up."""
        return -(-self.extent // self.tile) * self.tile * prod(self.others.values())

    @property
    def within(self) -> dict[str, int]:
        """How far apart the elements of a panel lie along each axis."""
        strides, step = dict[str, int](), self.tile
        for axis, extent in reversed(list(self.others.items())):
            strides[axis] = step
            step *= extent
        return strides | {self.along: 1}

    @property
    def between(self) -> dict[str, int]:
        """How far apart places lie that are whole panels apart along ``along``: their distance times this."""
        return self.within | {self.along: prod(self.others.values())}


def layout(what: Contraction, how: Blocking, panels: Panels) -> Layout:
    """How ``panels`` lie. Raises Unsupported where the tensor has no axis, or several, that a register tile and a block
    of it share."""
    sizes = {axis: size_at(what, how, axis, panels.depth) for axis in what.factor(panels.tensor).strides}
    shared = [axis for axis in what.parallel if sizes.get(axis, 1) > 1]
    if len(shared) > 1:
        raise Unsupported("code generation", f"panels of {panels.tensor} along {' and '.join(shared)}")
    along = shared[0] if shared else next((axis for axis in what.parallel if axis in sizes), None)
    if along is None:
        raise Unsupported("code generation", f"panels of {panels.tensor}, which has reduced axes only")
    others = {axis: size for axis, size in sizes.items() if axis != along}
    order = [axis for axis in what.extents if axis in others]
    tile = how.tile(what.extents)[along]
    return Layout(along, tile, sizes[along], {axis: others[axis] for axis in order})


def size_at(what: Contraction, how: Blocking, axis: str, depth: int) -> int:
    """The block of ``axis`` inside the first ``depth`` loops."""
    return min([what.extents[axis], *(loop.step for loop in how.loops[:depth] if loop.axis == axis)])


def scratch_elements(what: Contraction, how: Blocking) -> int:
    """How much memory the panels take that the kernel makes, in elements."""
    return sum(layout(what, how, panels).elements for panels in how.panels if not panels.before)
