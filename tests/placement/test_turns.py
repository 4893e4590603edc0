"""Turns: what each asks of the solver, and what is concluded from its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from isamap.cpsat import Outcome
from isamap.ir.answers import Lifetime, Status
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory, Target
from isamap.placement import place_exactly, turns
from isamap.placement.rectangles import Answer
from isamap.placement.scaled import Problem, scaled
from isamap.placement.turns import Turns, solve_in_turns

LIVES = [Lifetime("a", "near", 0, 9, 2, 4), Lifetime("b", "near", 0, 9, 2, 4), Lifetime("c", "near", 0, 9, 3)]
"""Alone they take 7 bytes at least, a lowest placement 9."""

PROBLEM = scaled(LIVES, Memory("near", 40))
HIGH = {"a": 0, "b": 4, "c": 13}  # 16 bytes
LOW = {"a": 0, "b": 4, "c": 6}  # 9 bytes

Said = tuple[Status, Mapping[str, int] | None, float | None]


class Script:
    """A solver that answers as it is told to, and remembers what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *says: Said, work: float | None = None) -> None:
        self.says, self.work = list(says), work
        self.below: list[int | None] = []
        self.orders: list[str] = []
        self.limits: list[float] = []
        self.hints: list[Any] = []
        monkeypatch.setattr(turns, "solve", self)

    def __call__(self, problem: Problem, effort: Effort, order: str, hint: Any, tell: Any) -> Answer:
        self.below.append(problem.below_bytes)
        self.orders.append(order)
        self.limits.append(effort.time_limit_s)
        self.hints.append(hint)
        status, address, bound = self.says.pop(0) if self.says else ("unknown", None, None)
        work = effort.time_limit_s if self.work is None else self.work
        return Answer(address, Outcome(status, None, bound, 0.0, (), ""), work)


def search(hint: Mapping[str, int] | None = None, seconds: float = 32.0) -> Turns:
    return solve_in_turns(PROBLEM, Effort(seconds, deterministic=True), hint, lambda value, bound: None)


def test_all_the_time_is_used_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch)
    found = search(HIGH)
    assert script.limits == [1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4]
    assert script.orders[:4] == ["crowded", "area", "crowded", "area"]
    assert (found.status, found.address, found.bound) == ("feasible", HIGH, 7)


def test_only_the_first_turn_begins_from_the_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch)
    search(HIGH)
    assert script.hints == [HIGH] + [None] * 12
    assert script.below[:4] == [None, 8, 8, 16]


def test_a_lower_placement_is_what_later_turns_must_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, ("feasible", LOW, 7))
    found = search(HIGH)
    assert script.below[:4] == [None, 8, 8, 9]
    assert (found.status, found.address, found.height) == ("feasible", LOW, 9)


def test_nothing_below_the_best_is_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: Said = ("unknown", None, None)
    Script(monkeypatch, ("feasible", LOW, 7), nothing, nothing, ("infeasible", None, None))
    found = search()
    assert (found.status, found.height, found.bound) == ("optimal", 9, 9)


def test_what_is_refuted_raises_the_bound_and_halves_the_way_to_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing below 8; between 8 and 16 it asks below 12; nothing there; then below 14."""
    no: Said = ("infeasible", None, None)
    script = Script(monkeypatch, ("unknown", None, None), no, no, ("unknown", None, None))
    found = search(HIGH)
    assert script.below[1:6] == [8, 12, 16, 16, 14]
    assert (found.status, found.bound) == ("feasible", 12)


def test_without_a_placement_it_is_the_capacity_that_must_be_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    Script(monkeypatch, ("unknown", None, None), *[("infeasible", None, None)] * 40)
    found = search()
    assert (found.status, found.address) == ("infeasible", None)
    assert found.bound > 40


def test_a_bound_under_a_lower_height_says_nothing_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among placements below 8 none may be below 9, because there is none: that is a bound of 8."""
    Script(monkeypatch, ("unknown", None, None), ("unknown", None, 9.0))
    assert search(LOW).bound == 8


def test_a_solver_at_odds_with_itself_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It claims a bound of 12 and later places in 9."""
    Script(monkeypatch, ("unknown", None, 12.0), ("feasible", LOW, 9.0))
    found = search(HIGH)
    assert (found.status, found.height, found.bound) == ("feasible", 9, 7)


def test_memories_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first has half of 64 and needs 4 turns of 1, so that the second has 60."""
    memories = Memory("near", 40), Memory("far", 40)
    target = Target("box", memories, (), (), (), (), (), ())
    far = [Lifetime(f"{life.name}.far", "far", 0, 9, life.size_bytes, life.alignment_bytes) for life in LIVES]
    nothing: Said = ("unknown", None, None)
    script = Script(monkeypatch, nothing, nothing, nothing, ("infeasible", None, None))
    solved = place_exactly([*LIVES, *far], target, effort=Effort(64, deterministic=True))
    assert script.limits[:4] == [1, 1, 1, 1]
    assert sum(script.limits[4:]) == 60
    assert (solved.status, solved.value, solved.bound) == ("feasible", 18, 16)


def test_one_memory_that_is_too_small_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    memories = Memory("near", 8), Memory("far", 40)
    target = Target("box", memories, (), (), (), (), (), ())
    far = [Lifetime(f"{life.name}.far", "far", 0, 9, life.size_bytes, life.alignment_bytes) for life in LIVES]
    script = Script(monkeypatch, ("infeasible", None, None))
    solved = place_exactly([*LIVES, *far], target, effort=Effort(64, deterministic=True))
    assert len(script.limits) == 1
    assert (solved.status, solved.answer, solved.bound) == ("infeasible", None, 9 + 7)
    assert solved.method == "cp-sat rectangles: near is too small"
