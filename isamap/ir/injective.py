"""Does an access name a different element at every point? A left side must: two points may not write one element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import product
from math import prod

from isamap.ir.affine import Affine
from isamap.ir.scalar import Access

_MOST_POINTS = 100_000


def reached(terms: Iterable[tuple[int, int]]) -> int:
    """The values of ``sum(|coefficient| * x)``, x < extent, over (coefficient, extent): bit v is set for value v."""
    bits = 1
    for coefficient, extent in terms:
        width = 1
        while width < extent:  # doubling: the values for x < width give those for x < width + grow
            grow = min(width, extent - width)
            bits |= bits << (abs(coefficient) * grow)
            width += grow
    return bits


def injective(access: Access, extents: Mapping[str, int]) -> bool:
    """Exact where indices are linear; with ``//`` or ``%`` exact up to 100,000 points and trusted beyond."""
    axes = [axis for axis in access.axes if extents[axis] > 1]
    indices = [index for index in access.indices if isinstance(index, Affine)]
    if all(index.is_linear for index in indices):
        if _rank([[index.coefficient(axis) for axis in axes] for index in indices]) == len(axes):
            return True
        mentions = [axis for index in indices for axis in index.axes if extents[axis] > 1]
        if len(mentions) == len(set(mentions)):
            return all(_different_sums(index, extents) for index in indices)
    points = prod(extents[axis] for axis in axes)
    if points > _MOST_POINTS:
        return not all(index.is_linear for index in indices)
    start = dict.fromkeys(access.axes, 0)
    found = {
        tuple(index.evaluate(start | dict(zip(axes, point, strict=True))) for index in indices)
        for point in product(*(range(extents[axis]) for axis in axes))
    }
    return len(found) == points


def _different_sums(index: Affine, extents: Mapping[str, int]) -> bool:
    terms = [(index.coefficient(axis), extents[axis]) for axis in index.axes]
    return reached(terms).bit_count() == prod(extent for _, extent in terms)


def _rank(rows: list[list[int]]) -> int:
    """Rank of an integer matrix, by elimination over the rationals."""
    left, rank = [[Fraction(value) for value in row] for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((n for n in range(rank, len(left)) if left[n][column]), None)
        if pivot is None:
            continue
        left[rank], left[pivot] = left[pivot], left[rank]
        for n in range(rank + 1, len(left)):
            factor = left[n][column] / left[rank][column]
            left[n] = [a - factor * b for a, b in zip(left[n], left[rank], strict=True)]
        rank += 1
    return rank
