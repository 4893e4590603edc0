"""Which part each axis plays in a kernel for a core with caches.

The lanes lie along ``columns``, which one factor (``along``) has; a register tile has several ``rows`` of them, and its
sums go on along ``depth``. All other parallel axes are loops outside, all other reduced ones run inside the tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

from isamap.ir.contraction import Contraction, Strided


@dataclass(frozen=True)
class Roles:
    """``is_dot``: the lanes lie along ``depth``; then ``columns`` is a second axis of the tile, one element a step."""

    what: Contraction
    columns: str | None
    rows: str | None
    depth: str | None
    is_dot: bool = False

    def extent(self, axis: str | None) -> int:
        return 1 if axis is None else self.what.extents[axis]

    @cached_property
    def along(self) -> Strided:
        """The factor that has the columns."""
        one, other = self.what.factors
        if self.columns is None:
            return other if self.rows in one.strides else one
        return one if self.columns in one.strides else other

    @cached_property
    def across(self) -> Strided:
        one, other = self.what.factors
        return other if self.along is one else one

    @property
    def outside(self) -> tuple[str, ...]:
        return tuple(axis for axis in self.what.parallel if axis not in (self.columns, self.rows))

    @property
    def inside(self) -> tuple[str, ...]:
        return tuple(axis for axis in self.what.reduced if axis != self.depth)

    @property
    def turns(self) -> int:
        """How often all of it is done: once for every place outside."""
        return prod(self.what.extents[axis] for axis in self.outside)

    @property
    def steps(self) -> int:
        """Of the reduced axes inside the tile, for each step along the depth."""
        return prod(self.what.extents[axis] for axis in self.inside)


def roles(what: Contraction) -> list[Roles]:
    """Every way to lay the lanes: along an axis that the output has side by side, or along a
    reduced one that both factors have so."""
    depth = what.reduced[-1] if what.reduced else None
    found = []
    for columns in what.parallel:
        if what.output.strides[columns] == 1 and _can_lie(what, columns):
            along = next(factor for factor in what.factors if columns in factor.strides)
            rows = [axis for axis in what.parallel if axis != columns and axis not in along.strides]
            found.append(Roles(what, columns, rows[-1] if rows else None, depth))
    for axis in what.reduced:
        if all(factor.strides.get(axis) == 1 for factor in what.factors):
            found.append(_dot(what, axis))
    return found


def _can_lie(what: Contraction, axis: str) -> bool:
    """May lanes lie along ``axis``: does one factor have it, which may be packed, or both, side by side?"""
    steps = [factor.strides[axis] for factor in what.factors if axis in factor.strides]
    return len(steps) == 1 or steps == [1, 1]


def _dot(what: Contraction, depth: str) -> Roles:
    """Rows and columns of the tile: the last parallel axis that only the one factor has, and only the other."""
    one, other = what.factors
    rows = [axis for axis in what.parallel if axis in one.strides and axis not in other.strides]
    columns = [axis for axis in what.parallel if axis in other.strides and axis not in one.strides]
    return Roles(what, columns[-1] if columns else None, rows[-1] if rows else None, depth, is_dot=True)
