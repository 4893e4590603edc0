"""The least latency of an einsum that is cut into given issues and pieces, whatever their order, times and places.

    unit      ready + sum of the issues' intervals / servers + rest
              No issue starts before the cheapest one's pieces have come in (``ready``), the unit is busy with all of
              them, and after the last one its tile still has to be drained and stored (``rest``).
    queue     the work of every other queue: each piece comes in at least once, each tile goes out once.

Windows that begin with the same element and are equally large are one piece. Ragged edges cost what they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import ceil, prod

from isamap.ir.binding import Binding, Role, move_cycles, move_extents
from isamap.ir.block import block, blocks, rows
from isamap.ir.hardware import Transfer, cycles

Box = tuple[tuple[int, int], ...]
"""Half-open range per axis of the einsum."""


@dataclass(frozen=True)
class Work:
    """What a piece or a tile keeps queues busy with, and from the start of that to its last result."""

    busy: tuple[tuple[str, int], ...]
    latency: int


Pieces = Mapping[str, Mapping[str, int]]
"""The sizes of each input's pieces, by its label."""


class CutBound:
    """Bounds for ``binding`` in issues of ``tile``."""

    def __init__(self, binding: Binding, tile: Mapping[str, int]) -> None:
        self.binding, self.tile = binding, tile
        self.servers = {queue.name: queue.count for queue in binding.target.queues}
        self._boxes: list[Box] = []
        self._fetched: dict[object, tuple[list[Work], dict[str, int]]] = {}
        self._computing = unit_cycles(binding, tile)

    @property
    def computing_cycles(self) -> int:
        """The unit's work alone."""
        return ceil(self._computing / self.servers[self.binding.instruction.unit])

    @property
    def issues(self) -> int:
        return prod(ceil(extent / self.tile[x]) for x, extent in self.binding.extents.items())

    @cached_property
    def _stores(self) -> list[Work]:
        return list(_stores(self.binding, self.tile).values())

    @cached_property
    def _rest(self) -> int:
        after = min(_after(self.binding, sizes) for sizes, _ in _kinds(self.binding, self.tile))
        return after + min(_together([work], self.servers) for work in self._stores)

    def whatever_pieces_cycles(self) -> int:
        """The unit's work, and the least that comes after it."""
        return self.computing_cycles + self._rest

    def cycles(self, pieces: Pieces) -> int:
        """No schedule in which the inputs come in ``pieces`` takes less."""
        fetched = [self._role(role, pieces[role.label]) for role in self.binding.fetched]
        per_issue = zip(*(works for works, _ in fetched), strict=True)
        ready = min((_together(works, self.servers) for works in per_issue), default=0)
        busy = _sum(self._stores)
        for _, more in fetched:
            for queue, cost in more.items():
                busy[queue] = busy.get(queue, 0) + cost
        unit = self.binding.instruction.unit
        busy[unit] = busy.get(unit, 0) + self._computing
        return max(ready + self.whatever_pieces_cycles(), *(ceil(c / self.servers[q]) for q, c in busy.items()))

    def _role(self, role: Role, sizes: Mapping[str, int]) -> tuple[list[Work], dict[str, int]]:
        """What the piece of every issue takes, and what all pieces together keep queues busy with; worked out once."""
        key = (role.label, *sizes.items())
        if key not in self._fetched:
            self._boxes = self._boxes or list(boxes(self.binding, self.tile))
            known: dict[object, Work] = {}
            works = [_piece(self.binding, role, box, sizes, known) for box in self._boxes]
            self._fetched[key] = works, _sum(known.values())
        return self._fetched[key]


def _sum(works: Iterable[Work]) -> dict[str, int]:
    busy: dict[str, int] = {}
    for work in works:
        for queue, cost in work.busy:
            busy[queue] = busy.get(queue, 0) + cost
    return busy


def _stores(binding: Binding, tile: Mapping[str, int]) -> dict[object, Work]:
    """How each tile of the output is brought out."""
    own = [x for x in binding.extents if x in binding.output.access.axes]
    ranges = {x: boxes_of(binding.extents[x], tile[x]) for x in own}
    return dict(_stored(binding, dict(zip(own, choice, strict=True))) for choice in product(*ranges.values()))


def unit_cycles(binding: Binding, tile: Mapping[str, int]) -> int:
    """Cycles that all issues keep the unit busy for, each in the mode that takes less."""
    total = 0
    for sizes, count in _kinds(binding, tile):
        total += count * min(binding.issue_cycles(sizes, False), binding.issue_cycles(sizes, True))
    return total


