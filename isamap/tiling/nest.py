"""A candidate nest of loops: which tiles it makes, and in which pieces each tensor is kept.

A nest has two levels. *Blocks* step through the einsum (``outer`` order), *tiles* step through a block (``inner``
order); one tile is one issue. A tensor lives in its memory in pieces: of tile size along an axis, or of block size
along axes that share a coordinate with another one (``p + r``), so that a window's halo is loaded once per block; or
they roll (``rolling``), so that it is loaded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil, prod

from isamap.ir.binding import Binding, Role
from isamap.ir.carried import why_not_carried
from isamap.ir.shared_bytes import why_fetches_meet
from isamap.tiling.rolling import Roll

MOST_UPGRADES = 8


@dataclass(frozen=True)
class Nest:
    """Sizes per axis of a tile and of a block (multiples of tiles, or the whole extent), and the loop orders.

    ``turning``: every loop goes the other way each time it is entered again. ``backward``: axes whose loops begin at
    the far end, where the last block and tile may be short. ``upgrades``: how often at most an input is held across
    more loops than it must be, at the cost of slots to load ahead. ``ahead``: is there to be a slot for that at all?
    ``roll``: the input whose windows roll, if any; then no loop turns.
    """

    tile: tuple[tuple[str, int], ...]
    block: tuple[tuple[str, int], ...]
    outer: tuple[str, ...]
    inner: tuple[str, ...]
    turning: bool = False
    backward: tuple[str, ...] = ()
    upgrades: int = MOST_UPGRADES
    ahead: bool = True
    roll: Roll | None = None

    def rolls(self, role: Role) -> bool:
        return self.roll is not None and self.roll.operand == role.operand.name


def normal(
    extents: Mapping[str, int], tile: dict[str, int], block: dict[str, int], outer: Iterable[str], inner: Iterable[str]
) -> Nest:
    """A nest whose blocks are whole multiples of tiles or the whole extent."""
    for x, extent in extents.items():
        block[x] = min(extent, ceil(max(block[x], tile[x]) / tile[x]) * tile[x])
    return Nest(tuple(tile.items()), tuple(block.items()), tuple(outer), tuple(inner))


@dataclass(frozen=True)
class Loop:
    """``trips`` iterations of ``axis`` by ``step``; ``turns`` is the extent over the step, ragged part included."""

    axis: str
    step: int
    trips: int
    turns: float


def loops(nest: Nest, extents: Mapping[str, int]) -> list[Loop]:
    """The loops that make more than one trip, outer to inner."""
    tile, block = dict(nest.tile), dict(nest.block)
    found = [Loop(x, block[x], ceil(extents[x] / block[x]), extents[x] / block[x]) for x in nest.outer]
    found += [Loop(x, tile[x], ceil(block[x] / tile[x]), block[x] / tile[x]) for x in nest.inner]
    return [loop for loop in found if loop.trips > 1]


def piece(role: Role, nest: Nest) -> dict[str, int]:
    """Sizes of the pieces in which ``role``'s tensor is kept. An operand whose strides leave no room for windows has
    them copied out, a tile at a time."""
    tile, block = dict(nest.tile), dict(nest.block)
    coupled: set[str] = set()
    for index in role.access.affine_indices:
        if len(index.terms) > 1 and role.operand.strides in ("per_kernel_axis", "any"):
            coupled.update(index.axes)
    whole = {x: block[x] if x in coupled and not role.written else tile[x] for x in tile}
    return nest.roll.cut(whole) if nest.roll is not None and nest.rolls(role) else whole


def histogram(extent: int, block: int, tile: int) -> dict[int, int]:
    """How many tiles of each size an axis is cut into, ragged blocks and tiles included."""
    counts: dict[int, int] = {}
    for size, repeats in ((block, extent // block), (extent % block, 1)):
        for part, times in ((tile, size // tile), (size % tile, 1)):
            if part and times and repeats:
                counts[part] = counts.get(part, 0) + times * repeats
    return counts


def legal(binding: Binding, nest: Nest) -> bool:
    """Every tile, ragged ones too, lies within the instruction's ranges, and the transfers can carry the pieces."""
    tile, block, extents = dict(nest.tile), dict(nest.block), binding.extents
    if nest.roll is not None and (nest.turning or not nest.roll.fits(tile)):
        return False
    for axis, fused in binding.match.axes:
        found = next(a for a in binding.instruction.axes if a.name == axis)
        ends = [histogram(extents[x], block[x], tile[x]) for x in fused]
        if prod(max(h) for h in ends) > found.most or prod(min(h) for h in ends) < found.least:
            return False
    if any(why_not_carried(role, piece(role, nest)) for role in binding.roles):
        return False
    packed = [role for role in binding.roles if role.operand.dtype.is_packed]
    return not any(why_fetches_meet(role, sizes) for role in packed for sizes in _ragged(role, nest, extents))


def _ragged(role: Role, nest: Nest, extents: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Sizes of every kind of piece that comes up, at ragged edges too."""
    whole, tile, block = piece(role, nest), dict(nest.tile), dict(nest.block)
    own = [x for x in role.access.axes if whole[x] < extents[x]]
    every = [histogram(extents[x], block[x], block[x] if whole[x] == block[x] else tile[x]) for x in own]
    for sizes in product(*every):
        yield whole | dict(zip(own, sizes, strict=True))
