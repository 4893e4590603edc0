"""The language's functions on vectors, to the last bit as they are defined: integers wrap, floats are rounded once per
function, ``round`` takes ties to even, ``max`` and ``min`` give what is not a number where one operand is none."""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from isamap.codegen.lanes import Lanes
from isamap.errors import Unsupported
from isamap.ir.dtype import DType
from isamap.ir.expression import COMPARISONS

Function = Callable[..., ir.Value]
_POSSIBLE = (
    "there are + - * / (of floats) max min neg abs floor ceil round sqrt rsqrt select << >> & | ^ and comparisons"
)


def applied(function: str, lanes: Lanes, dtype: DType, *parts: ir.Value) -> ir.Value:
    """``function`` of values that are all of type ``dtype``. Raises Unsupported naming it where no vectors do it."""
    if function in COMPARISONS:
        return _compared(function, lanes, dtype, *parts)
    known = _TRUTHS if dtype.kind == "bool" else _FLOATS if dtype.is_float else _INTEGERS
    if function not in known:
        raise Unsupported("code generation", f"{function} of {dtype} values", _POSSIBLE)
    return known[function](lanes, dtype, *parts)


def _compared(function: str, lanes: Lanes, dtype: DType, one: ir.Value, other: ir.Value) -> ir.Value:
    builder = lanes.builder
    if dtype.is_float:
        compare = builder.fcmp_unordered if function == "!=" else builder.fcmp_ordered
    else:
        compare = builder.icmp_signed if dtype.kind == "int" else builder.icmp_unsigned
    return compare(function, one, other)


def _built(method: str) -> Function:
    return lambda lanes, dtype, *parts: getattr(lanes.builder, method)(*parts)


def _intrinsic(name: str) -> Function:
    return lambda lanes, dtype, *parts: lanes.intrinsic(name, dtype, *parts)


def _same(lanes: Lanes, dtype: DType, value: ir.Value) -> ir.Value:
    return value


def _chosen_float(sign: str) -> Function:
    """The first where the comparison holds, else the second: so a number comes first, if one is known to be one."""

    def choose(lanes: Lanes, dtype: DType, one: ir.Value, other: ir.Value) -> ir.Value:
        builder = lanes.builder
        if isinstance(other, ir.Constant):
            one, other = other, one
        chosen = builder.select(builder.fcmp_ordered(sign, one, other), one, other)
        if isinstance(one, ir.Constant):
            return chosen
        return builder.select(builder.fcmp_unordered("uno", one, one), one, chosen)

    return choose


def _chosen_integer(sign: str) -> Function:
    def choose(lanes: Lanes, dtype: DType, one: ir.Value, other: ir.Value) -> ir.Value:
        return lanes.builder.select(_compared(sign, lanes, dtype, one, other), one, other)

    return choose


def _one_over_root(lanes: Lanes, dtype: DType, value: ir.Value) -> ir.Value:
    return lanes.builder.fdiv(lanes.constant(dtype, 1), lanes.intrinsic("sqrt", dtype, value))


def _magnitude(lanes: Lanes, dtype: DType, value: ir.Value) -> ir.Value:
    if dtype.kind == "uint":
        return value
    return lanes.intrinsic("abs", dtype, value, ir.Constant(ir.IntType(1), 0))


def _shifted_left(lanes: Lanes, dtype: DType, value: ir.Value, count: ir.Value) -> ir.Value:
    """By the width of the type or more (a negative count is large): 0."""
    builder, zero = lanes.builder, lanes.constant(dtype, 0)
    fits = builder.icmp_unsigned("<", count, lanes.constant(dtype, dtype.bits))
    return builder.select(fits, builder.shl(value, builder.select(fits, count, zero)), zero)


def _shifted_right(lanes: Lanes, dtype: DType, value: ir.Value, count: ir.Value) -> ir.Value:
    """By the width of the type or more: 0, or the sign in every bit."""
    builder, most = lanes.builder, lanes.constant(dtype, dtype.bits - 1)
    fits = builder.icmp_unsigned("<", count, lanes.constant(dtype, dtype.bits))
    if dtype.kind == "int":
        return builder.ashr(value, builder.select(fits, count, most))
    return builder.select(fits, builder.lshr(value, builder.select(fits, count, most)), lanes.constant(dtype, 0))


_TRUTHS: dict[str, Function] = {"&": _built("and_"), "|": _built("or_"), "^": _built("xor")}
_FLOATS: dict[str, Function] = {
    "+": _built("fadd"), "-": _built("fsub"), "*": _built("fmul"), "/": _built("fdiv"), "neg": _built("fneg"),
    "abs": _intrinsic("fabs"), "floor": _intrinsic("floor"), "ceil": _intrinsic("ceil"),
    "round": _intrinsic("roundeven"), "sqrt": _intrinsic("sqrt"), "rsqrt": _one_over_root,
    "max": _chosen_float(">"), "min": _chosen_float("<"),
}  # fmt: skip
_INTEGERS: dict[str, Function] = {
    **_TRUTHS, "+": _built("add"), "-": _built("sub"), "*": _built("mul"), "neg": _built("neg"), "abs": _magnitude,
    "floor": _same, "ceil": _same, "round": _same, "max": _chosen_integer(">"), "min": _chosen_integer("<"),
    "<<": _shifted_left, ">>": _shifted_right,
}  # fmt: skip
