"""One model of the formulation: hint every variable from a schedule, run CP-SAT, read the schedule that it found."""

from __future__ import annotations

from dataclasses import dataclass

from ortools.sat.python import cp_model

from isamap.cpsat import Outcome, run
from isamap.ir.effort import Effort
from isamap.ir.loop_body import ModuloSchedule
from isamap.scheduling.modulo.depth import modulo_schedule
from isamap.scheduling.modulo.variables import Model

SECONDS_PER_UNIT = 1.0
"""Wall time of a unit of CP-SAT's deterministic time on these models, measured 2026-11 on one worker."""


@dataclass(frozen=True)
class Answer:
    """The schedule found, if any, how the search ended, and what it cost in seconds' worth of the solver's own time."""

    schedule: ModuloSchedule | None
    outcome: Outcome
    work: float


def ask(given: Model, effort: Effort, hint: ModuloSchedule | None = None) -> Answer:
    """The best schedule of ``given`` found within ``effort``, begun from ``hint``."""
    if hint is not None:
        _hint(given, hint)
    solver = cp_model.CpSolver()
    outcome = run(solver, given.model, effort, None, SECONDS_PER_UNIT)
    if not outcome.found:
        return Answer(None, outcome, outcome.work)
    start = [solver.value(start) for start in given.start]
    return Answer(modulo_schedule(given.body, start, given.interval), outcome, outcome.work)


def _hint(given: Model, schedule: ModuloSchedule) -> None:
    """A value for every variable, the iteration moved so that it begins at cycle 0."""
    count = range(len(schedule.slot))
    first = min(schedule.start(o) for o in count)
    start = [schedule.start(o) - first for o in count]
    moved = modulo_schedule(given.body, start, given.interval)
    every = ((given.slot, moved.slot), (given.stage, moved.stage), (given.start, start), (given.depth, moved.depth))
    for variables, values in every:
        for variable, value in zip(variables, values, strict=True):
            given.model.add_hint(variable, value)
    given.model.add_hint(given.length, schedule.length_cycles(given.body))
