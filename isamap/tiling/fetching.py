"""Which pieces of an input each visit of a nest brings in, in whose place, and the ways on which they come."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from heapq import heapreplace

from isamap.ir.binding import Binding
from isamap.ir.hardware import Target, Transfer
from isamap.ir.steps import Ranges
from isamap.tiling.carrying import carry_cycles
from isamap.tiling.fitting import Kept
from isamap.tiling.nest import Nest, piece

Visit = tuple[Ranges, Ranges]
"""The ranges of a block, and of a tile in it."""


class Fetches:
    """The fetches of one input over a walk, in order: the ``visit`` that wants each, its ``cycles``, and the visit
    ``after`` which there is a slot for it (-1: from the start)."""

    def __init__(self, binding: Binding, nest: Nest, kept: Kept, walk: list[Visit]) -> None:
        self.visit: list[int] = []
        self.cycles: list[int] = []
        self.after: list[int] = []
        self.arrived: list[int] = []
        self.new = [-1] * len(walk)  # per visit, the number of the fetch that it is the first to want
        cut = _Cut(binding, nest, kept)
        present: OrderedDict[object, int] = OrderedDict()  # piece -> its last use, that used longest ago first
        last: Ranges | None = None
        for n, (block, tile) in enumerate(walk):
            ranges = cut.ranges(block, tile)
            if ranges == last and cut.roll is None:  # the piece of the visit before
                present[ranges] = n
                continue
            last = ranges
            for name, extents in cut.pieces(ranges):
                if name not in present:
                    self.new[n] = len(self.visit)
                    self.visit.append(n)
                    self.cycles.append(cut.cycles(extents))
                    self.after.append(present.popitem(last=False)[1] if len(present) == kept.slots else -1)
                present[name] = n
                present.move_to_end(name)


class _Cut:
    """How the visits of a nest meet the pieces of an input."""

    def __init__(self, binding: Binding, nest: Nest, kept: Kept) -> None:
        self.role, self.inside, axes, tile = kept.role, kept.inside, list(binding.extents), dict(nest.tile)
        self.sizes = piece(kept.role, nest)
        self.own = [(axes.index(x), self.sizes[x] > tile[x], x) for x in axes if x in kept.role.access.axes]
        self.roll = nest.roll if nest.rolls(kept.role) else None
        self._cycles: dict[tuple[int, ...], int] = {}

    def ranges(self, block: Ranges, tile: Ranges) -> Ranges:
        """What a visit reads, along each axis of the input."""
        return tuple([block[axis] if whole else tile[axis] for axis, whole, _ in self.own])

    def pieces(self, ranges: Ranges) -> Iterator[tuple[object, tuple[int, ...]]]:
        """The name and the extents of each piece that a visit to ``ranges`` reads."""
        if self.roll is None:
            yield ranges, tuple([high - low for low, high in ranges])
            return
        at = {x: one for (_, _, x), one in zip(self.own, ranges, strict=True)}
        moving, (begin, end) = at.pop(self.roll.moving), at.pop(self.roll.window)
        sizes = {x: high - low for x, (low, high) in at.items()} | {self.roll.moving: 1, self.roll.window: end - begin}
        extents = tuple(sizes[x] for _, _, x in self.own)
        for value in range(*moving):
            yield (self.roll.shift * value + begin // self.roll.size, *at.values()), extents

    def cycles(self, extents: tuple[int, ...]) -> int:
        """Cycles that it takes to fetch a piece."""
        if extents not in self._cycles:
            fetch = self.role.route.fetch
            assert fetch is not None
            sizes = self.sizes | {x: size for (_, _, x), size in zip(self.own, extents, strict=True)}
            self._cycles[extents] = round(self.inside * carry_cycles(fetch, self.role, sizes))
        return self._cycles[extents]


class Way:
    """Transfers that hinder each other: inputs' fetches, and stores that go while nothing else can."""

    def __init__(self, servers: int, store_cycles: int) -> None:
        self.free = [0] * servers
        self.fetches: list[tuple[Fetches, int]] = []  # with the latency of each
        self.stores: deque[int] = deque()  # when each can begin
        self.store_cycles = store_cycles
        self.stored = 0  # when the last store was over

    def carry_one(self, ends: Sequence[int], *, storing: bool = False) -> None:
        """The next transfer, where ``ends`` says when the visits so far let go of their pieces; ``storing``: a store is
        wanted before any fetch that could begin no sooner."""
        free, best = self.free[0], None
        for fetches, latency in self.fetches:
            number = len(fetches.arrived)
            if number < len(fetches.visit) and fetches.after[number] < len(ends):
                after = fetches.after[number]
                start = max(free, ends[after]) if after >= 0 else free
                if best is None or (start, fetches.visit[number]) < best[:2]:
                    best = (start, fetches.visit[number], fetches, latency)
        if self.stores and (best is None or max(free, self.stores[0]) < best[0] + storing):
            self.stored = max(free, self.stores.popleft()) + self.store_cycles
            heapreplace(self.free, self.stored)
            return
        assert best is not None, "a visit awaits a piece that has no slot before the visit is over"
        start, _, fetches, latency = best
        end = start + fetches.cycles[len(fetches.arrived)]
        heapreplace(self.free, end)
        fetches.arrived.append(end + latency)


def shared(one: Transfer, other: Transfer) -> bool:
    """Does one wait while the other goes?"""
    whole = [{use.resource for use in t.uses if use.bytes_per_cycle is None} | {t.channel} for t in (one, other)]
    return bool(whole[0] & whole[1])


def servers(target: Target, transfer: Transfer) -> int:
    """How many such transfers go at once."""
    if any(use.bytes_per_cycle is None for use in transfer.uses):
        return 1
    return next(queue.count for queue in target.queues if queue.name == transfer.channel)
