"""What the cut of an einsum takes of every queue, port and bus, and how soon it can begin and end: for ``several``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import ceil, prod

from isamap.bounds.cut import Box, Pieces, boxes, boxes_of
from isamap.bounds.tasks import Task, issue, moved
from isamap.ir.binding import Binding, Role, move_extents
from isamap.ir.hardware import Target


@dataclass(frozen=True)
class Share:
    """What the tasks of one ``kind`` (a load, by its tensor; "issue", "drain", "store") take together of a queue, or of
    a port or bus in bytes, and the fewest cycles from when one lets go of it to its result."""

    name: str
    kind: str
    work: int
    slack: int


@dataclass(frozen=True)
class Profile:
    """What a cut takes. The fewest cycles: until an issue's pieces are there (``ready``); for all issues of a tile, one
    after the other (``chain``); for one (``result``); to drain (``drained``) and store a tile (``stored``), for both
    (``out``); and to bring in a piece of each tensor (``brought``)."""

    shares: tuple[Share, ...]
    ready: int
    chain: int
    result: int
    drained: int
    stored: int
    out: int
    brought: tuple[tuple[str, int], ...]


class Profiles:
    """The profiles of ``binding`` in issues of ``tile``."""

    def __init__(self, binding: Binding, tile: Mapping[str, int]) -> None:
        self.binding, self.tile, self.room = binding, tile, capacities(binding.target)
        self._fetched: dict[object, tuple[list[list[Task]], tuple[Share, ...], int]] = {}

    @property
    def issues(self) -> int:
        return prod(ceil(extent / self.tile[x]) for x, extent in self.binding.extents.items())

    @cached_property
    def computing_cycles(self) -> int:
        """The unit's work alone."""
        work = sum(min(task.interval for task in ways) for ways in self._issues)
        return ceil(work / self.room[self.binding.instruction.unit])

    @cached_property
    def _boxes(self) -> list[Box]:
        return list(boxes(self.binding, self.tile))

    @cached_property
    def _issues(self) -> list[tuple[Task, Task]]:
        """Every issue, as one that initialises its tile and as one that adds to it."""
        known: dict[tuple[int, ...], tuple[Task, Task]] = {}
        found = []
        for box in self._boxes:
            sizes = tuple(high - low for low, high in box)
            if sizes not in known:
                extents = self.binding.extents_of_issue(dict(zip(self.binding.extents, sizes, strict=True)))
                ways = (issue(self.binding.instruction, extents | {"initialise": fresh}) for fresh in (0, 1))
                known[sizes] = next(ways), next(ways)
            found.append(known[sizes])
        return found

    @cached_property
    def _outputs(self) -> list[tuple[list[Task], list[Task]]]:
        """The drain of each output tile, where there is one, and its stores, where it does not stay on chip."""
        own = [x for x in self.binding.extents if x in self.binding.output.access.axes]
        ranges = [boxes_of(self.binding.extents[x], self.tile[x]) for x in own]
        return [self._brought_out(dict(zip(own, choice, strict=True))) for choice in product(*ranges)]

    def _brought_out(self, ranges: Mapping[str, tuple[int, int]]) -> tuple[list[Task], list[Task]]:
        role, axes = self.binding.output, list(self.binding.extents)
        origin = {x: ranges[x][0] if x in ranges else 0 for x in axes}
        extent = {x: ranges[x][1] - ranges[x][0] if x in ranges else 1 for x in axes}
        stores = list(moved(role, role.route.store, origin, extent)) if role.home is None else []
        drain = role.route.drain
        if drain is None:
            return [], stores
        extents = dict(zip(drain.axis_names, move_extents(self.binding, extent), strict=True))
        return [issue(drain, extents | {"initialise": 0})], stores

    def profile(self, pieces: Pieces) -> Profile:
        """With the inputs in ``pieces``."""
        fetched = [self._role(role, pieces[role.label]) for role in self.binding.fetched]
        per_issue = zip(*(of_issues for of_issues, _, _ in fetched), strict=True)
        brought: dict[str, int] = {}
        shares = self._own
        for role, (_, taken, least) in zip(self.binding.fetched, fetched, strict=True):
            brought[role.tensor.name] = max(least, brought.get(role.tensor.name, 0))
            shares += taken
        ready = min((self._together([task for each in turn for task in each]) for turn in per_issue), default=0)
        return Profile(shares, ready, *self._lengths, tuple(brought.items()))

    @cached_property
    def _own(self) -> tuple[Share, ...]:
        """The shares of issues, drains and stores."""
        found = self._shares("issue", self._issues)
        found += self._shares("drain", [(task,) for drains, _ in self._outputs for task in drains])
        return found + self._shares("store", [(task,) for _, stores in self._outputs for task in stores])

    @cached_property
    def _lengths(self) -> tuple[int, int, int, int, int]:
        result = min(task.latency for ways in self._issues for task in ways)
        drained = min(max((task.latency for task in drains), default=0) for drains, _ in self._outputs)
        stored = min(self._together(stores) for _, stores in self._outputs)
        in_turn = min(sum(t.latency for t in drains) + self._together(stores) for drains, stores in self._outputs)
        return result * (len(self._boxes) // len(self._outputs)), result, drained, stored, in_turn

    def _shares(self, kind: str, tasks: Sequence[Sequence[Task]]) -> tuple[Share, ...]:
        """``tasks`` in the ways that each may take place."""
        work: dict[str, int] = {}
        slack: dict[str, int] = {}
        for ways in tasks:
            least: dict[str, int] = {}
            for way in ways:
                held = {way.queue: (way.interval, way.interval)}
                for use in way.uses:
                    rate = self.room[use.resource] if use.bytes_per_cycle is None else use.bytes_per_cycle
                    held[use.resource] = rate * way.occupancy, way.occupancy
                for name, (amount, length) in held.items():
                    least[name] = min(amount, least.get(name, amount))
                    slack[name] = min(way.latency - length, slack.get(name, way.latency - length))
            for name, amount in least.items():
                work[name] = work.get(name, 0) + amount
        return tuple(Share(name, kind, amount, slack[name]) for name, amount in sorted(work.items()))

    def _role(self, role: Role, sizes: Mapping[str, int]) -> tuple[list[list[Task]], tuple[Share, ...], int]:
        """The loads of every issue's piece, what those of all pieces take, and the fewest cycles that one takes."""
        key = (role.label, *sizes.items())
        if key not in self._fetched:
            known: dict[object, list[Task]] = {}
            of_issues = [self._piece(role, box, sizes, known) for box in self._boxes]
            every = [(task,) for piece in known.values() for task in piece]
            shares = self._shares(f"load {role.tensor.name}", every)
            self._fetched[key] = of_issues, shares, min(map(self._together, known.values()))
        return self._fetched[key]

    def _piece(self, role: Role, box: Box, sizes: Mapping[str, int], known: dict[object, list[Task]]) -> list[Task]:
        """The piece in which the operand of an issue lies; windows that begin with the same element are one."""
        origin, extent = dict.fromkeys(self.binding.extents, 0), dict.fromkeys(self.binding.extents, 1)
        for (axis, whole), (low, _) in zip(self.binding.extents.items(), box, strict=True):
            if axis in role.access.axes:
                origin[axis] = low // sizes[axis] * sizes[axis]
                extent[axis] = min(sizes[axis], whole - origin[axis])
        key = (*(index.evaluate(origin) for index in role.access.affine_indices), *extent.values())
        if key not in known:
            known[key] = list(moved(role, role.route.fetch, origin, extent))
        return known[key]

    def _together(self, tasks: Sequence[Task]) -> int:
        """Cycles until all are complete, begun at once."""
        busy: dict[str, int] = {}
        for task in tasks:
            busy[task.queue] = busy.get(task.queue, 0) + task.interval
        queues = (ceil(work / self.room[queue]) for queue, work in busy.items())
        return max([0, *(task.latency for task in tasks), *queues])


def capacities(target: Target) -> dict[str, int]:
    """Servers of every queue, bytes per cycle of every port and bus."""
    rates = {resource.name: resource.bytes_per_cycle for resource in target.resources}
    return rates | {queue.name: queue.count for queue in target.queues}
