"""Projects and shops: priority rules right in both directions, the solver exact, nothing lost, perfect ones perfect."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from isamap.bounds.task_graph import energy_bound_cycles
from isamap.check.task_graph import check_task_graph
from isamap.cpsat import Outcome
from isamap.errors import CheckFailed, Unsupported
from isamap.ir.effort import Effort
from isamap.ir.loop_body import Hold
from isamap.ir.task_graph import Job, TaskGraph, TaskSchedule
from isamap.scheduling import sweep, task_graph, window
from isamap.scheduling.generation import end, justified, parallel, serial
from isamap.scheduling.priority import RULES, schedule_by_priority
from isamap.scheduling.profile import Profile, Reading
from isamap.scheduling.task_graph import schedule_task_graph
from isamap.spec.job_shop import read_job_shop
from isamap.spec.project import read_project
from tests.bounds.test_task_graph import one_machine, random_graph

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "experiments" / "known_optima"))
from perfect_projects import perfect_project  # noqa: E402

DATA = Path(os.environ.get("ISAMAP_DATA") or ROOT.parent / "shared" / "data")
QUICK = Effort(5, deterministic=True)


def orders(graph: TaskGraph, begun: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Every order in which each job comes after those that it awaits."""
    if len(begun) == len(graph.jobs):
        yield begun
    for job in set(range(len(graph.jobs))) - set(begun):
        if all(earlier in begun for earlier, later, _ in graph.arcs if later == job):
            yield from orders(graph, (*begun, job))


def fits(graph: TaskGraph, start: dict[int, int], job: int, at: int) -> bool:
    """Cycle by cycle: is there enough of everything if ``job`` begins ``at`` beside those that have a start?"""
    if any(at < start[i] + lag for i, j, lag in graph.arcs if j == job and i in start):
        return False
    held = [(h, s) for n, s in (start | {job: at}).items() for h in graph.jobs[n].holds]
    return all(
        sum(h.amount for h, s in held if h.resource == name and s <= cycle < s + h.cycles) <= capacity
        for name, capacity in graph.capacities
        for cycle in range(at, at + 6)
    )


def shortest(graph: TaskGraph) -> int:
    """Each order, every job at the first cycle at which it fits: one of them is the best."""
    best = 1 << 30
    for order in orders(graph):
        start: dict[int, int] = {}
        for job in order:
            start[job] = next(at for at in range(999) if fits(graph, start, job, at))
        best = min(best, max(start[n] + one.end_cycles for n, one in enumerate(graph.jobs)))
    return best


def test_it_is_the_optimum_of_every_small_graph() -> None:
    rng, solved = Random(11), 0
    for _ in range(60):
        graph = random_graph(rng, 5)
        answer = schedule_task_graph(graph, QUICK)
        found = answer.solved
        assert found.answer is not None
        assert check_task_graph(found.answer, graph) == []
        assert check_task_graph(answer.greedy, graph) == []
        assert found.status == "optimal"
        assert found.value == found.bound == found.answer.end_cycles == shortest(graph) <= answer.greedy.end_cycles
        assert answer.hint in ("", "accepted")
        solved += "cp-sat" in found.method
    assert solved > 3


def test_what_a_profile_calls_free_is_free_and_nothing_before_it() -> None:
    rng = Random(6)
    for _ in range(40):
        graph = random_graph(rng, 7)
        graph = TaskGraph(graph.jobs, (), graph.capacities)
        profile, start = Profile(Reading(graph)), dict[int, int]()
        for job in range(7):
            release = rng.randint(0, 4)
            at = profile.earliest(job, release)
            assert at == next(cycle for cycle in range(release, 99) if fits(graph, start, job, cycle))
            profile.put(job, at)
            start[job] = at


@pytest.mark.parametrize("label", RULES)
def test_each_rule_gives_right_schedules_in_both_directions(label: str) -> None:
    rng, differ = Random(8), 0
    for _ in range(25):
        graph = random_graph(rng, 9)
        forwards, backwards = Reading(graph), Reading(graph, backwards=True)
        ends = []
        for reading in (forwards, backwards):
            for generate in (serial, parallel):
                start = generate(reading, RULES[label](reading))
                start = reading.turned(start) if reading.backwards else start
                better = justified(forwards, backwards, start)
                assert end(forwards, better) <= end(forwards, start)
                for one in (start, better):
                    assert check_task_graph(TaskSchedule(tuple(one), end(forwards, one)), graph) == []
                ends.append(end(forwards, start))
        differ += len(set(ends)) > 1
    assert differ > 5


def three_in_a_row() -> TaskGraph:
    """0 (2 cycles, half of the worker), then 1 (3 cycles, all of it), then 2 (1 cycle); beside them 3 (4 cycles)."""
    jobs = (Job((Hold("worker", 1, 2),), 2), Job((Hold("worker", 2, 3),), 3), Job((), 1), Job((), 4))
    return TaskGraph(jobs, ((0, 1, 2), (1, 2, 3)), (("worker", 2),))


