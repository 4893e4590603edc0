"""Panels: where the elements of a factor lie that was copied for a register tile to read.

Panels lie one after the other, each as wide as the register tile along the one axis that the tile shares with the
tensor; within a panel the other axes go row-major, and for each of their points the tile's elements lie next to each
other:  element (p, r) of a block of extents R  is at  (p // tile) * tile * prod(R) + r * tile + p % tile.

Where an instruction takes ``group`` neighbours of the innermost reduced axis in a lane, those lie together:  (p, r) of
a panel is at  r // group * tile * group + p * group + r % group,  and the last group is filled up with zeros. Behind
such panels lie, where they are needed, -128 times the sums over r of every p.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from isamap.errors import Unsupported
from isamap.ir.blocking import Blocking, Panels
from isamap.ir.contraction import Contraction
from isamap.ir.cpu import MultiplyAdd
from isamap.ir.dtype import DType
from isamap.ir.factors import grouped_axis, summed_factor, taken

ALIGNMENT_BYTES = 64


@dataclass(frozen=True)
class Layout:
    """Panels of ``tile`` elements of type ``dtype`` along axis ``along``, and the extents of the ``others``, outer to
    inner, the last in groups; ``sums``: the type of the sums behind them."""

    along: str
    tile: int
    extent: int
    others: Mapping[str, int]
    dtype: DType
    group: int = 1
    sums: DType | None = None

    @property
    def filled(self) -> dict[str, int]:
        """The others' extents, the last in whole groups."""
        sizes = dict(self.others)
        for axis in list(sizes)[-1:]:
            sizes[axis] = _rounded(sizes[axis], self.group)
        return sizes

    @property
    def elements(self) -> int:
        """Of all panels, the last one filled up."""
        return _rounded(self.extent, self.tile) * prod(self.filled.values())

    @property
    def sums_at(self) -> int:
        """The byte where the sums begin."""
        return _rounded(self.elements * self.dtype.size_bytes, ALIGNMENT_BYTES)

    @property
    def bytes(self) -> int:
        """Of the panels and what lies behind them."""
        behind = _rounded(self.extent, self.tile) * self.sums.size_bytes if self.sums else 0
        return self.sums_at + _rounded(behind, ALIGNMENT_BYTES)

    @property
    def within(self) -> dict[str, int]:
        """How far apart the elements of a panel lie along each axis; along the last of the others, groups."""
        strides, step = dict[str, int](), self.tile
        for axis, extent in reversed(list(self.filled.items())):
            strides[axis] = step
            step *= extent
        return strides | {self.along: self.group}

    @property
    def between(self) -> dict[str, int]:
        """How far apart places lie that are whole panels apart along ``along``: their distance times this."""
        return self.within | {self.along: prod(self.filled.values())}


def layout(what: Contraction, how: Blocking, panels: Panels, product: MultiplyAdd) -> Layout:
    """How ``panels`` lie. Raises Unsupported where the tensor has no axis, or several, that a register tile and a block
    of it share, and where the instruction cannot take it."""
    sizes = {axis: size_at(what, how, axis, panels.depth) for axis in what.factor(panels.tensor).strides}
    shared = [axis for axis in what.parallel if sizes.get(axis, 1) > 1]
    if len(shared) > 1:
        raise Unsupported("code generation", f"panels of {panels.tensor} along {' and '.join(shared)}")
    along = shared[0] if shared else next((axis for axis in what.parallel if axis in sizes), None)
    if along is None:
        raise Unsupported("code generation", f"panels of {panels.tensor}, which has reduced axes only")
    others = {axis: size for axis, size in sizes.items() if axis != along}
    order = [axis for axis in what.extents if axis in others]
    if product.group > 1:
        order.sort(key=lambda axis: axis == grouped_axis(what))
    dtype = next(each.dtype for each in taken(what, how.vector, product) if each.factor.tensor == panels.tensor)
    is_summed = summed_factor(what, how.vector, product) == panels.tensor
    return Layout(
        along,
        how.tile(what.extents)[along],
        sizes[along],
        {axis: others[axis] for axis in order},
        dtype,
        product.group,
        what.sums if is_summed else None,
    )


def size_at(what: Contraction, how: Blocking, axis: str, depth: int) -> int:
    """The block of ``axis`` inside the first ``depth`` loops."""
    return min([what.extents[axis], *(loop.step for loop in how.loops[:depth] if loop.axis == axis)])


def _rounded(size: int, step: int) -> int:
    return -(-size // step) * step
