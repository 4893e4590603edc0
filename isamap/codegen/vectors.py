"""Words of LLVM IR for one vector machine: loads and stores with a mask at the tail, splats, prefetches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from llvmlite import ir

from isamap.errors import Unsupported
from isamap.ir.dtype import DType

I1, I32, I64 = ir.IntType(1), ir.IntType(32), ir.IntType(64)
POINTER = ir.PointerType()
LINE_BYTES = 64


_TYPES: dict[str, ir.Type] = {"f32": ir.FloatType(), "f64": ir.DoubleType()}


def element_type(dtype: DType) -> ir.Type:
    """Of an element in memory. Raises Unsupported where LLVM has none, or several elements share a byte."""
    if dtype.name in _TYPES:
        return _TYPES[dtype.name]
    if dtype.is_integer and not dtype.is_packed:
        return ir.IntType(dtype.bits)
    raise Unsupported("code generation", f"elements of type {dtype}")


def number(value: int) -> ir.Constant:
    """A 64-bit integer."""
    return ir.Constant(I64, value)


@dataclass
class Vectors:
    """Vectors of ``lanes`` elements of type ``element`` in ``module``, built with ``builder``."""

    module: ir.Module
    builder: ir.IRBuilder
    element: ir.Type
    element_bytes: int
    lanes: int

    @cached_property
    def type(self) -> ir.VectorType:
        return ir.VectorType(self.element, self.lanes)

    @property
    def zero(self) -> ir.Constant:
        return ir.Constant(self.type, None)

    @property
    def _suffix(self) -> str:
        letter = "f" if isinstance(self.element, ir.FloatType | ir.DoubleType) else "i"
        return f"v{self.lanes}{letter}{8 * self.element_bytes}"

    def at(self, pointer: ir.Value, offset: ir.Value | int, element: ir.Type | None = None) -> ir.Value:
        """The address ``offset`` elements on, of these vectors' type or of the given one."""
        if isinstance(offset, int):
            if offset == 0:
                return pointer
            offset = number(offset)
        return self.builder.gep(pointer, [offset], source_etype=element or self.element)

    def load(self, pointer: ir.Value, width: int) -> ir.Value:
        """``width`` elements from ``pointer`` on; the other lanes are 0."""
        if width == self.lanes:
            return self.builder.load(pointer, align=self.element_bytes, typ=self.type)
        kind = ir.FunctionType(self.type, [POINTER, I32, ir.VectorType(I1, self.lanes), self.type])
        function = self.declared(f"llvm.masked.load.{self._suffix}.p0", kind)
        return self.builder.call(
            function, [pointer, ir.Constant(I32, self.element_bytes), self._mask(width), self.zero]
        )

    def store(self, value: ir.Value, pointer: ir.Value, width: int) -> None:
        """The first ``width`` elements of ``value``."""
        if width == self.lanes:
            self.builder.store(value, pointer, align=self.element_bytes)
            return
        kind = ir.FunctionType(ir.VoidType(), [self.type, POINTER, I32, ir.VectorType(I1, self.lanes)])
        function = self.declared(f"llvm.masked.store.{self._suffix}.p0", kind)
        self.builder.call(function, [value, pointer, ir.Constant(I32, self.element_bytes), self._mask(width)])

    def scalar(self, pointer: ir.Value) -> ir.Value:
        return self.builder.load(pointer, align=self.element_bytes, typ=self.element)

    def store_scalar(self, value: ir.Value, pointer: ir.Value) -> None:
        self.builder.store(value, pointer, align=self.element_bytes)

    def added_up(self, value: ir.Value) -> ir.Value:
        """The sum of all lanes, in any order."""
        kind = ir.FunctionType(self.element, [self.element, self.type])
        function = self.declared(f"llvm.vector.reduce.fadd.{self._suffix}", kind)
        return self.builder.call(function, [ir.Constant(self.element, -0.0), value], fastmath=("reassoc",))

    def splat_of(self, pointer: ir.Value) -> ir.Value:
        """The element at ``pointer`` in every lane."""
        return self.splat(self.scalar(pointer))

    def splat(self, value: ir.Value) -> ir.Value:
        """``value`` in every lane."""
        undefined = ir.Constant(self.type, ir.Undefined)
        first = self.builder.insert_element(undefined, value, ir.Constant(I32, 0))
        zeros = ir.Constant(ir.VectorType(I32, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, undefined, zeros)

    def prefetch(self, pointer: ir.Value, level: int) -> None:
        """Asks for the line at ``pointer``, to be read, in the cache of ``level``."""
        function = self.declared("llvm.prefetch.p0", ir.FunctionType(ir.VoidType(), [POINTER, I32, I32, I32]))
        locality = {1: 3, 2: 2, 3: 1}[level]
        arguments = [ir.Constant(I32, n) for n in (0, locality, 1)]
        self.builder.call(function, [pointer, *arguments])

    def _mask(self, width: int) -> ir.Constant:
        lanes = [ir.Constant(I1, int(lane < width)) for lane in range(self.lanes)]
        return ir.Constant(ir.VectorType(I1, self.lanes), lanes)

    def declared(self, name: str, kind: ir.FunctionType) -> ir.Function:
        known = self.module.globals.get(name)
        return known if isinstance(known, ir.Function) else ir.Function(self.module, kind, name)
