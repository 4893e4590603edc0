"""What a stream of cache lines costs: bytes over bandwidth, or latency over the lines that are on their way at once.

A core looks a window of operations ahead. Rows that lie next to each other its prefetchers bring in time; of rows that
lie apart only the lines of that window, and those that the kernel itself prefetches, are on their way.
"""

from __future__ import annotations

from math import gcd

from isamap.ir.cpu import Cache, Core

_WINDOW = 128  # vector operations that wait in a core's queues
_OUTSTANDING = 24  # lines that may be on their way: a first cache's fill buffers (Zen 4; 16 in Golden Cove)
_UNFORETOLD = 2.0  # times its latency a line takes that comes in no order, beside others
_PAGE_BYTES = 4096
_PAGES = 1200  # whose places a core remembers, of 2,048 (Golden Cove) or 3,072 (Zen 4) in its second table
_RESTARTS = 4.0  # lines of a run that come late
_WALK_CYCLES = 30.0  # to look up another
_KEPT = 0.75  # of a cache, for what comes again; the rest passes through


def fits(cache: Cache, own_bytes: int, rows: int = 1, row_bytes: int = 0, apart_bytes: int = 0) -> bool:
    """Do ``own_bytes`` lie in the cache at once, of which ``rows`` of ``row_bytes`` lie ``apart_bytes`` apart? Rows a
    multiple of many sets apart fall into few sets."""
    if own_bytes > _KEPT * cache.capacity_bytes:
        return False
    lines = -(-row_bytes // cache.line_bytes)
    return rows * lines <= cache.ways * places(cache, apart_bytes) * max(1, lines) if apart_bytes else True


def places(cache: Cache, apart_bytes: int) -> int:
    """How many different sets rows ``apart_bytes`` apart begin in."""
    period = cache.sets * cache.line_bytes
    return max(1, period // max(cache.line_bytes, gcd(period, apart_bytes)))


def home(core: Core, own_bytes: int) -> int:
    """The innermost cache that holds so many bytes, by its number from the core."""
    return next(n for n, cache in enumerate(core.caches) if n == len(core.caches) - 1 or fits(cache, own_bytes))


def line_cycles(core: Core, level: int, on_their_way: float | None) -> float:
    """Cycles per line that comes from cache ``level`` (0: next to the core, free); ``on_their_way``: lines at once, or
    None where prefetchers keep up."""
    if level == 0:
        return 0.0
    cache = core.caches[level]
    flow = cache.line_bytes / cache.read_bytes_per_cycle
    if on_their_way is None:
        return flow
    return max(flow, _UNFORETOLD * cache.latency_cycles / min(_OUTSTANDING, max(1.0, on_their_way)))


def in_window(operations_per_step: float, lines_per_step: float, ahead: int) -> float:
    """Lines on their way at once where each step of a loop needs some that nothing foretells."""
    return lines_per_step * (_WINDOW / operations_per_step + ahead)


def walk_cycles(rows: int, row_bytes: int, apart_bytes: int) -> float:
    """Cycles per row to find its page, where ``rows`` of them ``apart_bytes`` apart are read in turn, again and again,
    and lie on more pages than the core remembers."""
    pages = rows * min(1.0, apart_bytes / _PAGE_BYTES)
    return _WALK_CYCLES * max(1.0, row_bytes / _PAGE_BYTES) if pages > _PAGES else 0.0


def restart_cycles(core: Core, level: int, run_bytes: int = _PAGE_BYTES, streams: int = 1) -> float:
    """Cycles per line of ``streams`` at once that prefetchers take up anew after each run, and on every page."""
    cache = core.caches[level]
    return (
        _RESTARTS * cache.latency_cycles * cache.line_bytes / min(run_bytes, _PAGE_BYTES) / streams
        if level > 1
        else 0.0
    )
