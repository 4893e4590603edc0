"""Searches of one placement, one worker each: alone, or several at once, of which the first to settle its question ends
the others.

The solver follows the formulation's order of decisions and nothing else (fixed search), which solves instances that its
own ways, with the same order to choose from, do not. Only where it begins from known addresses it is left to these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event, Thread
from typing import Any

from ortools.sat.python import cp_model

from isamap.cpsat import Outcome, Tell, run
from isamap.ir.effort import Effort
from isamap.placement.orders import Order
from isamap.placement.rectangles import formulate, hint
from isamap.placement.scaled import Problem

_GLANCE_S = 0.1


@dataclass(frozen=True)
class Ask:
    """A problem, the order in which its buffers are decided on, the addresses in bytes to begin from, if any, and who
    is told of every new value and bound, from any thread."""

    problem: Problem
    order: Order = "crowded"
    known: Mapping[str, int] | None = None
    tell: Tell | None = None


@dataclass(frozen=True)
class Answer:
    """Addresses in bytes by name, none where none were found, and how the search ended."""

    address: Mapping[str, int] | None
    outcome: Outcome
    work: float  # in seconds as the solver counts them, the same on every run

    @property
    def settled(self) -> bool:
        """Found what was asked for, or proved that there is none."""
        return self.outcome.status in ("optimal", "infeasible")


def solve(ask: Ask, effort: Effort, without: frozenset[str] = frozenset(), solver: Any = None) -> Answer:
    """The lowest packing found within ``effort``, by one worker."""
    problem = ask.problem
    given = formulate(problem, ask.order, without)
    if ask.known is not None:
        hint(given, ask.known)
    solver = solver or cp_model.CpSolver()
    if ask.known is None:
        solver.parameters.search_branching = cp_model.FIXED_SEARCH
    outcome = run(solver, given.model, replace(effort, workers=1), ask.tell)
    address = None
    if outcome.found:
        address = {box.life.name: solver.value(at) * problem.unit_bytes for box, at in given.placed}
    return Answer(address, outcome, outcome.work)


def race(asks: Sequence[Ask], effort: Effort) -> list[Answer]:
    """The answers of searches side by side, in the order of ``asks``. Ctrl-C ends all of them."""
    if len(asks) == 1:
        return [solve(asks[0], effort)]
    news = Event()
    racers = [_Racer(ask, effort, news) for ask in asks]
    interrupted = False
    while any(racer.searching for racer in racers):
        try:
            news.wait(_GLANCE_S)
        except KeyboardInterrupt:
            interrupted = True
        news.clear()
        if interrupted or any(racer.settled for racer in racers):
            for racer in racers:
                racer.solver.stop_search()  # again and again: one that only begins does not hear it
    answers = [racer.result() for racer in racers]
    return [replace(a, outcome=replace(a.outcome, interrupted=True)) for a in answers] if interrupted else answers


class _Racer:
    """A search in a thread of its own, which sets ``news`` when it ends."""

    def __init__(self, ask: Ask, effort: Effort, news: Event) -> None:
        self.solver = cp_model.CpSolver()
        self._ended: Answer | BaseException | None = None
        Thread(target=self._run, args=(ask, effort, news), daemon=True).start()

    def _run(self, ask: Ask, effort: Effort, news: Event) -> None:
        try:
            self._ended = solve(ask, effort, solver=self.solver)
        except BaseException as error:
            self._ended = error
        news.set()

    @property
    def searching(self) -> bool:
        return self._ended is None

    @property
    def settled(self) -> bool:
        """Is there no need for the others any more? An error ends them as well."""
        return self._ended.settled if isinstance(self._ended, Answer) else self._ended is not None

    def result(self) -> Answer:
        if isinstance(self._ended, Answer):
            return self._ended
        raise self._ended or RuntimeError("the search goes on")
