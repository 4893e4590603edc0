"""List scheduling: at every moment each free queue starts, of the tasks that may run, the one wanted soonest.

Earliest deadline first over tasks with release times (their waits), queues with ``count`` servers, and resources that
are held whole or in shares. Computations keep the order in which they were thought of. Where two queues use one
resource in turn, the second gets a wait for the first, so that the machine, which serves whoever comes first, keeps
the order found here and the starts predicted here come true.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from isamap.ir.hardware import Use
from isamap.scheduling.tasks import OPERANDS, RESULT, Tasks

_LOOK_PAST = 4  # how many blocked tasks of a queue may be passed over at once


@dataclass
class _Resource:
    """A port, bus or bank: what is left of it, and who had it last."""

    left: int
    whole: int
    last: int = -1


@dataclass
class _Queue:
    """A queue's free servers, the tasks that may run (deadline, number), and, where order is kept, the next number."""

    free: int
    ready: list[tuple[int, int]] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    started: int = 0


class ListScheduler:
    """The state of the clock over one run."""

    def __init__(self, tasks: Tasks, in_order: Iterable[str]) -> None:
        self.tasks = tasks
        self.start = [-1] * len(tasks)
        self.order: list[int] = []
        self.extra: list[list[tuple[int, int]]] = [[] for _ in range(len(tasks))]
        rates = {resource.name: resource.bytes_per_cycle for resource in tasks.target.resources}
        self.resources = {name: _Resource(rate, rate) for name, rate in rates.items()}
        self.queues = {queue.name: _Queue(queue.count) for queue in tasks.target.queues}
        self.in_order = frozenset(in_order)
        self.missing = [len(waits) for waits in tasks.waits]
        self.release = [0] * len(tasks)
        self.dependents: list[list[tuple[int, int]]] = [[] for _ in range(len(tasks))]
        self.events: list[tuple[int, int, int]] = []  # (cycle, kind, task or number)
        for task, waits in enumerate(tasks.waits):
            for earlier, event in waits:
                self.dependents[earlier].append((task, event))
            if not waits:
                heapq.heappush(self.events, (0, 0, task))
            if tasks.cost[task].queue in self.in_order:
                self.queues[tasks.cost[task].queue].kept.append(task)

    def run(self) -> None:
        """Start every task."""
        while self.events:
            now = self.events[0][0]
            while self.events and self.events[0][0] == now:
                self._happen(*heapq.heappop(self.events))
            while self._start_one(now):
                pass

    def _happen(self, now: int, kind: int, task: int) -> None:
        cost = self.tasks.cost[task]
        queue = self.queues[cost.queue]
        if kind == 0:
            key = task if cost.queue in self.in_order else self.tasks.deadline[task]
            heapq.heappush(queue.ready, (key, task))
        elif kind == 1:
            queue.free += 1
        else:
            for use in cost.uses:
                resource = self._resource(use)
                resource.left += resource.whole if use.bytes_per_cycle is None else use.bytes_per_cycle

    def _resource(self, use: Use) -> _Resource:
        if use.resource not in self.resources:  # a bank: held whole
            self.resources[use.resource] = _Resource(1, 1)
        return self.resources[use.resource]

    def _start_one(self, now: int) -> bool:
        """Start the task wanted soonest among those that can; False where none can."""
        best: tuple[int, int] | None = None
        for name, queue in self.queues.items():
            if not queue.free or not queue.ready:
                continue
            if name in self.in_order:
                found = queue.ready[0][1]
                able = found == queue.kept[queue.started] and self._free(found)
            else:
                candidates = (
                    queue.ready[:1] if self._free(queue.ready[0][1]) else heapq.nsmallest(_LOOK_PAST, queue.ready)
                )
                able, found = next(((True, t) for _, t in candidates if self._free(t)), (False, -1))
            if able and (best is None or self.tasks.deadline[found] < best[0]):
                best = (self.tasks.deadline[found], found)
        if best is None:
            return False
        self._start(best[1], now)
        return True

    def _free(self, task: int) -> bool:
        for use in self.tasks.cost[task].uses:
            resource = self._resource(use)
            if resource.left < (resource.whole if use.bytes_per_cycle is None else use.bytes_per_cycle):
                return False
        return True

    def _start(self, task: int, now: int) -> None:
        cost = self.tasks.cost[task]
        queue = self.queues[cost.queue]
        queue.free -= 1
        queue.started += 1
        if queue.ready[0][1] == task:
            heapq.heappop(queue.ready)
        else:
            queue.ready = [entry for entry in queue.ready if entry[1] != task]
            heapq.heapify(queue.ready)
        self.start[task] = now
        self.order.append(task)
        heapq.heappush(self.events, (now + cost.interval, 1, task))
        if cost.uses:
            heapq.heappush(self.events, (now + cost.occupancy, 2, task))
        for use in cost.uses:
            self._take(use, task)
        for later, event in self.dependents[task]:
            when = now + (cost.latency if event == RESULT else cost.occupancy)
            self.release[later] = max(self.release[later], when)
            self.missing[later] -= 1
            if not self.missing[later]:
                heapq.heappush(self.events, (self.release[later], 0, later))

    def _take(self, use: Use, task: int) -> None:
        """Hold a resource; after another queue's turn, await its end."""
        resource = self._resource(use)
        resource.left -= resource.whole if use.bytes_per_cycle is None else use.bytes_per_cycle
        if use.bytes_per_cycle is not None or not self.tasks.cost[task].occupancy:
            return
        before, resource.last = resource.last, task
        if before < 0 or self.tasks.cost[before].queue == self.tasks.cost[task].queue:
            return
        awaited = {earlier for earlier, _ in self.tasks.waits[task]} | {earlier for earlier, _ in self.extra[task]}
        if before not in awaited:
            self.extra[task].append((before, OPERANDS))

    @property
    def end_cycle(self) -> int:
        """When the last task's result is there."""
        costs = self.tasks.cost
        return max((s + max(c.latency, c.occupancy) for s, c in zip(self.start, costs, strict=True)), default=0)
