"""The part of a tensor that a tile of an einsum touches, and how it lies when copied into a memory.

A tile gives each axis a start and a size. Along each coordinate of the access it touches the values
``low, low + step, ... `` (``count`` of them): its box. Two layouts hold it:

* ``box``: the box, row-major in coordinates, each element once; windows overlap, every axis keeps its own stride.
* ``packed``: one element per point of the given axes, row-major in their order; windows are copied out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd, prod

from isamap.errors import Unsupported
from isamap.ir.hardware import Operand
from isamap.ir.scalar import Access


@dataclass(frozen=True)
class Span:
    """One coordinate of a box: ``constant + sum(coefficient * start) + low`` is its first value."""

    coefficients: tuple[tuple[str, int], ...]
    constant: int
    low: int
    step: int
    count: int

    def first(self, start: Mapping[str, int]) -> int:
        return self.constant + self.low + sum(c * start[axis] for axis, c in self.coefficients)


@dataclass(frozen=True)
class BlockAxis:
    """One axis of a piece: ``extent`` steps of ``step`` in tensor coordinates and of ``pitch`` elements in memory."""

    extent: int
    step: tuple[int, ...]
    pitch: int


@dataclass(frozen=True)
class Layout:
    """A piece in memory: its block axes, and the stride in elements of every einsum axis within it.

    ``offset`` is where the element of the tile's start lies, in elements from the first one of the piece; ``low`` is
    how far the piece's first coordinates lie from those of the tile's start.
    """

    block: tuple[BlockAxis, ...]
    strides: tuple[tuple[str, int], ...]
    low: tuple[int, ...]
    offset: int = 0

    def first(self, access: Access, start: Mapping[str, int]) -> tuple[int, ...]:
        """The tensor coordinates where the piece of a tile that starts at ``start`` begins."""
        return tuple(i.evaluate(start) + low for i, low in zip(access.affine_indices, self.low, strict=True))

    def inside(self, first: Sequence[int], shape: Sequence[int]) -> int:
        """How many elements of the piece at ``first`` lie within a tensor of ``shape``."""
        total, steady, left = 1, set(range(len(shape))), list(self.block)
        while steady:  # coordinates that an axis steps together are counted together
            together, axes = {min(steady)}, list[BlockAxis]()
            for axis in (axis for _ in self.block for axis in left if axis not in axes):
                if any(axis.step[n] for n in together):
                    together |= {n for n in range(len(shape)) if axis.step[n]}
                    axes.append(axis)
            total *= _inside(axes, sorted(together), first, shape)
            left, steady = [axis for axis in left if axis not in axes], steady - together
        return total * prod(axis.extent for axis in left)

    @property
    def elements(self) -> int:
        """Elements of memory from the first to the end of the last, gaps included."""
        return 1 + sum((axis.extent - 1) * axis.pitch for axis in self.block)

    @property
    def squeezed(self) -> tuple[BlockAxis, ...]:
        """The block axes longer than 1: what a transfer has to step over."""
        return tuple(axis for axis in self.block if axis.extent > 1)

    @property
    def points(self) -> int:
        """How many elements a transfer of the piece moves."""
        return prod(axis.extent for axis in self.block)

    def parts(self, dimensions: int) -> int:
        """How many transfers of at most ``dimensions`` block axes the piece takes: one per point of the outer axes."""
        return prod(axis.extent for axis in self.squeezed[:-dimensions])

    def part(self, number: int, dimensions: int) -> tuple[Layout, int]:
        """One part of the piece, and how many elements of memory after the piece it begins."""
        axes = self.squeezed or (BlockAxis(1, (0,) * len(self.low), 1),)
        low, ahead = self.low, 0
        for axis in reversed(axes[:-dimensions]):
            number, index = divmod(number, axis.extent)
            low = tuple(n + index * step for n, step in zip(low, axis.step, strict=True))
            ahead += index * axis.pitch
        return Layout(axes[-dimensions:], self.strides, low, self.offset), ahead

    def stride(self, axis: str) -> int:
        return next((stride for name, stride in self.strides if name == axis), 0)


def _inside(axes: Sequence[BlockAxis], numbers: Sequence[int], first: Sequence[int], shape: Sequence[int]) -> int:
    """How many steps of ``axes`` keep the coordinates ``numbers`` within the shape."""
    points = [tuple(first[n] for n in numbers)]
    for axis in axes:
        step = [axis.step[n] for n in numbers]
        points = [
            tuple(p + k * s for p, s in zip(point, step, strict=True)) for point in points for k in range(axis.extent)
        ]
    return sum(all(0 <= p < shape[n] for p, n in zip(point, numbers, strict=True)) for point in points)


def spans(access: Access, sizes: Mapping[str, int]) -> tuple[Span, ...]:
    """The box of ``access`` for a tile of ``sizes``; raises Unsupported for gathers, ``//`` and ``%``."""
    found = []
    for index in access.affine_indices:
        if not index.is_linear:
            raise Unsupported("tiling", f"the index {index} of {access}")
        terms = tuple((axis, c) for axis, c in index.terms if isinstance(axis, str))
        reach = [c * (sizes[axis] - 1) for axis, c in terms]
        step = gcd(*(c for axis, c in terms if sizes[axis] > 1)) or 1
        count = sum(map(abs, reach)) // step + 1
        found.append(Span(terms, index.constant, sum(min(0, r) for r in reach), step, count))
    return tuple(found)


