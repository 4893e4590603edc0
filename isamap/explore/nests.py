"""What a vector of keys is worth: its nests, list-scheduled; and when a search over them has had enough."""

from __future__ import annotations

from math import inf

from isamap.compiled import Plan
from isamap.errors import Infeasible, Unsupported
from isamap.explore.counted import Counted
from isamap.explore.space import Candidate, Space
from isamap.mapping import Way
from isamap.plan import place
from isamap.scheduling import list_schedule
from isamap.search import Keys

EVALUATIONS_PER_SECOND = 20  # what counts as a second where no clock may be read
_MOST_MISSES = 200
_MOST_REPEATS = 2_000  # vectors in a row that say nothing new


class Nests:
    """The cost of keys, the best plan met, and the share of the budget spent. A plan is evaluated once, however many
    vectors say it."""

    def __init__(self, search: Counted, space: Space, method: str) -> None:
        self.search, self.space, self.method = search, space, method
        self.best: tuple[Way, Plan] | None = None
        self._known: dict[object, float] = {}
        self._tried = self._repeats = 0

    def cost(self, keys: Keys) -> float:
        """The plan's value in the objective's unit; infinite where there is none that fits."""
        self._tried, self._repeats = self._tried + 1, self._repeats + 1
        try:
            candidate = self.space.candidate(keys)
        except Infeasible:
            return inf
        if candidate.name not in self._known:
            self._repeats = 0
            self._known[candidate.name] = self._value(candidate)
        return self._known[candidate.name]

    def _value(self, candidate: Candidate) -> float:
        search = self.search
        try:
            schedule = list_schedule(candidate.parts, search.target)
            plan = search.plan(candidate.way.work, candidate.parts, schedule, self.method)
            if self.best is None or plan.value < self.best[1].value:
                place(schedule, plan.bindings, search.target)
                self.best = candidate.way, plan
                search.tell("", plan.value)
        except (Infeasible, Unsupported):
            return inf
        return plan.value

    def spent(self) -> float:
        """The share of the time limit, or of the evaluations that stand for it; 1 also where no plan can be better, or
        nothing new comes up. However little time there is, ``_MOST_MISSES`` vectors are tried for a first plan."""
        search = self.search
        if self._repeats >= _MOST_REPEATS or (self.best is not None and search.is_met(self.best[1].value)):
            return 1.0
        limit = max(search.options.time_limit_s, 1e-9)
        clocked = search.evaluations / EVALUATIONS_PER_SECOND if search.options.deterministic else search.seconds()
        return clocked / limit if self.best is not None else min(clocked / limit, self._tried / _MOST_MISSES)
