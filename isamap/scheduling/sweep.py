"""Better orders of a task graph: all of it at once where it is small, else window by window.

A window is a run of jobs in the order of their starts. Those before it keep their starts, those after it their order:
they are what the window's jobs still have to be followed by. The window's best starts are kept where the whole, timed
anew, does not end later. Windows overlap by half and are swept over until none helps or the time is up.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from isamap.cpsat import Outcome, Tell
from isamap.errors import CheckFailed
from isamap.ir.answers import Moment
from isamap.ir.effort import Effort
from isamap.ir.task_graph import TaskGraph
from isamap.scheduling.timetable import Timetable, by_start, earliest
from isamap.scheduling.view import View
from isamap.scheduling.window import Window, solve

WHOLE_JOBS = 100  # all at once up to here: beyond, a first improvement takes longer than sweeping over windows does
WINDOW_JOBS = 50  # solved in about a second each
_LEAST_LIMIT_S = 0.2  # a window gets at least so long, whatever is left for the others


@dataclass
class Sweep:
    """The best timetable so far, its proved bound, and how it came about."""

    best: Timetable
    bound: int
    proved: bool = False
    stopped: bool = False
    history: list[Moment] = field(default_factory=list)
    method: str = "its tasks' bound"
    seconds: float = 0.0
    hint: str = ""  # what became of the hint where all is solved at once


def improve(
    graph: TaskGraph,
    start: Sequence[int],
    effort: Effort,
    bound: int,
    tell: Tell | None = None,
    *,
    prove: bool = False,
) -> Sweep:
    """Begin from feasible ``start``s; the answer never ends later than they do. ``bound`` is known from elsewhere.
    To ``prove``, all is solved at once however many jobs there are; from below too, where resources are shared."""
    found = Sweep(earliest(graph, by_start(graph, start)), max(bound, graph.bound_cycles))
    found.best = _settled(graph, found.best)
    _check(found)
    if found.best.end_cycles == found.bound or not effort.time_limit_s:
        found.proved = found.best.end_cycles == found.bound
    elif prove or len(graph.jobs) <= WHOLE_JOBS:
        _whole(graph, found, effort, tell, prove)
    else:
        _sweep(graph, found, effort, tell)
    return found


def _settled(graph: TaskGraph, table: Timetable) -> Timetable:
    """The timetable of the order of its own starts, as often as that helps."""
    while True:
        again = earliest(graph, by_start(graph, table.start))
        if again.end_cycles >= table.end_cycles:
            return again if again.end_cycles == table.end_cycles else table
        table = again


def _check(found: Sweep) -> None:
    if found.best.end_cycles < found.bound:
        raise CheckFailed(f"a schedule of {found.best.end_cycles} cycles is below its lower bound of {found.bound}")


def _whole(graph: TaskGraph, found: Sweep, effort: Effort, tell: Tell | None, prove: bool) -> None:
    most, jobs = found.best.end_cycles, range(len(graph.jobs))
    window = Window(
        graph, dict(enumerate(graph.heads)), dict(enumerate(graph.tails)), most, found.bound,
        hint={job: found.best.start[job] for job in jobs},
    )  # fmt: skip
    answer = solve(window, effort, tell, from_below=prove and graph.shares)
    _refuse_infeasible(answer.outcome, most)
    found.method, found.hint, found.seconds = "cp-sat tasks", answer.outcome.hint, answer.outcome.seconds
    found.history, found.stopped = [*answer.outcome.history], answer.outcome.interrupted
    if answer.outcome.bound is not None:
        found.bound = max(found.bound, round(answer.outcome.bound))
    if answer.start is not None:
        _accept(graph, found, [answer.start[job] for job in jobs])
        _check(found)
        found.proved = found.best.end_cycles == found.bound


def _refuse_infeasible(outcome: Outcome, most: int) -> None:
    if outcome.status == "infeasible":
        raise CheckFailed(f"CP-SAT finds no schedule of {most} cycles, although one was given")


def _accept(graph: TaskGraph, found: Sweep, start: Sequence[int]) -> bool:
    """Time ``start``'s order anew and keep it where it ends no later; True where it ends sooner."""
    table = _settled(graph, earliest(graph, by_start(graph, start)))
    sooner = table.end_cycles < found.best.end_cycles
    if table.end_cycles <= found.best.end_cycles:
        found.best = table
    return sooner


@dataclass
class _Clock:
    """What is left of an effort: seconds, or the solver's own unit of work where the answer must repeat."""

    effort: Effort
    began: float = field(default_factory=time.monotonic)
    worked: float = 0.0

    def spent(self) -> float:
        return self.worked if self.effort.deterministic else time.monotonic() - self.began

    def left(self) -> float:
        return self.effort.time_limit_s - self.spent()


def _sweep(graph: TaskGraph, found: Sweep, effort: Effort, tell: Tell | None) -> None:
    clock, step = _Clock(effort), WINDOW_JOBS // 2
    view, count = View.of(graph, found.best), -(-len(graph.jobs) // step)
    found.method = "cp-sat windows"
    idle, place = 0, 0
    while idle <= count and clock.left() > 0 and found.best.end_cycles > found.bound and not found.stopped:
        first, idle = place * step, idle + 1
        place = (place + 1) % count
        window = view.window(first, WINDOW_JOBS, found.bound)
        if window is None:
            continue
        limit = min(max(0.0, clock.left()), max(_LEAST_LIMIT_S, effort.time_limit_s / count / 2))
        answer = solve(window, replace(effort, time_limit_s=limit))
        found.stopped = answer.outcome.interrupted
        clock.worked += answer.work
        _refuse_infeasible(answer.outcome, window.most)
        if answer.start is None or answer.outcome.value == window.most:
            continue
        if _accept(graph, found, view.changed(answer.start, first + WINDOW_JOBS)):
            _check(found)
            idle, view = 0, View.of(graph, found.best)
            seconds, now = 0.0 if effort.deterministic else clock.spent(), float(found.best.end_cycles)
            found.history.append(Moment(seconds, now, float(found.bound)))
            if tell is not None:
                tell(now, float(found.bound))
    found.proved = found.best.end_cycles == found.bound
    found.seconds = 0.0 if effort.deterministic else clock.spent()
