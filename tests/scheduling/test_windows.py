"""Task graphs, timetables and windows: rules on a few jobs, projects by trying every order, nests never worse."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import permutations
from random import Random

import pytest

from isamap.errors import InvalidNoun
from isamap.ir.effort import Effort
from isamap.ir.loop_body import Hold
from isamap.ir.task_graph import Job, TaskGraph
from isamap.scheduling import exact, schedule_exactly, sweep
from isamap.scheduling.sweep import improve
from isamap.scheduling.timetable import by_start, earliest
from isamap.scheduling.view import View
from isamap.scheduling.window import RULES, Window, solve
from isamap.simulate import simulate
from isamap.tiling.estimate import estimate
from isamap.tiling.greedy import tiling_of
from tests.nests import bindings_of, lowered, random_nest, scheduled
from tests.random_kernels import random_kernel

QUICK = Effort(5, deterministic=True)


def job(cycles: int, **amounts: int) -> Job:
    """An activity that holds ``amounts`` while it lasts."""
    return Job(tuple(Hold(name, amount, cycles) for name, amount in amounts.items()), cycles)


def whole(graph: TaskGraph, most: int) -> Window:
    return Window(graph, dict(enumerate(graph.heads)), dict(enumerate(graph.tails)), most)


def in_turn() -> TaskGraph:
    """2, then 3."""
    return TaskGraph((job(2), job(3)), ((0, 1, 2),), ())


def one_unit() -> TaskGraph:
    """2 and 3 on one unit."""
    return TaskGraph((job(2, unit=1), job(3, unit=1)), (), (("unit", 1),))


def three_workers() -> TaskGraph:
    """2 and 3 that need two of three workers each."""
    return TaskGraph((job(2, worker=2), job(3, worker=2)), (), (("worker", 3),))


CASES = [("after", in_turn, 5, 3), ("alone", one_unit, 5, 3), ("together", three_workers, 5, 3), ("end", in_turn, 5, 0)]


@pytest.mark.parametrize(("label", "make", "right", "wrong"), CASES)
def test_each_rule_is_needed(label: str, make: Callable[[], TaskGraph], right: int, wrong: int) -> None:
    """Without ``after``, heads and tails alone would do; so both are taken as if there were no arcs."""
    graph, free = make(), range(2)
    window = Window(graph, dict.fromkeys(free, 0), {n: graph.jobs[n].end_cycles for n in free}, 9)
    assert solve(window, QUICK).outcome.value == right
    assert solve(window, QUICK, without=frozenset({label})).outcome.value == wrong


def test_the_least_end_only_helps() -> None:
    assert {label for label, *_ in CASES} | {"least"} == set(RULES)
    window = Window(one_unit(), {0: 0, 1: 0}, {0: 2, 1: 3}, 9, least=5)
    assert [solve(window, QUICK, without=frozenset(w)).outcome.value for w in ([], ["least"])] == [5, 5]


def test_a_graph_refuses_nonsense() -> None:
    with pytest.raises(InvalidNoun, match="within its capacity"):
        TaskGraph((job(2, unit=2),), (), (("unit", 1),))
    with pytest.raises(InvalidNoun, match="a lag of at least 0"):
        TaskGraph((job(2),), ((0, 1, 2),), ())
    with pytest.raises(InvalidNoun, match="no circle"):
        _ = TaskGraph((job(2), job(2)), ((0, 1, 2), (1, 0, 2)), ()).heads


def random_project(rng: Random, jobs: int) -> TaskGraph:
    """Activities with demands for two resources, and precedences from lower to higher numbers."""
    activities = tuple(job(rng.randint(1, 5), a=rng.randint(0, 3), b=rng.randint(0, 2)) for _ in range(jobs))
    pairs = [(i, j) for j in range(jobs) for i in range(j) if rng.random() < 0.2]
    arcs = tuple((i, j, activities[i].end_cycles) for i, j in pairs)
    return TaskGraph(activities, arcs, (("a", rng.randint(3, 5)), ("b", 2)))


def shortest(graph: TaskGraph) -> int:
    """Every order of the activities, each put at the earliest cycle at which its demands are met: one is the best."""
    best = 1 << 30
    for order in permutations(range(len(graph.jobs))):
        place = {n: at for at, n in enumerate(order)}
        if any(place[i] > place[j] for i, j, _ in graph.arcs):
            continue
        used: dict[tuple[str, int], int] = {}
        ends: dict[int, int] = {}
        for n in order:
            one, length = graph.jobs[n], graph.jobs[n].end_cycles
            start = max((ends[i] for i, j, _ in graph.arcs if j == n), default=0)
            while any(
                used.get((h.resource, c), 0) + h.amount > dict(graph.capacities)[h.resource]
                for h in one.holds
                for c in range(start, start + length)
            ):
                start += 1
            for h in one.holds:
                for c in range(start, start + length):
                    used[h.resource, c] = used.get((h.resource, c), 0) + h.amount
            ends[n] = start + length
        best = min(best, max(ends.values()))
    return best


def feasible(graph: TaskGraph, start: list[int]) -> bool:
    """Cycle by cycle."""
    if any(start[j] < start[i] + lag for i, j, lag in graph.arcs):
        return False
    held = [(h, start[n]) for n, one in enumerate(graph.jobs) for h in one.holds]
    return all(
        sum(h.amount for h, s in held if h.resource == name and s <= cycle < s + h.cycles) <= capacity
        for name, capacity in graph.capacities
        for cycle in range(max(start) + 10)
    )


def test_projects_by_every_order() -> None:
    """The optimum of resource-constrained projects, and no bound above it."""
    rng = Random(3)
    for _ in range(30):
        graph = random_project(rng, 6)
        found = improve(graph, earliest(graph, range(6)).start, QUICK, 0)
        assert found.proved
        assert found.best.end_cycles == found.bound == shortest(graph) >= graph.bound_cycles
        assert feasible(graph, found.best.start)


def test_timing_an_order_anew_delays_nothing() -> None:
    """Any feasible starts: those of their order are feasible and none is later."""
    rng = Random(5)
    for _ in range(40):
        graph = random_project(rng, 8)
        start = [s + rng.randint(0, 3) for s in earliest(graph, range(8)).start]
        if not feasible(graph, start):
            start = [9 * n for n in range(8)]
        again = earliest(graph, by_start(graph, start)).start
        assert feasible(graph, again)
        assert all(a <= s for a, s in zip(again, start, strict=True))


def test_windows_of_a_project_never_get_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small windows over larger projects: feasible, no later than the beginning, no earlier than the optimum."""
    monkeypatch.setattr(sweep, "WHOLE_JOBS", 0)
    monkeypatch.setattr(sweep, "WINDOW_JOBS", 8)
    rng, better = Random(7), 0
    for _ in range(8):
        graph = random_project(rng, 24)
        begin = earliest(graph, range(24))
        found = improve(graph, begin.start, Effort(0.3, deterministic=True), 0)
        exactly = solve(whole(graph, begin.end_cycles), QUICK).outcome
        assert feasible(graph, found.best.start)
        assert exactly.bound is not None
        assert exactly.bound <= found.best.end_cycles <= begin.end_cycles
        better += found.best.end_cycles < begin.end_cycles
    assert better


