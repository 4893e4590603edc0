"""The instruction that adds products to sums, as LLVM spells it, and how it gets a factor into every lane."""

from __future__ import annotations

import re
from dataclasses import dataclass

from llvmlite import ir

from isamap.codegen.groups import Groups
from isamap.codegen.operand import Operand
from isamap.codegen.vectors import I32, Vectors
from isamap.errors import Unsupported
from isamap.ir.cpu import MultiplyAdd
from isamap.ir.factors import Taken

_FUSED = re.compile(r"llvm\.fma\.v\d+f\d+")
_DOT = re.compile(r"llvm\.x86\.avx512\.vpdp(busd|wssd)\.\d+")
_PAIRS = re.compile(r"(llvm\.x86\.(?:sse2|avx2)\.pmadd\.wd|llvm\.x86\.avx512\.pmaddw\.d\.512) \+ add")
_SHIFT = 0x80808080


@dataclass(frozen=True)
class Product:
    """``instruction`` on ``vectors``, which takes the contraction's factors as ``factors`` says."""

    vectors: Vectors
    instruction: MultiplyAdd
    factors: tuple[Taken, Taken]

    def __post_init__(self) -> None:
        emit = self.instruction.emit
        if not any(known.fullmatch(emit) for known in (_FUSED, _DOT, _PAIRS)):
            known = "llvm.fma, llvm.x86.avx512.vpdpbusd and vpdpwssd, pmadd.wd + add"
            raise Unsupported("code generation", f"{self.instruction.instruction}, which is spelt {emit}", known)

    def added(self, one: ir.Value, other: ir.Value, total: ir.Value) -> ir.Value:
        """``total`` and the products of both factors, which come in the order of the contraction."""
        first, second = (one, other) if self.factors[0].place == 0 else (other, one)
        return self._emitted(first, second, total)

    def shifted(self, value: ir.Value, total: ir.Value) -> ir.Value:
        """``total`` and 128 times each element of ``value``, the second factor."""
        return self._emitted(self.vectors.splat(ir.Constant(I32, _SHIFT)), value, total)

    def splat(self, which: int, operand: Operand, pointer: ir.Value, apart: int, width: int) -> ir.Value:
        """A group of the factor in every lane: ``width`` elements ``apart``, the others 0."""
        if operand.group == self.instruction.group:
            return self.vectors.splat_of(pointer)
        groups = Groups(self.vectors, operand.dtype, self.factors[which].dtype, self.instruction.group)
        return self.vectors.splat(groups.one(pointer, apart, width))

    def _emitted(self, first: ir.Value, second: ir.Value, total: ir.Value) -> ir.Value:
        builder, emit, kind = self.vectors.builder, self.instruction.emit, self.vectors.type
        if _FUSED.fullmatch(emit):
            return builder.call(self.vectors.declared(emit, ir.FunctionType(kind, [kind] * 3)), [first, second, total])
        if _DOT.fullmatch(emit):
            return builder.call(self.vectors.declared(emit, ir.FunctionType(kind, [kind] * 3)), [total, first, second])
        words = ir.VectorType(ir.IntType(16), 2 * kind.count)
        function = self.vectors.declared(emit.removesuffix(" + add"), ir.FunctionType(kind, [words] * 2))
        pairs = builder.call(function, [builder.bitcast(first, words), builder.bitcast(second, words)])
        return builder.add(total, pairs)
