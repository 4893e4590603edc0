"""How long the computing unit stands idle in a nest: its first visits walked with a clock, the others like the last.

Per visit the walk knows which pieces are new, and whose slots they take: those of the pieces used longest ago. Ways
that share a channel or a bus carry, of the pieces whose slots are free, the one wanted soonest. A visit awaits its
pieces, a free unit, the result of the last visit to its tile, and, where all accumulators are taken, a drain.

Borders, which come for free, are spread over all pieces alike; complete tiles that wait for a place between those
still added to are left out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import islice
from math import ceil, prod

from isamap.ir.binding import Binding, move_cycles, move_extents
from isamap.ir.hardware import Transfer, cycles
from isamap.ir.steps import Ranges, Stepping, Walk
from isamap.tiling.carrying import carry_cycles
from isamap.tiling.fetching import Fetches, Visit, Way, servers, shared
from isamap.tiling.fitting import Kept
from isamap.tiling.hold import OutputSlots
from isamap.tiling.nest import Loop, Nest, histogram
from isamap.tiling.ragged import starved_cycles

_MOST_VISITS = 600
_ALL_VISITS = 2000  # of so many none is left out


def idle_cycles(
    binding: Binding, nest: Nest, nest_loops: Sequence[Loop], out: OutputSlots, kept: Mapping[str, Kept]
) -> float:
    """Cycles of the whole run in which the unit neither computes nor waits for a fill, before its last issue."""
    tile, block, axes = dict(nest.tile), dict(nest.block), list(binding.extents)
    every = prod(sum(histogram(extent, block[x], tile[x]).values()) for x, extent in binding.extents.items())
    inner = 2 * prod(ceil(block[x] / tile[x]) for x in block)  # so that half of the walk is whole blocks
    most = min(max(inner, _MOST_VISITS // inner * inner), 2 * _MOST_VISITS)
    walk = list(islice(_visits(binding, nest), most if every > _ALL_VISITS else None))
    idle = _Clock(binding, nest, out, kept, walk).run()
    if len(walk) == every:
        return idle[-1]
    half = len(walk) // 2
    known = {tuple(high - low < block[x] for x, (low, high) in zip(axes, ranges, strict=True)) for ranges, _ in walk}
    rest = (idle[-1] - idle[half]) * (every - len(walk)) / (len(walk) - half)
    return idle[-1] + rest + starved_cycles(binding, nest, nest_loops, kept, known)


def _visits(binding: Binding, nest: Nest) -> Iterator[Visit]:
    """(range of the block, range of the tile) of every visit, in order."""
    axes, tile, block = list(binding.extents), dict(nest.tile), dict(nest.block)
    orders = ((nest.outer, block, binding.extents), (nest.inner, tile, block))
    outer, inner = (
        Walk([Stepping(axes.index(x), size[x], nest.turning, x in nest.backward) for x in order if size[x] < whole[x]])
        for order, size, whole in orders
    )
    for ranges in outer.over(tuple((0, extent) for extent in binding.extents.values())):
        for part in inner.over(ranges):
            yield ranges, part


class _Clock:
    """The state of the walk."""

    def __init__(
        self,
        binding: Binding,
        nest: Nest,
        out: OutputSlots,
        kept: Mapping[str, Kept],
        walk: list[Visit],
    ) -> None:
        self.binding, self.walk, self.places = binding, walk, out.slots
        self.waiting = out.staging if out.sessions == 1 else 0  # places on the way out, where no sums wait in them
        self.axes, output = list(binding.extents), binding.output
        self.own = [self.axes.index(x) for x in output.access.axes]
        tile, block = dict(nest.tile), dict(nest.block)
        self.visits_each = prod(
            sum(histogram(extent, block[x], tile[x]).values())
            for x, extent in binding.extents.items()
            if x not in output.access.axes
        )
        self.fetches = [Fetches(binding, nest, one, walk) for one in kept.values()]
        self.ways = self._ways([one.role.route.fetch for one in kept.values()], tile)
        moves = (output.route.drain, output.route.fill)
        extents = move_extents(binding, tile)
        self.drain, self.fill = (move_cycles(move, extents) if move is not None else 0 for move in moves)
        self.mover = 0  # when whoever drains and fills is free
        self._times: dict[tuple[int, ...], tuple[int, int, int]] = {}
        self.units = [0] * next(q.count for q in binding.target.queues if q.name == binding.instruction.unit)
        self.result: dict[Ranges, int] = {}
        self.left: dict[Ranges, int] = {}  # visits still to come of tiles that were begun
        self.in_place: OrderedDict[Ranges, None] = OrderedDict()  # accumulators, least recently used first

    def _ways(self, transfers: Sequence[Transfer | None], tile: Mapping[str, int]) -> list[Way]:
        """The way of every input, some of them the same."""
        target, store, output = self.binding.target, self.binding.output.route.store, self.binding.output
        self.store_way: Way | None = None
        ways: list[Way] = []
        for n, transfer in enumerate(transfers):
            assert transfer is not None
            same = next((ways[m] for m, t in enumerate(transfers[:n]) if t is not None and shared(t, transfer)), None)
            way = same or Way(servers(target, transfer), carry_cycles(store, output, tile) if store is not None else 0)
            way.fetches.append((self.fetches[n], cycles(transfer.latency_cycles, _NOTHING)))
            if store is not None and shared(store, transfer):
                self.store_way = way
            ways.append(way)
        return ways

    def run(self) -> list[int]:
        """Per visit, the idle cycles until it starts."""
        found, idle, ends = [], 0, list[int]()
        for n, (_, tile) in enumerate(self.walk):
            interval, occupancy, latency = self._lengths(tile)
            key = tuple(tile[axis] for axis in self.own)
            before = heappop(self.units)
            start, filled = self._opened(key, before)
            for fetches, way in zip(self.fetches, self.ways, strict=True):
                while len(fetches.arrived) <= fetches.new[n]:
                    way.carry_one(ends)
                if fetches.new[n] >= 0:
                    start = max(start, fetches.arrived[fetches.new[n]])
            idle += start - before - filled
            found.append(idle)
            ends.append(start + occupancy)
            heappush(self.units, start + interval)
            self._computed(key, start + latency, ends)
        return found

    def _lengths(self, tile: Ranges) -> tuple[int, int, int]:
        """(initiation interval, occupancy, latency) of an issue on ``tile``."""
        extents = tuple(high - low for low, high in tile)
        if extents not in self._times:
            instruction = self.binding.instruction
            sizes = dict(zip(self.axes, extents, strict=True))
            values = self.binding.extents_of_issue(sizes) | {"initialise": 0}
            costs = (instruction.initiation_interval_cycles, instruction.occupancy_cycles, instruction.latency_cycles)
            interval, occupancy, latency = (cycles(cost, values) for cost in costs)
            self._times[extents] = interval, occupancy, latency
        return self._times[extents]

    def _opened(self, key: Ranges, before: int) -> tuple[int, int]:
        """(when the tile is ready to be added to, cycles of its fill) where the unit is free from ``before`` on."""
        begun = key in self.left
        self.left.setdefault(key, self.visits_each)
        if self.binding.output.route.drain is None or key in self.in_place:
            if key in self.in_place:
                self.in_place.move_to_end(key)
            return max(before, self.result.get(key, 0)), 0
        start = before
        if len(self.in_place) == self.places:
            gone, _ = self.in_place.popitem(last=False)
            self.mover = max(self.mover, self.result[gone]) + self.drain
            start = max(start, self.mover)
        self.in_place[key] = None
        fill = self.fill if begun or self.binding.continues else 0
        self.mover = start + fill if fill else self.mover
        return start + fill, fill

    def _computed(self, key: Ranges, result: int, ends: Sequence[int]) -> None:
        """A visit's contribution is there from ``result`` on; a complete tile goes out when there is a place for it."""
        self.result[key] = result
        self.left[key] -= 1
        way = self.store_way
        if self.left[key] or way is None:
            return
        while self.waiting and len(way.stores) >= self.waiting:
            way.carry_one(ends, storing=True)
            self.result[key] = max(result, way.stored)
        way.stores.append(self.result[key] + self.drain)


_NOTHING = {"bytes": 0, "border_bytes": 0, "rows": 0}
