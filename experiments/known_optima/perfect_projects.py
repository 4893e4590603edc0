"""Random projects whose optimum is known by construction, however hard it is to find.

A rectangle of time and a scarce resource is filled without a gap, moment by moment: while some of the resource is free,
a job of random length takes a random part of it. So the jobs' work is all that the resource can give until the horizon,
and none can do with less; and the starts that they were made with reach it. Their holds of a second resource and
the arcs between them are drawn so that those starts keep all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from isamap.ir.loop_body import Hold
from isamap.ir.task_graph import Job, TaskGraph, TaskSchedule


@dataclass(frozen=True)
class PerfectProject:
    """A graph and the schedule that it was made from, which is best."""

    graph: TaskGraph
    made_from: TaskSchedule

    @property
    def optimum_cycles(self) -> int:
        return self.made_from.end_cycles


def perfect_project(
    seed: int, horizon: int = 40, capacity: int = 6, longest: int = 12, arcs: float = 0.05
) -> PerfectProject:
    """``arcs`` is the share of the pairs in sequence that get an arc; the jobs come in random order."""
    rng = Random(seed)
    pieces = _fill(rng, horizon, capacity, longest)
    rng.shuffle(pieces)
    second = _second(rng, pieces, horizon, capacity)
    jobs = tuple(
        Job((Hold("scarce", amount, end - start), Hold("second", also, end - start)), end - start)
        for (start, end, amount), also in zip(pieces, second, strict=True)
    )
    pairs = [
        (i, j, rng.randint(end - start, after - start))
        for i, (start, end, _) in enumerate(pieces)
        for j, (after, _, _) in enumerate(pieces)
        if end <= after and rng.random() < arcs
    ]
    graph = TaskGraph(jobs, tuple(pairs), (("scarce", capacity), ("second", capacity)))
    return PerfectProject(graph, TaskSchedule(tuple(start for start, _, _ in pieces), horizon))


def _fill(rng: Random, horizon: int, capacity: int, longest: int) -> list[tuple[int, int, int]]:
    """(start, end, amount) of pieces that fill the rectangle."""
    found: list[tuple[int, int, int]] = []
    now = 0
    while now < horizon:
        free = capacity - sum(amount for start, end, amount in found if start <= now < end)
        while free:
            amount = rng.randint(1, free)
            found.append((now, min(horizon, now + rng.randint(1, longest)), amount))
            free -= amount
        now = min(end for _, end, _ in found if end > now)
    return found


def _second(rng: Random, pieces: list[tuple[int, int, int]], horizon: int, capacity: int) -> list[int]:
    """Per piece, an amount of the second resource that is free while it lasts."""
    free, found = [capacity] * horizon, []
    for start, end, _ in pieces:
        found.append(rng.randint(0, min(free[start:end])))
        for cycle in range(start, end):
            free[cycle] -= found[-1]
    return found
