"""Try candidates in the order of their promise and keep the best; stop when it cannot be beaten or time is up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from isamap.errors import Infeasible, IsamapError, NotFound, Unsupported

Candidate = TypeVar("Candidate")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Best(Generic[Candidate, Answer]):
    """The best candidate with its value and answer; ``stopped`` where others were left untried."""

    value: float
    candidate: Candidate
    answer: Answer
    stopped: bool


def best_first(
    candidates: Iterable[Candidate],
    solve: Callable[[Candidate], tuple[float, Answer]],
    *,
    bound: float | None = None,
    time_is_up: Callable[[], bool] = lambda: False,
    tell: Callable[[float], None] = lambda value: None,
) -> Best[Candidate, Answer]:
    """The candidate of the smallest value. At least one is tried, however little time there is; Ctrl-C keeps the best.

    A candidate that ``solve`` refuses (Infeasible, Unsupported) is passed over; the first refusal is raised where all
    are refused. Raises NotFound where there is no candidate, or where the search was stopped before its first answer.
    """
    best: Best[Candidate, Answer] | None = None
    refusal: IsamapError | None = None
    stopped = False
    try:
        for candidate in candidates:
            if best is not None and time_is_up():
                stopped = True
                break
            try:
                value, answer = solve(candidate)
            except (Infeasible, Unsupported) as error:
                refusal = refusal or error
                continue
            if best is None or value < best.value:
                best = Best(value, candidate, answer, stopped=False)
                tell(value)
            if bound is not None and best.value <= bound:
                break
    except KeyboardInterrupt:
        stopped = True
    if best is None:
        raise refusal or NotFound("stopped before a first answer was found" if stopped else "there is no candidate")
    return Best(best.value, best.candidate, best.answer, stopped)
