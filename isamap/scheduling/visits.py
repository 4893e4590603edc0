"""The tiles that a tiling visits, in order, and the pieces of tensors that each visit needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, prod

from isamap.ir.answers import Level, Tiling
from isamap.ir.binding import Binding, Role

Range = tuple[int, int]
Ranges = tuple[Range, ...]
"""Half-open range per axis of the einsum, in the order of its axes."""


@dataclass(frozen=True)
class Cut:
    """Which ranges make up a role's piece: for each axis of its access, that of the block or that of the tile."""

    role: Role
    axes: tuple[tuple[int, bool], ...]  # (number of the axis, block?)
    rank: int

    def piece(self, block: Ranges, tile: Ranges) -> Ranges:
        """The piece's range per axis; axes that the access does not mention are (0, 1)."""
        ranges = [(0, 1)] * self.rank
        for number, of_block in self.axes:
            ranges[number] = block[number] if of_block else tile[number]
        return tuple(ranges)


def cut(binding: Binding, role: Role, tiling: Tiling) -> Cut:
    """How ``role``'s tensor is cut into pieces: the output and unlisted tensors by tiles."""
    axes = list(binding.extents)
    tile = dict(tiling.levels[-1].tile)
    pieces = dict(dict(tiling.levels[0].pieces).get(role.label, ()))
    own = [(axes.index(x), not role.written and pieces.get(x, tile[x]) != tile[x]) for x in role.access.axes]
    return Cut(role, tuple(own), len(axes))


def visits(binding: Binding, tiling: Tiling) -> Iterator[tuple[Ranges, Ranges]]:
    """(range of the block, range of the tile) of every visit, in order."""
    axes = list(binding.extents)
    outer, inner = tiling.levels[0], tiling.levels[-1]
    everything = tuple((0, extent) for extent in binding.extents.values())
    for block in _steps(everything, _loops(axes, outer), 0):
        for tile in _steps(block, _loops(axes, inner), 0):
            yield block, tile


def visit_count(binding: Binding, tiling: Tiling) -> int:
    """How many visits there are, at least: blocks and tiles as if no edge were ragged."""
    outer, inner = tiling.levels[0], tiling.levels[-1]
    extents, block, tile = binding.extents, dict(outer.tile), dict(inner.tile)
    blocks = prod(ceil(extents[x] / block[x]) for x in outer.order)
    return max(blocks, prod(ceil(extents[x] / tile[x]) for x in extents))


def _loops(axes: list[str], level: Level) -> list[tuple[int, int]]:
    step = dict(level.tile)
    return [(axes.index(x), step[x]) for x in level.order]


def _steps(ranges: Ranges, loops: list[tuple[int, int]], depth: int) -> Iterator[Ranges]:
    if depth == len(loops):
        yield ranges
        return
    number, step = loops[depth]
    low, high = ranges[number]
    for start in range(low, high, step):
        part = (start, min(start + step, high))
        yield from _steps((*ranges[:number], part, *ranges[number + 1 :]), loops, depth + 1)