def test_a_window_knows_what_follows_it() -> None:
    """Jobs of 2, 3 and 4 on one unit; of the window that holds the first, what follows takes 7 more."""
    graph = TaskGraph(tuple(job(n, unit=1) for n in (2, 3, 4)), (), (("unit", 1),), frozenset({"unit"}))
    view = View.of(graph, earliest(graph, range(3)))
    assert view.tail == [9, 7, 4]
    assert view.window(0, 1, 0) is None  # its longest path is the whole


def test_windows_on_random_nests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty nests, the order of tasks alone and small windows: never worse than the list, and what was predicted is
    what the machine does."""
    monkeypatch.setattr(exact, "ACYCLIC_TASKS", 0)
    monkeypatch.setattr(sweep, "WHOLE_JOBS", 10)
    monkeypatch.setattr(sweep, "WINDOW_JOBS", 12)
    rng, tried, better, seed = Random(1), 0, 0, 0
    while tried < 50:
        seed += 1
        machine = ("tiny", "p16", "tiles")[seed % 3]
        _, _, work = random_kernel(machine, seed, most=6)
        if len(work.einsums) > 1:
            continue
        binding = bindings_of(work, machine)[0]
        nest = random_nest(binding, rng)
        if estimate(binding, nest) is None:
            continue
        tiling = tiling_of(binding, nest)
        hint = scheduled(binding, tiling)
        if not 10 < len(hint.step) < 120:
            continue
        effort = Effort(0.02, deterministic=True)
        found = schedule_exactly([(binding, tiling)], binding.target, effort=effort, hint=hint)
        assert found.answer is not None
        assert found.value == found.answer.latency_cycles <= hint.latency_cycles
        simulation = simulate(lowered(work, binding, found.answer), binding.target, {}, execute=False)
        assert simulation.violations == ()
        assert simulation.latency_cycles == found.value
        tried, better = tried + 1, better + (found.value < hint.latency_cycles)
    assert better > 2


def test_time_may_run_out_while_a_window_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = View.window, list[Window | None]()

    def slowly(view: View, first: int, count: int, bound: int) -> Window | None:
        time.sleep(0.06)
        asked.append(made(view, first, count, bound))
        return asked[-1]

    monkeypatch.setattr(sweep, "WHOLE_JOBS", 0)
    monkeypatch.setattr(sweep, "WINDOW_JOBS", 8)
    monkeypatch.setattr(View, "window", slowly)
    rng = Random(7)
    while not any(asked):
        graph = random_project(rng, 24)
        begin = earliest(graph, range(24))
        found = improve(graph, begin.start, Effort(0.05, workers=1), 0)
        assert found.best.end_cycles <= begin.end_cycles