def boxes(binding: Binding, tile: Mapping[str, int]) -> Iterator[Box]:
    """The ranges of every issue."""
    return product(*(boxes_of(extent, tile[x]) for x, extent in binding.extents.items()))


def boxes_of(extent: int, size: int) -> list[tuple[int, int]]:
    """The ranges of ``size`` that ``extent`` is cut into, the last one as large as what is left."""
    return [(low, min(low + size, extent)) for low in range(0, extent, size)]


def _kinds(binding: Binding, tile: Mapping[str, int]) -> Iterator[tuple[dict[str, int], int]]:
    """(sizes of an issue, how many issues have them)."""
    per_axis = []
    for axis, extent in binding.extents.items():
        whole, rest = divmod(extent, tile[axis])
        per_axis.append([(axis, size, count) for size, count in ((tile[axis], whole), (rest, 1)) if size and count])
    for choice in product(*per_axis):
        yield {axis: size for axis, size, _ in choice}, prod(count for _, _, count in choice)


def _piece(binding: Binding, role: Role, box: Box, sizes: Mapping[str, int], known: dict[object, Work]) -> Work:
    """The piece of ``role`` in which the operand of an issue lies."""
    origin, extent = {}, {}
    for (axis, whole), (low, high) in zip(binding.extents.items(), box, strict=True):
        size = sizes.get(axis, high - low) if axis in role.access.axes else 1
        origin[axis] = low // size * size if axis in role.access.axes else 0
        extent[axis] = min(size, whole - origin[axis]) if axis in role.access.axes else 1
    first = tuple(index.evaluate(origin) for index in role.access.affine_indices)
    key = (role.label, first, *extent.values())
    if key not in known:
        known[key] = moved(role, role.route.fetch, origin, extent)
    return known[key]


def _stored(binding: Binding, ranges: Mapping[str, tuple[int, int]]) -> tuple[object, Work]:
    """An output tile, and how it is brought out."""
    role, axes = binding.output, list(binding.extents)
    origin = {x: ranges[x][0] if x in ranges else 0 for x in axes}
    extent = {x: ranges[x][1] - ranges[x][0] if x in ranges else 1 for x in axes}
    work = moved(role, role.route.store, origin, extent)
    drain = role.route.drain
    if drain is not None:
        cost = move_cycles(drain, move_extents(binding, extent))
        values = dict(zip(drain.axis_names, move_extents(binding, extent), strict=True)) | {"initialise": 0}
        work = Work((*work.busy, (drain.unit, cost)), work.latency + cycles(drain.latency_cycles, values))
    return tuple(ranges.items()), work


def _after(binding: Binding, sizes: Mapping[str, int]) -> int:
    """From when the unit is free after an issue of ``sizes`` until its result can be read."""
    latency, extents = binding.instruction.latency_cycles, binding.extents_of_issue(sizes)
    return min(
        cycles(latency, extents | {"initialise": fresh}) - binding.issue_cycles(sizes, bool(fresh)) for fresh in (0, 1)
    )


def moved(role: Role, transfer: Transfer | None, origin: Mapping[str, int], extent: Mapping[str, int]) -> Work:
    """What bringing a piece in or out by ``transfer`` takes; ``origin`` and ``extent`` per axis of the einsum."""
    if transfer is None:
        return Work((), 0)
    layout, bytes_for = role.staged_layout(extent), role.tensor.dtype.bytes_for
    busy = latency = 0
    for number in range(blocks(transfer, layout)):
        part, _ = block(transfer, layout, number)
        inside = part.points
        if role.tensor.border is not None:
            inside = part.inside(part.first(role.access, origin), role.tensor.shape)
        values = {"bytes": bytes_for(inside), "border_bytes": bytes_for(part.points - inside), "rows": rows(part)}
        cost = cycles(transfer.cost_cycles, values)
        busy += cost
        latency = max(latency, cost + cycles(transfer.latency_cycles, values))
    return Work(((transfer.channel, busy),), latency)


def _together(work: Iterable[Work], servers: Mapping[str, int]) -> int:
    """Cycles until all of it is there, begun at once."""
    every = list(work)
    latest = max((one.latency for one in every), default=0)
    return max(latest, *(ceil(cost / servers[queue]) for queue, cost in _sum(every).items()), 0)
