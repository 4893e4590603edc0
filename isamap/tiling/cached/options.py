"""The choices from which a kernel for a core with caches is put together, and the blocking that they make.

for each place outside:
  for blocks of ``width`` columns, for blocks of ``depth``:                 panels of the factor along the columns
    for blocks of ``height`` rows:                                          panels of the other factor
      for tiles of columns, for tiles of rows (or the other way round):     a register tile, ``depth`` steps deep
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil

from isamap.ir.blocking import Blocking, Loop, Panels, Prefetch
from isamap.ir.cpu import Core, MultiplyAdd
from isamap.ir.factors import taken
from isamap.tiling.cached.roles import Roles
from isamap.tiling.cached.tiles import Tile, dots, outer_tiles

_MANY_ROWS = 512
_EARLY_BYTES = 256 << 10  # beside what tiles use of a second cache of 1 or 2 MiB
_UNROLL = 4  # steps in the body of the innermost loop: enough to hide its own instructions


@dataclass(frozen=True)
class Choice:
    """One kernel. Sizes are elements; ``ahead``: how many steps early the columns' factor is fetched (0: not)."""

    tile: Tile
    depth: int
    width: int
    height: int
    columns_packed: bool
    rows_packed: bool
    rows_inside: bool
    ahead: int


@dataclass(frozen=True)
class Options:
    """What each field of a choice may be, in its order; ``before``: tensors that come in panels already."""

    roles: Roles
    lanes: int
    group: int
    values: Mapping[str, tuple[object, ...]]
    before: frozenset[str] = frozenset()

    def columns_of(self, tile: Tile) -> int:
        """Elements of a tile along the columns."""
        wide = tile.vectors if self.roles.is_dot else tile.vectors * self.lanes
        return min(wide, self.roles.extent(self.roles.columns))

    def width_of(self, choice: Choice) -> int:
        """Columns of a block: whole tiles."""
        return _whole(choice.width, self.columns_of(choice.tile), self.roles.extent(self.roles.columns))

    def height_of(self, choice: Choice) -> int:
        """Rows of a block: whole tiles."""
        return _whole(choice.height, choice.tile.rows, self.roles.extent(self.roles.rows))

    def every(self) -> Iterable[Choice]:
        """Every choice."""
        return (self.choice(dict(zip(self.values, each, strict=True))) for each in product(*self.values.values()))

    def choice(self, fields: Mapping[str, object]) -> Choice:
        return Choice(**fields)  # type: ignore[arg-type]

    def blocking(self, choice: Choice) -> Blocking:
        """The loops, panels and prefetches of a choice."""
        roles, wide = self.roles, self.columns_of(choice.tile)
        loops = [Loop(axis, 1) for axis in roles.outside]
        loops += _loop(roles, roles.columns, self.width_of(choice)) + _loop(roles, roles.depth, choice.depth)
        shared = len(loops)
        loops += _loop(roles, roles.rows, self.height_of(choice))
        panels = []
        if choice.columns_packed or roles.along.tensor in self.before:
            panels.append(self._panels(roles.along.tensor, shared))
        if choice.rows_packed or roles.across.tensor in self.before:
            panels.append(self._panels(roles.across.tensor, len(loops)))
        tiles = [_loop(roles, roles.columns, wide), _loop(roles, roles.rows, choice.tile.rows)]
        loops += [loop for each in (tiles if choice.rows_inside else reversed(tiles)) for loop in each]
        prefetches = (Prefetch(roles.along.tensor, choice.ahead),) if choice.ahead else ()
        vector = roles.depth if roles.is_dot else roles.columns
        assert vector is not None
        early = (roles.along.tensor,) if self.is_early(choice) else ()
        return Blocking(vector, tuple(loops), tuple(panels), prefetches, 1 if roles.is_dot else _UNROLL, early)

    def is_early(self, choice: Choice) -> bool:
        """Is what the next panels of the columns are made of fetched while tiles work on these? Where rows are few, so
        that copies are much of the work and fetching by every tile anew is not, and the second cache keeps it."""
        roles = self.roles
        elements = self.width_of(choice) * choice.depth * roles.steps
        kept = elements * roles.along.dtype.size_bytes <= _EARLY_BYTES
        return choice.columns_packed and roles.depth is not None and roles.extent(roles.rows) <= _MANY_ROWS and kept

    def _panels(self, tensor: str, depth: int) -> Panels:
        return Panels(tensor, 0, before=True) if tensor in self.before else Panels(tensor, depth)


def _whole(size: int, tile: int, extent: int) -> int:
    return min(extent, ceil(size / tile) * tile)


def _loop(roles: Roles, axis: str | None, size: int) -> list[Loop]:
    return [] if axis is None else [Loop(axis, min(size, roles.extent(axis)))]


def options(roles: Roles, core: Core, before: frozenset[str] = frozenset()) -> Options:
    """What is tried for a contraction whose axes play these parts."""
    product_of = core.multiply_add(roles.what)
    tiles = dots(roles, core) if roles.is_dot else outer_tiles(roles, core, product_of)
    rows, columns, depth = (roles.extent(axis) for axis in (roles.rows, roles.columns, roles.depth))
    depths = (2048,) if roles.is_dot else (8 if rows <= _FEW_ROWS else 64, 64, 256, 512, 1024)
    cut = not roles.inside
    must, may = _packing(roles, product_of)
    values: dict[str, tuple[object, ...]] = {
        "tile": tiles,
        "depth": _sizes(depth, depths, product_of.group) if cut else (depth,),
        "width": _sizes(columns, (1, 512, 2048), 1),
        "height": _sizes(rows, (96, 384), 1),
        "columns_packed": (True,) if must else (False, True) if may else (False,),
        "rows_packed": (False, True) if may and roles.rows is not None else (False,),
        "rows_inside": (True, False),
        "ahead": (0,) if roles.is_dot or must else (0, 8, 32),
    }
    if True in values["rows_packed"] and _is_widened(roles, product_of):
        values["rows_packed"] = (True,)
    if roles.along.tensor in before:
        values["columns_packed"] = (False,)
    if roles.across.tensor in before:
        values["rows_packed"] = (False,)
    return Options(roles, product_of.lanes, product_of.group, values, before)


_FEW_ROWS = 4


def _packing(roles: Roles, product_of: MultiplyAdd) -> tuple[bool, bool]:
    """(must the columns' factor lie in panels, may factors): lanes that lie apart are packed, dots are not."""
    if roles.is_dot:
        return False, False
    apart = roles.columns is not None and roles.along.strides[roles.columns] != 1
    return apart or product_of.group > 1, True


def _is_widened(roles: Roles, product_of: MultiplyAdd) -> bool:
    """Do the rows' elements get wider on their way? In panels they do once, otherwise whenever they are broadcast."""
    taken_as = taken(roles.what, roles.columns or "", product_of)
    return any(each.dtype.bits > each.factor.dtype.bits for each in taken_as if each.factor == roles.across)


def _sizes(extent: int, about: Iterable[int], multiple: int) -> tuple[int, ...]:
    """The extent, and near equal parts of about these sizes."""
    parts = {ceil(ceil(extent / ceil(extent / size)) / multiple) * multiple for size in about if size < extent}
    return tuple(sorted({*(part for part in parts if part < extent), extent}))
