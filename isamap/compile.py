"""The spine: from a workload and a target to a program that was simulated and checked.

    choose            the ways to do each einsum worth trying     mapping
    first_plan        tilings and a schedule, by heuristics       plan: tiling, scheduling
    by_solvers        better ones, by CP-SAT                      plan: tiling, scheduling
    place_plan        addresses                                   plan: placement
    lower             the program                                 lowering
    judge_program     legal? free of hazards? right?              judge: check, simulate

A search that is stopped (time limit, Ctrl-C) answers with the best plan so far.
"""

from __future__ import annotations

from dataclasses import replace

from isamap.bounds import latency_bound_cycles
from isamap.compiled import Compiled, Options, Plan
from isamap.errors import Unsupported
from isamap.ir.binding import matches_of
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.judge import judge_answers, judge_program, lower_bound, solved_program
from isamap.lowering import lower
from isamap.mapping import MatchSet, choose
from isamap.plan import Progress, Search, by_solvers, first_plan, place_plan

__all__ = ["Compiled", "Options", "compile_workload"]

_SMALL = 120  # with --method auto, the solvers are asked about plans of at most so many issues


def compile_workload(
    work: Workload,
    target: Target,
    options: Options | None = None,
    progress: Progress | None = None,
    start: Compiled | None = None,
) -> Compiled:
    """The best program found for ``work`` on ``target``, simulated and checked.

    ``start``, an earlier answer for the same two, takes the place of the heuristics. Raises NoMatch, Infeasible,
    NotFound, Unsupported; CheckFailed where the simulated value is below its bound.
    """
    options = options or Options()
    if work.repeat is not None:
        raise Unsupported("compile", f"the recurrence over {work.repeat.axis}", "evaluate runs it")
    search = Search(work, target, options, progress, lower_bound(work, target, options.objective))
    if start is None:
        found, plan, notes = _begin(search)
    else:
        found, plan, notes = start.matches, start.plan, start.notes
    if options.method == "exact" or (options.method == "auto" and len(plan.schedule.step) <= _SMALL):
        plan = by_solvers(search, plan)
    search.tell("placing and lowering", plan.value)
    placement = place_plan(search, plan.schedule, plan.bindings)
    program = lower(work, plan.bindings, plan.schedule, placement, target)
    seconds = search.seconds()
    search.tell("simulating", plan.value)
    run, violations = judge_program(program, work, target, seed=options.seed)
    violations += judge_answers(matches_of(plan.bindings), plan.tilings, plan.schedule, placement, work, target)
    solved = solved_program(program, run, work, target, options.objective, seconds, options.seed)
    solved = replace(solved, method=plan.method, history=tuple(search.history))
    if search.stopped:
        notes = (*notes, "stopped before everything was tried; this is the best one found")
    notes += _differences(plan.schedule.latency_cycles, run.latency_cycles)
    bound_cycles = latency_bound_cycles(work, target)
    return Compiled(
        work, target, options, found, plan, placement, program, run, solved, bound_cycles, violations, notes
    )


def _differences(predicted: int, simulated: int) -> tuple[str, ...]:
    """What the user should know where the machine's clock and the schedule's disagree, and why they may."""
    if predicted == simulated:
        return ()
    earlier = "the machine counts to the last output byte, the schedule to the last result of all"
    later = "the machine served whoever came first, the schedule in another order"
    cause = earlier if simulated < predicted else later
    return (f"predicted {predicted:,} cycles, simulated {simulated:,}: {cause}",)


def _begin(search: Search) -> tuple[tuple[MatchSet, ...], Plan, tuple[str, ...]]:
    """Every match that was found, the best plan of the heuristics, and what the user should know."""
    options = search.options
    search.tell("mapping")
    found, candidates, notes = choose(
        search.work, search.target, instruction=options.instruction, realise=options.realise,
        replicate=options.replicate, empty_axes=options.empty_axes, time_limit_s=max(1.0, min(search.left(), 1e6)),
    )  # fmt: skip
    return found, first_plan(search, candidates), notes
