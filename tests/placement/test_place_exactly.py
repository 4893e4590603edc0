"""The lowest placement: what is proved without a solver, what is kept whatever it does, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from isamap.check.placement import check_placement
from isamap.cpsat import Outcome
from isamap.errors import InputError
from isamap.ir.answers import Lifetime, Placement
from isamap.ir.effort import Effort
from isamap.ir.hardware import Memory, Target
from isamap.placement import first_fit, place_exactly, turns
from isamap.placement.rectangles import Answer

EFFORT = Effort(time_limit_s=20, deterministic=True)
NONE = Effort(time_limit_s=0, deterministic=True)
TARGET = Target(
    "box",
    (Memory("far", 1 << 20), Memory("near", 4096, alignment_bytes=4), Memory("tiles", 1024, banks=2),
     Memory("l1", 512, "cache")),
    (), (), (), (), (), (),
)  # fmt: skip

GAPS = [Lifetime("a", "far", 0, 9, 2, 4), Lifetime("b", "far", 0, 9, 2, 4), Lifetime("c", "far", 0, 9, 3, 1)]
"""Three that live together: at best 2, a gap of 2, 2, and 3 on top, 9 bytes; their live load is 7."""

CRISS = [Lifetime("a", "far", 3, 4, 3, 4), Lifetime("b", "far", 2, 4, 1, 4), Lifetime("c", "far", 0, 3, 5, 1)]
"""First fit lays a at 0 and b at 4, where c finds no room beneath: 10 bytes. The highest live load is 6, b and c."""

WOVEN = Placement(((CRISS[0], 4), (CRISS[1], 0), (CRISS[2], 1)))
"""b at the bottom, a at 4, and c between where a is not yet alive: 7 bytes."""

SMALL = replace(TARGET, memories=(Memory("far", 9),))


def many(count: int, memory: str = "far", seed: int = 0) -> list[Lifetime]:
    """Buffers on which first fit is not proved best."""
    random = Random(seed)
    starts = [random.randrange(40) for _ in range(count)]
    return [
        Lifetime(f"{memory}{n}", memory, start, start + random.randint(1, 25), random.randint(1, 60), 4)
        for n, start in enumerate(starts)
    ]


def rigged(monkeypatch: pytest.MonkeyPatch, address: dict[str, int] | None, outcome: Outcome) -> None:
    """A solver that says the same whatever it is asked."""
    monkeypatch.setattr(turns, "solve", lambda *given, **named: Answer(address, outcome, 100.0))


def says(status: Any, value: float | None = None, bound: float | None = None, interrupted: bool = False) -> Outcome:
    return Outcome(status, value, bound, 0.0, (), "", interrupted)


def test_the_gap_is_found_and_proved() -> None:
    solved = place_exactly(GAPS, TARGET, effort=EFFORT)
    assert (solved.status, solved.value, solved.bound, solved.objective) == ("optimal", 9, 9, "height")
    assert solved.method == "cp-sat rectangles"
    assert solved.answer is not None
    assert solved.answer.height("far") == 9
    assert [life for life, _ in solved.answer.addresses] == GAPS
    assert solved.history[0].value == 9
    assert solved.history[0].bound == 7
    assert solved.history[-1].bound == 9


def test_where_first_fit_meets_the_bound_no_solver_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "solve", None)
    lives = [
        Lifetime("a", "near", 0, 5, 100, 4),
        Lifetime("b", "near", 2, 9, 30, 4),
        Lifetime("c", "near", 5, 9, 70, 4),
    ]
    solved = place_exactly(lives, TARGET, effort=EFFORT)
    assert (solved.status, solved.value, solved.bound) == ("optimal", 130, 130)
    assert solved.method == "first fit, meets the bound"


def test_nothing_to_place() -> None:
    solved = place_exactly([], TARGET, effort=EFFORT)
    assert (solved.status, solved.answer, solved.value, solved.bound) == ("optimal", Placement(()), 0, 0)
    assert solved.method == "nothing to place"


def test_buffers_without_bytes_lie_at_0_beside_those_that_are_solved() -> None:
    empty = [Lifetime("empty", "far", 0, 9, 0, 4), Lifetime("void", "near", 0, 9, 0)]
    solved = place_exactly([*GAPS, *empty], TARGET, effort=EFFORT)
    assert (solved.status, solved.value) == ("optimal", 9)
    assert solved.answer is not None
    assert [solved.answer.address(life.name) for life in empty] == [0, 0]
    assert check_placement(solved.answer, TARGET) == []


def test_the_heights_of_all_memories_are_summed() -> None:
    tiles = [Lifetime("t", "tiles", 0, 9, 300), Lifetime("u", "tiles", 0, 9, 300)]  # one in each bank: 512 + 300
    solved = place_exactly([*GAPS, *tiles], TARGET, effort=EFFORT)
    assert (solved.status, solved.value, solved.bound) == ("optimal", 821, 821)
    assert solved.answer is not None
    assert (solved.answer.height("far"), solved.answer.height("tiles")) == (9, 812)


def test_no_time_at_all_keeps_first_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    lives, seen, solve = many(40), [], turns.solve

    def watched(*given: Any, **named: Any) -> Answer:
        seen.append(solve(*given, **named))
        return seen[-1]

    monkeypatch.setattr(turns, "solve", watched)
    solved = place_exactly(lives, TARGET, effort=NONE)
    assert [answer.outcome.status for answer in seen] == ["unknown"]
    assert (solved.status, solved.method) == ("feasible", "first fit")
    assert solved.answer is not None
    assert check_placement(solved.answer, TARGET) == []
    assert solved.value == solved.answer.height("far") <= first_fit(lives, TARGET).height("far")
    assert solved.bound is not None
    assert 0 < solved.bound < solved.value


def test_a_given_placement_is_kept_where_first_fit_knows_none() -> None:
    solved = place_exactly(CRISS, SMALL, effort=NONE, hint=WOVEN)
    assert solved.answer == WOVEN
    assert (solved.status, solved.value, solved.bound, solved.method) == ("feasible", 7, 6, "given placement")


def test_a_given_placement_is_proved() -> None:
    solved = place_exactly(CRISS, SMALL, effort=EFFORT, hint=WOVEN)
    assert solved.history[0].value == 7
    assert (solved.status, solved.value, solved.bound) == ("optimal", 7, 7)


def test_a_given_placement_of_bytes_that_overlap_is_set_right() -> None:
    spoilt = Placement(tuple((life, 0) for life in CRISS))
    solved = place_exactly(CRISS, TARGET, effort=NONE, hint=spoilt)
    assert solved.answer is not None
    assert check_placement(solved.answer, TARGET) == []


def test_a_given_placement_sinks() -> None:
    lives = [Lifetime("a", "far", 0, 9, 5), Lifetime("b", "far", 0, 9, 6)]
    given = Placement(((lives[0], 100), (lives[1], 50)))
    solved = place_exactly(lives, TARGET, effort=NONE, hint=given)
    assert solved.answer == Placement(((lives[0], 6), (lives[1], 0)))
    assert (solved.status, solved.method) == ("optimal", "given placement, meets the bound")


def test_what_the_solver_says_against_a_placement_at_hand_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    rigged(monkeypatch, None, says("infeasible"))
    solved = place_exactly(GAPS, TARGET, effort=EFFORT, hint=first_fit(GAPS, TARGET))
    assert solved.answer is not None
    assert (solved.status, solved.value) == ("feasible", 9)


def test_addresses_that_overlap_are_not_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    rigged(monkeypatch, {"a": 0, "b": 0, "c": 0}, says("optimal", 3.0, 3.0))
    solved = place_exactly(GAPS, TARGET, effort=EFFORT)
    assert solved.answer is not None
    assert check_placement(solved.answer, TARGET) == []
    assert solved.value == 9


def test_ctrl_c_keeps_what_is_known_of_every_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def stopped(*given: Any, **named: Any) -> Answer:
        calls.append(given)
        return Answer(None, says("unknown", interrupted=True), 0.0)

    monkeypatch.setattr(turns, "solve", stopped)
    near = [Lifetime("x", "near", 0, 9, 4, 8), Lifetime("y", "near", 0, 9, 4, 8), Lifetime("z", "near", 0, 9, 5)]
    assert place_exactly(near, TARGET, effort=Effort(20)).status == "feasible"  # not proved without a solver
    calls.clear()
    solved = place_exactly([*many(40), *near], TARGET, effort=Effort(20))
    assert len(calls) == 1
    assert solved.status == "feasible"
    assert solved.answer is not None
    assert check_placement(solved.answer, TARGET) == []


def test_deterministic_runs_are_equal() -> None:
    """Mixed alignments make buffers hard to pack: the work allowed improves on first fit, but proves nothing."""
    lives = [replace(life, alignment_bytes=(1, 4, 16)[n % 3]) for n, life in enumerate(many(80))]
    effort = Effort(time_limit_s=0.4, deterministic=True)
    one, other = (place_exactly(lives, TARGET, effort=effort) for _ in range(2))
    assert one == other
    assert one.seconds == 0.0
    assert (one.status, one.method) == ("feasible", "cp-sat rectangles")
    assert len(one.history) > 2
    assert all(moment.seconds == 0.0 for moment in one.history)


def test_progress_is_told_and_only_gets_better() -> None:
    told: list[tuple[float | None, float | None]] = []
    solved = place_exactly(many(40), TARGET, effort=Effort(2, workers=1), tell=lambda *news: told.append(news))
    assert told == [(moment.value, moment.bound) for moment in solved.history]
    values, bounds = (
        [value for value, _ in told if value is not None],
        [bound for _, bound in told if bound is not None],
    )
    assert values == sorted(values, reverse=True)
    assert bounds == sorted(bounds)
    assert (values[-1], bounds[-1]) == (solved.value, solved.bound)


@pytest.mark.parametrize(
    ("life", "method", "bound"),
    [
        (Lifetime("big", "tiles", 0, 5, 1500), "big alone, 1500 bytes, is larger than tiles (1024 bytes)", 1500),
        (Lifetime("big", "tiles", 0, 5, 600), "big alone, 600 bytes, is larger than a bank of tiles (512 bytes)", 1025),
    ],
)
def test_a_buffer_that_is_too_large(life: Lifetime, method: str, bound: int) -> None:
    solved = place_exactly([life, Lifetime("small", "near", 0, 5, 8)], TARGET, effort=EFFORT)
    assert (solved.status, solved.answer, solved.value) == ("infeasible", None, None)
    assert (solved.method, solved.bound) == (method, bound + 8)


def test_more_alive_than_there_is_room() -> None:
    lives = [Lifetime(f"b{n}", "tiles", n, n + 5, 500) for n in range(3)]
    solved = place_exactly(lives, TARGET, effort=EFFORT)
    assert (solved.status, solved.method) == ("infeasible", "live load, 1500 bytes, is above tiles (1024 bytes)")


def test_impossible_only_because_of_gaps() -> None:
    solved = place_exactly(GAPS, replace(TARGET, memories=(Memory("far", 8),)), effort=EFFORT)
    assert (solved.status, solved.answer, solved.bound) == ("infeasible", None, 9)
    assert solved.method == "cp-sat rectangles: far is too small"


def test_no_answer_and_no_proof() -> None:
    """First fit needs 10 bytes, there are 9, and no time to look further."""
    solved = place_exactly(CRISS, SMALL, effort=NONE)
    assert (solved.status, solved.answer, solved.value, solved.bound) == ("unknown", None, None, 6)
    assert place_exactly(CRISS, SMALL, effort=EFFORT).value == 7


HAS = "it has: far near tiles"


@pytest.mark.parametrize(
    ("lives", "complaint"),
    [
        (
            [Lifetime("a", "l9", 0, 1, 4)],
            f"a.memory: expected an addressed memory of box, got l9; {HAS}",
        ),
        (
            [Lifetime("a", "l1", 0, 1, 4)],
            f"a.memory: expected an addressed memory of box, got l1; {HAS}",
        ),
        ([Lifetime("a", "far", 0, 1, 4)] * 2, "a: expected one lifetime of a name, got 2"),
        ([Lifetime("a", "far", 0, 1, 4, 0)], "a.alignment_bytes: expected at least 1 byte, got 0"),
    ],
)
def test_nonsense_is_refused(lives: list[Lifetime], complaint: str) -> None:
    with pytest.raises(InputError) as refusal:
        place_exactly(lives, TARGET, effort=EFFORT)
    assert str(refusal.value) == complaint


def test_a_hint_must_name_every_buffer() -> None:
    with pytest.raises(InputError, match="hint: expected an address for every buffer, got none for b c"):
        place_exactly(GAPS, TARGET, effort=EFFORT, hint=Placement(((GAPS[0], 0),)))


def test_more_banks_than_bytes() -> None:
    target = replace(TARGET, memories=(Memory("far", 4, banks=8),))
    with pytest.raises(InputError, match=r"memories\.far\.banks: expected banks of at least 1 byte, got 8 banks in 4"):
        place_exactly(GAPS[:1], target, effort=EFFORT)
