"""Register tiles that are tried: their sums, and what is loaded at a step, fit into the core's registers."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from isamap.ir.cpu import Core, MultiplyAdd
from isamap.tiling.cached.roles import Roles


@dataclass(frozen=True)
class Tile:
    """``rows`` x ``vectors`` registers of sums; where the lanes lie along the depth, rows x columns of them."""

    rows: int
    vectors: int


_DOTS = ((4, 4), (5, 4), (4, 5), (6, 3), (3, 6), (8, 2), (2, 8), (3, 3), (4, 2), (2, 4), (2, 2))
_FLAT_DOTS = ((16, 1), (1, 16), (8, 1), (1, 8), (4, 1), (1, 4))


def outer_tiles(roles: Roles, core: Core, product: MultiplyAdd) -> tuple[Tile, ...]:
    """Up to four vectors wide, as high as the registers allow: heights that cut the rows into equal tiles, and a few
    that are lower."""
    rows, found = roles.extent(roles.rows), []
    for vectors in range(1, min(4, ceil(roles.extent(roles.columns) / product.lanes)) + 1):
        most = (core.registers - vectors - 1) // vectors
        found += [Tile(height, vectors) for height in _heights(rows, most)]
    return tuple(found)


def _heights(extent: int, most: int) -> list[int]:
    counts = range(ceil(extent / most), ceil(extent / most) + 3)
    few = [n for n in (8, 6) if n < min(extent, most)]
    return sorted({*(ceil(extent / count) for count in counts), min(extent, most), *few}, reverse=True)


def dots(roles: Roles, core: Core) -> tuple[Tile, ...]:
    """Tiles of sums in parts: near squares, which load least, and single rows or columns."""
    rows, columns = roles.extent(roles.rows), roles.extent(roles.columns)
    shapes = {(min(high, rows), min(wide, columns)) for high, wide in (*_DOTS, *_FLAT_DOTS)}
    return tuple(Tile(high, wide) for high, wide in sorted(shapes) if high * wide + high + wide <= core.registers)
