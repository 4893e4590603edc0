"""Turns: what each asks of the solver, and what is concluded from its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from isamap.cpsat import Outcome
from isamap.ir.answers import Lifetime, Status
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory, Target
from isamap.placement import place_exactly, turns
from isamap.placement.race import Answer, Ask
from isamap.placement.scaled import scaled
from isamap.placement.turns import Turns, solve_in_turns

LIVES = [Lifetime("a", "near", 0, 9, 2, 4), Lifetime("b", "near", 0, 9, 2, 4), Lifetime("c", "near", 0, 9, 3)]
"""Alone they take 7 bytes at least, a lowest placement 9."""

HIGH = {"a": 0, "b": 4, "c": 13}  # 16 bytes
LOW = {"a": 0, "b": 4, "c": 6}  # 9 bytes

Said = tuple[Status, Mapping[str, int] | None, float | None]
NOTHING: Said = ("unknown", None, None)
NO: Said = ("infeasible", None, None)


class Script:
    """A solver that answers as it is told to, and remembers what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *says: Said) -> None:
        self.says = list(says)
        self.asked: list[list[Ask]] = []
        self.limits: list[float] = []
        monkeypatch.setattr(turns, "race", self)

    def __call__(self, asks: Sequence[Ask], effort: Effort) -> list[Answer]:
        self.asked.append(list(asks))
        self.limits.append(effort.time_limit_s)
        answers = []
        for ask in asks:
            status, address, bound = self.says.pop(0) if self.says else NOTHING
            if ask.tell is not None and bound is not None:
                ask.tell(None, bound)
            answers.append(Answer(address, Outcome(status, None, bound, 0.0, (), ""), effort.time_limit_s))
        return answers

    @property
    def below(self) -> list[int | None]:
        return [ask.problem.below_bytes for asks in self.asked for ask in asks]

    @property
    def orders(self) -> list[str]:
        return [ask.order for asks in self.asked for ask in asks]


def search(known: Mapping[str, int] | None = None, seconds: float = 32.0, enough: int = 0) -> Turns:
    found = Turns(scaled(LIVES, Memory("near", 40)), known)
    found.allow(enough)
    solve_in_turns(found, Effort(seconds, deterministic=True), lambda value, bound: None)
    return found


def test_all_the_time_is_used_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch)
    found = search(HIGH)
    assert script.limits == [2, 2, 2, 2, 4, 4, 4, 4, 8]
    assert script.orders[:4] == ["crowded", "area", "crowded", "area"]
    assert (found.status, found.address, found.bound) == ("feasible", HIGH, 7)


def test_near_the_bound_anything_lower_and_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one turn begins from what is known, so that it may not ask for less than that."""
    script = Script(monkeypatch)
    search(HIGH)
    assert script.below == [8, 8, None, 12, 8, 8, 16, 12, 8]
    assert [ask.known for (ask,) in script.asked] == [None, None, HIGH, *[None] * 6]


def test_a_lower_placement_is_what_later_turns_must_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, ("feasible", LOW, 7))
    found = search(HIGH)
    assert script.below[:8] == [8, 8, None, 9, 8, 8, 9, 9]
    assert (found.status, found.address, found.height) == ("feasible", LOW, 9)


def test_nothing_below_the_best_is_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, ("feasible", LOW, 7), NOTHING, NOTHING, NO)
    found = search()
    assert script.below[3] == 9
    assert (found.status, found.height, found.bound) == ("optimal", 9, 9)


def test_what_is_refuted_raises_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing below 8 and below 9; then it asks below 10, and half way between 9 and 16."""
    script = Script(monkeypatch, NO, NO)
    found = search(HIGH)
    assert script.below[:6] == [8, 9, None, 13, 10, 10]
    assert (found.status, found.bound) == ("feasible", 9)


def test_without_a_placement_it_is_the_capacity_that_must_be_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, NOTHING, NOTHING, NO)
    found = search()
    assert script.below == [8, 8, 41]
    assert (found.status, found.address, found.bound) == ("infeasible", None, 41)


def test_a_bound_under_a_lower_height_says_nothing_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among placements below 8 none may be below 9, because there is none: that is a bound of 8."""
    Script(monkeypatch, ("unknown", None, 9.0))
    assert search(LOW).bound == 8


def test_a_solver_at_odds_with_itself_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It claims a bound of 12 and later places in 9."""
    Script(monkeypatch, NOTHING, NOTHING, ("unknown", None, 12.0), ("feasible", LOW, 9.0))
    found = search(HIGH)
    assert (found.status, found.height, found.bound) == ("feasible", 9, 7)


def test_that_nothing_fits_is_not_believed_against_a_placement_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, NOTHING, NOTHING, NO)
    found = search(HIGH)
    assert script.below[2] is None
    assert (found.status, found.height, found.bound) == ("feasible", 16, 7)


def test_what_is_enough_ends_the_search_and_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The objective counts from 12 on, so that the solver calls 9 bytes optimal with a bound of 12."""
    script = Script(monkeypatch, ("optimal", LOW, 12.0))
    found = search(enough=12)
    assert script.below == [13]
    assert (found.status, found.height, found.bound) == ("feasible", 9, 7)


def test_one_question_left_has_all_the_time_on_two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """No placement is known, and 40 bytes, all there are, will do: both orders ask for the same, to the end."""
    script = Script(monkeypatch)
    found = Turns(scaled(LIVES, Memory("near", 40)))
    found.allow(40)
    solve_in_turns(found, Effort(32, workers=2), lambda value, bound: None)
    assert (script.limits, script.orders, script.below) == ([32], ["crowded", "area"], [41, 41])


def test_workers_take_turns_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, ("feasible", LOW, 7), NO)
    found = Turns(scaled(LIVES, Memory("near", 40)))
    told: list[tuple[float | None, float | None]] = []
    solve_in_turns(found, Effort(0.001, workers=2), lambda *news: told.append(news))
    assert [len(asks) for asks in script.asked][:1] == [2]
    assert script.limits[0] == 0.001 / 8
    assert (found.height, found.bound) == (9, 8)
    assert told[0] == (None, 7)


def test_memories_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first has half of 64 and needs two turns of 2, so that the second has 60."""
    memories = Memory("near", 40), Memory("far", 40)
    target = Target("box", memories, (), (), (), (), (), ())
    far = [Lifetime(f"{life.name}.far", "far", 0, 9, life.size_bytes, life.alignment_bytes) for life in LIVES]
    script = Script(monkeypatch, NO, NO)
    solved = place_exactly([*LIVES, *far], target, effort=Effort(64, deterministic=True))
    assert script.limits[:2] == [2, 2]
    assert sum(script.limits[2:]) == 60
    assert (solved.status, solved.value, solved.bound) == ("feasible", 18, 16)


def test_one_memory_that_is_too_small_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    memories = Memory("near", 8), Memory("far", 40)
    target = Target("box", memories, (), (), (), (), (), ())
    far = [Lifetime(f"{life.name}.far", "far", 0, 9, life.size_bytes, life.alignment_bytes) for life in LIVES]
    script = Script(monkeypatch, NOTHING, NOTHING, NO)
    solved = place_exactly([*LIVES, *far], target, effort=Effort(64, deterministic=True))
    assert len(script.limits) == 3
    assert (solved.status, solved.answer, solved.bound) == ("infeasible", None, 9 + 7)
    assert solved.method == "cp-sat rectangles: near is too small"
