"""The tiles that a tiling visits, in order, and the pieces of tensors that each visit needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, prod

from isamap.errors import Unsupported
from isamap.ir.answers import Level, Tiling
from isamap.ir.binding import Binding, Role
from isamap.ir.scalar import Access
from isamap.ir.steps import Ranges, Stepping, Walk

__all__ = ["Cut", "Ranges", "cut", "same_elements", "visit_count", "visits"]


@dataclass(frozen=True)
class Cut:
    """Which ranges make up a role's piece: for each axis of its access, that of the block or that of the tile; along
    the axis ``moving``, where windows roll, every value of the tile by itself."""

    role: Role
    axes: tuple[tuple[int, bool], ...]  # (number of the axis, block?)
    rank: int
    moving: int | None = None

    def piece(self, block: Ranges, tile: Ranges) -> Ranges:
        """The piece's range per axis; axes that the access does not mention are (0, 1)."""
        ranges = [(0, 1)] * self.rank
        for number, of_block in self.axes:
            ranges[number] = block[number] if of_block else tile[number]
        return tuple(ranges)

    def pieces(self, block: Ranges, tile: Ranges) -> list[Ranges]:
        """The pieces that a tile reads: one, or along ``moving`` one per value."""
        piece, moving = self.piece(block, tile), self.moving
        if moving is None:
            return [piece]
        return [(*piece[:moving], (at, at + 1), *piece[moving + 1 :]) for at in range(*piece[moving])]


def cut(binding: Binding, role: Role, tiling: Tiling) -> Cut:
    """How ``role``'s tensor is cut into pieces: the output and unlisted tensors by tiles. Raises Unsupported where a
    tile takes pieces of several values."""
    axes = list(binding.extents)
    tile = dict(tiling.levels[-1].tile)
    pieces = dict(dict(tiling.levels[0].pieces).get(role.label, ()))
    own = [(axes.index(x), not role.written and pieces.get(x, tile[x]) > tile[x]) for x in role.access.axes]
    smaller = [x for x in role.access.axes if not role.written and pieces.get(x, tile[x]) < tile[x]]
    if len(smaller) > 1 or any((pieces[x], tile[x]) != (1, 2) for x in smaller):
        what = " ".join(f"{x}={pieces[x]} of {tile[x]}" for x in smaller)
        raise Unsupported("scheduling", f"pieces of {role.label} smaller than a tile, other than a half of two: {what}")
    return Cut(role, tuple(own), len(axes), axes.index(smaller[0]) if smaller else None)


def same_elements(access: Access, axes: Sequence[str], pieces: Sequence[Ranges]) -> list[Ranges]:
    """``pieces`` with one name for those of one shape that begin with the same element: windows that slide over each
    other (``4*p + r``) share such pieces."""
    if all(len(index.axes) < 2 for index in access.indices):
        return list(pieces)
    named: dict[tuple[object, ...], Ranges] = {}
    known: dict[Ranges, Ranges] = {}
    for piece in pieces:
        if piece not in known:
            start = {x: low for x, (low, _) in zip(axes, piece, strict=True)}
            first = tuple(index.evaluate(start) for index in access.affine_indices)
            known[piece] = named.setdefault((first, *(high - low for low, high in piece)), piece)
    return [known[piece] for piece in pieces]


def visits(binding: Binding, tiling: Tiling) -> Iterator[tuple[Ranges, Ranges]]:
    """(range of the block, range of the tile) of every visit, in order."""
    axes = list(binding.extents)
    outer, inner = (Walk(_loops(axes, level)) for level in (tiling.levels[0], tiling.levels[-1]))
    for block in outer.over(tuple((0, extent) for extent in binding.extents.values())):
        for tile in inner.over(block):
            yield block, tile


def visit_count(binding: Binding, tiling: Tiling) -> int:
    """How many visits there are, at least: blocks and tiles as if no edge were ragged."""
    outer, inner = tiling.levels[0], tiling.levels[-1]
    extents, block, tile = binding.extents, dict(outer.tile), dict(inner.tile)
    blocks = prod(ceil(extents[x] / block[x]) for x in outer.order)
    return max(blocks, prod(ceil(extents[x] / tile[x]) for x in extents))


def _loops(axes: list[str], level: Level) -> list[Stepping]:
    step = dict(level.tile)
    return [Stepping(axes.index(x), step[x], level.turning, x in level.backward) for x in level.order]
