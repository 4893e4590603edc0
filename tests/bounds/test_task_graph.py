"""The energy bound: what it is on one machine, and never above what some schedule reaches."""

from __future__ import annotations

import heapq
from random import Random

from isamap.bounds.task_graph import energy_bound_cycles
from isamap.ir.loop_body import Hold
from isamap.ir.task_graph import Job, TaskGraph, TaskSchedule
from isamap.scheduling.priority import schedule_by_priority


def one_machine(jobs: list[tuple[int, int, int]]) -> TaskGraph:
    """(head, length, tail) of jobs on one machine: a job before and one after each, on no machine."""
    found, arcs = [], []
    for head, length, tail in jobs:
        first = len(found)
        found += [Job((), head), Job((Hold("machine", 1, length),), length), Job((), tail)]
        arcs += [(first, first + 1, head), (first + 1, first + 2, length)]
    return TaskGraph(tuple(found), tuple(arcs), (("machine", 1),))


def jackson(jobs: list[tuple[int, int, int]]) -> int:
    """Cycle by cycle, the longest tail of those that are there runs; it may be interrupted."""
    left, now, end = [length for _, length, _ in jobs], 0, max(head + tail for head, _, tail in jobs)
    while any(left):
        there = [(-tail, n) for n, (head, _, tail) in enumerate(jobs) if head <= now and left[n]]
        heapq.heapify(there)
        now += 1
        if there:
            n = there[0][1]
            left[n] -= 1
            end = max(end, now + jobs[n][2])
    return end


def test_on_one_machine_it_is_jacksons_preemptive_schedule() -> None:
    rng, better = Random(2), 0
    for _ in range(60):
        jobs = [(rng.randint(0, 9), rng.randint(1, 5), rng.randint(0, 9)) for _ in range(rng.randint(1, 6))]
        graph = one_machine(jobs)
        assert energy_bound_cycles(graph) == jackson(jobs)
        better += energy_bound_cycles(graph) > graph.bound_cycles
    assert better > 5


def test_work_is_rounded_up() -> None:
    """Three of 1 cycle that take 2 of 3: 6 of work, 2 cycles at least (and 3 in truth)."""
    graph = TaskGraph((Job((Hold("worker", 2, 1),), 1),) * 3, (), (("worker", 3),))
    assert energy_bound_cycles(graph) == 2
    wider = TaskGraph((Job((Hold("worker", 2, 1),), 1),) * 4, (), (("worker", 3),))
    assert energy_bound_cycles(wider) == 3  # 8 / 3
    jobs = (*wider.jobs, Job((), 5), Job((Hold("worker", 1, 1),), 1))
    late = TaskGraph(jobs, tuple((4, n, 5) for n in range(4)), wider.capacities)
    assert (energy_bound_cycles(late), late.bound_cycles) == (8, 6)  # 5 before, and one that could come early


def test_no_schedule_is_below_it() -> None:
    """Holds that are shorter or longer than their jobs, lags of any length."""
    rng = Random(4)
    for _ in range(50):
        graph = random_graph(rng, 8)
        assert graph.bound_cycles <= energy_bound_cycles(graph) <= schedule_by_priority(graph).end_cycles


def random_graph(rng: Random, jobs: int) -> TaskGraph:
    """Jobs that hold two resources for different times, and arcs of any lag."""
    capacity = {"a": rng.randint(1, 4), "b": rng.randint(1, 2)}
    made = tuple(
        Job(
            tuple(Hold(name, rng.randint(0, most), rng.randint(0, 5)) for name, most in capacity.items()),
            rng.randint(0, 5),
        )
        for _ in range(jobs)
    )
    arcs = tuple((i, j, rng.randint(0, 6)) for j in range(jobs) for i in range(j) if rng.random() < 0.2)
    return TaskGraph(made, arcs, tuple(capacity.items()))


def test_what_is_held_after_the_end_does_not_count() -> None:
    """Three jobs of 1 cycle that hold their unit for 4: the end is that of the last job, not of its hold."""
    graph = TaskGraph((Job((Hold("unit", 1, 4),), 1),) * 3, (), (("unit", 1),))
    assert schedule_by_priority(graph) == TaskSchedule((0, 4, 8), 9)
    assert graph.bound_cycles <= energy_bound_cycles(graph) <= 9
