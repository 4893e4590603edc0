"""In which pieces a tensor travels: groups of axes that make up its coordinates, each cut on its own.

A piece's elements are the product over groups of what the group's axes reach: ``p`` and ``r`` of ``I[c,p+r]`` are one
group that reaches ``p + r - 1``, ``c`` is another. Hence the elements of all pieces together are the product of the
groups' sums. The axes of a *window* (several in one coordinate) are kept in pieces of block size, others of tile size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from isamap.ir.binding import Role
from isamap.tiling.exact.counts import windows
from isamap.tiling.exact.price import sizes_of
from isamap.tiling.exact.shapes import Shape


@dataclass(frozen=True)
class Group:
    """Axes of a role's tensor that share coordinates, and whether they make a window."""

    role: Role
    axes: tuple[str, ...]
    window: bool
    every_axis: tuple[str, ...]

    @cached_property
    def _known(self) -> dict[tuple[int, ...], int]:
        return {}

    def points(self, sizes: tuple[int, ...]) -> int:
        """Elements that a piece of ``sizes`` along the group's axes reaches."""
        if sizes not in self._known:
            full = dict.fromkeys(self.every_axis, 1) | dict(zip(self.axes, sizes, strict=True))
            self._known[sizes] = self.role.staged_layout(full).points
        return self._known[sizes]

    def is_plain(self, extent: int) -> bool:
        """Is it one axis with an element for every point?"""
        return not self.window and len(self.axes) == 1 and all(self.points((n,)) == n for n in range(1, extent + 1))

    def sums(self, extents: Mapping[str, int], shape: Mapping[str, Shape], inside: Mapping[str, bool]) -> Sums:
        """Elements of the largest piece and of all pieces, and their number. A window's piece comes again with every
        tile of an axis whose inner loop is not ``inside`` of what is held."""
        cuts = []
        for x in self.axes:
            one, extent = shape[x], extents[x]
            if not self.window:
                cuts.append(sizes_of(extent, one.tile))
                continue
            block = min(extent, one.tile * one.multiple)
            again = 1 if inside[x] else one.tile
            cuts.append([(s, n * (-(-s // again) if not inside[x] else 1)) for s, n in sizes_of(extent, block)])
        points = pieces = 0
        for combination in product(*cuts):
            count = prod(n for _, n in combination)
            points += count * self.points(tuple(s for s, _ in combination))
            pieces += count
        largest = self.points(tuple(max(s for s, _ in cut) for cut in cuts))
        return Sums(largest, points, pieces)


@dataclass(frozen=True)
class Sums:
    """Elements of a group's largest piece, elements of all its pieces, and how many pieces there are."""

    largest: int
    points: int
    pieces: int


def groups(role: Role, every_axis: tuple[str, ...]) -> list[Group]:
    """The groups of ``role``'s tensor; an output travels in tiles."""
    parts: list[set[str]] = []
    window = windows(role)
    for index in role.access.affine_indices:
        own = set(index.axes)
        for part in [part for part in parts if part & own]:
            parts.remove(part)
            own |= part
        if own:
            parts.append(own)
    ordered = [tuple(x for x in every_axis if x in part) for part in parts]
    return [Group(role, axes, bool(set(axes) & window), every_axis) for axes in sorted(ordered)]
