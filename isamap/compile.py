"""The spine: from a workload and a target to a program that was simulated and checked.

    ways              the matches and rewrites worth planning     mapping
    first_plan        tilings and a schedule, by heuristics       plan: tiling, scheduling
    by_solvers        better ones, by CP-SAT                      plan: tiling, scheduling
    search_all        of small kernels the best of all            plan: search, scheduling
    place             addresses                                   plan: placement
    lower             the program                                 lowering
    judge_program     legal? free of hazards? right?              judge: check, simulate

A search that is stopped (time limit, Ctrl-C) answers with the best plan so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from isamap.compiled import Begun, Compiled, Options, Plan
from isamap.errors import Infeasible, NotFound, Unsupported
from isamap.ir.answers import Solved
from isamap.ir.binding import matches_of
from isamap.ir.certificate import FIX, OTHER_WAYS, Certificate, Kind
from isamap.ir.fixed import Fixed
from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.workload import Workload
from isamap.judge import judge_answers, judge_program, least_bound, lower_bound, named_bounds, solved_program
from isamap.lowering import lower
from isamap.mapping import Freedom, Way, ways
from isamap.plan import (
    Progress,
    Search,
    by_solvers,
    distinct,
    first_plan,
    no_answer,
    search_all,
    taking_part,
    ways_under,
)
from isamap.plugins import Plugins

__all__ = ["Compiled", "Options", "by_heuristics", "compile_workload", "possible_ways"]

_SMALL = 120  # issues; with --method auto, the solvers are asked about plans of no more
_FIRST = 0.4  # of the time left for what the solvers make of the heuristics' plan, before all cuts are searched


def compile_workload(
    work: Workload,
    target: Target,
    options: Options | None = None,
    progress: Progress | None = None,
    start: Compiled | Begun | None = None,
    fixed: Fixed | None = None,
    plugins: Plugins | None = None,
) -> Compiled:
    """The best program found for ``work`` on ``target``, simulated and checked.

    ``start``, an earlier answer or a plan for the same two, takes the place of the heuristics; it may not come with
    parts of the answer that are ``fixed``. Raises NoMatch, Infeasible, NotFound, Unsupported, Contradiction (of what
    is fixed); CheckFailed where the simulated value is below its bound. ``plugins`` are functions that take part in the
    heuristics, beside those that ``options`` name.
    """
    options = options or Options()
    if work.repeat is not None:
        raise Unsupported("compile", f"the recurrence over {work.repeat.axis}", "evaluate runs it")
    if fixed and start is not None:
        raise Unsupported("compile", "a start for an answer of which parts are fixed", "give one of the two")
    search = Search(work, target, options, progress, lower_bound(work, target, options.objective), fixed or Fixed())
    search.plugins = taking_part(search, plugins or Plugins())
    if start is None:
        every = possible_ways(search)
        way, plan = by_heuristics(search, every)
        found, steps, notes = way.sets, way.steps, way.notes
    else:
        plan, found, steps, notes = start.plan, start.matches, start.steps, start.notes
        if search.plugins:
            notes += ("the functions given for the heuristics were not asked: the search began from another answer",)
        bounds = (least_bound([work, plan.work], target, options.objective), start.bound)
        search.bound = min((bound for bound in bounds if bound is not None), default=None)
    certificate = None
    small = len(plan.schedule.step) <= _SMALL
    if options.method == "exact" or (options.method == "auto" and small):
        plan = by_solvers(search, plan, _FIRST if small else 1.0)
        if small and not search.stopped and not search.fixed:
            plan, certificate = search_all(search, plan, distinct([m for one in found for m in one.with_swap]))
            if certificate is not None and _may_be_better(search, plan, every if start is None else None):
                search.proved = certificate = None
    search.tell("placing and lowering", plan.value)
    placement = search.place(plan.schedule, plan.bindings)
    program = lower(plan.work, plan.bindings, plan.schedule, placement, target)
    seconds = search.seconds()
    search.tell("simulating", plan.value)
    run, violations = judge_program(program, plan.work, target, seed=options.seed, asked=work)
    violations += judge_answers(matches_of(plan.bindings), plan.tilings, plan.schedule, placement, plan.work, target)
    solved = solved_program(program, run, search.best_bound, options.objective, seconds, options.seed)
    solved = replace(solved, method=plan.method, history=tuple(search.history), interrupted=search.interrupted)
    if search.stopped:
        notes = (*notes, "stopped before everything was tried; this is the best one found")
    notes += _fixed(search.fixed) + _passing(plan) + tuple(search.remarks)
    notes += _differences(plan.schedule.latency_cycles, run.latency_cycles)
    certificate = _certificate(search, certificate, solved, plan.work)
    cycles = int(least_bound([work, plan.work], target, "latency") or 0)
    return Compiled(
        work,
        target,
        options,
        found,
        plan,
        placement,
        program,
        run,
        solved,
        cycles,
        violations,
        notes,
        steps,
        certificate,
    )


def _certificate(search: Search, found: Certificate | None, solved: Solved[Program], done: Workload) -> Certificate:
    """What is known of the value of a program that does ``done``: what the search of all cuts showed, or closed forms
    alone where they say no less."""
    works, objective = list(dict.fromkeys([search.work, done])), search.options.objective
    least = least_bound(works, search.target, objective)
    bounds = named_bounds(works, search.target, objective)
    if least is not None and search.bound is not None and search.bound < least:
        bounds += ((OTHER_WAYS, search.bound),)
    if found is not None and found.bound is not None and found.bound > (search.bound or 0.0):
        return replace(found, value=solved.value or 0.0, bounds=bounds)
    kind: Kind = "verified" if search.bound is not None else "none"
    within = ((FIX, str(search.fixed)),) if search.fixed else ()
    return Certificate(kind, solved.objective, solved.value or 0.0, search.bound, bounds, within=within)


def _may_be_better(search: Search, plan: Plan, every: Sequence[Way] | None) -> bool:
    """May a program for another way to do the workload take less than the plan, of whose way all cuts were searched?"""
    works = [way.work for way in (possible_ways(search) if every is None else every)]
    bounds = [least_bound([work], search.target, search.options.objective) for work in works if work != plan.work]
    return any(bound is None or bound < plan.value for bound in bounds)


def _fixed(fixed: Fixed) -> tuple[str, ...]:
    """What was not searched for, and what the gap then means."""
    return (f"fixed: {fixed}; the bound is that of every program, fixed so or not",) if fixed else ()


def _passing(plan: Plan) -> tuple[str, ...]:
    """Which tensors pass on chip from einsum to einsum, in which strips."""
    homes = [
        (buffer.tensor, buffer.home)
        for buffer in plan.schedule.buffers
        if buffer.home and 0 < buffer.home.rows < plan.work.tensor(buffer.tensor).shape[buffer.home.dimension]
    ]
    return tuple(
        f"{name} passes through {home.memory} in strips of {home.rows} along dimension {home.dimension}: the einsums "
        "that write and read it work in turns"
        for name, home in homes
    )


def _differences(predicted: int, simulated: int) -> tuple[str, ...]:
    """What the user should know where the machine's clock and the schedule's disagree, and why they may."""
    if predicted == simulated:
        return ()
    earlier = "the machine counts to the last output byte, the schedule to the last result of all"
    later = "the machine served whoever came first, the schedule in another order"
    cause = earlier if simulated < predicted else later
    return (f"predicted {predicted:,} cycles, simulated {simulated:,}: {cause}",)


def possible_ways(search: Search) -> list[Way]:
    """The ways to do the workload that are worth a plan; the bound of ``search`` then holds for all of them."""
    options = search.options
    search.tell("mapping")
    freedom = Freedom(options.realise, options.replicate, options.empty_axes)
    limit = max(1.0, min(search.left(), 1e6))
    every = ways(search.work, search.target, freedom, options.instruction, limit)
    search.bound = least_bound([search.work, *(way.work for way in every)], search.target, options.objective)
    return ways_under(search, every) if search.fixed else every


def by_heuristics(search: Search, every: Sequence[Way]) -> tuple[Way, Plan]:
    """The best plan of the heuristics over all ways to do the workload, and its way."""
    found: list[tuple[Way, Plan]] = []
    refused: list[Exception] = []
    for way in every:
        if found and way.cycles >= min(plan.value for _, plan in found) and search.options.objective == "latency":
            continue  # the unit alone would take longer
        try:
            found.append((way, first_plan(search, way.work, way.candidates)))
        except (Infeasible, NotFound, Unsupported) as error:
            refused.append(error)
        if search.stopped or (found and search.is_met(found[-1][1].value)):
            break
    if not found:
        raise no_answer(search.fixed, refused[0])
    return min(found, key=lambda one: one[1].value)