def box(access: Access, sizes: Mapping[str, int]) -> Layout:
    """The box of the tile, row-major in the tensor's coordinates."""
    found = spans(access, sizes)
    rank = len(found)
    pitches = [prod(span.count for span in found[n + 1 :]) for n in range(rank)]
    block, strides, offset = [], dict[str, int](), 0
    for n, (span, pitch) in enumerate(zip(found, pitches, strict=True)):
        block.append(BlockAxis(span.count, tuple(span.step * (m == n) for m in range(rank)), pitch))
        offset += -span.low // span.step * pitch
        for axis, c in span.coefficients:
            strides[axis] = strides.get(axis, 0) + c // span.step * pitch
    return Layout(tuple(block), tuple(strides.items()), tuple(span.low for span in found), offset)


def packed(access: Access, sizes: Mapping[str, int], order: Iterable[str]) -> Layout:
    """The tile with one element per point of the axes in ``order``, row-major."""
    axes = list(order)
    return pitched(access, sizes, {axis: prod(sizes[inner] for inner in axes[n + 1 :]) for n, axis in enumerate(axes)})


def pitched(access: Access, sizes: Mapping[str, int], pitches: Mapping[str, int]) -> Layout:
    """The tile with one element per point, each axis at its own pitch in elements."""
    coordinates = access.affine_indices
    block = (
        BlockAxis(sizes[axis], tuple(index.coefficient(axis) for index in coordinates), pitch)
        for axis, pitch in pitches.items()
    )
    return Layout(tuple(block), tuple(pitches.items()), (0,) * len(coordinates))


def operand_layout(
    operand: Operand, fused: Mapping[str, tuple[str, ...]], access: Access, sizes: Mapping[str, int], *, written: bool
) -> Layout:
    """How a piece of ``access`` lies where ``operand`` (whose axes are fed by ``fused`` kernel axes) can take it.

    Operands that take a stride per kernel axis get the box (inputs) or the tile row-major (outputs, whose elements are
    written once each); fixed strides are kept; every other rule gets the tile packed in the operand's own order.
    """
    in_order = [axis for name in operand.axes for axis in fused.get(name, ())]
    if isinstance(operand.strides, tuple):
        pitches: dict[str, int] = {}
        for name, stride in zip(operand.axes, operand.strides, strict=True):
            factors = fused.get(name, ())
            pitches |= {axis: stride * prod(sizes[x] for x in factors[n + 1 :]) for n, axis in enumerate(factors)}
        return pitched(access, sizes, pitches)
    if operand.strides not in ("per_kernel_axis", "any"):
        return packed(access, sizes, in_order)
    return packed(access, sizes, access.axes) if written else box(access, sizes)


def rounded_up(size_bytes: int, alignment_bytes: int) -> int:
    """``size_bytes`` up to the next multiple of the alignment."""
    return -(-size_bytes // alignment_bytes) * alignment_bytes
