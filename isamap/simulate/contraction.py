"""Sums of products of arrays over named axes, with BLAS where that is exact.

Integers form a ring: wrapping once at the end gives what wrapping after every operation gives. Products of integers go
through float64 matrix multiplication where every partial sum is below 2**53, else through 64-bit integers, whose own
wrapping is a multiple of every narrower type's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np

from isamap.ir.dtype import DType
from isamap.simulate.element_types import Array, computation, settle

EXACT = 2**53
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Factor:
    """An array over ``axes``, one dimension each; integers are at most ``magnitude`` in absolute value."""

    axes: tuple[str, ...]
    values: Array
    magnitude: int = 0


@dataclass(frozen=True)
class Recipe:
    """How two factors are multiplied: as matrices (rows x summed) (summed x columns), or letter by letter."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    rows: int
    summed: int
    columns: int
    shape: tuple[int, ...]
    order: tuple[int, ...]
    subscripts: str
    as_matrices: bool
    terms: int


@lru_cache(maxsize=4096)
def recipe(
    left: tuple[str, ...], right: tuple[str, ...], kept: tuple[str, ...], extents: tuple[tuple[str, int], ...]
) -> Recipe:
    """The recipe for result axes ``kept``; every kept axis is in ``left`` or ``right``."""
    size = dict(extents)
    rows = tuple(a for a in left if a in kept and a not in right)
    columns = tuple(a for a in right if a in kept and a not in left)
    summed = tuple(a for a in left if a in right and a not in kept)
    plain = not any(a in right and a in kept for a in left)
    plain = plain and all(a in (*rows, *summed) for a in left) and all(a in (*columns, *summed) for a in right)
    letter = {axis: _LETTERS[n] for n, axis in enumerate(dict.fromkeys((*left, *right)))}
    text = [("".join(letter[a] for a in axes)) for axes in (left, right, kept)]
    produced = (*rows, *columns)
    return Recipe(
        tuple(left.index(a) for a in (*rows, *summed)) if plain else (),
        tuple(right.index(a) for a in (*summed, *columns)) if plain else (),
        prod(size[a] for a in rows),
        prod(size[a] for a in summed),
        prod(size[a] for a in columns),
        tuple(size[a] for a in produced),
        tuple(produced.index(a) for a in kept) if plain else (),
        f"{text[0]},{text[1]}->{text[2]}",
        plain,
        prod(size[a] for a in size if a not in kept),
    )


def contract(one: Factor, other: Factor, kept: tuple[str, ...], dtype: DType) -> Array:
    """The sum over all axes but ``kept`` of one * other: floats in the computation type of ``dtype``, integers in
    int64, congruent to the value that ``dtype`` holds (see ``settle``)."""
    extents: dict[str, int] = {}
    for factor in (one, other):
        extents |= zip(factor.axes, factor.values.shape, strict=True)
    how = recipe(one.axes, other.axes, kept, tuple(extents.items()))
    exact = dtype.is_float or one.magnitude * other.magnitude * how.terms < EXACT
    if not exact:  # what the types allow is too large: what is there may not be
        exact = _largest(one.values) * _largest(other.values) * how.terms < EXACT
    return multiplied(how, one.values, other.values, dtype, exact)


def multiplied(how: Recipe, one: Array, other: Array, dtype: DType, exact: bool) -> Array:
    """Two arrays put together by a recipe; ``exact``: float64 holds every partial sum of these integers."""
    if dtype.is_float:
        work: np.dtype[np.generic] = computation(dtype)
    else:
        work = np.dtype(np.float64 if exact else np.int64)
    if how.as_matrices and work.kind == "f":
        a = one.transpose(how.left).astype(work, order="K").reshape(how.rows, how.summed)
        b = other.transpose(how.right).astype(work, order="K").reshape(how.summed, how.columns)
        with np.errstate(over="ignore", invalid="ignore"):
            product: Array = (a @ b).reshape(how.shape).transpose(how.order)
    else:
        faster = how.terms > 64 and one.size > 4096 and work.kind == "f"
        product = np.asarray(np.einsum(how.subscripts, one.astype(work), other.astype(work), optimize=faster))
    return product if dtype.is_float else product.astype(np.int64)


def multiply(factors: list[Factor], kept: tuple[str, ...], dtype: DType) -> Array:
    """The sum over all axes but ``kept`` of the product of all factors, settled in ``dtype`` (bool excluded)."""
    done = factors[0]
    for n, factor in enumerate(factors[1:], start=1):
        later = {axis for rest in factors[n + 1 :] for axis in rest.axes}
        union = tuple(dict.fromkeys((*done.axes, *factor.axes)))
        last = n == len(factors) - 1
        axes = kept if last else tuple(a for a in union if a in kept or a in later)
        values = contract(done, factor, axes, dtype)
        if not dtype.is_float or last:
            values = settle(values, dtype)
        done = Factor(axes, values, magnitude(dtype))
    return done.values


def _largest(values: Array) -> int:
    return max(abs(int(values.min())), abs(int(values.max())))


def magnitude(dtype: DType) -> int:
    """The largest absolute value of an integer type (0 for floats)."""
    return 0 if dtype.is_float else max(abs(int(dtype.least)), abs(int(dtype.most)))
