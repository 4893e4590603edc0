"""How much of every resource is held when, while jobs are put into a schedule one by one in any order.

The schedule is read *forwards* or *backwards*. Backwards, time runs from the end of the schedule: a job comes after
those that await it, its start may be no sooner than the cycles it takes to its own end, and its holds lie before its
start instead of after it. What packs jobs early backwards packs them late forwards.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from isamap.ir.task_graph import TaskGraph


@dataclass(frozen=True)
class Reading:
    """A graph read in one direction."""

    graph: TaskGraph
    backwards: bool = False

    @cached_property
    def before(self) -> list[list[tuple[int, int]]]:
        """Per job, (job that comes first, lag)."""
        return self.graph.after if self.backwards else self.graph.before

    @cached_property
    def after(self) -> list[list[tuple[int, int]]]:
        """Per job, (job that comes later, lag)."""
        return self.graph.before if self.backwards else self.graph.after

    @cached_property
    def release(self) -> list[int]:
        """Per job, the first start that it may have by itself."""
        return [job.end_cycles if self.backwards else 0 for job in self.graph.jobs]

    @cached_property
    def tails(self) -> list[int]:
        """Per job, the longest path from its start on."""
        return self.graph.heads if self.backwards else self.graph.tails

    @cached_property
    def holds(self) -> list[list[tuple[str, int, int, int]]]:
        """Per job, (resource, amount, cycles, the hold's begin less the job's start)."""
        return [
            [(h.resource, h.amount, h.cycles, -h.cycles * self.backwards) for h in job.holds if h.amount and h.cycles]
            for job in self.graph.jobs
        ]

    def turned(self, start: list[int]) -> list[int]:
        """The same starts as the other direction sees them, the first of all holds or ends at cycle 0."""
        last = max(
            (s + (0 if self.backwards else job.end_cycles) for s, job in zip(start, self.graph.jobs, strict=True)),
            default=0,
        )
        return [last - s for s in start]


class _Usage:
    """Of one resource: ``used[i]`` during [``time[i]``, ``time[i + 1]``), nothing after the last."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.time, self.used = [-1 << 60], [0]

    def fits_at(self, begin: int, cycles: int, amount: int) -> int:
        """The first cycle from ``begin`` on at which ``amount`` is free for so many cycles."""
        free, at = self.capacity - amount, bisect_right(self.time, begin) - 1
        while at < len(self.time) and self.time[at] < begin + cycles:
            if self.used[at] > free:
                begin = self.time[at + 1]
            at += 1
        return begin

    def take(self, begin: int, cycles: int, amount: int) -> None:
        first, last = self._cut(begin), self._cut(begin + cycles)
        for at in range(first, last):
            self.used[at] += amount

    def _cut(self, cycle: int) -> int:
        """The position at which a step begins at ``cycle``."""
        at = bisect_right(self.time, cycle) - 1
        if self.time[at] != cycle:
            at += 1
            self.time.insert(at, cycle)
            self.used.insert(at, self.used[at - 1])
        return at


class Profile:
    """Jobs put in so far."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.usage = {name: _Usage(capacity) for name, capacity in reading.graph.capacities}

    def earliest(self, job: int, release: int) -> int:
        """The first start from ``release`` on at which everything that ``job`` holds is free."""
        start, agreed = release, False
        while not agreed:
            agreed = True
            for resource, amount, cycles, offset in self.reading.holds[job]:
                found = self.usage[resource].fits_at(start + offset, cycles, amount) - offset
                if found > start:
                    start, agreed = found, False
        return start

    def put(self, job: int, start: int) -> None:
        for resource, amount, cycles, offset in self.reading.holds[job]:
            self.usage[resource].take(start + offset, cycles, amount)
