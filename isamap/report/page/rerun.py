"""The program of a result file, run again: nothing on the page is taken from the file that a run can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from isamap.check.match import check_match
from isamap.check.tiling import check_tiling
from isamap.errors import Unsupported
from isamap.ir.answers import Violation
from isamap.judge import Objective, judge_program, least_bound, objective_value
from isamap.report.page.trace import Trace, trace_program
from isamap.result import Result, differences
from isamap.simulate import Simulation

_CLOSE = 1e-9


@dataclass(frozen=True)
class Rerun:
    """``value`` is the objective of this run; ``closed_bound`` is derived from kernel and machine alone, ``bound`` is
    the better one of it and of what the file claims. ``trace`` is None where the program could not be run."""

    result: Result
    simulation: Simulation
    violations: tuple[Violation, ...]
    objective: Objective
    value: float | None
    closed_bound: float | None
    bound: float | None
    trace: Trace | None

    @property
    def gap(self) -> float | None:
        """(value - bound) / value."""
        if self.value is None or self.bound is None:
            return None
        return (self.value - self.bound) / self.value if self.value else 0.0


def run_again(result: Result) -> Rerun:
    """Runs the program of ``result`` with every check on; raises Unsupported where the simulator cannot."""
    work, target = result.work, result.target
    simulation, found = judge_program(result.program, result.performed, target, seed=result.seed, asked=work)
    objective = _objective(result)
    value, closed = _value(simulation, objective), least_bound([work, result.performed], target, objective)
    claimed = _number(result.summary.get("bound"))
    bounds = [bound for bound in (closed, claimed) if bound is not None]
    bound = max(bounds, default=None)
    violations = (*found, *_broken_answers(result), *differences(result, simulation), *_claims(result, value, bound))
    trace = trace_program(result.program, target, simulation, result.matches)
    return Rerun(result, simulation, violations, objective, value, closed, bound, trace)


def _objective(result: Result) -> Objective:
    known: dict[str, Objective] = {name: name for name in get_args(Objective)}
    return known.get(str(result.summary.get("objective")), "latency")


def _value(simulation: Simulation, objective: Objective) -> float | None:
    try:
        return objective_value(simulation, objective)
    except Unsupported:  # energy that is not stated, or not counted because the program was refused
        return None


def _number(claim: object) -> float | None:
    return float(claim) if isinstance(claim, int | float) and not isinstance(claim, bool) else None


def _broken_answers(result: Result) -> tuple[Violation, ...]:
    """Rules that the matches and tilings in the file break."""
    found = [violation for match in result.matches for violation in check_match(match, result.performed, result.target)]
    found += [violation for t in result.tilings for violation in check_tiling(t, result.performed, result.target)]
    return tuple(found)


def _claims(result: Result, value: float | None, bound: float | None) -> tuple[Violation, ...]:
    """What the file says of value, bound and status that this run contradicts."""
    found = []
    claimed, status = _number(result.summary.get("value")), result.summary.get("status")
    if value is None or claimed is None or abs(claimed - value) > _CLOSE * max(1.0, abs(value)):
        said = f"the file says {result.summary.get('value')}, the simulation {value}"
        return (Violation("summary", "value", said),)
    if bound is not None and bound > value * (1 + _CLOSE):
        found.append(Violation("summary", "bound", f"{bound:.12g} is above the simulated value {value:.12g}"))
    if status == "optimal" and (bound is None or value > bound * (1 + _CLOSE)):
        found.append(Violation("summary", "status", f"called optimal, but its bound {bound} is below {value:.12g}"))
    return tuple(found)
