"""One scalar expression over a box of points, all at once.

A ``Grid`` gives every axis its values as an integer array; arrays broadcast against each other, so an axis that an
expression does not mention costs nothing. Reads gather from whole tensors; coordinates outside give the border.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isamap.errors import CheckFailed
from isamap.ir.affine import Affine, Quotient
from isamap.ir.dtype import DTYPES, DType
from isamap.ir.expression import COMPARISONS
from isamap.ir.scalar import FLOAT_FUNCTIONS, Access, Apply, Cast, Immediate, Index, Literal, Read, Scalar, infer
from isamap.simulate.element_types import Array, cast, computation, settle, storage

Grid = Mapping[str, Array]


@dataclass(frozen=True)
class Arrays:
    """Tensors by name: their values, their types, and the value that lies outside (absent: reading there fails)."""

    values: Mapping[str, Array]
    dtypes: Mapping[str, DType]
    borders: Mapping[str, int | float]


def open_grid(ranges: Mapping[str, tuple[int, int]]) -> dict[str, Array]:
    """Each axis's values start .. stop - 1 along a dimension of its own, in the order of ``ranges``."""
    rank = len(ranges)
    return {
        axis: np.arange(start, stop, dtype=np.int64).reshape((-1,) + (1,) * (rank - 1 - n))
        for n, (axis, (start, stop)) in enumerate(ranges.items())
    }


def index_values(index: Affine, grid: Grid) -> Array:
    """The values of an affine index over the grid."""
    total: Array = np.asarray(index.constant, dtype=np.int64)
    for atom, coefficient in index.terms:
        if isinstance(atom, str):
            part = grid[atom]
        elif isinstance(atom, Quotient):
            part = index_values(atom.numerator, grid) // atom.divisor
        else:
            part = index_values(atom.numerator, grid) % atom.divisor
        total = total + coefficient * part
    return total


def read(access: Access, grid: Grid, arrays: Arrays) -> Array:
    """The elements that ``access`` names; raises CheckFailed where one lies outside a tensor without a border."""
    tensor = arrays.values[access.tensor]
    positions = [position(index, grid, arrays) for index in access.indices]
    inside: Array | None = None
    for n, extent in enumerate(tensor.shape):
        place = positions[n]
        if place.size and (int(place.min()) < 0 or int(place.max()) >= extent):
            ok = (place >= 0) & (place < extent)
            inside = ok if inside is None else inside & ok
            positions[n] = np.clip(place, 0, extent - 1)
    found: Array = tensor[tuple(positions)] if positions else tensor
    if inside is None:
        return found
    if access.tensor not in arrays.borders:
        raise CheckFailed(f"{access} reads outside {access.tensor}{list(tensor.shape)}, which has no border")
    border = np.asarray(arrays.borders[access.tensor]).astype(tensor.dtype)
    return np.where(inside, found, border)


def position(index: Affine | Access, grid: Grid, arrays: Arrays) -> Array:
    """The values of one index, looked up where it is itself an access."""
    return index_values(index, grid) if isinstance(index, Affine) else read(index, grid, arrays).astype(np.int64)


def evaluate_scalar(value: Scalar, grid: Grid, arrays: Arrays, wanted: DType) -> Array:
    """``value`` over the grid in its own type (``wanted`` where it is made of literals only), broadcast to what it
    mentions."""
    dtype = infer(value, arrays.dtypes) or wanted
    match value:
        case Literal(number):
            return np.asarray(dtype.wrap(number)).astype(storage(dtype))
        case Read(access):
            return read(access, grid, arrays)
        case Index(index):
            return settle(index_values(index, grid), dtype)
        case Immediate(name):
            raise CheckFailed(f"the immediate {name} has no value")
        case Cast(_, argument, saturate):
            source = infer(argument, arrays.dtypes)
            if source is None and isinstance(argument, Literal):
                number = dtype.saturate(argument.value) if saturate else dtype.wrap(argument.value)
                return np.asarray(number).astype(storage(dtype))
            source = source or DTYPES["s64"]
            return cast(evaluate_scalar(argument, grid, arrays, source), source, dtype, saturate)
        case Apply(function, arguments):
            return _apply(function, arguments, grid, arrays, dtype)


def _apply(function: str, arguments: tuple[Scalar, ...], grid: Grid, arrays: Arrays, dtype: DType) -> Array:
    if function == "select":
        truth = DTYPES["bool"]
        condition, one, other = (
            evaluate_scalar(argument, grid, arrays, want)
            for argument, want in zip(arguments, (truth, dtype, dtype), strict=True)
        )
        return np.where(condition != 0, one, other)
    common = next((t for t in (infer(a, arrays.dtypes) for a in arguments) if t is not None), dtype)
    if function in COMPARISONS and all(infer(a, arrays.dtypes) is None for a in arguments):
        common = DTYPES["f64"]
    parts = [evaluate_scalar(argument, grid, arrays, common) for argument in arguments]
    if common.kind == "bool" and function not in COMPARISONS:
        parts = [part.astype(np.int64) for part in parts]
    wide = [part.astype(computation(common)) for part in parts] if common.is_float else parts
    with np.errstate(all="ignore"):
        result = np.asarray(operation(function, common)(*wide))
    return result if function in COMPARISONS else settle(result, common)


def operation(function: str, dtype: DType) -> Callable[..., Any]:
    """The numpy function for ``function`` on values of ``dtype``."""
    if function in FLOAT_FUNCTIONS:
        return _FLOAT[function]
    if function == "/":
        return np.divide if dtype.is_float else np.floor_divide
    if function in ("floor", "ceil", "round"):
        return _ROUNDING[function] if dtype.is_float else lambda a: a
    return _PLAIN[function]


def _erf(values: Array) -> Array:
    found = np.frompyfunc(math.erf, 1, 1)(values)
    return np.asarray(found, dtype=np.float64).astype(values.dtype)


_ROUNDING: dict[str, Callable[..., Any]] = {"floor": np.floor, "ceil": np.ceil, "round": np.rint}
_FLOAT: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "rsqrt": lambda a: 1 / np.sqrt(a), "tanh": np.tanh, "erf": _erf,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
}  # fmt: skip
_PLAIN: dict[str, Callable[..., Any]] = {
    "neg": np.negative, "abs": np.abs, "max": np.maximum, "min": np.minimum, "+": np.add, "-": np.subtract,
    "*": np.multiply, "//": np.floor_divide, "%": np.remainder, "<<": np.left_shift, ">>": np.right_shift,
    "&": np.bitwise_and, "|": np.bitwise_or, "^": np.bitwise_xor, "<": np.less, "<=": np.less_equal,
    ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}  # fmt: skip
