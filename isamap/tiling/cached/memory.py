"""Cycles that a kernel waits for caches and memory: how often each tensor passes, from where, in what pattern.

A tensor passes once for every tile along the axis that it lacks. The first pass comes from where the tensor lies; later
ones from the innermost cache that holds what is touched between two passes: a panel (``kc`` x tile) where these follow
each other, a block where other blocks come between.
"""

from __future__ import annotations

from math import ceil

from isamap.ir.cpu import Core
from isamap.tiling.cached.options import Choice, Options
from isamap.tiling.cached.streams import fits, home, in_window, line_cycles, places, restart_cycles, walk_cycles

_FEW_STREAMS = 16  # that prefetchers follow at once


def columns_factor(options: Options, core: Core, choice: Choice) -> float:
    """Cycles of the factor that has the columns."""
    roles, wide = options.roles, options.columns_of(choice.tile)
    size = roles.along.dtype.size_bytes
    rows, columns, deep = (roles.extent(axis) for axis in (roles.rows, roles.columns, roles.depth))
    width, height = options.width_of(choice), options.height_of(choice)
    packed = choice.columns_packed or roles.along.tensor in options.before
    passes, blocks = ceil(rows / choice.tile.rows), ceil(rows / height)
    panel, block = (choice.depth * n * size * roles.steps for n in (wide, width))
    rows_block = choice.depth * size * roles.steps * (choice.tile.rows if choice.rows_inside else height)
    apart = 0 if packed else _apart(options)
    in_block = _level(core, block + rows_block, choice.depth, width * size, apart)
    between = _level(core, panel + rows_block, choice.depth, wide * size, apart) if choice.rows_inside else in_block
    first = min(home(core, _all_bytes(options)), in_block if choice.columns_packed else len(core.caches))
    followed = packed or roles.is_dot or (choice.depth <= _FEW_STREAMS and (passes == 1 or not choice.rows_inside))
    lines = ceil(columns / wide) * deep * max(1, ceil(wide * size / _LINE)) * roles.steps
    if roles.is_dot:
        lines = columns * ceil(deep * size / _LINE) * roles.steps
    per_step = ceil(wide * size / _LINE)
    way = None if followed else in_window(_operations(choice), per_step, choice.ahead)
    again = (blocks - 1, in_block), (passes - blocks, between)
    if not choice.rows_inside:
        again = (passes - 1, in_block), (0, between)
    cycles = line_cycles(core, first, way) + sum(n * line_cycles(core, level, way) for n, level in again)
    if roles.is_dot:
        cycles += restart_cycles(core, first, choice.depth * size, wide)
    elif packed and not choice.ahead:
        cycles += restart_cycles(core, first)
    walks = passes * ceil(columns / wide) * deep * roles.steps * walk_cycles(choice.depth, wide * size, apart)
    return (lines * cycles + walks) * roles.turns


def rows_factor(options: Options, core: Core, choice: Choice) -> float:
    """Cycles of the factor that has the rows; those of a tile that fall into one set of the first cache drive each
    other out at every step."""
    roles, tile = options.roles, choice.tile
    size = roles.across.dtype.size_bytes
    rows, columns, deep = (roles.extent(axis) for axis in (roles.rows, roles.columns, roles.depth))
    wide, width, height = options.columns_of(tile), options.width_of(choice), options.height_of(choice)
    passes, blocks = ceil(columns / wide), ceil(columns / width)
    own = choice.depth * size * roles.steps
    touched = own * (height + wide) if choice.rows_inside else own * (tile.rows + wide)
    between = _level(core, touched, 1, 0, 0)
    lines = ceil(rows * deep * size * roles.steps / _LINE)
    far = home(core, _all_bytes(options))
    first = line_cycles(core, far, None) + restart_cycles(core, far, choice.depth * size, tile.rows)
    cycles = lines * (blocks * first + (passes - blocks) * line_cycles(core, between, None))
    if not choice.rows_packed and roles.across.tensor not in options.before and _thrashes(options, core, tile.rows):
        steps = passes * ceil(rows / tile.rows) * deep * roles.steps
        cycles += steps * tile.rows * line_cycles(core, 1, None)
    return cycles * roles.turns


def output(options: Options, core: Core, choice: Choice) -> float:
    """Cycles of the sums: stored, and fetched again, once for every block of the depth."""
    roles = options.roles
    size = roles.what.output.dtype.size_bytes
    rows, columns = roles.extent(roles.rows), roles.extent(roles.columns)
    times = ceil(roles.extent(roles.depth) / choice.depth)
    lines = rows * max(1, ceil(columns * size / _LINE))
    far = home(core, _all_bytes(options))
    near = min(far, home(core, rows * options.width_of(choice) * size))
    store = _LINE / core.caches[far].write_bytes_per_cycle if far else 0.0
    return lines * roles.turns * (store + (times - 1) * 2 * line_cycles(core, near, None))


_LINE = 64


def _operations(choice: Choice) -> float:
    tile = choice.tile
    splats = tile.rows if tile.vectors > 1 else 0
    return tile.rows * tile.vectors + tile.vectors * (2 if choice.ahead else 1) + splats + 2


def _apart(options: Options) -> int:
    """Bytes between neighbours along the depth."""
    along = options.roles.along
    return along.strides.get(options.roles.depth or "", 0) * along.dtype.size_bytes


def _thrashes(options: Options, core: Core, rows: int) -> bool:
    """Do more rows of a tile begin in one set than it has ways, while each line serves several steps?"""
    roles, cache = options.roles, core.caches[0]
    across = roles.across
    if roles.rows is None or across.strides.get(roles.depth or "") != 1:
        return False
    return rows > cache.ways * places(cache, across.strides[roles.rows] * across.dtype.size_bytes)


def _level(core: Core, own_bytes: int, rows: int, row_bytes: int, apart_bytes: int) -> int:
    """The innermost cache that keeps them."""
    for n, cache in enumerate(core.caches[:-1]):
        if fits(cache, own_bytes, rows, row_bytes, apart_bytes):
            return n
    return len(core.caches) - 1


def _all_bytes(options: Options) -> int:
    """Of all three tensors, as far as one turn of the loops outside touches them."""
    roles = options.roles
    rows, columns, deep = (roles.extent(axis) for axis in (roles.rows, roles.columns, roles.depth))
    factors = (rows * roles.across.dtype.size_bytes + columns * roles.along.dtype.size_bytes) * deep * roles.steps
    return factors + rows * columns * roles.what.output.dtype.size_bytes
