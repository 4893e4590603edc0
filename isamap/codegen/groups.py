"""Groups of narrow elements, each as wide as a sum: made of what lies in memory, and brought into the order of lanes.

An element becomes what the instruction takes on its way: s8 as u8 gets 128 more, a byte as s16 is extended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llvmlite import ir

from isamap.codegen.vectors import I32, Vectors, element_type
from isamap.ir.dtype import DType

_QUARTER = 4  # groups of 32 bits in 128


@dataclass(frozen=True)
class Groups:
    """``size`` neighbours of type ``source`` that a multiply-add takes as ``dtype``, for lanes of ``vectors``."""

    vectors: Vectors
    source: DType
    dtype: DType
    size: int

    def one(self, pointer: ir.Value, apart: int, width: int) -> ir.Value:
        """The group of ``width`` elements that lie ``apart``, filled up with zeros; no other byte is read."""
        builder = self.vectors.builder
        if width == self.size and apart == 1:
            return builder.bitcast(self.converted(self._loaded(pointer, width)), self.vectors.element)
        elements = ir.Constant(ir.VectorType(self._element, self.size), None)
        for n in range(width):
            element = self._scalar(self.vectors.at(pointer, n * apart, self._element))
            elements = builder.insert_element(elements, element, ir.Constant(I32, n))
        return builder.bitcast(self.converted(elements), self.vectors.element)

    def rows(self, pointer: ir.Value, apart: int, present: int, width: int) -> ir.Value:
        """``width`` groups side by side, of elements in ``present`` rows that lie ``apart``; the other rows are 0."""
        nothing = ir.Constant(ir.VectorType(self._element, width), None)
        rows = [self._loaded(self.vectors.at(pointer, n * apart, self._element), width) for n in range(present)]
        together = self._interleaved([*rows, *[nothing] * (self.size - present)])
        return self._lanes(self.converted(together), width)

    def columns(self, pointer: ir.Value, apart: int, width: int) -> list[ir.Value]:
        """Four vectors of ``width`` lanes (a multiple of four): lane n of the i-th holds the i-th of the four groups
        that begin ``apart * n`` elements on."""
        builder = self.vectors.builder

        def four(n: int) -> ir.Value:
            elements = self._loaded(self.vectors.at(pointer, n * apart, self._element), _QUARTER * self.size)
            return self._lanes(self.converted(elements), _QUARTER)

        parts = [[four(n) for n in range(first, width, _QUARTER)] for first in range(_QUARTER)]
        a, b, c, d = (self._joined(part) for part in parts)
        low, high = [0, width, 1, width + 1], [2, width + 2, 3, width + 3]

        def mixed(one: ir.Value, other: ir.Value, quarter: Sequence[int]) -> ir.Value:
            lanes = [start + at for start in range(0, width, _QUARTER) for at in quarter]
            return builder.shuffle_vector(one, other, _indices(lanes))

        halves = [(mixed(a, b, way), mixed(c, d, way)) for way in (low, high)]
        first, second = [0, 1, width, width + 1], [2, 3, width + 2, width + 3]
        return [mixed(ab, cd, way) for ab, cd in halves for way in (first, second)]

    def converted(self, value: ir.Value) -> ir.Value:
        """A vector of elements of the source's type as the instruction's."""
        builder, types = self.vectors.builder, (self.source.name, self.dtype.name)
        if self.source == self.dtype:
            return value
        if types == ("s8", "u8"):
            return builder.xor(value, ir.Constant(value.type, [-128] * value.type.count))
        wide = ir.VectorType(element_type(self.dtype), value.type.count)
        return builder.zext(value, wide) if self.source.kind == "uint" else builder.sext(value, wide)

    @property
    def _element(self) -> ir.Type:
        return element_type(self.source)

    def _scalar(self, pointer: ir.Value) -> ir.Value:
        return self.vectors.builder.load(pointer, align=self.source.size_bytes, typ=self._element)

    def _loaded(self, pointer: ir.Value, count: int) -> ir.Value:
        kind = ir.VectorType(self._element, count)
        return self.vectors.builder.load(pointer, align=self.source.size_bytes, typ=kind)

    def _lanes(self, value: ir.Value, count: int) -> ir.Value:
        return self.vectors.builder.bitcast(value, ir.VectorType(self.vectors.element, count))

    def _interleaved(self, rows: Sequence[ir.Value]) -> ir.Value:
        """r0[0] r1[0] .. r0[1] r1[1] .."""
        if len(rows) == 1:
            return rows[0]
        even, odd = self._interleaved(rows[::2]), self._interleaved(rows[1::2])
        count = even.type.count
        places = [place for n in range(count) for place in (n, count + n)]
        return self.vectors.builder.shuffle_vector(even, odd, _indices(places))

    def _joined(self, parts: Sequence[ir.Value]) -> ir.Value:
        """One vector after the other."""
        if len(parts) == 1:
            return parts[0]
        half = len(parts) // 2
        one, other = self._joined(parts[:half]), self._joined(parts[half:])
        return self.vectors.builder.shuffle_vector(one, other, _indices(range(2 * one.type.count)))


def _indices(places: Sequence[int]) -> ir.Constant:
    return ir.Constant(ir.VectorType(I32, len(places)), [*places])
