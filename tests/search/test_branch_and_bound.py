"""Branch and bound: the best of all candidates, a bound that holds, and what ends it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from isamap.search import Tried, at_once, branch_and_bound

WORTH = {"a": 12.0, "b": 10.0, "c": 11.0, "d": 30.0}
BOUNDS = {"a": 5.0, "b": 9.0, "c": 8.0, "d": 20.0}
CANDIDATES = [(BOUNDS[key], key) for key in WORTH]


def exactly(key: str, below: float, bound: float) -> Tried[str]:
    """Proves the candidate's worth, or that it is not below what is asked."""
    worth = WORTH[key]
    return Tried(worth, worth, key.upper()) if worth < below else Tried(below)


def test_the_best_of_all_is_found_and_proved() -> None:
    found = branch_and_bound(CANDIDATES, at_once(exactly), 25.0)
    assert (found.value, found.bound, found.answer, found.stopped) == (10.0, 10.0, "B", False)
    assert set(found.proved) == {"a", "b", "c"}  # d cannot be better: nobody asked


def test_the_answer_at_hand_stays_where_none_is_better() -> None:
    found = branch_and_bound(CANDIDATES, at_once(exactly), 10.0)
    assert (found.value, found.bound, found.answer) == (10.0, 10.0, None)


def test_what_a_solver_leaves_open_bounds_the_answer() -> None:
    def weakly(key: str, below: float, bound: float) -> Tried[str]:
        return Tried(7.0) if key == "a" else exactly(key, below, bound)

    found = branch_and_bound(CANDIDATES, at_once(weakly), 25.0)
    assert (found.value, found.bound, found.answer) == (10.0, 7.0, "B")


def test_a_lack_of_time_leaves_the_next_bound() -> None:
    asked: list[str] = []

    def noted(key: str, below: float, bound: float) -> Tried[str]:
        asked.append(key)
        return exactly(key, below, bound)

    found = branch_and_bound(CANDIDATES, at_once(noted), 25.0, time_is_up=lambda: len(asked) == 1)
    assert (found.value, found.bound, found.stopped, asked) == (12.0, 8.0, True, ["a"])


def test_an_interrupt_keeps_the_best() -> None:
    def stopping(key: str, below: float, bound: float) -> Tried[str]:
        if key == "b":
            raise KeyboardInterrupt
        return exactly(key, below, bound)

    found = branch_and_bound(CANDIDATES, at_once(stopping), 25.0)
    assert (found.value, found.answer, found.bound) == (11.0, "C", 9.0)
    assert found.stopped
    assert found.interrupted


def test_value_and_bound_close_in_from_both_sides() -> None:
    told: list[tuple[float, float]] = []
    branch_and_bound(CANDIDATES, at_once(exactly), 25.0, tell=lambda value, bound: told.append((value, bound)))
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

        found = branch_and_bound([(rng.uniform(0, worth[n]), n) for n in worth], at_once(solve), start)
        least = min([start, *worth.values()])
        assert found.bound <= least <= found.value <= start
        assert found.answer is None or worth[found.answer] == found.value


class Several:
    """So many candidates are solved at a time, each by ``solve``."""

    def __init__(self, pool: ThreadPoolExecutor, at_a_time: int, solve: Callable[[int, float, float], Tried[int]]):
        self.pool, self.at_a_time, self.solve = pool, at_a_time, solve
        self.begun: list[Future[Tried[int]]] = []
        self.most = 0

    def ask(self, key: int, below: float, bound: float) -> Future[Tried[int]] | None:
        busy = sum(not future.done() for future in self.begun)
        if busy >= self.at_a_time:
            return None
        self.most = max(self.most, busy + 1)
        self.begun.append(self.pool.submit(self.solve, key, below, bound))
        return self.begun[-1]


def test_several_at_a_time_equal_the_minimum_too() -> None:
    rng = random.Random(11)
    most = 0
    with ThreadPoolExecutor(3) as pool:
        for _ in range(40):
            worth = {n: float(rng.randint(1, 40)) for n in range(rng.randint(1, 8))}
            pause = {n: rng.uniform(0.0, 0.003) for n in worth}
            start = float(rng.randint(1, 50))

            def solve(
                key: int,
                below: float,
                bound: float,
                worth: dict[int, float] = worth,
                pause: dict[int, float] = pause,
            ) -> Tried[int]:
                time.sleep(pause[key])
                return Tried(worth[key], worth[key], key) if worth[key] < below else Tried(below)

            several = Several(pool, 3, solve)
            found = branch_and_bound([(rng.uniform(0, worth[n]), n) for n in worth], several.ask, start)
            least = min([start, *worth.values()])
            assert (found.value, found.bound, found.stopped) == (least, least, False)
            most = max(most, several.most)
    assert most == 3


def test_what_is_being_solved_is_not_waited_for_when_time_is_up() -> None:
    asked: list[str] = []

    def ask(key: str, below: float, bound: float) -> Future[Tried[str]]:
        asked.append(key)
        never: Future[Tried[str]] = Future()
        return at_once(exactly)(key, below, bound) if key == "c" else never  # type: ignore[return-value]

    found = branch_and_bound(CANDIDATES, ask, 25.0, time_is_up=lambda: len(asked) == 3)
    assert (found.value, found.answer, found.bound, found.stopped) == (11.0, "C", 5.0, True)


def test_what_is_being_solved_is_not_waited_for_when_it_cannot_be_better() -> None:
    def ask(key: str, below: float, bound: float) -> Future[Tried[str]]:
        never: Future[Tried[str]] = Future()
        return never if key == "slow" else at_once(lambda key, below, bound: Tried(3.0, 3.0, key))(key, below, bound)  # type: ignore[return-value]

    found = branch_and_bound([(3.0, "slow"), (3.0, "x")], ask, 9.0)
    assert (found.value, found.answer, found.bound, found.stopped) == (3.0, "x", 3.0, False)
