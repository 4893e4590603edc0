"""A timetable as windows see it: what is fixed before a run of jobs, and what still has to follow it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from isamap.ir.task_graph import TaskGraph
from isamap.scheduling.timetable import Timetable
from isamap.scheduling.window import Busy, Window


@dataclass(frozen=True)
class View:
    """``position`` of each job in the order of ``table``, and its ``tail``: the fewest cycles from its start to the
    end, while the jobs that have a resource in turn keep doing so."""

    graph: TaskGraph
    table: Timetable
    position: list[int]
    tail: list[int]

    @classmethod
    def of(cls, graph: TaskGraph, table: Timetable) -> View:
        position, tail = [0] * len(graph.jobs), [job.end_cycles for job in graph.jobs]
        for place, job in enumerate(table.order):
            position[job] = place
        for job in reversed(table.order):
            for earlier, lag in graph.before[job]:
                tail[earlier] = max(tail[earlier], lag + tail[job])
            for earlier, resource in table.gives_way[job]:
                held = next(hold.cycles for hold in graph.jobs[earlier].holds if hold.resource == resource)
                tail[earlier] = max(tail[earlier], held + tail[job])
        return cls(graph, table, position, tail)

    def window(self, first: int, count: int, least: int) -> Window | None:
        """The window of ``count`` jobs from position ``first`` on; None where its longest path is the whole."""
        jobs, last = self.table.order[first : first + count], first + count
        start, before = self.table.start, self.graph.before
        head, release = dict[int, int](), dict[int, int]()
        for job in jobs:
            awaited = [(n, lag) for n, lag in before[job] if self.position[n] < first]
            release[job] = max((start[n] + lag for n, lag in awaited), default=0)
            inside = [head[n] + lag for n, lag in before[job] if self.position[n] >= first]
            head[job] = max([release[job], *inside])
        tail = {job: self._after(job, last) for job in jobs}
        self._after_resources(jobs, last, tail)
        if not jobs or max(head[job] + tail[job] for job in jobs) >= self.table.end_cycles:
            return None
        hint = {job: start[job] for job in jobs}
        busy = tuple(self._busy(first, min(head.values())))
        return Window(self.graph, release, tail, self.table.end_cycles, least, busy, hint)

    def _after(self, job: int, last: int) -> int:
        """The fewest cycles from ``job`` to the end by the arcs that leave the window."""
        leaving = [lag + self.tail[n] for n, lag in self.graph.after[job] if self.position[n] >= last]
        return max([self.graph.jobs[job].end_cycles, *leaving])

    def _after_resources(self, jobs: Iterable[int], last: int, tail: dict[int, int]) -> None:
        """Whoever holds all of a resource in the window is followed by the next holder after it."""
        capacity, following = dict(self.graph.capacities), self._following(last)
        for job in jobs:
            for hold in self.graph.jobs[job].holds:
                if hold.resource in following and hold.amount == capacity[hold.resource]:
                    tail[job] = max(tail[job], hold.cycles + following[hold.resource])

    def _following(self, last: int) -> dict[str, int]:
        """Per resource, the tail of the first job from position ``last`` on that holds it."""
        found: dict[str, int] = {}
        wanted = {name for name, _ in self.graph.capacities}
        for job in self.table.order[last:]:
            for hold in self.graph.jobs[job].holds:
                if hold.resource in wanted and hold.amount and (hold.cycles or hold.resource in self.graph.in_order):
                    found[hold.resource] = self.tail[job]
                    wanted.discard(hold.resource)
            if not wanted:
                break
        return found

    def _busy(self, first: int, since: int) -> Iterable[Busy]:
        """What the jobs before position ``first`` hold after ``since``."""
        for job in self.table.order[:first]:
            start = self.table.start[job]
            for hold in self.graph.jobs[job].holds:
                if hold.amount and start + hold.cycles > since:
                    yield Busy(hold.resource, hold.amount, start, start + hold.cycles)

    def changed(self, start: Mapping[int, int], last: int) -> list[int]:
        """All starts with a window's new ones; those from position ``last`` on come after them, in their order."""
        found = [*self.table.start]
        for place, job in enumerate(self.table.order[last:]):
            found[job] = max(self.table.end_cycles, *start.values()) + 1 + place
        for job, when in start.items():
            found[job] = when
        return found
