"""Search in turns: by one order of the buffers and the other, for anything lower and for a height near the bound.

The first turn begins from the placement at hand. The others begin afresh: a hint holds the search near what it knows,
while a search under a lower height often comes straight to it. Four turns are as long as each other, the next four
twice as long.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from isamap.cpsat import Tell
from isamap.ir.answers import Status
from isamap.ir.effort import Effort
from isamap.placement.orders import Order
from isamap.placement.rectangles import Answer, solve
from isamap.placement.scaled import Problem
from isamap.placement.settle import settle

_TURNS: tuple[tuple[Order, bool], ...] = (("crowded", False), ("area", True), ("crowded", True), ("area", False))
_FIRST_SHARE = 1 / 32  # of the time


@dataclass
class Turns:
    """The best addresses so far, a height that none is below, and how far the search has come."""

    problem: Problem
    address: Mapping[str, int] | None
    bound: float
    status: Status = "unknown"
    work: float = 0.0
    interrupted: bool = False

    @property
    def height(self) -> int | None:
        return None if self.address is None else self._top(self.address)

    def _top(self, address: Mapping[str, int]) -> int:
        return max(address[box.life.name] + box.life.size_bytes for box in self.problem.rectangles)

    def below(self, *, near_the_bound: bool) -> int | None:
        """The height that the next turn is to stay below: the best one; or, near the bound, just above it, and half
        way between the two once that was refuted."""
        if not near_the_bound:
            return self.height
        grain, bound = self.problem.grain_bytes, -int(-self.bound // self.problem.grain_bytes)
        top = -(-(self.height or self.problem.memory.capacity_bytes + 1) // grain)
        refuted = self.bound > self.problem.least_bytes
        return grain * (bound + max(1, (top - bound + 1) // 2 if refuted else 1))

    def take(self, answer: Answer, below: int | None) -> None:
        """Learn from a turn that stayed below ``below`` (None: anywhere).

        What the solver places sinks, which also makes it right whatever the solver did. That nothing fits is not
        believed against a placement at hand.
        """
        outcome = answer.outcome
        self.work, self.interrupted = self.work + answer.work, outcome.interrupted
        capacity = self.problem.memory.capacity_bytes
        if outcome.status == "infeasible":
            refuted = capacity + 1 if below is None else below
            self.bound = max(self.bound, refuted)
        elif outcome.bound is not None:
            self.bound = max(self.bound, outcome.bound if below is None else min(outcome.bound, below))
        if answer.address is not None:
            sunk = settle([box.life for box in self.problem.rectangles], self.problem.memory, answer.address)
            if sunk is not None and (self.address is None or self._top(sunk) < self._top(self.address)):
                self.address = sunk
        if self.height is not None:
            if self.height < self.bound:
                self.bound = float(self.problem.least_bytes)
            self.status = "optimal" if self.height <= self.bound else "feasible"
        elif self.bound > capacity:
            self.status = "infeasible"


def solve_in_turns(problem: Problem, effort: Effort, hint: Mapping[str, int] | None, tell: Tell) -> Turns:
    """The lowest packing found, no higher than ``hint``, which gives the address of every buffer."""
    found = Turns(problem, hint, float(problem.least_bytes))
    began, turn = time.monotonic(), 0
    while True:
        order, near = _TURNS[turn % len(_TURNS)]
        spent = found.work if effort.deterministic else time.monotonic() - began
        left = max(0.0, effort.time_limit_s - spent)
        rounds = turn // len(_TURNS)
        share = min(left, effort.time_limit_s * _FIRST_SHARE * 2**rounds)
        allowed = replace(effort, time_limit_s=share, seed=effort.seed + rounds)
        below = found.below(near_the_bound=near) if turn else None
        answer = solve(replace(problem, below_bytes=below), allowed, order, hint if turn == 0 else None, tell=tell)
        found.take(answer, below)
        turn += 1
        if found.status in ("optimal", "infeasible") or found.interrupted or share == left:
            return found
