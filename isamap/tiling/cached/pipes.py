"""Cycles that a kernel keeps the core's pipes busy, all its data in the first cache.

step   max(sums / multiply-adds per cycle, loads, latency of a sum)          of one register tile
tile   its steps, then loading and storing its sums, entering and leaving its loop
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from isamap.ir.cpu import Core
from isamap.tiling.cached.options import Options
from isamap.tiling.cached.tiles import Tile

_LOOP_CYCLES = 14.0  # entering and leaving the loop of a register tile, with its mispredicted end
_FOLD_CYCLES = 6.0  # adding up the lanes of one sum


def pipes(options: Options, core: Core, tile: Tile, depth: int, ahead: int = 0) -> float:
    """Cycles of all tiles of the contraction with the depth cut into blocks of ``depth``; prefetches take loads'
    places."""
    roles = options.roles
    product = core.multiply_add(roles.what)
    deep = roles.extent(roles.depth)
    step_elements = product.lanes * product.group if roles.is_dot else product.group
    cycles = 0.0
    for rows, columns, count in _parts(options, tile):
        wide = columns if roles.is_dot else ceil(columns / product.lanes)
        sums = rows * wide
        step = max(
            sums / product.per_cycle,
            _loads(core, roles.is_dot, rows, wide) + (wide if ahead else 0) / core.loads_per_cycle,
            product.latency_cycles,
        )
        steps = roles.steps * sum(ceil(part / step_elements) for part in _blocks(deep, depth))
        ends = _LOOP_CYCLES + sums * (_FOLD_CYCLES if roles.is_dot else 1 / core.stores_per_cycle)
        again = sums / core.loads_per_cycle
        blocks = ceil(deep / depth)
        cycles += count * (steps * step + blocks * ends + (blocks - 1) * again)
    return cycles * roles.turns


def _loads(core: Core, is_dot: bool, rows: int, wide: int) -> float:
    """Cycles of one step's loads: vectors of both factors, or vectors of the one and splats of the other."""
    if is_dot:
        return (rows + wide) / core.loads_per_cycle
    return wide / core.loads_per_cycle + rows / core.splats_per_cycle


def _parts(options: Options, tile: Tile) -> Iterator[tuple[int, int, int]]:
    """(rows, columns, how many such tiles): whole tiles and those at both edges."""
    roles = options.roles
    for rows, high in _cut(roles.extent(roles.rows), tile.rows):
        for columns, wide in _cut(roles.extent(roles.columns), options.columns_of(tile)):
            yield rows, columns, high * wide


def _cut(extent: int, size: int) -> Iterator[tuple[int, int]]:
    if extent >= size:
        yield size, extent // size
    if extent % size:
        yield extent % size, 1


def _blocks(extent: int, size: int) -> Iterator[int]:
    for part, count in _cut(extent, size):
        yield from (part,) * count
