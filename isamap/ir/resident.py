"""Tensors that live on chip, from the einsum that writes them to the last that reads them.

Such a tensor lies in one memory, its *home*, whole or passing through in strips. Who writes it writes it there, who
reads it reads it there, with the strides that it has there: nothing is fetched or stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from isamap.errors import Unsupported
from isamap.ir.affine import Affine
from isamap.ir.answers import Home
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Memory, Operand, StrideRule
from isamap.ir.region import rounded_up
from isamap.ir.scalar import Access
from isamap.ir.workload import Tensor

FREE = ("per_kernel_axis", "any")  # stride rules that take the strides of a whole tensor


@dataclass(frozen=True)
class Dimension:
    """One coordinate, given by ``index``: blocks of ``size`` lie ``step`` elements apart, within a block it is
    ``pitch`` elements from one to the next."""

    index: Affine
    size: int
    step: int
    pitch: int

    def element(self, point: Mapping[str, int]) -> int:
        block, inside = divmod(self.index.evaluate(point), self.size)
        return block * self.step + inside * self.pitch

    def stride(self, axis: str) -> int:
        """Elements from one value of ``axis`` to the next, in a tile that does not cross blocks."""
        coefficient = self.index.coefficient(axis)
        blocks, inside = divmod(coefficient, self.size)
        return coefficient * self.pitch if inside else blocks * self.step

    def crosses(self, sizes: Mapping[str, int], extents: Mapping[str, int]) -> bool:
        """Can a tile of ``sizes`` (one of those that the axes are cut into) begin in one block and end in another?"""
        inner = [axis for axis in self.index.axes if self.index.coefficient(axis) % self.size]
        reach = sum(abs(self.index.coefficient(axis)) * (extents[axis] - 1) for axis in inner)
        if reach + self.index.constant % self.size < self.size or not inner:
            return False
        aligned = len(inner) == 1 and self.index.coefficient(inner[0]) == 1 and self.index.constant % self.size == 0
        return any(sizes[axis] > 1 for axis in inner) and not (aligned and self.size % sizes[inner[0]] == 0)


@dataclass(frozen=True)
class Resident:
    """A tensor in its home, as one access meets it. ``strip``: the axis of the einsum whose ranges of so many values
    are the strips; None where the tensor is there whole. Addresses repeat after ``period`` elements."""

    memory: Memory
    home: Home
    dimensions: tuple[Dimension, ...]
    period: int
    strip: tuple[str, int] | None = None

    def stride(self, axis: str) -> int:
        return sum(dimension.stride(axis) for dimension in self.dimensions)

    def element(self, point: Mapping[str, int]) -> int:
        """The number of the element at ``point``."""
        number = sum(dimension.element(point) for dimension in self.dimensions)
        return number % self.period if self.strip else number

    def strip_of(self, point: Mapping[str, int]) -> int:
        """The number of the strip in which ``point`` lies; 0 where the tensor is there whole."""
        return point[self.strip[0]] // self.strip[1] if self.strip else 0

    def crosses(self, sizes: Mapping[str, int], extents: Mapping[str, int]) -> bool:
        """Has a tile of ``sizes`` no constant strides, because it may lie in several blocks or strips? (Tiles are taken
        to begin anew with every strip.)"""
        long = self.strip is not None and sizes[self.strip[0]] > self.strip[1]
        return long or any(dimension.crosses(sizes, extents) for dimension in self.dimensions)

    def obeys(self, rule: StrideRule, fused: Sequence[Sequence[str]], sizes: Mapping[str, int]) -> bool:
        """May an operand whose strides keep ``rule`` step through a tile of ``sizes``? ``fused`` are the axes fed into
        each of its own."""
        if rule in FREE:
            return True
        inner = [axis for axes in (fused if rule == "contiguous" else fused[-1:]) for axis in axes if sizes[axis] > 1]
        unit = rule == "one_per_axis" or not inner or self.stride(inner[-1]) == 1
        together = [inner] if rule == "contiguous" else fused
        return unit and all(self._one_stride(axes, sizes) for axes in together)

    def _one_stride(self, fused: Sequence[str], sizes: Mapping[str, int]) -> bool:
        """Do the axes ``fused`` step through it as one axis does?"""
        steps = [(self.stride(axis), sizes[axis]) for axis in fused if sizes[axis] > 1]
        return all(outer[0] == inner[0] * inner[1] for outer, inner in pairwise(steps))


def resident(memory: Memory, home: Home, tensor: Tensor, access: Access, einsum: Einsum) -> Resident:
    """``tensor`` in its ``home``, met through ``access``; raises Unsupported where no strides describe that, or where
    the einsum cannot go from strip to strip."""
    ranges = {axis: (0, extent - 1) for axis, extent in einsum.extents.items()}
    for index, extent in zip(access.affine_indices, tensor.shape, strict=True):
        low, high = index.bounds(ranges)
        if not index.is_linear or low < 0 or high >= extent:
            raise Unsupported("scheduling", f"{access} of a tensor that stays in {memory.name}: it leaves the tensor")
    if home.rows and tensor.dtype.is_packed:
        raise Unsupported("scheduling", f"{tensor.name} in strips, of which {tensor.dtype} elements share bytes")
    steps, pitches, period = _layout(tensor, home)
    sizes = home.blocks or (1,) * len(tensor.shape)
    dimensions = tuple(map(Dimension, access.affine_indices, sizes, steps, pitches))
    strip = _strip(access.affine_indices[home.dimension], home.rows, einsum) if home.rows else None
    if home.rows and strip is None:
        raise Unsupported("scheduling", f"{access} of a tensor that passes in strips of {home.rows}: it goes across")
    return Resident(memory, home, dimensions, period, strip)


def _layout(tensor: Tensor, home: Home) -> tuple[list[int], list[int], int]:
    """(elements from block to block, from one to the next within a block) per dimension; elements in all."""
    if not home.blocks and not home.rows:
        ends = (abs(step) * (e - 1) for e, step in zip(tensor.shape, tensor.element_strides, strict=True))
        return list(tensor.element_strides), [1] * len(tensor.shape), 1 + sum(ends)
    sizes = home.blocks or (1,) * len(tensor.shape)
    pitches = [prod(sizes[n + 1 :]) for n in range(len(sizes))]
    counts = [-(-extent // size) for extent, size in zip(tensor.shape, sizes, strict=True)]
    order = list(range(len(counts)))
    if home.rows:
        counts[home.dimension] = home.turns * home.rows // sizes[home.dimension]
        order.sort(key=lambda n: n != home.dimension)
    steps, step = [0] * len(counts), prod(sizes)
    for n in reversed(order):
        steps[n], step = step, step * counts[n]
    return steps, pitches, step


def _strip(index: Affine, rows: int, einsum: Einsum) -> tuple[str, int] | None:
    """The axis whose ranges of so many values are the strips of ``rows`` coordinates, if there is one."""
    axis = max(index.axes, key=index.coefficient, default="")
    step = index.coefficient(axis) if axis else 0
    inside = [x for x in index.axes if x != axis]
    reach = sum(index.coefficient(x) * (einsum.extents[x] - 1) for x in inside)
    fits = index.constant == 0 and step > 0 and rows % step == 0 and reach < step
    if not fits or any(index.coefficient(x) < 0 for x in inside) or axis not in einsum.output.axes:
        return None
    return axis, rows // step


def home_bytes(tensor: Tensor, home: Home, memory: Memory) -> int:
    """What the tensor, or as many strips as are there at once, takes."""
    return rounded_up(tensor.dtype.bytes_for(_layout(tensor, home)[2]), memory.alignment_bytes)


def require_free(operand: Operand, home: Home) -> None:
    """Raises Unsupported where ``operand`` cannot step through a tensor in its ``home``. Tiles may be chosen so that
    they fit into strips (``Resident.obeys``), but not to fixed strides."""
    if operand.memory != home.memory:
        raise Unsupported("scheduling", f"a tensor that stays in {home.memory} as operand of {operand.memory}")
    if operand.strides not in FREE and (not home.rows or isinstance(operand.strides, tuple)):
        raise Unsupported("scheduling", f"a tensor that stays in {home.memory} as an operand that is {operand.strides}")
