"""Candidates in the order of their bounds, each solved under the best value known; stop when no bound is below it.

    value  = min over solved candidates          bound = min over candidates of max(its bound, what its solver proved)

An answer is proved the best of all candidates once ``bound`` has come up to ``value``. (A. H. Land and A. G. Doig, "An
automatic method of solving discrete programming problems", Econometrica 28(3), 1960.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")


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


def branch_and_bound(
    candidates: Iterable[tuple[float, Key]],
    solve: Callable[[Key, float, float], Tried[Answer]],
    value: float,
    *,
    time_is_up: Callable[[], bool] = lambda: False,
    tell: Callable[[float, float], None] = lambda value, bound: None,
) -> Searched[Key, Answer]:
    """The best answer of all ``candidates``, each (its bound, what ``solve`` knows it by).

    ``solve(key, below, bound)`` looks for an answer of less than ``below``, the value of the best one known; ``value``
    is that of the answer at hand. Ctrl-C and a lack of time keep what was found; then the bound is that of the
    candidates left. Calls ``tell`` with value and bound whenever a candidate is closed.
    """
    waiting = sorted(candidates, key=lambda entry: entry[0])
    found: Searched[Key, Answer] = Searched(value, value)
    open_bounds: list[float] = []  # of candidates that solving did not close
    for number, (bound, key) in enumerate(waiting):
        if bound >= found.value:
            break
        if found.stopped or time_is_up():
            found.stopped = True
            open_bounds.append(bound)
            break
        try:
            tried = solve(key, found.value, bound)
        except KeyboardInterrupt:
            found.stopped = found.interrupted = True
            open_bounds.append(bound)
            break
        if tried.value is not None and tried.value < found.value:
            found.value, found.answer = tried.value, tried.answer
        found.proved[key] = max(bound, tried.bound)
        if found.proved[key] < found.value:
            open_bounds.append(found.proved[key])
        left = [bound for bound, _ in waiting[number + 1 : number + 2]]
        tell(found.value, min([found.value, *open_bounds, *left]))
    found.bound = min([found.value, *open_bounds])
    return found
