"""Is a program right, and what is it worth? Checkers and simulator, which share no code with what made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from isamap.bounds import energy_bound_pj, forced_bytes, latency_bound_cycles, latency_bounds
from isamap.check.match import check_match
from isamap.check.placement import check_placement
from isamap.check.program import check_program
from isamap.check.schedule import check_schedule
from isamap.check.tiling import check_tiling
from isamap.errors import CheckFailed, Unsupported
from isamap.ir.answers import Match, Placement, Schedule, Solved, Tiling, Violation
from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.workload import Workload
from isamap.simulate import Simulation, evaluate, mismatches, random_inputs, same_meaning, simulate

Objective = Literal["latency", "energy", "edp", "traffic"]


def judge_program(
    program: Program, work: Workload, target: Target, *, seed: int = 0, asked: Workload | None = None
) -> tuple[Simulation, tuple[Violation, ...]]:
    """Run ``program``, which does ``work``, on random inputs and say everything that is wrong with it: legality,
    hazards, numbers. Its outputs must be what ``work`` means, and ``asked``, which ``work`` stands for."""
    inputs = random_inputs(work, seed)
    found = tuple(check_program(program, target))
    simulation = simulate(program, target, inputs)
    found += simulation.violations
    if not found:
        meant = evaluate(work, inputs)
        found = mismatches(work, meant, simulation.outputs)
        if asked is not None and asked != work:
            found += tuple(same_meaning(asked, work, inputs, meant))
    return simulation, found


def judge_answers(
    matches: Sequence[Match],
    tilings: Sequence[Tiling],
    schedule: Schedule,
    placement: Placement,
    work: Workload,
    target: Target,
) -> tuple[Violation, ...]:
    """What the checkers of the answers on the way to a program find wrong with them."""
    found = [violation for match in matches for violation in check_match(match, work, target)]
    found += [violation for tiling in tilings for violation in check_tiling(tiling, work, target)]
    found += check_schedule(schedule, matches, work, target)
    found += check_placement(placement, target)
    return tuple(found)


def objective_value(simulation: Simulation, objective: Objective) -> float:
    """What the run cost, in the objective's unit; raises Unsupported where the machine states no energy."""
    if objective == "latency":
        return float(simulation.latency_cycles)
    if objective == "traffic":
        return float(sum(simulation.traffic_bytes.values()))
    if simulation.energy_pj is None:
        raise Unsupported("compile", f"--objective {objective} on a machine that states no energy")
    return simulation.energy_pj * (simulation.latency_cycles if objective == "edp" else 1)


def least_bound(works: Sequence[Workload], target: Target, objective: Objective) -> float | None:
    """A bound that holds whichever of ``works``, all of one meaning, is done; None where the machine states no
    energy."""
    bounds = [lower_bound(work, target, objective) for work in works]
    known = [bound for bound in bounds if bound is not None]
    return min(known) if len(known) == len(bounds) else None


def lower_bound(work: Workload, target: Target, objective: Objective) -> float | None:
    """The closed-form bound in the objective's unit; None where the machine states no energy."""
    if objective == "latency":
        return float(latency_bound_cycles(work, target))
    if objective == "traffic":
        return float(forced_bytes(work, target))
    energy = energy_bound_pj(work, target)
    if energy is None or objective == "energy":
        return energy
    return energy * latency_bound_cycles(work, target)


def named_bounds(works: Sequence[Workload], target: Target, objective: Objective) -> tuple[tuple[str, float], ...]:
    """The closed-form bounds of each of ``works`` by name; those of the second and later ones say whose they are."""
    found: list[tuple[str, float]] = []
    for number, work in enumerate(works):
        own = [(bound.name, float(bound.value)) for bound in latency_bounds(work, target)]
        if objective != "latency":
            bound = lower_bound(work, target, objective)
            own = [] if bound is None else [(objective, bound)]
        found += [(f"{work.name}, rewritten: {name}" if number else name, value) for name, value in own]
    return tuple(found)


def solved_program(
    program: Program, run: Simulation, bound: float | None, objective: Objective, seconds: float, seed: int
) -> Solved[Program]:
    """The program with its simulated value and its ``bound``: optimal where they meet.

    Raises CheckFailed where the value is below the bound, which is a defect of the bound or of the simulator.
    """
    value = objective_value(run, objective)
    if bound is not None and value < bound * (1 - 1e-12) and not run.violations:
        raise CheckFailed(f"the simulated {objective} {value} is below its lower bound {bound}")
    status: Literal["optimal", "feasible"] = "optimal" if value == bound else "feasible"
    return Solved(program, status, objective, value, bound, seconds, seed, "heuristic")
