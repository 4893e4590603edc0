"""Each cache and main memory: bytes per cycle in streams, and cycles from an address to its data.

A stream goes through a block of memory that the level holds and the one before it does not. The latency is that of
loads each of which brings the address of the next, through the lines of the block in random order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from isamap.codegen.arena import Arena
from isamap.codegen.cpu import CacheSize, Description
from isamap.codegen.probe import chase, sweep
from isamap.codegen.stopwatch import Stopwatch
from isamap.ir.calibration import Level

_LINE_BYTES = 64
_LEAST_MAIN, _MOST_MAIN = 64 << 20, 1 << 30
_HOPS = 4096  # loads of a round where a line is not met twice
_SHARED = 2  # levels before it are a core's own


def measured_levels(described: Description, caches: Sequence[CacheSize], watch: Stopwatch) -> tuple[Level, ...]:
    """The caches from the core outwards, then main memory (``dram``)."""
    main = min(max(_LEAST_MAIN, 4 * caches[-1].capacity_bytes), _MOST_MAIN)  # what the last cache keeps is little of it
    arena = Arena(main)
    register = f"%{described.register}{{d}}"
    streams = f"vmovups {{o}}, {register}", f"vmovups {register}, {{o}}"
    levels = []
    for n, cache in enumerate(caches):
        size = block_bytes(caches, n)
        read, write = (_stream(arena, text, size, described, watch) for text in streams)
        known = (cache.capacity_bytes, cache.ways, cache.line_bytes)
        if n < _SHARED:
            latency = _kept_latency(arena, size, watch)
        else:
            fetch = _fetch(arena, streams[0], size + 2 * caches[n - 1].capacity_bytes, described)
            latency = _fetched_latency(arena, size, fetch, watch)
        levels.append(Level(f"l{cache.level}", latency, read, write, *known))
    read, write = (_stream(arena, text, main, described, watch) for text in streams)
    return (*levels, Level("dram", _main_latency(arena, main, watch), read, write))


def block_bytes(caches: Sequence[CacheSize], level: int) -> int:
    """Half of a cache, or three times the one before it: whichever is less, as others may push our lines out."""
    half = caches[level].capacity_bytes // 2
    most = 3 * caches[level - 1].capacity_bytes if level else half
    return min(half, most) // 4096 * 4096


def _stream(arena: Arena, text: str, size: int, described: Description, watch: Stopwatch) -> float:
    """Bytes per cycle."""
    probe = sweep(text, size, described.vector_bytes)
    whole = size // (probe.instructions * described.vector_bytes)
    turns = max(whole, watch.turns(probe, arena.address) // whole * whole)
    return described.vector_bytes / watch.lap(probe, arena.address, turns).cycles


def _kept_latency(arena: Arena, size: int, watch: Stopwatch) -> float:
    """Cycles from an address to its data in a cache of the core's own: its lines are met again and again."""
    order, probe = linked(arena.bytes[:size], arena.address), chase()
    probe.run(arena.address, -(-len(order) // probe.instructions))
    turns = watch.turns(probe, arena.address)
    return watch.lap_along(probe, cycle(_starts(arena, order, turns * probe.instructions)), turns).cycles


def _fetched_latency(arena: Arena, size: int, fetch: Callable[[], None], watch: Stopwatch) -> float:
    """The same where other cores push our lines out: they are fetched anew before each round, and then as many more
    that the nearer cache holds none of them any longer."""
    order, probe = linked(arena.bytes[:size], arena.address), chase()
    turns = _HOPS // probe.instructions
    starts = cycle(_starts(arena, order, turns * probe.instructions))
    return watch.lap_along(probe, starts, turns, fetch).cycles


def _fetch(arena: Arena, text: str, size: int, described: Description) -> Callable[[], None]:
    """Loads from a whole block, one after the other."""
    probe = sweep(text, size, described.vector_bytes)
    return lambda: probe.run(arena.address, size // (probe.instructions * described.vector_bytes))


def _main_latency(arena: Arena, size: int, watch: Stopwatch) -> float:
    """The same in main memory: each line is met once, and those that were written last not at all."""
    order, probe = linked(arena.bytes[:size], arena.address), chase()
    turns = _HOPS // probe.instructions
    return watch.lap_along(probe, _starts(arena, order[: len(order) // 2], turns * probe.instructions), turns).cycles


def _starts(arena: Arena, order: NDArray[np.int64], hops: int) -> list[int]:
    """Addresses so many hops apart."""
    return [arena.address + _LINE_BYTES * line for line in order[::hops].tolist()]


def linked(block: NDArray[np.uint8], address: int) -> NDArray[np.int64]:
    """Makes each line hold the address of another, all in one cycle; the lines in the order of that cycle."""
    words = block.view(np.uint64).reshape(-1, _LINE_BYTES // 8)
    order = np.random.default_rng(1).permutation(len(words))
    words[order, 0] = address + _LINE_BYTES * np.roll(order, -1)
    return order
