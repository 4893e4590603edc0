"""TaskGraph -> TaskSchedule: published projects and shops, by the engine that orders the tasks of a kernel.

A bound in closed form, a schedule by priority rules, and, where the two do not meet, CP-SAT with that schedule as its
complete hint and its end as the horizon. The priority rules' answer is never lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import monotonic

from isamap.bounds.task_graph import energy_bound_cycles
from isamap.cpsat import Tell
from isamap.ir.answers import Solved, Status
from isamap.ir.effort import Effort
from isamap.ir.task_graph import TaskGraph, TaskSchedule
from isamap.scheduling.priority import schedule_by_priority


@dataclass(frozen=True)
class GraphAnswer:
    """The schedule, what the priority rules found, the bound in closed form, and what became of the solver's hint
    (empty: the solver was not called, or done before it looked)."""

    solved: Solved[TaskSchedule]
    greedy: TaskSchedule
    closed_form_bound_cycles: int
    hint: str = ""


def schedule_task_graph(graph: TaskGraph, effort: Effort, tell: Tell | None = None) -> GraphAnswer:
    """The schedule that ends soonest, of those found within ``effort``; its value is its end in cycles.

    Raises Unsupported where resources are served in program order, CheckFailed where a proof contradicts a schedule.
    """
    began = monotonic()
    bound = energy_bound_cycles(graph)
    greedy = schedule_by_priority(graph, bound, effort.seed)
    if greedy.end_cycles == bound or not effort.time_limit_s:
        method = "priority rules" + ", meets the bound" * (greedy.end_cycles == bound)
        return GraphAnswer(_solved(greedy, bound, effort, began, method), greedy, bound)
    from isamap.scheduling.sweep import improve

    left = effort if effort.deterministic else replace(effort, time_limit_s=_left_s(effort, began))
    found = improve(graph, greedy.start, left, bound, tell, prove=True)
    answer = TaskSchedule(tuple(found.best.start), found.best.end_cycles)
    kept = "" if answer.end_cycles < greedy.end_cycles else "priority rules, kept by "
    solved = _solved(answer, found.bound, effort, began, kept + found.method)
    solved = replace(solved, history=tuple(found.history), interrupted=found.stopped)
    return GraphAnswer(solved, greedy, bound, found.hint)


def _left_s(effort: Effort, began: float) -> float:
    return max(0.0, effort.time_limit_s - (monotonic() - began))


def _solved(answer: TaskSchedule, bound: int, effort: Effort, began: float, method: str) -> Solved[TaskSchedule]:
    status: Status = "optimal" if answer.end_cycles == bound else "feasible"
    seconds = 0.0 if effort.deterministic else monotonic() - began
    value = float(answer.end_cycles)
    return Solved(answer, status, "latency", value, float(bound), seconds, effort.seed, method)
