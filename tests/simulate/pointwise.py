"""What an einsum means, point by point in plain Python: the slow definition that ``evaluate`` is held against."""

from __future__ import annotations

import math
from itertools import product
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from isamap.ir.affine import Affine
from isamap.ir.dtype import DTYPES, DType, Number
from isamap.ir.einsum import IDENTITIES, Einsum
from isamap.ir.scalar import Access, Apply, Cast, Index, Literal, Read, Scalar, infer
from isamap.ir.workload import Workload

Point = dict[str, int]
Values = dict[str, dict[tuple[int, ...], Number]]
COMPARISONS = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}


class NotANumber(Exception):
    """A float operation gave no number: what follows is not defined here."""


def hold(value: Number, dtype: DType, *, once: bool = False) -> Number:
    """``value`` in ``dtype``; the 16-bit floats are computed in f32, but cast at ``once``."""
    if isinstance(value, float) and math.isnan(value):
        raise NotANumber
    if isinstance(value, float) and math.isinf(value) and not dtype.is_float:
        return int(dtype.kind == "bool")
    return dtype.wrap(DTYPES["f32"].wrap(value)) if dtype.name in ("f16", "bf16") and not once else dtype.wrap(value)


def lookup(access: Access, point: Point, values: Values, work: Workload) -> Number:
    at = tuple(
        index.evaluate(point) if isinstance(index, Affine) else int(lookup(index, point, values, work))
        for index in access.indices
    )
    border = work.tensor(access.tensor).border
    return values[access.tensor][at] if border is None else values[access.tensor].get(at, border)


def scalar(value: Scalar, point: Point, values: Values, work: Workload, wanted: DType) -> Number:
    dtype = infer(value, work.dtype_of) or wanted
    match value:
        case Literal(number):
            return hold(number, dtype)
        case Read(access):
            return lookup(access, point, values, work)
        case Index(index):
            return hold(index.evaluate(point), dtype)
        case Cast(_, argument, saturate):
            source = infer(argument, work.dtype_of) or DTYPES["f64"]
            found = scalar(argument, point, values, work, source)
            if saturate and dtype.kind != "bool":
                found = min(max(found, dtype.least), dtype.most)
            return hold(found, dtype, once=True)
        case Apply(function, arguments):
            types = [infer(argument, work.dtype_of) for argument in arguments]
            if function == "select":
                types = types[1:]
            common = next((t for t in types if t is not None), wanted)
            parts = [scalar(argument, point, values, work, common) for argument in arguments]
            return hold(apply(function, parts, common), dtype)


def apply(function: str, parts: list[Any], dtype: DType) -> Number:
    if function in COMPARISONS:
        return int(COMPARISONS[function](*parts))
    match function:
        case "+":
            return parts[0] + parts[1]
        case "-":
            return parts[0] - parts[1]
        case "*":
            return parts[0] * parts[1]
        case "//":
            return parts[0] // parts[1]
        case "%":
            return parts[0] % parts[1]
        case "<<":
            return parts[0] << parts[1]
        case ">>":
            return parts[0] >> parts[1]
        case "&":
            return parts[0] & parts[1]
        case "max":
            return max(parts)
        case "min":
            return min(parts)
        case "neg":
            return -parts[0]
        case "abs":
            return abs(parts[0])
        case "select":
            return parts[1] if parts[0] else parts[2]
    raise AssertionError(function)


def start(operator: str, dtype: DType) -> Number:
    identity = IDENTITIES[operator] or 0
    if dtype.is_float or not isinstance(identity, float) or math.isfinite(identity):
        return identity
    return dtype.wrap(dtype.least if identity < 0 else dtype.most)


def perform(einsum: Einsum, values: Values, work: Workload) -> None:
    dtype = work.dtype_of[einsum.outputs[0].tensor]
    exact: dict[tuple[int, ...], Number] = {}
    places = [range(axis.extent) for axis in einsum.axes]
    reduced = [(axis.name, axis.extent) for axis in einsum.axes if axis.name in einsum.reduction_axes]
    for numbers in product(*places):
        point = dict(zip((axis.name for axis in einsum.axes), numbers, strict=True))
        value = scalar(einsum.value, point, values, work, dtype)
        outputs = [tuple(int(index.evaluate(point)) for index in o.affine_indices) for o in einsum.outputs]
        held = values[einsum.outputs[0].tensor]
        at = outputs[0]
        if einsum.operator in ("argmax=", "argmin="):
            if (value > held[at]) if einsum.operator == "argmax=" else (value < held[at]):
                held[at] = value
                number = 0
                for name, extent in reduced:
                    number = number * extent + point[name]
                values[einsum.outputs[1].tensor][outputs[1]] = number
            continue
        before = exact.get(at, held[at])
        exact[at] = continued(einsum.operator, before, value)
        if dtype.is_float and abs(exact[at]) > DTYPES["f32"].most:  # the order of operations decides
            raise NotANumber
    for at, value in exact.items():
        values[einsum.outputs[0].tensor][at] = hold(value, dtype)


def continued(operator: str, before: Number, value: Number) -> Number:
    match operator:
        case "+=":
            return before + value
        case "*=":
            return before * value
        case "max=":
            return max(before, value)
        case "min=":
            return min(before, value)
    return value


def evaluate_pointwise(work: Workload, inputs: dict[str, Any]) -> Values:
    """Every tensor's value at every coordinate."""
    values: Values = {}
    for tensor in work.tensors:
        every = product(*map(range, tensor.shape))
        if tensor.name in work.inputs:
            values[tensor.name] = {at: inputs[tensor.name][at].item() for at in every}
        else:
            writers = [(e.operator if n == 0 else "=") for e in work.einsums for n, o in enumerate(e.outputs)
                       if o.tensor == tensor.name]  # fmt: skip
            values[tensor.name] = {at: start(writers[0], tensor.dtype) for at in every}
    for einsum in work.einsums:
        perform(einsum, values, work)
    return values
