"""How much of what is fetched lies inside of a tensor that has a border: the rest moves no bytes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import gcd, prod

from isamap.ir.affine import Affine
from isamap.ir.binding import Binding, Role
from isamap.tiling.nest import Nest, piece


def inside(binding: Binding, nest: Nest, role: Role) -> float:
    """The share of the elements of an average piece that lie inside, coordinate by coordinate."""
    if role.tensor.border is None:
        return 1.0
    sizes = piece(role, nest)
    indices = zip(role.access.affine_indices, role.tensor.shape, strict=True)
    return prod(_along(index, shape, binding.extents, sizes) for index, shape in indices)


def _along(index: Affine, shape: int, extents: Mapping[str, int], sizes: Mapping[str, int]) -> float:
    """The share along one coordinate; pieces that begin and end at the same one are the same."""
    axes = [(index.coefficient(x), extents[x], sizes[x]) for x in index.axes]
    if _within(*_ends(index.constant, [(a, 0, extent) for a, extent, _ in axes]), shape):
        return 1.0
    cuts = [[(a, at, min(at + size, extent)) for at in range(0, extent, size)] for a, extent, size in axes]
    step = gcd(*(a for a, _, size in axes if size > 1)) or 1
    pieces = {_ends(index.constant, cut) for cut in product(*cuts)}
    every = sum((last - first) // step + 1 for first, last in pieces)
    return sum(_within(at, at, shape) for first, last in pieces for at in range(first, last + 1, step)) / every


def _ends(constant: int, ranges: list[tuple[int, int, int]] | tuple[tuple[int, int, int], ...]) -> tuple[int, int]:
    """The first and the last value of ``constant`` plus a multiple of each range."""
    ends = [sorted((a * low, a * (high - 1))) for a, low, high in ranges]
    return constant + sum(low for low, _ in ends), constant + sum(high for _, high in ends)


def _within(first: int, last: int, shape: int) -> bool:
    return first >= 0 and last < shape
