"""The best tiling of one match in the stated model, proved or as far as the time goes."""

from __future__ import annotations

from ortools.sat.python import cp_model

from isamap.cpsat import Outcome, Tell, run
from isamap.errors import Infeasible
from isamap.ir.answers import Moment, Solved, Tiling
from isamap.ir.binding import Binding
from isamap.ir.effort import Effort
from isamap.tiling.exact.answer import decisions, plan_from, solution, tiling_of_plan
from isamap.tiling.exact.formulation import REDUNDANT, RULES
from isamap.tiling.exact.gather import givens
from isamap.tiling.exact.givens import Givens
from isamap.tiling.exact.modelled import Cost, modelled
from isamap.tiling.exact.plan import Plan
from isamap.tiling.exact.price import ENERGY_UNITS
from isamap.tiling.exact.variables import Model, variables
from isamap.tiling.exact.waiting import edp_unit
from isamap.tiling.greedy import tilings

METHOD = "CP-SAT over nests of two levels"
SECONDS_PER_UNIT = 0.05  # these models have linear rules only: 60 units took 3 s


def tile_exactly(
    binding: Binding,
    *,
    objective: str = "latency",
    effort: Effort | None = None,
    hint: Tiling | None = None,
    tell: Tell | None = None,
) -> Solved[Tiling]:
    """The best tiling of ``binding`` in the model of ``formulation``; ``hint`` (by default what local search finds) is
    where the search begins and what it never falls behind. Infeasible: no tiling at all; ``refusal`` says why.

    Raises Unsupported where the model has no exact answer for this machine or kernel.
    """
    effort = effort or Effort()
    given = givens(binding)
    if hint is None:
        hint = _greedy(binding, objective, effort)
    if _nothing_to_choose(given):
        return Solved(None, "infeasible", objective, seed=effort.seed, method=METHOD)
    begin = plan_from(binding, hint) if hint is not None else None
    if effort.time_limit_s == 0:
        return _begun(binding, objective, effort, hint, begin, None)
    m = model_of(given, objective)
    if begin is not None:
        complete_hint(m, begin)
    solver = cp_model.CpSolver()
    solver.parameters.max_presolve_iterations = 1  # tables are large: a second round costs more than it finds
    outcome = run(solver, m.model, effort, None if tell is None else _in_unit(tell, m), SECONDS_PER_UNIT)
    if outcome.status == "infeasible":
        return Solved(None, "infeasible", objective, None, None, outcome.seconds, effort.seed, METHOD)
    if not outcome.found:
        bound = None if outcome.bound is None else outcome.bound * _unit(m)
        return _begun(binding, objective, effort, hint, begin, outcome, bound)
    plan = solution(m, solver.value)
    cost = _recomputed(m, plan, solver.objective_value)
    before = modelled(binding, begin) if begin is not None else None
    if hint is not None and before is not None and before.value(objective) <= cost.value(objective):
        return _solved(m, hint, before, outcome, effort)  # nothing better: what is known stays
    return _solved(m, tiling_of_plan(binding, plan, objective), cost, outcome, effort)


def model_of(given: Givens, objective: str, *, redundant: bool = True) -> Model:
    """The model with all its rules; ``redundant``: also those that only help the search."""
    m = variables(given, objective)
    for rule in (RULES | (REDUNDANT if redundant else {})).values():
        rule(m)
    return m


def complete_hint(m: Model, plan: Plan) -> bool:
    """Hint every variable: the decisions of ``plan``, and what follows from them. False where the model refuses it."""
    for variable, value in decisions(m, plan).items():
        m.model.add_hint(variable, value)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.fix_variables_to_their_hinted_value = True
    solver.parameters.catch_sigint_signal = False  # it would take the signal away from Python for good
    solver.parameters.max_deterministic_time = 5.0
    status = solver.solve(m.model)
    m.model.clear_hints()
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return False
    for index in range(len(m.model.proto.variables)):
        variable = m.model.get_int_var_from_proto_index(index)
        m.model.add_hint(variable, solver.value(variable))
    return True


def _nothing_to_choose(given: Givens) -> bool:
    """Is there an axis that no tile cuts, or a tensor that no transfer carries?"""
    tables = [one for one in (*given.inputs, given.output) if one.tabled]
    return not all(given.shapes.values()) or not all(given.choices.values()) or not all(one.table for one in tables)


def _greedy(binding: Binding, objective: str, effort: Effort) -> Tiling | None:
    limit = float("inf") if effort.deterministic else max(1.0, effort.time_limit_s / 4)
    try:
        return tilings(binding, objective=objective, most=1, time_limit_s=limit)[0]
    except Infeasible:
        return None


def _unit(m: Model) -> float:
    """How much of the objective's unit one unit of the model's value is."""
    units = {"latency": 1 / 4, "energy": 1 / ENERGY_UNITS, "traffic": 1 / 1024}
    return edp_unit(m) / ENERGY_UNITS / 4 if m.objective == "edp" else units[m.objective]


def _in_unit(tell: Tell, m: Model) -> Tell:
    def scaled(value: float | None, bound: float | None) -> None:
        tell(*(None if number is None else number * _unit(m) for number in (value, bound)))

    return scaled


def _recomputed(m: Model, plan: Plan, objective_value: float) -> Cost:
    """What the plan costs in plain Python; it has to be what the solver says that it costs."""
    cost = modelled(m.given.binding, plan)
    said = objective_value * _unit(m)
    slack = 1e-6 if m.objective in ("latency", "traffic") else 1e-3
    if cost is None or cost.value(m.objective) > said * (1 + slack) + slack:
        found = None if cost is None else cost.value(m.objective)
        raise RuntimeError(f"the model says {said} {m.objective}, counted it is {found}: {plan}")
    return cost


def _solved(m: Model, tiling: Tiling, cost: Cost, outcome: Outcome, effort: Effort) -> Solved[Tiling]:
    unit, value = _unit(m), cost.value(m.objective)
    bound = None if outcome.bound is None else min(value, outcome.bound * unit)
    history = tuple(
        Moment(moment.seconds, *(None if n is None else n * unit for n in (moment.value, moment.bound)))
        for moment in outcome.history
    )
    return Solved(
        tiling, outcome.status, m.objective, value, bound, outcome.seconds, effort.seed, METHOD, history,
        outcome.interrupted,
    )  # fmt: skip


def _begun(
    binding: Binding,
    objective: str,
    effort: Effort,
    hint: Tiling | None,
    begin: Plan | None,
    outcome: Outcome | None,
    bound: float | None = None,
) -> Solved[Tiling]:
    """Nothing better came in time: what the search began from, or nothing."""
    seconds, interrupted = (outcome.seconds, outcome.interrupted) if outcome is not None else (0.0, False)
    cost = modelled(binding, begin) if begin is not None else None
    value = None if cost is None else cost.value(objective)
    return Solved(
        hint, "unknown" if hint is None else "feasible", objective, value, bound, seconds, effort.seed,
        METHOD if hint is None else "local search", (), interrupted,
    )  # fmt: skip