@pytest.mark.parametrize(
    ("label", "forwards", "backwards"),
    [
        ("least_slack", [-6, -4, -1, -4], [0, -2, -5, 0]),
        ("soonest_end", [-4, -1, 0, 0], [2, 1, -4, 4]),
        ("most_followers", [-2, -1, 0, 0], [0, -1, -2, 0]),
        ("most_work", [-4, -3, 0, 0], [-1, -4, -4, 0]),
        ("rank_weight", [-5, -4, -1, -4], [-2, -5, -4, -4]),
        ("weighted_path", [-4 / 3, -5 / 3, -1 / 6, -4 / 6], [-1 / 3, -7 / 5, -1, 0]),
    ],
)
def test_what_a_rule_counts(label: str, forwards: list[float], backwards: list[float]) -> None:
    for reading, wanted in ((Reading(three_in_a_row()), forwards), (Reading(three_in_a_row(), True), backwards)):
        assert RULES[label](reading) == pytest.approx(wanted)


def test_rules_are_different() -> None:
    graph = perfect_project(1).graph
    ranks = {
        label: sorted(range(len(graph.jobs)), key=rule(Reading(graph)).__getitem__) for label, rule in RULES.items()
    }
    assert len({tuple(rank) for rank in ranks.values()}) == len(RULES)


def test_urgency_decides() -> None:
    """Of two jobs on one unit, the one with the longer path ahead goes first."""
    jobs = (Job((Hold("unit", 1, 3),), 3), Job((Hold("unit", 1, 2),), 2), Job((), 9))
    graph = TaskGraph(jobs, ((1, 2, 2),), (("unit", 1),))
    assert serial(Reading(graph), RULES["least_slack"](Reading(graph))) == [2, 0, 2]
    assert schedule_by_priority(graph) == TaskSchedule((2, 0, 2), 11)


def test_backwards_everything_is_as_late_as_it_can_be() -> None:
    """Seen from the end, each job begins no sooner than the cycles that it takes."""
    graph = three_in_a_row()
    backwards = Reading(graph, backwards=True)
    start = serial(backwards, [0.0] * 4)
    assert start == [6, 4, 1, 4]
    assert backwards.turned(start) == [0, 2, 5, 2]


def test_parallel_never_waits_while_a_job_could_begin() -> None:
    """The urgent one comes at 1; serial keeps the unit for it, parallel has begun the other one by then."""
    jobs = (Job((), 1), Job((Hold("unit", 1, 4),), 4), Job((Hold("unit", 1, 3),), 3))
    graph, urgency = TaskGraph(jobs, ((0, 1, 1),), (("unit", 1),)), [0.0, 1.0, 2.0]
    assert serial(Reading(graph), urgency) == [0, 1, 5]
    assert parallel(Reading(graph), urgency) == [0, 3, 0]


def test_no_rule_alone_is_better_than_all_of_them() -> None:
    better = 0
    for seed in range(3):
        graph = perfect_project(seed).graph
        forwards = Reading(graph)
        alone = [
            end(forwards, justified(forwards, Reading(graph, True), generate(forwards, rule(forwards))))
            for rule in RULES.values()
            for generate in (serial, parallel)
        ]
        assert schedule_by_priority(graph).end_cycles <= min(alone)
        better += schedule_by_priority(graph).end_cycles < alone[0]
    assert better


def test_justification_closes_gaps() -> None:
    """On one unit: 1, then a gap of 2 because the next job was put in late."""
    jobs = (Job((Hold("unit", 1, 1),), 1), Job((Hold("unit", 1, 2),), 2))
    graph = TaskGraph(jobs, (), (("unit", 1),))
    assert end(Reading(graph), justified(Reading(graph), Reading(graph, backwards=True), [0, 3])) == 3


def test_the_solver_is_not_called_where_the_rules_meet_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "improve", None)
    jobs = tuple(Job((Hold("unit", 1, n),), n) for n in (3, 2, 4))
    found = schedule_task_graph(TaskGraph(jobs, (), (("unit", 1),)), QUICK).solved
    assert (found.status, found.value, found.method) == ("optimal", 9, "priority rules, meets the bound")
    assert schedule_task_graph(TaskGraph((), (), ()), QUICK).solved.value == 0


def hard() -> TaskGraph:
    """Five jobs of half and a bit of a resource, of which two never fit together."""
    return TaskGraph(tuple(Job((Hold("worker", 3, n),), n) for n in (1, 2, 3, 4, 5)), (), (("worker", 5),))


