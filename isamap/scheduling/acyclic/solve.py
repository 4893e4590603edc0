"""Solve a body: hint every variable from a plan, run CP-SAT, read the plan that it found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ortools.sat.python import cp_model

from isamap.cpsat import Outcome, Tell, run
from isamap.ir.effort import Effort
from isamap.scheduling.acyclic.body import Body, Plan, Where, readers, writers
from isamap.scheduling.acyclic.formulation import formulate
from isamap.scheduling.acyclic.variables import Model


@dataclass(frozen=True)
class Answer:
    """The best plan found, if any, and how the search ended."""

    plan: Plan | None
    outcome: Outcome

    @property
    def work(self) -> float:
        """Seconds as the solver counts them, the same on every run."""
        return self.outcome.work


def solve(
    body: Body,
    horizon: int,
    effort: Effort,
    *,
    bound: int = 0,
    hint: Plan | None = None,
    tell: Tell | None = None,
    without: Iterable[str] = (),
) -> Answer:
    """The plan of least latency up to ``horizon``; ``without`` leaves out rules by their labels."""
    given = formulate(body, horizon, bound, without)
    if hint is not None:
        _hint(given, hint)
    solver = cp_model.CpSolver()
    outcome = run(solver, given.model, effort, tell)
    return Answer(_plan(given, solver) if outcome.found else None, outcome)


def _hint(given: Model, plan: Plan) -> None:
    """A value for every variable; what does not take place lies at cycle 0 and address 0."""
    hint, body = given.model.add_hint, given.body
    for key, timed in given.tasks.items():
        hint(timed.start, plan.start.get(key, 0))
    for (p, r), present in given.present.items():
        hint(present, ("load", p, r, 0) in plan.start)
    for (c, p, r), reads in given.reads.items():
        hint(reads, plan.reads[c, p] == r)
    opens = {plan.first(body, t) for t in range(len(body.tiles))}
    for c, first in given.first.items():
        hint(first, c in opens)
    for (n, g), opening in given.opening.items():
        hint(opening, min(plan.start["compute", c, 0, 0] for c in body.alike[n][g]))
    for where, lying in given.lying.items():
        begin, end = lasts(body, plan, where)
        hint(lying.begin, begin)
        hint(lying.end, end)
        hint(lying.length, end - begin)
        hint(lying.place, plan.address.get(where, 0) // lying.stay.alignment_bytes)
    hint(given.latency, plan.latency_cycles)


def lasts(body: Body, plan: Plan, where: Where) -> tuple[int, int]:
    """From the first writer's start until the last reader lets go; [0, 1) for what does not take place."""
    costs = dict(body.tasks())
    begun = [plan.start[key] for key in writers(body, where) if key in plan.start]
    ends = [0]
    for key in readers(body, where):
        if key[0] == "compute":
            computation = body.computations[key[1]]
            if where[0] == "piece" and plan.reads[key[1], where[1]] != where[2]:
                continue
            opens = plan.first(body, computation.tile) == key[1]
            ends.append(plan.start[key] + (computation.first if opens else computation.more).occupancy)
        elif key in plan.start:
            ends.append(plan.start[key] + costs[key].occupancy)
    begin = min(begun, default=0)
    return begin, max(begin + 1, *ends)


def _plan(given: Model, solver: cp_model.CpSolver) -> Plan:
    body = given.body
    start = {
        key: solver.value(timed.start)
        for key, timed in given.tasks.items()
        if key[0] != "load" or solver.value(given.present[key[1], key[2]])
    }
    reads = {(c, p): r for (c, p, r), literal in given.reads.items() if solver.value(literal)}
    address, top = {}, dict.fromkeys((name for name, _, _ in body.memories), 0)
    for where, stay in body.stays():
        if where[0] == "piece" and ("load", where[1], where[2], 0) not in start:
            continue
        if where in given.lying:
            lying = given.lying[where]
            address[where] = solver.value(lying.place) * stay.alignment_bytes
        else:  # side by side
            address[where] = top[stay.memory]
            top[stay.memory] += -(-stay.size_bytes // stay.alignment_bytes) * stay.alignment_bytes
    return Plan(start, reads, address, solver.value(given.latency))
