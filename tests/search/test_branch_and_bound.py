"""Branch and bound: the best of all candidates, a bound that holds, and what ends it."""

from __future__ import annotations

import random

from isamap.search import Tried, branch_and_bound

WORTH = {"a": 12.0, "b": 10.0, "c": 11.0, "d": 30.0}
BOUNDS = {"a": 5.0, "b": 9.0, "c": 8.0, "d": 20.0}
CANDIDATES = [(BOUNDS[key], key) for key in WORTH]


def exactly(key: str, below: float, bound: float) -> Tried[str]:
    """Proves the candidate's worth, or that it is not below what is asked."""
    worth = WORTH[key]
    return Tried(worth, worth, key.upper()) if worth < below else Tried(below)


def test_the_best_of_all_is_found_and_proved() -> None:
    found = branch_and_bound(CANDIDATES, exactly, 25.0)
    assert (found.value, found.bound, found.answer, found.stopped) == (10.0, 10.0, "B", False)
    assert set(found.proved) == {"a", "b", "c"}  # d cannot be better: nobody asked


def test_the_answer_at_hand_stays_where_none_is_better() -> None:
    found = branch_and_bound(CANDIDATES, exactly, 10.0)
    assert (found.value, found.bound, found.answer) == (10.0, 10.0, None)


def test_what_a_solver_leaves_open_bounds_the_answer() -> None:
    def weakly(key: str, below: float, bound: float) -> Tried[str]:
        return Tried(7.0) if key == "a" else exactly(key, below, bound)

    found = branch_and_bound(CANDIDATES, weakly, 25.0)
    assert (found.value, found.bound, found.answer) == (10.0, 7.0, "B")


def test_a_lack_of_time_leaves_the_next_bound() -> None:
    asked: list[str] = []

    def noted(key: str, below: float, bound: float) -> Tried[str]:
        asked.append(key)
        return exactly(key, below, bound)

    found = branch_and_bound(CANDIDATES, noted, 25.0, time_is_up=lambda: len(asked) == 1)
    assert (found.value, found.bound, found.stopped, asked) == (12.0, 8.0, True, ["a"])


def test_an_interrupt_keeps_the_best() -> None:
    def stopping(key: str, below: float, bound: float) -> Tried[str]:
        if key == "b":
            raise KeyboardInterrupt
        return exactly(key, below, bound)

    found = branch_and_bound(CANDIDATES, stopping, 25.0)
    assert (found.value, found.answer, found.bound) == (11.0, "C", 9.0)
    assert found.stopped
    assert found.interrupted


def test_value_and_bound_close_in_from_both_sides() -> None:
    told: list[tuple[float, float]] = []
    branch_and_bound(CANDIDATES, exactly, 25.0, tell=lambda value, bound: told.append((value, bound)))
    assert told == [(12.0, 8.0), (11.0, 9.0), (10.0, 10.0)]


def test_random_candidates_equal_the_minimum() -> None:
    """With solvers that prove only part of what is true, the bound is never above the least worth."""
    rng = random.Random(7)
    for _ in range(300):
        worth = {n: float(rng.randint(1, 40)) for n in range(rng.randint(0, 8))}
        start = float(rng.randint(1, 50))

        def solve(key: int, below: float, bound: float, worth: dict[int, float] = worth) -> Tried[int]:
            if rng.random() < 0.2:
                return Tried(rng.uniform(bound, worth[key]))
            return Tried(worth[key], worth[key], key) if worth[key] < below else Tried(below)

        found = branch_and_bound([(rng.uniform(0, worth[n]), n) for n in worth], solve, start)
        least = min([start, *worth.values()])
        assert found.bound <= least <= found.value <= start
        assert found.answer is None or worth[found.answer] == found.value
