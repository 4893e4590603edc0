"""How far a float output may lie from its meaning, because sums may be added up in any order.

The meaning and the machine each round every product and every sum once, to the output's type with unit roundoff u. A
sum of k products of given numbers then lies within ((1 + u)^n - 1) * S of the exact one, where S is the sum of the
products' absolute values and n counts the roundings that a term can go through: k sums, and the products and casts of
its factors (N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., 2002, sections 3.1 and 3.5). Two
such results differ by twice as much, and by the smallest number of the type per rounding that underflows. Where all
factors are integers and S has no more bits than the type, nothing is ever rounded: the results are equal.

For anything else no bound is derived here: outputs may differ by k units of the last place of the largest one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import expm1, log1p, prod

import numpy as np

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import Einsum
from isamap.ir.scalar import Apply, Cast, Read, Scalar, rebuild
from isamap.ir.workload import Tensor, Workload
from isamap.simulate.einsum import apply_einsum
from isamap.simulate.element_types import Array
from isamap.simulate.value import Arrays

F64 = DTYPES["f64"]
_FORMATS = {"f16": (11, 2.0**-24), "bf16": (8, 2.0**-133), "f32": (24, 2.0**-149), "f64": (53, 2.0**-1074)}
"""Significant bits, and the smallest number above zero."""


@dataclass(frozen=True)
class Tolerance:
    """Per element, how far apart two results may lie. ``overflows``: the order of the sums decides whether a result is
    finite; ``infinite``: no result is, since a given number is not."""

    distance: Array
    overflows: Array
    infinite: Array


def tolerance(work: Workload, tensor: Tensor, values: Mapping[str, Array]) -> Tolerance:
    """For a float ``tensor`` of ``work``, whose tensors have ``values``."""
    bits, smallest = _FORMATS[tensor.dtype.name]
    einsum = _sum_of_products(work, tensor)
    if einsum is None:
        scale = float(np.nanmax(np.abs(values[tensor.name]), initial=1.0))
        terms = max(4, prod(e.extents[axis] for e in work.einsums for axis in e.reduction_axes))
        distance = np.full(tensor.shape, 2.0 ** (1 - bits) * scale * terms)
        never = np.zeros(tensor.shape, dtype=np.bool_)
        return Tolerance(distance, never, never)
    magnitude, whole = _magnitude(work, einsum, tensor, values)
    terms = prod(einsum.extents[axis] for axis in einsum.reduction_axes)
    roundings = terms + sum(1 for _ in _steps(einsum.value))
    with np.errstate(all="ignore"):
        reach = expm1(min(700.0, roundings * log1p(2.0**-bits)))
        distance = np.asarray(2 * (reach * magnitude + roundings * smallest))
        distance[np.asarray(whole & (magnitude <= 2.0**bits))] = 0.0
        overflows = magnitude * (1 + reach) >= tensor.dtype.most
    infinite = ~np.isfinite(magnitude)
    return Tolerance(np.where(infinite, 0.0, distance), overflows & ~infinite, infinite)


def _sum_of_products(work: Workload, tensor: Tensor) -> Einsum | None:
    """The one einsum that writes ``tensor``, if it adds up products of given numbers."""
    writing = [e for e in work.einsums if tensor.name in [output.tensor for output in e.outputs]]
    given = {name for name in work.inputs if work.tensor(name).alias_of is None}
    if len(writing) != 1 or work.repeat is not None or tensor.name in given or tensor.alias_of is not None:
        return None
    (einsum,) = writing
    allowed = all(
        isinstance(step, Read) or (isinstance(step, Cast) and step.dtype.is_float and not step.saturate)
        or (isinstance(step, Apply) and step.function == "*")
        for step in _steps(einsum.value)
    )  # fmt: skip
    read = {access.tensor for access in einsum.reads}
    return einsum if einsum.operator in ("+=", "=") and allowed and read <= given else None


def _steps(value: Scalar) -> Iterator[Scalar]:
    """The scalar and all its parts."""
    yield value
    parts = value.arguments if isinstance(value, Apply) else (value.argument,) if isinstance(value, Cast) else ()
    for part in parts:
        yield from _steps(part)


def _magnitude(work: Workload, einsum: Einsum, tensor: Tensor, values: Mapping[str, Array]) -> tuple[Array, bool]:
    """The einsum on absolute values in f64; and whether all of them are integers."""
    names = dict.fromkeys(access.tensor for access in einsum.reads)
    arrays = {name: np.abs(values[name].astype(np.float64)) for name in names}
    whole = all(bool((array == np.rint(array)).all()) for array in arrays.values())
    arrays[tensor.name] = np.zeros(tensor.shape)
    borders = {n: abs(b) for n in names if (b := work.tensor(n).border) is not None}
    whole &= all(float(border).is_integer() for border in borders.values())
    wide = Einsum(einsum.outputs, einsum.operator, rebuild(einsum.value, _without_cast), einsum.axes)
    ranges = {axis: (0, extent) for axis, extent in einsum.extents.items()}
    with np.errstate(all="ignore"):
        apply_einsum(wide, ranges, Arrays(arrays, dict.fromkeys(arrays, F64), borders))
    return arrays[tensor.name], whole


def _without_cast(node: Scalar) -> Scalar:
    return node.argument if isinstance(node, Cast) else node
