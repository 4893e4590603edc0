"""The sizes that an axis may be cut into, and the tiles that keep every issue within the instruction's ranges.

A shape is a tile size and a block of whole tiles. With ``tiles`` along an axis and ``multiple`` of them per block there
are ``blocks = ceil(tiles / multiple)`` blocks: of two multiples with as many blocks the smaller takes no more room and
costs the same, unless a tensor is kept in pieces of block size (a window's axes), so that only the smallest is looked
at elsewhere. A block of the whole extent is that of all tiles.

Of two tile sizes that cut an axis into as many tiles the smaller takes no more room, its last tile is no smaller, and
where nothing is priced by the axis's tile sizes one by one (sums of products and lines are indifferent to where the
cuts lie) it costs the same: only the smallest is looked at then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, prod

from isamap.ir.binding import Binding

Choices = dict[str, list[tuple[int, ...]]]


@dataclass(frozen=True)
class Shape:
    """Tiles of size ``tile``, ``multiple`` to a block; so many tiles and blocks make up the axis."""

    tile: int
    multiple: int
    tiles: int
    blocks: int

    @property
    def columns(self) -> tuple[int, int, int, int]:
        return (self.tile, self.multiple, self.tiles, self.blocks)


def shapes(extent: int, tiles: Iterable[int], *, every_tile: bool, every_block: bool) -> list[Shape]:
    """Every shape of an axis with one of these tile sizes; ``every_tile``, ``every_block``: also those that only waste
    room."""
    found = []
    for tile in sorted(set(tiles)):
        if not every_tile and tile > ceil(extent / ceil(extent / tile)):
            continue
        count = ceil(extent / tile)
        multiples = range(1, count + 1)
        chosen = multiples if every_block else sorted({ceil(count / ceil(count / m)) for m in multiples})
        found += [Shape(tile, m, count, ceil(count / m)) for m in chosen]
    return found


def tile_choices(binding: Binding) -> Choices:
    """For each instruction axis, every combination of sizes of its fused axes that keeps all issues, ragged ones too,
    within its range."""
    found: Choices = {}
    for name, fused in binding.match.axes:
        axis = next(a for a in binding.instruction.axes if a.name == name)
        lengths = [binding.extents[x] for x in fused]
        found[name] = [c for c in _within(lengths, axis.most) if prod(map(_edge, lengths, c)) >= axis.least]
    return found


def _edge(extent: int, tile: int) -> int:
    return extent % tile or tile


def _within(lengths: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
    if not lengths:
        yield ()
        return
    for size in range(1, min(lengths[0], most) + 1):
        yield from ((size, *rest) for rest in _within(lengths[1:], most // size))


def tiles_along(binding: Binding, choices: Choices, axis: str) -> list[int]:
    """The tile sizes of one kernel axis; an axis that feeds nothing is walked in steps of 1."""
    for name, fused in binding.match.axes:
        if axis in fused:
            return sorted({choice[fused.index(axis)] for choice in choices[name]})
    return [1]


def joint_count(binding: Binding, choices: Choices, axes: Iterable[str]) -> int:
    """How many combinations of tile sizes ``axes`` have together."""
    return prod(len(projected) for _, projected in _projections(binding, choices, axes))


def joint(binding: Binding, choices: Choices, axes: Iterable[str]) -> Iterator[dict[str, int]]:
    """Every combination of tile sizes of ``axes``; all other axes are at 1."""
    parts = _projections(binding, choices, axes)
    ones = dict.fromkeys(binding.extents, 1)
    for combination in product(*(projected for _, projected in parts)):
        yield ones | {
            x: s for (own, _), sizes in zip(parts, combination, strict=True) for x, s in zip(own, sizes, strict=True)
        }


def _projections(
    binding: Binding, choices: Choices, axes: Iterable[str]
) -> list[tuple[tuple[str, ...], list[tuple[int, ...]]]]:
    wanted, found = set(axes), []
    for name, fused in binding.match.axes:
        own = tuple(x for x in fused if x in wanted)
        picked = {tuple(s for s, x in zip(choice, fused, strict=True) if x in wanted) for choice in choices[name]}
        found.append((own, sorted(picked)))
    return found
