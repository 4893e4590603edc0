"""Search in turns: in one order of the buffers and the other, for a height near the bound and for anything lower.

Each order finds in a second what the other misses in a minute, and so does each aim: a hint, or a height that is easy
to beat, holds a search near what it knows, while one under a lower height often comes straight to it. Several workers
take several turns at once (``race``). Turns come round four by four, each time twice as long; once all of them ask for
the same height the two orders have the time that is left.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from isamap.cpsat import Tell
from isamap.ir.answers import Status
from isamap.ir.effort import Effort
from isamap.placement.orders import ORDERS, Order
from isamap.placement.race import Answer, Ask, race
from isamap.placement.scaled import Problem
from isamap.placement.settle import settle

Aim = Literal["bound", "half way", "anything lower"]

_TURNS: tuple[tuple[Order, Aim], ...] = (
    ("crowded", "bound"),
    ("area", "bound"),
    ("crowded", "anything lower"),
    ("area", "half way"),
)
_FIRST_SHARE = 1 / 16  # of the time, for a turn that is taken alone


class Turns:
    """The best addresses so far, a height that none is below, and how far the search has come."""

    def __init__(self, problem: Problem, known: Mapping[str, int] | None = None) -> None:
        """Begins from ``known``, which gives the address of every buffer, if it is set."""
        names = [box.life.name for box in problem.rectangles]
        self.problem = problem
        self.address = None if known is None else {name: known[name] for name in names}
        self.bound = float(problem.least_bytes)
        self.work, self.interrupted = 0.0, False
        self.status: Status = "unknown" if known is None else "feasible"
        self._judge()

    @property
    def height(self) -> int | None:
        return None if self.address is None else self._top(self.address)

    @property
    def size(self) -> int:
        return len(self.problem.rectangles)

    @property
    def over(self) -> bool:
        """Is there nothing left to search for?"""
        low_enough = self.height is not None and self.height <= self.problem.enough_bytes
        return self.status in ("optimal", "infeasible") or self.interrupted or low_enough

    def allow(self, height: float) -> None:
        """Any height of at most so many bytes will do."""
        self.problem = replace(self.problem, enough_bytes=int(height))

    def _top(self, address: Mapping[str, int]) -> int:
        return max(address[box.life.name] + box.life.size_bytes for box in self.problem.rectangles)

    def below(self, aim: Aim) -> int:
        """The height that a turn is to stay below: the best one, one grain above the least of use, or half way."""
        grain = self.problem.grain_bytes
        best = -(-(self.problem.memory.capacity_bytes + 1 if self.height is None else self.height) // grain)
        near = -int(-max(self.bound, self.problem.enough_bytes) // grain) + 1
        return grain * {"bound": min(near, best), "half way": (near + best + 1) // 2, "anything lower": best}[aim]

    def ask(self, order: Order, aim: Aim, tell: Tell, *, begin: bool) -> Ask:
        """What a turn asks of the solver; one that may ``begin`` from the addresses at hand is free to stay there."""
        known = self.address if begin and aim == "anything lower" else None
        below = self.below(aim) if known is None else None
        problem = replace(self.problem, below_bytes=below)
        return Ask(problem, order, known, lambda value, bound: tell(value, self._sure(bound, below)))

    def _sure(self, bound: float | None, below: int | None) -> float | None:
        """What the solver's bound, under the height ``below``, says of all; of those up to ``enough`` nothing."""
        if bound is None or bound <= self.problem.enough_bytes:
            return None
        return bound if below is None else min(bound, below)

    def take(self, answer: Answer, below: int | None) -> None:
        """Learn from a turn that stayed below ``below`` (None: anywhere).

        What the solver places sinks, which also makes it right whatever the solver did. That nothing fits is not
        believed against a placement at hand.
        """
        outcome = answer.outcome
        self.work, self.interrupted = self.work + answer.work, self.interrupted or outcome.interrupted
        if outcome.status == "infeasible":
            sure: float | None = self.problem.memory.capacity_bytes + 1 if below is None else below
        else:
            sure = self._sure(outcome.bound, below)
        self.bound = max(self.bound, sure or 0.0)
        if answer.address is not None:
            sunk = settle([box.life for box in self.problem.rectangles], self.problem.memory, answer.address)
            if sunk is not None and (self.address is None or self._top(sunk) < self._top(self.address)):
                self.address = sunk
        self._judge()

    def _judge(self) -> None:
        if self.height is not None:
            if self.height < self.bound:  # the solver is at odds with itself
                self.bound = float(self.problem.least_bytes)
            self.status = "optimal" if self.height <= self.bound else "feasible"
        elif self.bound > self.problem.memory.capacity_bytes:
            self.status = "infeasible"


def solve_in_turns(found: Turns, effort: Effort, tell: Tell) -> None:
    """Take turns until nothing is left to search for, or no time."""
    began, lanes = time.monotonic(), 1 if effort.deterministic else min(effort.workers, len(_TURNS))
    turn, left = 0, effort.time_limit_s
    while True:
        taken = [_TURNS[(turn + lane) % len(_TURNS)] for lane in range(lanes)]
        share = min(left, effort.time_limit_s * _FIRST_SHARE * lanes * 2 ** (turn // len(_TURNS)))
        if lanes >= len(ORDERS) and found.below("bound") == found.below("anything lower"):
            taken, share = [(order, "bound") for order in ORDERS], left
        asks = [found.ask(order, aim, tell, begin=turn < len(_TURNS)) for order, aim in taken]
        for ask, answer in zip(asks, race(asks, replace(effort, time_limit_s=share)), strict=True):
            found.take(answer, ask.problem.below_bytes)
        turn += lanes
        if found.over or share == left:
            return
        left = max(0.0, effort.time_limit_s - (found.work if effort.deterministic else time.monotonic() - began))
