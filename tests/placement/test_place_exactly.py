"""The lowest placement: what is proved without a solver, what is kept whatever it does, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
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
from isamap.placement.race import Answer, Ask

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

CRISS = [
    Lifetime("a", "far", 3, 4, 1, 4),
    Lifetime("b", "far", 0, 3, 3),
    Lifetime("c", "far", 3, 6, 1, 4),
    Lifetime("d", "far", 2, 5, 3),
]
"""b and d live together and take 6 bytes. a and c begin at multiples of 4 while d lives: with d at 0 or at 3 they need
4 and 8, which every greedy method does."""

WOVEN = Placement(((CRISS[0], 0), (CRISS[1], 4), (CRISS[2], 4), (CRISS[3], 1)))
"""d between a and c, from 1 to 4, b on top of it where c is not yet alive: 7 bytes."""

SMALL = replace(TARGET, memories=(Memory("far", 7),))


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
    monkeypatch.setattr(turns, "race", lambda asks, effort: [Answer(address, outcome, 100.0) for _ in asks])


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
    monkeypatch.setattr(turns, "race", None)
    lives = [
        Lifetime("a", "near", 0, 5, 100, 4),
        Lifetime("b", "near", 2, 9, 30, 4),
        Lifetime("c", "near", 5, 9, 70, 4),
    ]
    solved = place_exactly(lives, TARGET, effort=EFFORT)
    assert (solved.status, solved.value, solved.bound) == ("optimal", 130, 130)
    assert solved.method == "first fit by size, meets the bound"


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


def test_no_time_at_all_keeps_the_best_greedy_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    lives, seen, race = many(40), [], turns.race

    def watched(*given: Any) -> list[Answer]:
        seen.extend(race(*given))
        return seen[-1:]

    monkeypatch.setattr(turns, "race", watched)
    solved = place_exactly(lives, TARGET, effort=NONE)
    assert [answer.outcome.status for answer in seen] == ["unknown"]
    assert (solved.status, solved.method) == ("feasible", "first fit by area")
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


def test_addresses_that_overlap_are_not_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    rigged(monkeypatch, {"a": 0, "b": 0, "c": 0}, says("optimal", 3.0, 3.0))
    solved = place_exactly(GAPS, TARGET, effort=EFFORT)
    assert solved.answer is not None
    assert check_placement(solved.answer, TARGET) == []
    assert solved.value == 9


def test_ctrl_c_keeps_what_is_known_of_every_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def stopped(asks: Sequence[Ask], effort: Effort) -> list[Answer]:
        calls.append(asks)
        return [Answer(None, says("unknown", interrupted=True), 0.0) for _ in asks]

    monkeypatch.setattr(turns, "race", stopped)
    near = [Lifetime("x", "near", 0, 9, 4, 8), Lifetime("y", "near", 0, 9, 4, 8), Lifetime("z", "near", 0, 9, 5)]
    assert place_exactly(near, TARGET, effort=Effort(20)).status == "feasible"  # not proved without a solver
    calls.clear()
    solved = place_exactly([*many(40), *near], TARGET, effort=Effort(20))
    assert len(calls) == 1
    assert (solved.status, solved.interrupted) == ("feasible", True)
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
    """Greedy methods need 8 bytes and more, there are 7, and no time to look further."""
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


def test_what_must_lie_somewhere_lies_there() -> None:
    """b at 2 leaves 2 bytes beneath, too few for a: 2 + 3 + 3."""
    lives = [Lifetime("a", "far", 0, 9, 3), Lifetime("b", "far", 0, 9, 3, address=2), Lifetime("c", "far", 0, 9, 2)]
    solved = place_exactly(lives, TARGET, effort=EFFORT)
    assert solved.answer is not None
    assert (solved.status, solved.value) == ("optimal", 8)
    assert [solved.answer.address(name) for name in "abc"] == [5, 2, 0]


def test_a_sum_over_its_operand() -> None:
    """a is read until 5, b written from 4 on: side by side they take 8 bytes, in place 4; c takes 2 on top."""
    lives = [Lifetime("a", "far", 0, 5, 4), Lifetime("b", "far", 4, 9, 4, in_place="a"), Lifetime("c", "far", 0, 9, 2)]
    solved = place_exactly(lives, TARGET, effort=EFFORT)
    assert solved.answer is not None
    assert (solved.status, solved.value) == ("optimal", 6)
    assert solved.answer.address("a") == solved.answer.address("b")
    assert check_placement(solved.answer, TARGET, lives) == []
    apart = place_exactly([replace(life, in_place="") for life in lives], TARGET, effort=EFFORT)
    assert apart.value == 10


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ((0, 3), "a must lie at 0 and b at 3, where they share bytes while both live"),
        ((6, None), "a must lie at 6 and ends at 10, beyond far (9 bytes)"),
    ],
)
def test_given_addresses_that_cannot_be(address: tuple[int | None, ...], complaint: str) -> None:
    lives = [Lifetime(name, "far", 0, 9, 4, address=at) for name, at in zip("ab", address, strict=True)]
    solved = place_exactly(lives, replace(TARGET, memories=(Memory("far", 9),)), effort=EFFORT)
    assert (solved.status, solved.answer, solved.method) == ("infeasible", None, complaint)


def test_a_given_address_across_banks() -> None:
    solved = place_exactly([Lifetime("a", "tiles", 0, 9, 400, address=200)], TARGET, effort=EFFORT)
    assert solved.method == "a must lie at 200, across banks of 512 bytes of tiles"


def test_any_placement_that_fits_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """First fit takes 8 bytes, which fit; the lowest, of 7, is not looked for."""
    monkeypatch.setattr(turns, "race", None)
    solved = place_exactly(CRISS, TARGET, effort=EFFORT, enough=True)
    assert (solved.status, solved.value, solved.bound) == ("feasible", 8, 6)


def test_the_solver_stops_at_what_fits() -> None:
    solved = place_exactly(CRISS, SMALL, effort=EFFORT, enough=True)
    assert (solved.status, solved.value, solved.bound) == ("feasible", 7, 6)
    assert place_exactly(CRISS, SMALL, effort=EFFORT).status == "optimal"


IN_PLACE = [
    (Lifetime("b", "far", 4, 9, 4, in_place="z"), "expected another buffer of the same memory, got 'z'"),
    (Lifetime("b", "far", 4, 9, 4, in_place="b"), "expected another buffer of the same memory, got 'b'"),
    (Lifetime("b", "far", 4, 9, 5, in_place="a"), "expected a buffer of at least 5 bytes, got a of 4"),
    (Lifetime("b", "far", 1, 4, 4, in_place="a"), "expected one that neither begins nor ends after b does, got a"),
]


@pytest.mark.parametrize(("life", "complaint"), IN_PLACE)
def test_what_cannot_be_in_place(life: Lifetime, complaint: str) -> None:
    with pytest.raises(InputError, match=f"b.in_place: {complaint}"):
        place_exactly([Lifetime("a", "far", 0, 5, 4), life], TARGET, effort=EFFORT)


def test_a_buffer_is_taken_over_once_and_only_then_again() -> None:
    a, b, c = (Lifetime(name, "far", *span, 4, in_place=over) for name, span, over in
               [("a", (0, 5), ""), ("b", (4, 9), "a"), ("c", (4, 9), "a")])  # fmt: skip
    with pytest.raises(InputError, match=r"b\.in_place: expected a buffer that no other takes over, got a"):
        place_exactly([a, b, c], TARGET, effort=EFFORT)
    with pytest.raises(InputError, match=r"c\.in_place: expected a, which b takes over, to end first"):
        place_exactly([a, b, replace(c, in_place="b")], TARGET, effort=EFFORT)
    chain = [a, b, replace(c, start_cycles=8, end_cycles=12, in_place="b")]
    assert place_exactly(chain, TARGET, effort=EFFORT).value == 4


def test_addresses_that_make_no_sense() -> None:
    with pytest.raises(InputError, match=r"a\.address: expected at least 0 and a multiple of 4 bytes, got 6"):
        place_exactly([Lifetime("a", "near", 0, 5, 4, address=6)], TARGET, effort=EFFORT)
