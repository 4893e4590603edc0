"""A first schedule of a task graph: several priority rules, both ways to generate, both directions, then justified.

The rules are the classic ones (R. Kolisch, S. Hartmann, "Heuristic algorithms for the resource-constrained project
scheduling problem", in: Project Scheduling, 1999). No rule is best everywhere and all of them take milliseconds, so all
are tried; after them, the longest paths ahead of the jobs are shaken at random, with a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from isamap.errors import Unsupported
from isamap.ir.task_graph import TaskGraph, TaskSchedule
from isamap.scheduling.generation import GENERATIONS, Generate, Urgency, end, justified
from isamap.scheduling.profile import Reading

_SHAKEN = 40  # random variations of ``least_slack``
_MOST_JOBS = 300  # beyond, only serial generation and no variations: the others take time quadratic in the jobs


def least_slack(reading: Reading) -> list[float]:
    """The longest path from the start on: what has to start first."""
    return [-tail for tail in reading.tails]


def soonest_end(reading: Reading) -> list[float]:
    """The longest path from the end on: what has to end first."""
    jobs = reading.graph.jobs
    return [job.end_cycles - tail for job, tail in zip(jobs, reading.tails, strict=True)]


def most_followers(reading: Reading) -> list[float]:
    """How many jobs come after it, directly or not."""
    return [-len(found) for found in _followers(reading)]


def most_work(reading: Reading) -> list[float]:
    """The share of all resources that it and everything after it hold."""
    mine = _work(reading)
    return [-mine[job] - sum(mine[n] for n in found) for job, found in enumerate(_followers(reading))]


def rank_weight(reading: Reading) -> list[float]:
    """Its own length and that of the jobs directly after it."""
    long = [job.end_cycles for job in reading.graph.jobs]
    return [-long[job] - sum(long[n] for n, _ in after) for job, after in enumerate(reading.after)]


def weighted_path(reading: Reading) -> list[float]:
    """The longest path from the start on, where whoever needs much of a resource counts more."""
    mine, most = _work(reading), max([1.0, *(float(t) for t in reading.tails)])
    scale = max([*mine, 1e-9])
    return [-tail / most - own / scale for tail, own in zip(reading.tails, mine, strict=True)]


RULES: dict[str, Callable[[Reading], list[float]]] = {
    "least_slack": least_slack,
    "soonest_end": soonest_end,
    "most_followers": most_followers,
    "most_work": most_work,
    "rank_weight": rank_weight,
    "weighted_path": weighted_path,
}


def schedule_by_priority(graph: TaskGraph, bound_cycles: int = 0, seed: int = 0) -> TaskSchedule:
    """The best schedule that the rules find; the search ends where one meets ``bound_cycles``.

    Raises Unsupported where resources are served in program order: such jobs have an order already.
    """
    if graph.in_order:
        raise Unsupported(
            "scheduling", f"a task graph with queues served in order ({' '.join(sorted(graph.in_order))})"
        )
    forwards, backwards = Reading(graph), Reading(graph, backwards=True)
    best: list[int] | None = None
    for reading, generate, urgency in _ways(forwards, backwards, seed):
        start = generate(reading, urgency)
        start = justified(forwards, backwards, reading.turned(start) if reading.backwards else start)
        if best is None or end(forwards, start) < end(forwards, best):
            best = start
        if end(forwards, best) <= bound_cycles:
            break
    assert best is not None
    return TaskSchedule(tuple(best), end(forwards, best))


def _ways(forwards: Reading, backwards: Reading, seed: int) -> Iterator[tuple[Reading, Generate, Urgency]]:
    small = len(forwards.graph.jobs) <= _MOST_JOBS
    for rule in RULES.values():
        for reading in (forwards, backwards):
            urgency = rule(reading)
            yield from ((reading, generate, urgency) for generate in GENERATIONS[: 2 if small else 1])
    rng, urgency = Random(seed), least_slack(forwards)
    for n in range(_SHAKEN if small else 0):
        yield forwards, GENERATIONS[n % 2], [u * rng.uniform(0.7, 1.3) for u in urgency]


def _followers(reading: Reading) -> list[set[int]]:
    """Per job, everything that comes after it."""
    sequence = reading.graph.sequence
    found: list[set[int]] = [set() for _ in sequence]
    for job in sequence if reading.backwards else reversed(sequence):
        for later, _ in reading.after[job]:
            found[job] |= found[later] | {later}
    return found


def _work(reading: Reading) -> list[float]:
    """Per job, amount times cycles over capacity, summed over what it holds."""
    capacity = dict(reading.graph.capacities)
    return [sum(a * c / capacity[r] for r, a, c, _ in holds) for holds in reading.holds]
