"""The best candidate is kept, whatever ends the search."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from isamap.errors import Infeasible, NotFound, Unsupported
from isamap.search import best_first


def worth(candidate: float) -> tuple[float, str]:
    return candidate, f"answer {candidate}"


def test_the_smallest_value_wins() -> None:
    told: list[float] = []
    best = best_first([3.0, 1.0, 2.0], worth, tell=told.append)
    assert (best.value, best.candidate, best.answer, best.stopped) == (1.0, 1.0, "answer 1.0", False)
    assert told == [3.0, 1.0]


def test_nothing_is_tried_after_the_bound_is_met() -> None:
    tried: list[float] = []

    def solve(candidate: float) -> tuple[float, None]:
        tried.append(candidate)
        return candidate, None

    best_first([3.0, 1.0, 2.0], solve, bound=1.0)
    assert tried == [3.0, 1.0]


def test_one_is_tried_however_little_time_there_is() -> None:
    best = best_first([3.0, 1.0], worth, time_is_up=lambda: True)
    assert (best.value, best.stopped) == (3.0, True)


def test_an_interrupt_keeps_the_best() -> None:
    def interrupted() -> Iterator[float]:
        yield 3.0
        yield 2.0
        raise KeyboardInterrupt

    best = best_first(interrupted(), worth)
    assert (best.value, best.stopped) == (2.0, True)


def test_an_interrupt_before_the_first_answer() -> None:
    def solve(candidate: float) -> tuple[float, None]:
        raise KeyboardInterrupt

    with pytest.raises(NotFound, match="before a first answer"):
        best_first([1.0], solve)


def test_refused_candidates_are_passed_over() -> None:
    def solve(candidate: float) -> tuple[float, None]:
        if candidate < 2:
            raise Infeasible("too small")
        return candidate, None

    assert best_first([1.0, 2.0], solve).value == 2.0


def test_the_first_refusal_is_raised_where_all_are_refused() -> None:
    def solve(candidate: int) -> tuple[float, None]:
        raise [Unsupported("room", "first"), Infeasible("second")][candidate]

    with pytest.raises(Unsupported, match="first"):
        best_first([0, 1], solve)
    with pytest.raises(NotFound, match="no candidate"):
        best_first([], worth)
