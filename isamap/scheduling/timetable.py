"""Earliest starts for an order of jobs: what is left of a solver's times once only the order is kept.

Jobs are taken in order; each starts when what it awaits is over and the jobs before it have left enough of every
resource that it holds. Whoever gives way is remembered: with a wait for it, no resource is ever fought over, and the
machine derives the same starts. Where the order is that of feasible starts, none comes out later than it was.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field

from isamap.ir.task_graph import TaskGraph


@dataclass
class _Share:
    """An amount of a resource, free from a cycle on, and whose it was last (-1: nobody's)."""

    free_at: int
    amount: int
    last: int = -1


@dataclass
class Timetable:
    """Starts of all jobs, taken in ``order``; ``gives_way``: per job, (who had a resource before it, resource)."""

    order: list[int]
    start: list[int]
    gives_way: list[list[tuple[int, str]]] = field(default_factory=list)
    end_cycles: int = 0


def earliest(graph: TaskGraph, order: Sequence[int]) -> Timetable:
    """The timetable of ``order``, in which every job comes after those that it awaits."""
    shares = {name: [_Share(0, capacity)] for name, capacity in graph.capacities}
    begun = dict.fromkeys(graph.in_order, 0)
    found = Timetable(list(order), [0] * len(graph.jobs), [[] for _ in graph.jobs])
    for job in order:
        holds = graph.jobs[job].holds
        start = max((found.start[earlier] + lag for earlier, lag in graph.before[job]), default=0)
        for hold in holds:
            if hold.resource in graph.in_order:
                start = max(start, begun[hold.resource])
            elif not hold.cycles or not hold.amount:
                continue
            start = max(start, _free_at(shares[hold.resource], hold.amount))
        found.start[job] = start
        for hold in holds:
            ordered = hold.resource in graph.in_order
            if ordered:
                begun[hold.resource] = start
            if (ordered or hold.cycles) and hold.amount:
                before = _take(shares[hold.resource], hold.amount, start, start + hold.cycles, job, oldest=ordered)
                found.gives_way[job] += [(earlier, hold.resource) for earlier in before]
    found.end_cycles = max((s + job.end_cycles for s, job in zip(found.start, graph.jobs, strict=True)), default=0)
    return found


def by_start(graph: TaskGraph, start: Sequence[int]) -> list[int]:
    """All jobs in order of ``start``; where it is the same, after those that they await."""
    rank = [0] * len(graph.jobs)
    for position, job in enumerate(graph.sequence):
        rank[job] = position
    return sorted(range(len(graph.jobs)), key=lambda job: (start[job], rank[job]))


def _free_at(shares: list[_Share], amount: int) -> int:
    """The first cycle at which ``amount`` is free; shares are kept in the order in which they become so."""
    for share in shares:
        amount -= share.amount
        if amount <= 0:
            return share.free_at
    return 0


def _take(shares: list[_Share], amount: int, start: int, end: int, job: int, *, oldest: bool) -> list[int]:
    """Give ``job`` an amount of what is free at ``start``: the share free for longest (as a queue's servers are), or
    the one that became free last, so that few jobs give way to few others. Returns whose it was."""
    free = [share for share in shares if share.free_at <= start]
    before, wanted = [], amount
    for share in free if oldest else reversed(free):
        taken = min(amount, share.amount)
        share.amount -= taken
        amount -= taken
        if taken and share.last >= 0:
            before.append(share.last)
        if not amount:
            break
    shares[:] = [share for share in shares if share.amount]
    insort(shares, _Share(end, wanted, job), key=lambda share: share.free_at)
    return before
