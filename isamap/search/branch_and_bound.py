"""Candidates in the order of their bounds, each solved under the best value known; stop when no bound is below it.

    value  = min over solved candidates          bound = min over candidates of max(its bound, what its solver proved)

An answer is proved the best of all candidates once ``bound`` has come up to ``value``. (A. H. Land and A. G. Doig, "An
automatic method of solving discrete programming problems", Econometrica 28(3), 1960.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")
_TICK_S = 0.2  # between looks at the clock


@dataclass(frozen=True)
class Tried(Generic[Answer]):
    """What solving a candidate showed: no value of it is below ``bound``; ``answer``, of ``value``, if a better one
    than was asked for was found."""

    bound: float
    value: float | None = None
    answer: Answer | None = None


@dataclass
class Searched(Generic[Key, Answer]):
    """The best answer (None: the one the search began from), the bound over all candidates, what was proved of each
    that was solved, and whether the search was stopped before all were closed."""

    value: float
    bound: float
    answer: Answer | None = None
    proved: dict[Key, float] = field(default_factory=dict)
    stopped: bool = False
    interrupted: bool = False


Ask = Callable[[Key, float, float], "Future[Tried[Answer]] | None"]
"""Begins to look in a candidate for an answer of less than the first number, whose bound is the second; None: whoever
solves is busy with others."""


def branch_and_bound(
    candidates: Iterable[tuple[float, Key]],
    ask: Ask[Key, Answer],
    value: float,
    *,
    time_is_up: Callable[[], bool] = lambda: False,
    tell: Callable[[float, float], None] = lambda value, bound: None,
) -> Searched[Key, Answer]:
    """The best answer of all ``candidates``, each (its bound, what ``ask`` knows it by), several at a time.

    ``value`` is that of the answer at hand. Ctrl-C and a lack of time keep what was found, without waiting for what is
    being solved; then the bound is that of the candidates left. Calls ``tell`` with value and bound whenever a
    candidate is closed.
    """
    run = _Run(deque(sorted(candidates, key=lambda entry: entry[0])), ask, Searched(value, value))
    try:
        while not run.is_done and not run.found.stopped:
            run.found.stopped = time_is_up()
            begun = not run.found.stopped and run.begin()
            for _ in run.closed(0.0 if begun or run.found.stopped else _TICK_S):
                tell(run.found.value, run.bound)
    except KeyboardInterrupt:
        run.found.stopped = run.found.interrupted = True
    run.found.bound = run.bound
    return run.found


def at_once(solve: Callable[[Key, float, float], Tried[Answer]]) -> Ask[Key, Answer]:
    """Solves each candidate where it is asked about."""

    def ask(key: Key, below: float, bound: float) -> Future[Tried[Answer]]:
        answered: Future[Tried[Answer]] = Future()
        answered.set_result(solve(key, below, bound))
        return answered

    return ask


@dataclass
class _Run(Generic[Key, Answer]):
    """Candidates that wait, those asked about, and the bounds of those that solving left open."""

    waiting: deque[tuple[float, Key]]
    ask: Ask[Key, Answer]
    found: Searched[Key, Answer]
    asked: dict[Future[Tried[Answer]], tuple[float, Key]] = field(default_factory=dict)
    left_open: list[float] = field(default_factory=list)

    @property
    def _unsolved(self) -> list[float]:
        return [bound for bound, _ in (*self.asked.values(), *islice(self.waiting, 1))]

    @property
    def is_done(self) -> bool:
        """Can nothing that is being solved or waits be better?"""
        return all(bound >= self.found.value for bound in self._unsolved)

    @property
    def bound(self) -> float:
        return min([self.found.value, *self.left_open, *self._unsolved])

    def begin(self) -> bool:
        """Asks about the candidate of the least bound, if it may be better and somebody is free."""
        if not self.waiting or self.waiting[0][0] >= self.found.value:
            return False
        bound, key = self.waiting[0]
        future = self.ask(key, self.found.value, bound)
        if future is not None:
            self.asked[future] = self.waiting.popleft()
        return future is not None

    def closed(self, timeout_s: float) -> Iterator[Key]:
        """Candidates that were solved, as it is noted what that showed."""
        done, _ = wait(self.asked, timeout_s, FIRST_COMPLETED)
        for future in sorted(done, key=lambda future: self.asked[future][0]):
            bound, key = self.asked.pop(future)
            tried = future.result()
            if tried.value is not None and tried.value < self.found.value:
                self.found.value, self.found.answer = tried.value, tried.answer
            self.found.proved[key] = max(bound, tried.bound)
            if self.found.proved[key] < self.found.value:
                self.left_open.append(self.found.proved[key])
            yield key
