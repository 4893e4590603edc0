"""The formulation asked again and again, each time with other rules left out.

Every clause of a rule (or a single clause, ``fed j``) that may be left out hangs on a guard; a question assumes the
guards of all others. Where no assignment keeps them, Z3's core over the guards says which stand in the way together:
one of them has to go, so whoever asks next need not ask about sets that leave that core whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import z3

from isamap.mapping.formulation import rules, variables
from isamap.mapping.givens import Freedom, Givens
from isamap.mapping.solutions import Solution, solution_of


class Question:
    """Is there a match, with some of the rules ``optional`` left out?"""

    def __init__(self, g: Givens, freedom: Freedom, optional: Iterable[str]) -> None:
        self.g, self.freedom = g, freedom
        self.v = variables(g)
        self.guards = {name: z3.Bool(f"rule {name}", self.v.context) for name in optional}
        self.cores: list[frozenset[str]] = []
        self.solver = z3.Solver(ctx=self.v.context)
        for label, clause in rules(g, freedom, self.v):
            guard = self.guards.get(label.rule, self.guards.get(str(label)))
            self.solver.add(clause if guard is None else z3.Implies(guard, clause))

    def possible(self, without: frozenset[str]) -> bool:
        """Does some assignment keep every clause, those of ``without`` aside?"""
        if any(core.isdisjoint(without) for core in self.cores):
            return False
        if self.solver.check(*self._kept(without)) != z3.unsat:
            return True
        self.cores.append(frozenset(str(literal).removeprefix("rule ") for literal in self.solver.unsat_core()))
        return False

    def some(self, without: frozenset[str], most: int) -> Iterator[Solution]:
        """At most ``most`` of the assignments that keep them, as they come."""
        self.solver.push()
        for _ in range(most):
            if self.solver.check(*self._kept(without)) != z3.sat:
                break
            model = self.solver.model()
            choice = {var: z3.is_true(model.eval(var)) for var in (*self.v.tau, *self.v.m.values())}
            yield solution_of(self.g, self.freedom, self.v, choice)
            self.solver.add(z3.Or([z3.Not(var) if value else var for var, value in choice.items()]))
        self.solver.pop()

    def _kept(self, without: frozenset[str]) -> list[z3.BoolRef]:
        return [guard for name, guard in self.guards.items() if name not in without]