def test_what_the_rules_found_is_never_lost() -> None:
    for seconds in (0.0, 1e-6):
        answer = schedule_task_graph(hard(), Effort(seconds))
        assert answer.solved.answer is not None
        assert answer.solved.value == 15 == answer.greedy.end_cycles
        assert answer.closed_form_bound_cycles == 9 <= answer.solved.bound
        assert (
            (answer.solved.status == "optimal")
            == (answer.solved.bound == 15)
            == (seconds > 0 and answer.solved.bound > 9)
        )
    found = schedule_task_graph(hard(), QUICK).solved
    assert (found.status, found.value, found.bound) == ("optimal", 15, 15)
    assert found.method == "priority rules, kept by cp-sat tasks"


def test_the_solver_improves_on_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the worst schedule that there is, every hint complete and feasible."""

    def one_by_one(graph: TaskGraph, bound_cycles: int = 0, seed: int = 0) -> TaskSchedule:
        starts = tuple(sum(job.end_cycles for job in graph.jobs[:n]) for n in range(len(graph.jobs)))
        return TaskSchedule(starts, sum(job.end_cycles for job in graph.jobs))

    monkeypatch.setattr(task_graph, "schedule_by_priority", one_by_one)
    project = perfect_project(3, horizon=16)
    no_arcs = TaskGraph(project.graph.jobs, (), project.graph.capacities)
    answer = schedule_task_graph(no_arcs, QUICK)
    assert answer.hint == "accepted"
    assert answer.solved.method == "cp-sat tasks"
    assert answer.solved.value == 16 < answer.greedy.end_cycles


def test_a_contradiction_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_graph, "energy_bound_cycles", lambda _: 16)
    with pytest.raises(CheckFailed, match="below its lower bound"):
        schedule_task_graph(hard(), QUICK)


def test_queues_in_order_are_refused() -> None:
    graph = TaskGraph((Job((Hold("unit", 1, 3),), 3),), (), (("unit", 1),), frozenset({"unit"}))
    with pytest.raises(Unsupported, match=r"queues served in order \(unit\)"):
        schedule_task_graph(graph, QUICK)


@pytest.mark.parametrize("seed", range(12))
def test_perfect_projects(seed: int) -> None:
    """The schedule that they were made from is right and nothing ends sooner; small ones are solved."""
    large = perfect_project(seed)
    assert check_task_graph(large.made_from, large.graph) == []
    assert (
        large.optimum_cycles == 40 == energy_bound_cycles(large.graph) <= schedule_by_priority(large.graph).end_cycles
    )
    small = perfect_project(seed, horizon=14, capacity=4, longest=6)
    found = schedule_task_graph(small.graph, QUICK).solved
    assert found.answer is not None
    assert check_task_graph(found.answer, small.graph) == []
    assert (found.status, found.value) == ("optimal", 14)


PUBLISHED = [("j30/j301_1.sm", 43), ("j30/j305_1.sm", 53), ("j60/j601_1.sm", 77), ("j60/j603_3.sm", 105),
             ("jobshop/ft06", 55), ("jobshop/la01", 666), ("jobshop/la05", 593)]  # fmt: skip


@pytest.mark.parametrize(("name", "optimum"), PUBLISHED)
def test_published_instances(name: str, optimum: int) -> None:
    """Their optima, proved, where the files are at hand."""
    path = DATA / "scheduling" / name
    if not path.exists():
        pytest.skip(f"no {path}: set ISAMAP_DATA to a folder with scheduling/{name}")
    graph = read_project(path) if path.suffix == ".sm" else read_job_shop(path)
    answer = schedule_task_graph(graph, Effort(60))
    assert answer.solved.answer is not None
    assert check_task_graph(answer.solved.answer, graph) == []
    assert (answer.solved.status, answer.solved.value) == ("optimal", optimum)
    assert answer.greedy.end_cycles >= optimum


@pytest.mark.parametrize("shared", [True, False])
def test_bounds_are_sought_from_below_where_resources_are_shared(monkeypatch: pytest.MonkeyPatch, shared: bool) -> None:
    """Not in a shop, and not for the tasks of a kernel."""
    graph = hard() if shared else one_machine([(0, 4, 4), (1, 2, 6)])
    seen: list[bool] = []
    solve = sweep.solve
    monkeypatch.setattr(sweep, "solve", lambda *args, **how: seen.append(how["from_below"]) or solve(*args, **how))
    starts = schedule_by_priority(graph).start
    for prove in (True, False):
        sweep.improve(graph, starts, QUICK, 0, prove=prove)
    assert seen == [shared, False]


def test_to_prove_all_is_solved_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many jobs there are; and the worker that asks from below is really there."""
    asked: list[list[str]] = []
    run = window.run

    def spy(solver: Any, *rest: Any) -> Outcome:
        asked.append([*solver.parameters.extra_subsolvers])
        return run(solver, *rest)

    monkeypatch.setattr(window, "run", spy)
    monkeypatch.setattr(sweep, "WHOLE_JOBS", 1)
    assert schedule_task_graph(hard(), QUICK).solved.method.endswith("cp-sat tasks")
    assert asked == [["objective_lb_search_no_lp"]]
