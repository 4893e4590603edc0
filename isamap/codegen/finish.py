"""What is stored of a register tile: its sums finished, register by register, beside elements of other tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from llvmlite import ir

from isamap.codegen.elementwise import Elementwise
from isamap.codegen.lanes import Lanes
from isamap.codegen.operand import Blocks, Operand, in_place
from isamap.codegen.tile import Point, Tile
from isamap.codegen.vectors import I32, Vectors, element_type
from isamap.ir.contraction import Contraction, Finish, Strided
from isamap.ir.scalar import Access


@dataclass(frozen=True)
class Finished:
    """The ``finish`` of ``what``, with pointers to its output and to the tensors of its others."""

    what: Contraction
    finish: Finish
    output: ir.Value
    others: Sequence[ir.Value]

    def store(self, vectors: Vectors, tile: Tile, blocks: Blocks, sums: Sequence[ir.Value]) -> None:
        """Stores what is made of the ``sums`` of a tile, whose lanes are those of ``vectors``."""
        lanes = Lanes(vectors.module, vectors.builder, None if tile.is_dot else vectors.lanes)

        def begun(tensor: Strided, pointer: ir.Value) -> _Elements:
            return _Elements.begun(vectors, tensor, pointer, blocks, tile.vector)

        output = begun(self.what.output, self.output)
        pairs = zip(self.finish.accesses, self.finish.others, self.others, strict=True)
        others = {access: begun(tensor, pointer) for access, tensor, pointer in pairs}
        for point, width, total in tile.totals(sums):
            value = self._value(lanes, others, point, width, total)
            output.store(value, point, width)

    def _value(
        self, lanes: Lanes, others: Mapping[Access, _Elements], point: Point, width: int, total: ir.Value
    ) -> ir.Value:
        def read(access: Access) -> ir.Value:
            if access not in others:
                return total
            return others[access].one(point) if lanes.count is None else others[access].several(point, width)

        tensors = (*self.finish.others, replace(self.what.output, tensor=self.finish.sums, dtype=self.what.sums))
        dtypes = {tensor.tensor: tensor.dtype for tensor in tensors}
        return Elementwise(lanes, dtypes, read).value(self.finish.value, self.what.output.dtype)


@dataclass(frozen=True)
class _Elements:
    """The elements of a tensor that belong to a tile; each is loaded once."""

    vectors: Vectors
    operand: Operand
    start: ir.Value
    step: int
    known: dict[tuple[int, int], ir.Value] = field(default_factory=dict)

    @staticmethod
    def begun(vectors: Vectors, tensor: Strided, pointer: ir.Value, blocks: Blocks, vector: str) -> _Elements:
        own = replace(vectors, element=element_type(tensor.dtype), element_bytes=tensor.dtype.size_bytes)
        operand = in_place(own, tensor, pointer)
        return _Elements(own, operand, operand.start(own, blocks), tensor.strides.get(vector, 0))

    def at(self, point: Point) -> ir.Value:
        return self.vectors.at(self.start, self.operand.inside(point))

    def one(self, point: Point) -> ir.Value:
        """The element of one sum."""
        key = self.operand.inside(point), 0
        if key not in self.known:
            self.known[key] = self.vectors.scalar(self.at(point))
        return self.known[key]

    def several(self, point: Point, width: int) -> ir.Value:
        """Those of ``width`` sums side by side: the same one, next to each other, or gathered one by one."""
        key = self.operand.inside(point), width if self.step else 0
        if key not in self.known:
            self.known[key] = self._several(self.at(point), width)
        return self.known[key]

    def store(self, value: ir.Value, point: Point, width: int) -> None:
        """A single element goes by itself: under a mask of one lane, LLVM 22 writes four bytes of a narrowed one."""
        if width > 1:
            self.vectors.store(value, self.at(point), width)
            return
        if isinstance(value.type, ir.VectorType):
            value = self.vectors.builder.extract_element(value, ir.Constant(I32, 0))
        self.vectors.store_scalar(value, self.at(point))

    def _several(self, pointer: ir.Value, width: int) -> ir.Value:
        if self.step == 0:
            return self.vectors.splat_of(pointer)
        if self.step == 1 and width > 1:
            return self.vectors.load(pointer, width)
        gathered: ir.Value = self.vectors.zero
        for lane in range(width):
            value = self.vectors.scalar(self.vectors.at(pointer, lane * self.step))
            gathered = self.vectors.builder.insert_element(gathered, value, ir.Constant(I32, lane))
        return gathered
