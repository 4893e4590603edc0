"""All assignments that keep the rules, one solver call each; a blocking clause on (tau, m) after each."""

from __future__ import annotations

import time
from dataclasses import dataclass

import z3

from isamap.errors import NotFound
from isamap.mapping.formulation import Clauses, Label, Variables, rules, variables
from isamap.mapping.givens import Axes, Freedom, Givens
from isamap.mapping.in_place import ordered_in_place
from isamap.mapping.realisation import nested_order, ordered


@dataclass(frozen=True)
class Solution:
    """An orientation (its number) and the kernel axes fused into each instruction axis, outer to inner."""

    orientation: int
    axes: Axes


def solutions(g: Givens, freedom: Freedom, time_limit_s: float = 60.0) -> tuple[Solution, ...]:
    """Every solution, in a fixed order: by instruction axis, few kernel axes before many, each in order of appearance,
    then by orientation. Raises NotFound where the time ends before the enumeration is complete."""
    deadline = time.monotonic() + time_limit_s
    v = variables(g)
    solver = z3.Solver(ctx=v.context)
    for _, clause in rules(g, freedom, v):
        solver.add(clause)
    found: list[Solution] = []
    while (verdict := _check(solver, deadline)) == z3.sat:
        model = solver.model()
        choice = {var: z3.is_true(model.eval(var)) for var in (*v.tau, *v.m.values())}
        found.append(solution_of(g, freedom, v, choice))
        solver.add(z3.Or([z3.Not(var) if value else var for var, value in choice.items()]))
    if verdict != z3.unsat:
        raise NotFound(
            f"mapping: {len(found)} matches of einsum {g.number} on {g.instruction.name} in {time_limit_s:g} s, "
            "not known to be all; give it more time"
        )
    return tuple(sorted(found, key=lambda solution: _rank(g, solution)))


def core(g: Givens, freedom: Freedom, without: frozenset[str] = frozenset()) -> tuple[Label, ...]:
    """Clauses that no assignment keeps together, each of them needed for that; empty: some assignment keeps all.

    ``without`` leaves out rules, or single clauses, by name (``fed``, ``fed j``)."""
    v = variables(g)
    tracked = {str(label): (label, clause) for label, clause in _kept(g, freedom, v, without)}
    solver = z3.Solver(ctx=v.context)
    for name, (_, clause) in tracked.items():
        solver.assert_and_track(clause, z3.Bool(f"rule {name}", v.context))
    if solver.check() != z3.unsat:
        return ()
    names = {str(literal).removeprefix("rule ") for literal in solver.unsat_core()}
    kept = [name for name in tracked if name in names]
    for name in list(kept):
        rest = [other for other in kept if other != name]
        if _unsatisfiable(v, [tracked[other][1] for other in rest]):
            kept = rest
    return tuple(tracked[name][0] for name in kept)


def possible(g: Givens, freedom: Freedom, without: frozenset[str] = frozenset()) -> bool:
    """Does some assignment keep every clause, those of ``without`` aside?"""
    v = variables(g)
    return not _unsatisfiable(v, [clause for _, clause in _kept(g, freedom, v, without)])


def keeps(g: Givens, freedom: Freedom, solution: Solution) -> bool:
    """Does ``solution`` keep every rule?"""
    v = variables(g)
    fed = {(x, d.name) for d, fused in zip(g.axes, solution.axes, strict=True) for x in fused}
    chosen = [tau if w == solution.orientation else z3.Not(tau) for w, tau in enumerate(v.tau)]
    chosen += [m if pair in fed else z3.Not(m) for pair, m in v.m.items()]
    return not _unsatisfiable(v, [*chosen, *(clause for _, clause in rules(g, freedom, v))])


def _kept(g: Givens, freedom: Freedom, v: Variables, without: frozenset[str]) -> Clauses:
    for label, clause in rules(g, freedom, v):
        if label.rule not in without and str(label) not in without:
            yield label, clause


def _unsatisfiable(v: Variables, clauses: list[z3.BoolRef]) -> bool:
    solver = z3.Solver(ctx=v.context)
    solver.add(*clauses)
    return solver.check() == z3.unsat


def _check(solver: z3.Solver, deadline: float) -> z3.CheckSatResult:
    left_ms = int(1000 * (deadline - time.monotonic()))
    if left_ms <= 0:
        return z3.unknown
    solver.set("timeout", left_ms)
    return solver.check()


def solution_of(g: Givens, freedom: Freedom, v: Variables, choice: dict[z3.BoolRef, bool]) -> Solution:
    """The assignment ``choice`` as a solution."""
    axes = []
    for d in g.axes:
        fused = ordered(g, (x for x in g.extents if choice[v.m[x, d.name]]))
        nested = nested_order(g, fused, d.most) if freedom.realise == "direct" else None
        axes.append(nested or fused)
    orientation = next(w for w, tau in enumerate(v.tau) if choice[tau])
    return Solution(orientation, ordered_in_place(g, orientation, tuple(axes)))


def _rank(g: Givens, solution: Solution) -> tuple[tuple[tuple[int, tuple[int, ...]], ...], int]:
    place = list(g.extents).index
    return tuple((len(fused), tuple(map(place, fused))) for fused in solution.axes), solution.orientation
