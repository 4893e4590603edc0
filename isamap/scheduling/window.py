"""Formulation: the best starts of some jobs of a graph, the others left as they are (CP-SAT).

Sets        J   the jobs of the window;  A  arcs within it;  R  resources
Given       release[j], tail[j]     what lies before lets j start;  the fewest cycles from j's start to the end
            hold[j, r], amount      cycles and amount of r that j takes;  capacity[r];  busy[r]  still held from before
            most                    an end that is known to be possible;  least  one below which there is none
Variables   start[j] in release[j] .. most - tail[j],  end
Rules       after       start[j] >= start[i] + lag                          for (i, j, lag) in A
            alone       holders of all of r come one after the other
            together    holders of parts of r never take more than it has
            end         end >= start[j] + tail[j]
            least       end >= least                                        (redundant)
Objective   minimise end

With all jobs in the window this is resource-constrained project scheduling, and its optimum that of the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ortools.sat.python import cp_model

from isamap.cpsat import Outcome, Tell, run
from isamap.ir.effort import Effort
from isamap.ir.task_graph import TaskGraph


@dataclass(frozen=True)
class Busy:
    """An amount of a resource that jobs before the window hold during [start, end)."""

    resource: str
    amount: int
    start: int
    end: int


@dataclass(frozen=True)
class Window:
    """Some jobs of ``graph``: ``release`` and ``tail`` per job, what is ``busy``, and the ends known to be possible
    (``most``) and impossible to beat (``least``). ``hint`` are starts that reach ``most``."""

    graph: TaskGraph
    release: Mapping[int, int]
    tail: Mapping[int, int]
    most: int
    least: int = 0
    busy: tuple[Busy, ...] = ()
    hint: Mapping[int, int] | None = None


@dataclass(frozen=True)
class Model:
    """The window as CP-SAT variables."""

    window: Window
    model: Any
    start: Mapping[int, Any]
    end: Any


def after(given: Model) -> None:
    for later, start in given.start.items():
        for earlier, lag in given.window.graph.before[later]:
            if earlier in given.start:
                given.model.add(start >= given.start[earlier] + lag)


def alone(given: Model) -> None:
    for name, capacity in given.window.graph.capacities:
        held = list(_held(given, name))
        if all(amount == capacity for _, amount in held):
            given.model.add_no_overlap([interval for interval, _ in held])


def together(given: Model) -> None:
    for name, capacity in given.window.graph.capacities:
        held = list(_held(given, name))
        if any(amount < capacity for _, amount in held):
            given.model.add_cumulative([interval for interval, _ in held], [amount for _, amount in held], capacity)


def end(given: Model) -> None:
    for job, start in given.start.items():
        given.model.add(given.end >= start + given.window.tail[job])


def least(given: Model) -> None:
    given.model.add(given.end >= given.window.least)


RULES: dict[str, Callable[[Model], None]] = {
    "after": after,
    "alone": alone,
    "together": together,
    "end": end,
    "least": least,
}


def _held(given: Model, resource: str) -> Iterable[tuple[Any, int]]:
    """(interval, amount) of every holder; a queue's jobs of no length still take their turn on a single server."""
    single = resource in given.window.graph.in_order
    for job, start in given.start.items():
        for hold in given.window.graph.jobs[job].holds:
            if hold.resource == resource and hold.amount and (hold.cycles or single):
                yield given.model.new_fixed_size_interval_var(start, hold.cycles, f"{resource}.{job}"), hold.amount
    for one in given.window.busy:
        if one.resource == resource:
            yield given.model.new_fixed_size_interval_var(one.start, one.end - one.start, resource), one.amount


def formulate(window: Window, without: frozenset[str] = frozenset()) -> Model:
    """The model with all rules but those named in ``without``, and its hint."""
    model = cp_model.CpModel()
    start = {
        job: model.new_int_var(release, max(release, window.most - window.tail[job]), f"start.{job}")
        for job, release in window.release.items()
    }
    given = Model(window, model, start, model.new_int_var(0, window.most, "end"))
    for label, rule in RULES.items():
        if label not in without:
            rule(given)
    model.minimize(given.end)
    if window.hint is not None:
        for job, variable in start.items():
            model.add_hint(variable, window.hint[job])
        model.add_hint(given.end, window.most)
    return given


@dataclass(frozen=True)
class Answer:
    """Starts of the window's jobs, none where none were found, and how the search ended."""

    start: Mapping[int, int] | None
    outcome: Outcome
    work: float  # in the solver's own unit, the same on every run


def solve(
    window: Window,
    effort: Effort,
    tell: Tell | None = None,
    without: frozenset[str] = frozenset(),
    *,
    from_below: bool = False,
) -> Answer:
    """The best starts found within ``effort``. ``from_below``: one of several workers asks again and again whether the
    least end not refuted yet is possible. Measured on projects, that raises the bound most; on shops, whose units
    serve one job at a time, it costs more in the value than it gains in the bound."""
    given = formulate(window, without)
    solver = cp_model.CpSolver()
    if from_below:
        solver.parameters.extra_subsolvers.append("objective_lb_search_no_lp")
    outcome = run(solver, given.model, effort, tell)
    start = {job: solver.value(variable) for job, variable in given.start.items()} if outcome.found else None
    return Answer(start, outcome, outcome.work)
