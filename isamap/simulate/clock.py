"""Start cycles: every queue takes its issues in order; arrivals are served first come first.

An issue arrives when its predecessor in the queue has started, its waits are done and a server of its queue is free.
It then takes all that it holds at once, or stalls until it can. Arrivals are served in order of (cycle, position of
the queue in the machine's file), and what comes later never overtakes what wants the same resource. An issue that
holds nothing for any time (occupancy 0) needs no resource.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from isamap.simulate.columns import OPERANDS, Columns
from isamap.simulate.layout import Integers

_NEVER = 1 << 62
Held = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Timing:
    """One entry per issue: its queue and its cycles; ``held`` lists (resource, bytes per cycle) of the issue."""

    queue: Integers
    occupancy: Integers
    interval: Integers
    latency: Integers
    held: Sequence[Held]


@dataclass
class Stalls:
    """Cycles spent at the head of a queue with a free server, per (queue, what was missing)."""

    waits: dict[tuple[int, int], int] = field(default_factory=dict)  # (queue, issue's operation waited for)
    resources: dict[tuple[int, int], int] = field(default_factory=dict)  # (queue, resource)


class Resource:
    """What is left of a port, bus or bank over time. Requests come with times that never go back."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.active: list[tuple[int, int]] = []  # (end, bytes per cycle)
        self.last = 0

    def earliest(self, time: int, amount: int) -> int:
        """The first cycle from ``time`` on at which ``amount`` is left."""
        time = max(time, self.last)
        taken = sum(a for end, a in self.active if end > time)
        if taken + amount <= self.capacity:
            return time
        for end, freed in sorted(self.active):
            if end > time:
                taken -= freed
                if taken + amount <= self.capacity:
                    return end
        return time

    def take(self, start: int, end: int, amount: int) -> None:
        self.last = start
        self.active = [entry for entry in self.active if entry[0] > start]
        self.active.append((end, amount))


def start_cycles(
    columns: Columns, timing: Timing, counts: Sequence[int], capacities: Sequence[int]
) -> tuple[Integers, Stalls]:
    """The start cycle of every issue, and where cycles were lost.

    ``counts``: servers per queue; ``capacities``: bytes per cycle per resource (a bank: 1).
    """
    queues = len(counts)
    members = [np.flatnonzero(timing.queue == q).tolist() for q in range(queues)]
    wait_at, wait_on, wait_event = columns.wait_at.tolist(), columns.wait_on.tolist(), columns.wait_event.tolist()
    occupancy, interval, latency = timing.occupancy.tolist(), timing.interval.tolist(), timing.latency.tolist()
    operation = columns.operation.tolist()
    resources = [Resource(capacity) for capacity in capacities]
    whole = _held_whole(timing.held, capacities)
    free_at = [0] * len(capacities)
    servers = [[0] * count for count in counts]
    start = [-1] * len(columns)
    position = [0] * queues
    ready = [0] * queues
    keys = [_NEVER] * queues
    binding = [-1] * queues
    asleep: dict[int, list[int]] = {}
    stalls = Stalls()

    def look(q: int) -> None:
        """Find when the head of queue q arrives, or go to sleep on an issue that has not started."""
        x = members[q][position[q]]
        arrival, bound = ready[q], -1
        for w in range(wait_at[x], wait_at[x + 1]):
            y = wait_on[w]
            begun = start[y]
            if begun < 0:
                asleep.setdefault(y, []).append(q)
                return
            done = begun + (occupancy[y] if wait_event[w] == OPERANDS else latency[y])
            if done > arrival:
                arrival, bound = done, operation[y]
        keys[q] = arrival * queues + q
        binding[q] = bound

    for q in range(queues):
        if members[q]:
            look(q)
    for _ in range(len(columns)):
        key = min(keys)
        arrival, q = divmod(key, queues)
        x = members[q][position[q]]
        time, missing = arrival, -1
        if occupancy[x]:
            alone = whole[x]
            if alone is None:
                time, missing = _take_shared(timing.held[x], resources, time, occupancy[x])
            else:
                for r in alone:
                    if free_at[r] > time:
                        time, missing = free_at[r], r
                for r in alone:
                    free_at[r] = time + occupancy[x]
        start[x] = time
        if binding[q] >= 0:
            cause = (q, binding[q])
            stalls.waits[cause] = stalls.waits.get(cause, 0) + arrival - ready[q]
        if missing >= 0:
            cause = (q, missing)
            stalls.resources[cause] = stalls.resources.get(cause, 0) + time - arrival
        if counts[q] == 1:
            ready[q] = time + interval[x]
        else:
            free = servers[q]
            free[free.index(min(free))] = time + interval[x]
            ready[q] = max(time, min(free))
        position[q] += 1
        keys[q] = _NEVER
        if position[q] < len(members[q]):
            look(q)
        for sleeper in asleep.pop(x, ()):
            look(sleeper)
    return np.array(start, dtype=np.int64), stalls


def _held_whole(held: Sequence[Held], capacities: Sequence[int]) -> list[tuple[int, ...] | None]:
    """For each issue the resources that it holds, if none of them is ever held in part; else None.

    A resource held beside one that is held in part counts as such too: both are then booked in the same way.
    """
    distinct = {id(holds): holds for holds in held}
    shared = {r for holds in distinct.values() for r, amount in holds if amount < capacities[r]}
    grown = -1
    while grown < len(shared):
        grown = len(shared)
        shared |= {r for holds in distinct.values() if any(r in shared for r, _ in holds) for r, _ in holds}
    known = {
        key: None if any(r in shared for r, _ in holds) else tuple(r for r, _ in holds)
        for key, holds in distinct.items()
    }
    return [known[id(holds)] for holds in held]


def _take_shared(holds: Held, resources: Sequence[Resource], time: int, occupancy: int) -> tuple[int, int]:
    """Take parts of resources from the first cycle on at which all are left; that cycle, and what was last missing."""
    missing, settled = -1, False
    while not settled:
        settled = True
        for r, amount in holds:
            earliest = resources[r].earliest(time, amount)
            if earliest > time:
                time, missing, settled = earliest, r, False
    for r, amount in holds:
        resources[r].take(time, time + occupancy, amount)
    return time, missing
