"""Values of every element type side by side: their LLVM types, constants and intrinsics."""

from __future__ import annotations

from dataclasses import dataclass

from llvmlite import ir

from isamap.codegen.vectors import I1, element_type
from isamap.ir.dtype import DType, Number


def element(dtype: DType) -> ir.Type:
    """The LLVM type of one value of ``dtype``; raises Unsupported where vectors hold none."""
    if dtype.kind == "bool":
        return I1
    return element_type(dtype)


@dataclass(frozen=True)
class Lanes:
    """``count`` values side by side in every word, or, where that is None, one value by itself."""

    module: ir.Module
    builder: ir.IRBuilder
    count: int | None

    def type(self, dtype: DType) -> ir.Type:
        return element(dtype) if self.count is None else ir.VectorType(element(dtype), self.count)

    def constant(self, dtype: DType, number: Number) -> ir.Constant:
        """``number``, as ``dtype`` holds it, in every lane."""
        kind, held = element(dtype), dtype.wrap(number)
        if self.count is None:
            return ir.Constant(kind, held)
        return ir.Constant(self.type(dtype), [ir.Constant(kind, held)] * self.count)

    def intrinsic(self, name: str, dtype: DType, *arguments: ir.Value) -> ir.Value:
        """What LLVM's ``name`` on values of ``dtype`` returns: one of them."""
        single = f"{'f' if dtype.is_float else 'i'}{dtype.bits}"
        full = f"llvm.{name}.{single}" if self.count is None else f"llvm.{name}.v{self.count}{single}"
        known = self.module.globals.get(full)
        if known is None:
            kind = ir.FunctionType(self.type(dtype), [argument.type for argument in arguments])
            known = ir.Function(self.module, kind, full)
        return self.builder.call(known, arguments)
