"""Is one scalar expression always another? A lemma for all values of the tensors that they read, asked of Z3.

Integers are bit-vectors that wrap in their types, floats IEEE numbers rounded to nearest even (every NaN is one). Each
read is a variable, equal accesses the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import z3

from isamap.ir.dtype import DType
from isamap.ir.scalar import Access, Apply, Cast, Literal, Read, Scalar, infer

_LIMIT = 5_000_000  # Z3's own deterministic measure of work; enough for a product of f32, not of f64
_IEEE = {"f16": (5, 11), "bf16": (8, 8), "f32": (8, 24), "f64": (11, 53)}
_NEUTRAL = {"*": 1, "+": 0, "-": 0, "|": 0, "^": 0, "&": -1, "<<": 0, ">>": 0}


def always_equal(one: Scalar, other: Scalar, dtype_of: Mapping[str, DType]) -> bool:
    """Is it proved? False also where an expression has what is not known here, or where Z3 gave up."""
    terms, dtype = _Terms(dtype_of), infer(one, dtype_of)
    if dtype is None or infer(other, dtype_of) != dtype:
        return False
    try:
        query = terms.of(one, dtype) != terms.of(other, dtype)
    except NotImplementedError:
        return False
    solver = z3.Solver(ctx=terms.context)
    solver.set("rlimit", _LIMIT)
    return bool(solver.check(query) == z3.unsat)


@cache
def neutral(function: str, dtype: DType) -> int | float | None:
    """The number e of ``dtype`` with x function e = x, proved for all x; None: there is none, or no proof."""
    match function:
        case "max" | "min" if dtype.is_integer:
            number: int | float = dtype.least if function == "max" else dtype.most
        case "+" if dtype.is_float:
            number = -0.0  # -0 + 0 is 0
        case _ if function in _NEUTRAL:
            number = dtype.wrap(_NEUTRAL[function])
        case _:
            return None
    x = Read(Access("x", ()))
    return number if always_equal(Apply(function, (x, Literal(number))), x, {"x": dtype}) else None


class _Terms:
    """Expressions over tensors of the types ``dtype_of`` as terms of one context."""

    def __init__(self, dtype_of: Mapping[str, DType]) -> None:
        self.context, self.dtype_of = z3.Context(), dtype_of

    def of(self, value: Scalar, wanted: DType) -> Any:
        """``value`` in its own type, or in ``wanted`` where it has none; raises NotImplementedError."""
        dtype = infer(value, self.dtype_of) or wanted
        match value:
            case Literal(number):
                return self._number(number, dtype)
            case Read() if dtype.kind != "bool":
                return z3.Const(str(value), self._sort(dtype))
            case Cast(_, argument, False):
                source = infer(argument, self.dtype_of)
                if source is not None and source.is_integer and dtype.is_integer:
                    return _stretched(self.of(argument, source), source, dtype.bits)
            case Apply(function, (one, other)) if dtype.is_float and function in ("+", "-", "*"):
                operation = {"+": z3.fpAdd, "-": z3.fpSub, "*": z3.fpMul}[function]
                even = z3.RoundNearestTiesToEven(self.context)
                return operation(even, self.of(one, dtype), self.of(other, dtype), self.context)
            case Apply(function, (one, other)) if dtype.is_integer:
                return _integer(function, self.of(one, dtype), self.of(other, dtype), other, dtype)
        raise NotImplementedError(str(value))

    def _sort(self, dtype: DType) -> Any:
        return (
            z3.FPSort(*_IEEE[dtype.name], self.context) if dtype.is_float else z3.BitVecSort(dtype.bits, self.context)
        )

    def _number(self, number: int | float, dtype: DType) -> Any:
        held = dtype.wrap(number)
        if dtype.is_float:
            return z3.FPVal(held, None, self._sort(dtype), self.context)
        return z3.BitVecVal(int(held), dtype.bits, self.context)


def _integer(function: str, one: Any, other: Any, right: Scalar, dtype: DType) -> Any:
    signed = dtype.kind == "int"
    match function:
        case "+":
            return one + other
        case "-":
            return one - other
        case "*":
            return one * other
        case "&":
            return one & other
        case "|":
            return one | other
        case "^":
            return one ^ other
        case "max" | "min":
            less = one < other if signed else z3.ULT(one, other)
            return z3.If(less, other, one) if function == "max" else z3.If(less, one, other)
        case "<<" | ">>" if isinstance(right, Literal) and 0 <= right.value < dtype.bits:
            down = one >> other if signed else z3.LShR(one, other)
            return one << other if function == "<<" else down
    raise NotImplementedError(function)


def _stretched(term: Any, source: DType, bits: int) -> Any:
    """An integer of ``source`` in so many bits: with its sign, or the low ones."""
    if bits <= source.bits:
        return z3.Extract(bits - 1, 0, term)
    more = bits - source.bits
    return z3.SignExt(more, term) if source.kind == "int" else z3.ZeroExt(more, term)
