"""Running CP-SAT: the same limits, the same record of a search and the same Ctrl-C for every formulation.

The rooms that build models bring the solver and the model; nothing here imports it. What the search found and when,
and whether the hint was taken, is read from the solver's log.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any, Literal

from isamap.ir.answers import Moment, Status
from isamap.ir.effort import Effort

__all__ = ["Outcome", "run"]

SECONDS_PER_UNIT = 20.0
"""Wall time of a unit of CP-SAT's deterministic time on rectangles: 10 to 40 s, measured 2026-11 on one worker. Models
without rectangles do a unit in far less; whoever runs one says so."""

Tell = Callable[[float | None, float | None], None]
"""Told (value, bound) whenever one of them improves."""

_EVENT = re.compile(r"^#(\S+)\s+([\d.]+)s\s+best:(\S+)\s+next:\[([^\]]*)\]", re.MULTILINE)
_HINTS = {  # what the log says of the hint; the worst is kept
    "complete and is feasible": "accepted",
    "hint is incomplete": "incomplete",
    "values outside of the domain": "infeasible",
    "it is infeasible": "infeasible",
}


@dataclass(frozen=True)
class Outcome:
    """How a search ended. ``value`` and ``bound`` are the objective's; ``hint`` is what became of the hint (empty:
    there was none, or the model was solved before it was looked at); ``interrupted``: Ctrl-C ended it."""

    status: Status
    value: float | None
    bound: float | None
    seconds: float
    history: tuple[Moment, ...]
    hint: Literal["", "accepted", "incomplete", "infeasible"]
    interrupted: bool = False
    work: float = 0.0  # seconds as the solver counts them, the same on every run

    @property
    def found(self) -> bool:
        """Is there an answer to read from the solver?"""
        return self.status in ("optimal", "feasible")


@dataclass
class _Log:
    """The lines of one search, read while they come."""

    tell: Tell | None
    clock: bool
    maximise: bool
    moments: list[Moment] = field(default_factory=list)
    hint: Literal["", "accepted", "incomplete", "infeasible"] = ""

    def __call__(self, text: str) -> None:
        for phrase, meaning in _HINTS.items():
            if phrase in text and self.hint in ("", "accepted"):
                self.hint = meaning  # type: ignore[assignment]
        for event, seconds, best, ahead in _EVENT.findall(text):
            if event in ("Model", "Done"):
                continue
            value = None if "inf" in best else float(best)
            self.add(float(seconds), value, self._bound(ahead, value))

    def _bound(self, ahead: str, value: float | None) -> float | None:
        """The end of ``next:[a,b]`` that the objective cannot pass; an empty range leaves nothing to improve."""
        if not ahead:
            return value
        return float(ahead.split(",")[1 if self.maximise else 0])

    def add(self, seconds: float, value: float | None, bound: float | None) -> None:
        moment = Moment(seconds if self.clock else 0.0, value, bound)
        if not self.moments or (value, bound) != (self.moments[-1].value, self.moments[-1].bound):
            self.moments.append(moment)
            if self.tell is not None:
                self.tell(value, bound)


def run(
    solver: Any, model: Any, effort: Effort, tell: Tell | None = None, seconds_per_unit: float = SECONDS_PER_UNIT
) -> Outcome:
    """Search ``model`` with ``solver`` (a CpSolver); its variables' values are read from the solver afterwards.

    A deterministic limit becomes ``time_limit_s / seconds_per_unit`` units of the solver's own time.
    Ctrl-C ends the search, which keeps its best answer. Raises RuntimeError where the model is not valid.
    """
    limit = solver.parameters
    limit.num_workers = 1 if effort.deterministic else effort.workers
    limit.random_seed = effort.seed
    if effort.deterministic:
        limit.max_deterministic_time = effort.time_limit_s / seconds_per_unit
    else:
        limit.max_time_in_seconds = effort.time_limit_s
    limit.catch_sigint_signal = False
    limit.log_search_progress, limit.log_to_stdout = True, False
    log = _Log(tell, clock=not effort.deterministic, maximise=bool(model.proto.objective.scaling_factor < 0))
    solver.log_callback = log
    name, interrupted = _solve(solver, model)
    status: Status = name.lower()  # type: ignore[assignment]
    if status not in ("optimal", "feasible", "infeasible", "unknown"):
        raise RuntimeError(f"CP-SAT says {status}: {model.validate()}")
    found, objective = status in ("optimal", "feasible"), model.has_objective()
    value = solver.objective_value if found and objective else None
    bound = solver.best_objective_bound if objective and status != "infeasible" else None
    if objective and status != "infeasible":
        log.add(solver.wall_time, value, bound)
    seconds = 0.0 if effort.deterministic else solver.wall_time
    work = float(solver.deterministic_time) * seconds_per_unit
    return Outcome(status, value, bound, seconds, tuple(log.moments), log.hint, interrupted, work)


def _solve(solver: Any, model: Any) -> tuple[str, bool]:
    """Solve in a thread, so that Ctrl-C reaches us: the name of the status, and whether there was one."""
    status: list[str] = []
    failure: list[BaseException] = []
    done, interrupted = Event(), False

    def work() -> None:
        try:
            status.append(solver.solve(model).name)
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    Thread(target=work, daemon=True).start()
    while not done.is_set():  # an Event, because a Thread that is joined when Ctrl-C comes counts as ended
        try:
            done.wait(0.1)
        except KeyboardInterrupt:
            interrupted = True
            solver.stop_search()
    if failure:
        raise failure[0]
    return status[0], interrupted
