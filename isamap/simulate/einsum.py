"""What one einsum does to arrays: the one function for kernels, for instructions and for transfers that compute.

Sums of products whose factors depend on few axes are contracted (``contraction``); everything else is evaluated point
by point in boxes of bounded size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

import numpy as np

from isamap.ir.dtype import DType
from isamap.ir.einsum import IDENTITIES, Einsum
from isamap.ir.scalar import Scalar, infer
from isamap.simulate.contraction import Factor, magnitude, multiply
from isamap.simulate.element_types import Array, computation, settle, storage
from isamap.simulate.recognise import axes_of, factors_of, narrowed
from isamap.simulate.value import Arrays, Grid, evaluate_scalar, open_grid, position

Ranges = Mapping[str, tuple[int, int]]
BOX_POINTS = 1 << 21
FACTOR_POINTS = 1 << 25


def identity(operator: str, dtype: DType) -> int | float:
    """The value from which a reduction starts in ``dtype`` (0 for ``=``)."""
    start = IDENTITIES[operator]
    if start is None:
        return 0
    if abs(start) != float("inf") or dtype.is_float:
        return start
    return dtype.least if start < 0 else dtype.most


def apply_einsum(einsum: Einsum, ranges: Ranges, arrays: Arrays) -> None:
    """Perform ``einsum`` over the half-open ``ranges`` of its axes: the arrays of its outputs are changed in place.

    Raises CheckFailed where it reads outside a tensor without a border.
    """
    ordered = {axis.name: ranges[axis.name] for axis in einsum.axes}
    factors = factors_of(einsum, arrays.dtypes)
    if factors is not None:
        for box in _boxes(ordered, [axes_of(factor) for factor in factors], FACTOR_POINTS):
            _contract_box(einsum, factors, box, arrays)
        return
    for box in _boxes(ordered, [tuple(ordered)], BOX_POINTS):
        _point_box(einsum, box, arrays)


def _boxes(ranges: Ranges, groups: list[tuple[str, ...]], limit: int) -> Iterator[dict[str, tuple[int, int]]]:
    """Parts of the ranges, row-major, in which no group of axes has more than ``limit`` points."""
    size = {axis: stop - start for axis, (start, stop) in ranges.items()}
    for group in groups:
        for axis in ranges:  # outer axes are cut first, so reductions stay whole as long as possible
            points = prod(size[a] for a in group)
            if axis in group and points > limit:
                size[axis] = max(1, size[axis] * limit // points)
    starts = [range(start, stop, size[axis]) for axis, (start, stop) in ranges.items()]
    for corner in product(*starts):
        yield {
            axis: (start, min(start + size[axis], ranges[axis][1])) for axis, start in zip(ranges, corner, strict=True)
        }


def _contract_box(einsum: Einsum, factors: list[Scalar], box: Ranges, arrays: Arrays) -> None:
    dtype = arrays.dtypes[einsum.output.tensor]
    held = [_held(narrowed(factor, arrays.dtypes), box, arrays, dtype) for factor in factors]
    axes = tuple(a for a in einsum.parallel_axes if any(a in factor.axes for factor in held))
    total = multiply(held, axes, dtype)
    grid = open_grid({a: box[a] for a in einsum.parallel_axes})
    shape = [total.shape[axes.index(a)] if a in axes else 1 for a in einsum.parallel_axes]
    _accumulate(einsum, total.reshape(shape), grid, arrays)


def _held(value: Scalar, box: Ranges, arrays: Arrays, wanted: DType) -> Factor:
    """A factor as an array over the axes that it mentions."""
    axes = axes_of(value)
    ranges = {axis: box[axis] for axis in axes}
    dtype = infer(value, arrays.dtypes) or wanted
    values = evaluate_scalar(value, open_grid(ranges), arrays, wanted)
    shape = tuple(stop - start for start, stop in ranges.values())
    return Factor(axes, np.broadcast_to(values, shape), magnitude(dtype))


def _point_box(einsum: Einsum, box: Ranges, arrays: Arrays) -> None:
    dtype = arrays.dtypes[einsum.outputs[0].tensor]
    values = evaluate_scalar(einsum.value, open_grid(box), arrays, dtype)
    parallel, reduced = einsum.parallel_axes, einsum.reduction_axes
    full = np.broadcast_to(values, tuple(stop - start for start, stop in box.values()))
    order = tuple(box)
    full = full.transpose([order.index(axis) for axis in (*parallel, *reduced)])
    over = tuple(range(len(parallel), full.ndim))
    grid = open_grid({axis: box[axis] for axis in parallel})
    if einsum.operator in ("argmax=", "argmin="):
        _choose(einsum, full, grid, {axis: box[axis] for axis in reduced}, arrays)
    else:
        _accumulate(einsum, _reduced(einsum.operator, full, over, dtype), grid, arrays)


def _reduced(operator: str, values: Array, over: tuple[int, ...], dtype: DType) -> Array:
    """Values reduced over trailing dimensions; sums of bool are "or", its products "and"."""
    if not over:
        return values
    if dtype.kind == "bool":
        either = operator in ("+=", "max=")
        return np.asarray(values.any(axis=over) if either else values.all(axis=over))
    work: Any = computation(dtype)
    with np.errstate(all="ignore"):
        match operator:
            case "+=":
                return np.asarray(values.sum(axis=over, dtype=work))
            case "*=":
                return np.asarray(values.prod(axis=over, dtype=work))
            case "max=":
                return np.asarray(values.max(axis=over))
    return np.asarray(values.min(axis=over))


def _accumulate(einsum: Einsum, values: Array, grid: Grid, arrays: Arrays) -> None:
    """Put values, one per point of the parallel axes, into the output, which ``op=`` continues."""
    target = arrays.values[einsum.output.tensor]
    dtype = arrays.dtypes[einsum.output.tensor]
    place = _place(einsum, 0, grid, arrays)
    if einsum.operator != "=":
        before = target[place]
        with np.errstate(all="ignore"):
            values = combine(einsum.operator, before, values, dtype)
    target[place] = settle(np.asarray(values), dtype)


def combine(operator: str, before: Array, values: Array, dtype: DType) -> Array:
    """``before`` continued by ``values``; the result still has to settle in ``dtype``."""
    if dtype.kind == "bool":
        return np.asarray(before | values if operator in ("+=", "max=") else before & values)
    match operator:
        case "+=" | "*=":
            work = computation(dtype)
            one, other = before.astype(work), settle(values, dtype).astype(work) if dtype.is_integer else values
            return np.asarray(one + other if operator == "+=" else one * other)
        case "max=":
            return np.asarray(np.maximum(before, values))
    return np.asarray(np.minimum(before, values))


def _choose(einsum: Einsum, full: Array, grid: Grid, reduced: Ranges, arrays: Arrays) -> None:
    """argmax= and argmin=: the best value and where it first is, counted row-major over the reduction axes."""
    value_name, index_name = (output.tensor for output in einsum.outputs)
    best_of, better = (np.argmax, np.greater) if einsum.operator == "argmax=" else (np.argmin, np.less)
    flat = full.reshape((*full.shape[: len(grid)], -1))
    first = best_of(flat, axis=-1)
    values = np.take_along_axis(flat, first[..., None], axis=-1)[..., 0]
    whole = {axis.name: axis.most for axis in einsum.axes}
    lengths = tuple(stop - start for start, stop in reduced.values())
    corner = np.unravel_index(first, lengths) if lengths else ()
    number: Array = np.zeros_like(first)
    for place, (axis, (start, _)) in zip(corner, reduced.items(), strict=True):
        number = number * whole[axis] + place + start
    at, where = _place(einsum, 0, grid, arrays), _place(einsum, 1, grid, arrays)
    kept, kept_number = arrays.values[value_name][at], arrays.values[index_name][where]
    chosen = better(values, kept)
    arrays.values[value_name][at] = np.where(chosen, values, kept)
    arrays.values[index_name][where] = settle(np.where(chosen, number, kept_number), arrays.dtypes[index_name])


def _place(einsum: Einsum, n: int, grid: Grid, arrays: Arrays) -> tuple[Any, ...]:
    """The positions that output ``n`` names over the grid, each broadcast to it."""
    shape = np.broadcast_shapes(*(values.shape for values in grid.values()))
    return tuple(np.broadcast_to(position(i, grid, arrays), shape) for i in einsum.outputs[n].indices)


def start_values(operator: str, dtype: DType, shape: tuple[int, ...]) -> Array:
    """A new tensor at the identity of the operator that will write it."""
    return np.full(shape, identity(operator, dtype), dtype=storage(dtype))
