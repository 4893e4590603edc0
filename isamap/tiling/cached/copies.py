"""Cycles that making panels takes: their lines are fetched, with few on their way at once, and stored."""

from __future__ import annotations

from math import ceil

from isamap.ir.contraction import Strided
from isamap.ir.cpu import Core
from isamap.tiling.cached.options import Choice, Options
from isamap.tiling.cached.streams import home, line_cycles

_LINE = 64
_ON_THEIR_WAY = 16.0  # a copy's stores hold up what it could fetch early
_MOVE_CYCLES = 2.0  # per line, beside its fetching and storing
_TURN_CYCLES = 10.0  # more where rows become columns


def copies(options: Options, core: Core, choice: Choice) -> float:
    """Cycles of all panels that the kernel itself makes."""
    roles, cycles = options.roles, 0.0
    deep = roles.extent(roles.depth) * roles.steps
    if choice.columns_packed:
        elements = roles.extent(roles.columns) * deep
        block = options.width_of(choice) * choice.depth * roles.steps
        cycles += _copied(core, roles.along, roles.columns, elements, block, options.is_early(choice))
    if choice.rows_packed:
        times = ceil(roles.extent(roles.columns) / options.width_of(choice))
        block = options.height_of(choice) * choice.depth * roles.steps
        cycles += times * _copied(core, roles.across, roles.rows, roles.extent(roles.rows) * deep, block)
    return cycles * roles.turns


def _copied(core: Core, tensor: Strided, axis: str | None, elements: int, block: int, is_early: bool = False) -> float:
    """Cycles for so many elements of a tensor, in blocks; what is fetched early comes as fast as it can flow."""
    size = tensor.dtype.size_bytes
    source, target = home(core, elements * size), home(core, block * size)
    fetch = line_cycles(core, source, None if is_early else _ON_THEIR_WAY)
    store = _LINE / core.caches[target].write_bytes_per_cycle if target else 0.0
    turn = 0.0 if axis is not None and tensor.strides[axis] == 1 else _TURN_CYCLES
    return ceil(elements * size / _LINE) * (fetch + store + _MOVE_CYCLES + turn)
