"""Where the elements of a tensor lie, as the kernel reads them: in the tensor itself, or copied into panels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from llvmlite import ir

from isamap.codegen.loops import Place
from isamap.codegen.vectors import LINE_BYTES, Vectors, element_type, number
from isamap.ir.contraction import Strided
from isamap.ir.dtype import DType
from isamap.ir.panels import Layout

Blocks = Mapping[str, tuple[ir.Value, int]]
"""Of each axis the block that the loops are at: its start and its size."""


@dataclass(frozen=True)
class Operand:
    """``pointer`` is to the element where every axis is at its ``origin`` (0 where none is given); ``between`` says how
    far apart blocks lie, ``within`` elements of a block, in elements of type ``dtype``. ``group`` neighbours along the
    reduced axis lie next to each other; ``sums`` are what lies behind panels ``along`` an axis."""

    pointer: ir.Value
    between: Mapping[str, int]
    within: Mapping[str, int]
    dtype: DType
    origin: Mapping[str, ir.Value] = field(default_factory=dict)
    group: int = 1
    sums: ir.Value | None = None
    along: str = ""

    @property
    def element(self) -> ir.Type:
        return element_type(self.dtype)

    @property
    def line(self) -> int:
        """Elements in a cache line."""
        return LINE_BYTES // self.dtype.size_bytes

    def start(self, vectors: Vectors, blocks: Blocks) -> ir.Value:
        """The address of the first element of a block."""
        builder, pointer = vectors.builder, self.pointer
        for axis, stride in self.between.items():
            pointer = vectors.at(
                pointer, builder.mul(self.distance(vectors, blocks, axis), number(stride)), self.element
            )
        return pointer

    def distance(self, vectors: Vectors, blocks: Blocks, axis: str) -> ir.Value:
        """How far along ``axis`` a block starts from the origin."""
        at = blocks[axis][0]
        return vectors.builder.sub(at, self.origin[axis]) if axis in self.origin else at

    def moved(self, vectors: Vectors, start: ir.Value, at: Place) -> ir.Value:
        """The address ``at`` so many elements along each axis from ``start``."""
        fixed = 0
        for axis, place in at.items():
            stride = self.within.get(axis, 0)
            if isinstance(place, int):
                fixed += stride * place
            elif stride:
                start = vectors.at(start, vectors.builder.mul(place, number(stride)), self.element)
        return vectors.at(start, fixed, self.element)

    def inside(self, point: Mapping[str, int]) -> int:
        """How far the element at ``point`` of a block is from its first."""
        return sum(self.within.get(axis, 0) * n for axis, n in point.items())


def in_place(vectors: Vectors, tensor: Strided, pointer: ir.Value) -> Operand:
    """A tensor that is read where it is."""
    element = element_type(tensor.dtype)
    return Operand(vectors.at(pointer, tensor.constant, element), tensor.strides, tensor.strides, tensor.dtype)


def in_panels(
    vectors: Vectors, lies: Layout, pointer: ir.Value, origin: Mapping[str, ir.Value] | None = None
) -> Operand:
    """Panels at ``pointer``, whose first element is that at ``origin``."""
    sums = vectors.at(pointer, lies.sums_at, ir.IntType(8)) if lies.sums else None
    return Operand(pointer, lies.between, lies.within, lies.dtype, origin or {}, lies.group, sums, lies.along)
