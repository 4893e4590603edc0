"""Casts, lane by lane, as ``isamap.ir.dtype`` defines them.

Integers keep their low bits or are clamped. A float turned into an integer is truncated towards zero, and what is not a
number becomes 0; an infinity becomes 0 where low bits are kept and a limit where it is clamped. LLVM's conversions say
nothing of floats beyond the integer's range, so that none reaches them.
"""

from __future__ import annotations

from llvmlite import ir

from isamap.codegen.lanes import Lanes
from isamap.errors import Unsupported
from isamap.ir.dtype import DTYPES, DType

_HALF_BITS = 16  # what a float holds of an integer is cut into halves, which fit a 32-bit conversion


def converted(lanes: Lanes, value: ir.Value, source: DType, dtype: DType, saturate: bool) -> ir.Value:
    """``value`` of type ``source`` in type ``dtype``; raises Unsupported for the low 64 bits of floats."""
    if dtype.kind == "bool":
        return is_not_zero(lanes, value, source)
    if source.is_float:
        if dtype.is_float:
            return _float_to_float(lanes, value, source, dtype, saturate)
        return _clamped_float(lanes, value, source, dtype) if saturate else _low_bits(lanes, value, source, dtype)
    if dtype.is_float:
        turn = lanes.builder.sitofp if source.kind == "int" else lanes.builder.uitofp
        return turn(value, lanes.type(dtype))
    if saturate and source.kind != "bool":
        value = _clamped_integer(lanes, value, source, dtype)
    return resized(lanes, value, source, dtype)


def is_not_zero(lanes: Lanes, value: ir.Value, source: DType) -> ir.Value:
    """Truth: what is not a number is not zero."""
    if source.kind == "bool":
        return value
    zero = lanes.constant(source, 0)
    if source.is_float:
        return lanes.builder.fcmp_unordered("!=", value, zero)
    return lanes.builder.icmp_unsigned("!=", value, zero)


def resized(lanes: Lanes, value: ir.Value, source: DType, dtype: DType) -> ir.Value:
    """The low bits of an integer, filled up by its sign where it has one."""
    kind = lanes.type(dtype)
    width = 1 if source.kind == "bool" else source.bits
    if width >= dtype.bits:
        return lanes.builder.trunc(value, kind) if width > dtype.bits else value
    return lanes.builder.sext(value, kind) if source.kind == "int" else lanes.builder.zext(value, kind)


def _clamped_integer(lanes: Lanes, value: ir.Value, source: DType, dtype: DType) -> ir.Value:
    compare = lanes.builder.icmp_signed if source.kind == "int" else lanes.builder.icmp_unsigned
    if source.least < dtype.least:
        least = lanes.constant(source, dtype.least)
        value = lanes.builder.select(compare(">", value, least), value, least)
    if source.most > dtype.most:
        most = lanes.constant(source, dtype.most)
        value = lanes.builder.select(compare("<", value, most), value, most)
    return value


def _float_to_float(lanes: Lanes, value: ir.Value, source: DType, dtype: DType, saturate: bool) -> ir.Value:
    if saturate:
        for sign, limit in (("<", min(source.most, dtype.most)), (">", max(source.least, dtype.least))):
            bound = lanes.constant(source, limit)
            value = lanes.builder.select(lanes.builder.fcmp_ordered(sign, bound, value), bound, value)
    if source.bits == dtype.bits:
        return value
    turn = lanes.builder.fptrunc if source.bits > dtype.bits else lanes.builder.fpext
    return turn(value, lanes.type(dtype))


def _clamped_float(lanes: Lanes, value: ir.Value, source: DType, dtype: DType) -> ir.Value:
    """Clamped as a float, then converted; where the greatest integer is no float of this type, put in afterwards."""
    builder = lanes.builder
    least = lanes.constant(source, dtype.least)
    held = builder.select(builder.fcmp_ordered(">", value, least), value, least)  # what is not a number becomes least
    is_exact = source.wrap(dtype.most) == dtype.most
    most = lanes.constant(source, dtype.most if is_exact else dtype.most + 1)
    is_less = builder.fcmp_ordered("<", held, most)
    held = builder.select(is_less, held, most if is_exact else lanes.constant(source, 0))
    if dtype.least < 0:
        held = builder.select(builder.fcmp_ordered("ord", value, value), held, lanes.constant(source, 0))
    found = _truncated(lanes, held, dtype)
    return found if is_exact else builder.select(is_less, found, lanes.constant(dtype, dtype.most))


def _truncated(lanes: Lanes, value: ir.Value, dtype: DType) -> ir.Value:
    """A float within the range of ``dtype``, through 32 bits where those are enough."""
    through = dtype if dtype.bits > 16 else DTYPES["s32"]
    turn = lanes.builder.fptosi if through.kind == "int" else lanes.builder.fptoui
    return resized(lanes, turn(value, lanes.type(through)), through, dtype)


def _low_bits(lanes: Lanes, value: ir.Value, source: DType, dtype: DType) -> ir.Value:
    """Of a finite float x, truncated: x modulo 2**32 (with its sign, exact) = high * 2**16 + low."""
    if dtype.bits > 32:
        raise Unsupported("code generation", f"{dtype}(x) of a float", f"sat_{dtype}(x) clamps")
    builder, word = lanes.builder, DTYPES["s32"]
    size = lanes.intrinsic("fabs", source, value)
    is_finite = builder.fcmp_ordered("<", size, lanes.constant(source, float("inf")))
    finite = builder.select(is_finite, value, lanes.constant(source, 0))
    _, rest = _split(lanes, lanes.intrinsic("trunc", source, finite), source, 2 * _HALF_BITS)
    high, low = (_truncated(lanes, half, word) for half in _split(lanes, rest, source, _HALF_BITS))
    whole = builder.add(builder.shl(high, lanes.constant(word, _HALF_BITS)), low)
    return resized(lanes, whole, word, dtype)


def _split(lanes: Lanes, value: ir.Value, source: DType, bits: int) -> tuple[ir.Value, ir.Value]:
    """(value / 2**bits truncated, the rest), both exact."""
    builder = lanes.builder
    high = lanes.intrinsic("trunc", source, builder.fmul(value, lanes.constant(source, 2.0**-bits)))
    return high, builder.fsub(value, builder.fmul(high, lanes.constant(source, 2.0**bits)))
