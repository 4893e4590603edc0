"""Is everything that a result file says of its program true? Checked again without a solver.

The program is run again with every check on; the closed-form bounds are worked out again; the certificate's candidates
are enumerated again by code that shares nothing with the search (``check.certificate``).
"""

from __future__ import annotations

from dataclasses import dataclass

from isamap.check.certificate import check_certificate
from isamap.check.match import check_match
from isamap.check.tiling import check_tiling
from isamap.ir.answers import Violation
from isamap.judge import Objective, judge_program, least_bound, named_bounds, objective_value
from isamap.result import Result, differences
from isamap.simulate import Simulation

OBJECTIVES: tuple[Objective, ...] = ("latency", "energy", "edp", "traffic")
RULES: dict[str, str] = {
    "summary": "The summary says what a new run of the program shows, and what the rest of the file says.",
}
__all__ = ["RULES", "Verified", "verify"]


@dataclass(frozen=True)
class Verified:
    """The new run, and everything that is wrong with the file."""

    simulation: Simulation
    violations: tuple[Violation, ...]


def verify(result: Result) -> Verified:
    """Checks program, summary and certificate; raises Unsupported where the certificate is too large to enumerate."""
    work, target = result.performed, result.target
    simulation, found = judge_program(result.program, work, target, seed=result.seed, asked=result.work)
    found += tuple(wrong for match in result.matches for wrong in check_match(match, work, target))
    found += tuple(wrong for tiling in result.tilings for wrong in check_tiling(tiling, work, target))
    checked = result.summary.get("checked")
    if checked is not (not found):
        what = f"the file says {checked}, the program {'fails' if found else 'passes'} its checks"
        found += (Violation("summary", "checked", what),)
    return Verified(simulation, (*found, *differences(result, simulation), *_of_value(result, simulation)))


def _of_value(result: Result, simulation: Simulation) -> list[Violation]:
    """What is wrong with value, bounds and certificate."""
    work, target, summary = result.performed, result.target, result.summary
    works = list(dict.fromkeys([result.work, work]))
    found = []
    cycles = least_bound(works, target, "latency")
    if summary.get("bound_cycles") != cycles:
        found.append(Violation("bounds", "bound_cycles", f"{summary.get('bound_cycles')} is stated, {cycles} follows"))
    if result.certificate is None:
        return [*found, Violation("kind", "certificate", "the file has none")]
    objective = next((one for one in OBJECTIVES if one == summary.get("objective")), None)
    if objective is None:
        return [*found, Violation("objective", "summary", f"{summary.get('objective')} is none of {OBJECTIVES}")]
    return found + check_certificate(
        result.certificate,
        summary,
        work,
        target,
        value=objective_value(simulation, objective),
        closed_forms=named_bounds(works, target, objective),
        closed_form=least_bound(works, target, objective),
    )
