"""What the solvers make of a plan: better tilings of its bindings, then a better schedule of all parts.

They begin from the plan at hand; what they find is taken only where it is better.
"""

from __future__ import annotations

from dataclasses import replace

from isamap.compiled import Plan
from isamap.errors import Infeasible, Unsupported
from isamap.plan.search import Search
from isamap.scheduling import list_schedule, schedule_exactly
from isamap.tiling import tile_exactly


def by_solvers(search: Search, plan: Plan, share: float = 1.0) -> Plan:
    """What the solvers make of a plan in a ``share`` of the time left: better tilings of its bindings, then a better
    schedule of all parts. Their models know no pins: a tiling of which something is pinned stays, and where an order
    or slots are pinned so does the schedule."""
    fixed = search.fixed
    try:
        for number, (binding, _) in enumerate(plan.parts):
            is_free = binding.strip is None and not fixed.of(binding.number).pins_tiling
            if not search.is_met(plan.value) and not search.stopped and is_free:
                plan = _better_tiling(search, plan, number, share)
        open_ = search.options.objective == "latency" and not fixed.pins_order
        if open_ and not search.is_met(plan.value) and not search.stopped:
            plan = _better_schedule(search, plan, share)
    except KeyboardInterrupt:
        search.stopped = search.interrupted = True
    return plan


def _better_tiling(search: Search, plan: Plan, number: int, share: float) -> Plan:
    """The plan with part ``number`` tiled by the solver, where its schedule is then better."""
    binding, tiling = plan.parts[number]
    search.tell(f"tiling einsum {binding.number} by CP-SAT", plan.value)
    try:
        effort = search.effort(0.4 * share / (len(plan.parts) - number))
        solved = tile_exactly(binding, objective=search.options.objective, effort=effort, hint=tiling)
        search.stopped |= solved.interrupted
        search.interrupted |= solved.interrupted
        if solved.answer is None or solved.answer == tiling:
            return plan
        parts = (*plan.parts[:number], (binding, solved.answer), *plan.parts[number + 1 :])
        schedule = list_schedule(parts, search.target)
    except (Infeasible, Unsupported):  # what the model leaves out may be too much for it
        return plan
    other = search.plan(plan.work, parts, schedule, solved.method)
    return other if other.value < plan.value else plan


def _better_schedule(search: Search, plan: Plan, share: float) -> Plan:
    """The plan with its tasks in the order and at the times that the solver finds, where that is better."""
    search.tell("scheduling by CP-SAT", plan.value)
    solved = schedule_exactly(
        plan.parts,
        search.target,
        effort=search.effort(0.9 * share),
        hint=plan.schedule,
        bound_cycles=int(search.bound or 0),
        tell=lambda value, bound: search.tell("scheduling by CP-SAT", min(plan.value, value or plan.value)),
    )
    search.stopped |= solved.interrupted
    search.interrupted |= solved.interrupted
    method = solved.method.partition(" (time and addresses together")[0]  # why not is for who asks scheduling
    model = "tiles" if "acyclic" in method else "tasks and slots"
    proved = f", the best for its {model}" if solved.status == "optimal" else ""
    if solved.answer is None or solved.answer.latency_cycles >= plan.value:
        return replace(plan, method=plan.method + proved)
    value = float(solved.answer.latency_cycles)
    return Plan(plan.work, plan.parts, solved.answer, value, method + proved, listed=False)
