"""The smallest interval, proved: blocks of a matrix product, what is kept whatever the solver does, what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from isamap import cpsat
from isamap.check.modulo import check_modulo
from isamap.errors import CheckFailed, Infeasible
from isamap.ir.effort import Effort
from isamap.ir.loop_body import Dependence, Hold, LoopOperation
from isamap.scheduling.modulo import ask as asking
from isamap.scheduling.modulo import pipeline, solve
from isamap.scheduling.modulo.bound import heights, interval_bound, recurrence_bound, resource_bound
from isamap.scheduling.modulo.budget import Budget
from isamap.scheduling.modulo.formulation import formulate
from isamap.scheduling.modulo.greedy import greedy, place
from isamap.scheduling.modulo.reservation import Reservations
from tests.scheduling.modulo.bodies import body, operation, outer_product, value

EFFORT = Effort(20, deterministic=True)
OPERAND, TILE = 512, 1024  # bytes


@pytest.mark.parametrize(("rows", "slots"), [(2, 5), (3, 6), (4, 8)])
def test_a_block_of_tiles_runs_at_its_bound_with_few_buffers(rows: int, slots: int) -> None:
    """Every cycle multiplies. Two slots for each operand would be 8, 12 and 16."""
    given = outer_product(rows, rows)
    found = pipeline(given, EFFORT)
    schedule = found.solved.answer
    assert schedule is not None
    assert check_modulo(schedule, given) == []
    assert (found.solved.status, found.solved.value, found.solved.bound) == ("optimal", 16 * rows**2, 16 * rows**2)
    assert schedule.buffer_bytes(given) == found.bytes_bound == slots * OPERAND + rows**2 * TILE
    assert schedule.length_cycles(given) == found.length_bound_cycles


def test_a_byte_too_few_costs_cycles() -> None:
    """Room for twelve operands, eight of them taken by tiles: the fifth slot is missing, and the array waits for 4 of
    68 cycles. In the order 00 01 10 11 each operand is needed for 3 products, 48 cycles, after 20 of loading."""
    given = outer_product(2, 2, 12 * OPERAND)
    found = pipeline(given, EFFORT)
    assert (found.solved.status, found.solved.value, interval_bound(given)) == ("optimal", 68, 64)
    assert found.solved.answer is not None
    assert check_modulo(found.solved.answer, given) == []
    assert [moment.bound for moment in found.solved.history][-1] == 68


def test_bounds_by_hand() -> None:
    """Work: 5 cycles on one channel; a hold of 7 on 3 servers, each of whose iterations takes 2; a circle of lags 3 and
    4 over 2 iterations."""
    channel = body([operation("a", "dma", 2), operation("b", "dma", 3)])
    assert (resource_bound(channel), recurrence_bound(channel)) == (5, 0)
    alone = operation("a", "alu", 1, Hold("dma", 2, 7))
    assert resource_bound(body([alone], capacities=[("dma", 3), ("alu", 1)])) == 7
    circle = body([operation("a", "dma", 1), operation("b", "alu", 1)], [Dependence(0, 1, 3), Dependence(1, 0, 4, 2)])
    assert (resource_bound(circle), recurrence_bound(circle), interval_bound(circle)) == (1, 4, 4)
    assert heights(circle, 3) is None
    assert interval_bound(body([operation("nothing", "alu", 0)])) == 1


def test_an_operation_may_hold_longer_than_the_interval() -> None:
    """A load of 7 on two channels, a step every 4 cycles: two loads are under way in three of four slots."""
    long = body(
        [operation("load", "dma", 7), operation("compute", "alu", 1)], [], [value(0, 1)], 9, [("dma", 2), ("alu", 1)]
    )
    table = Reservations(long, 4)
    assert table.room(0, 2)
    table.take(0, 2)
    assert table.taken["dma"] == [2, 1, 2, 2]
    assert not table.room(0, 2)
    found = pipeline(long, EFFORT).solved
    assert found.answer is not None
    assert (found.status, found.value) == ("optimal", 4)
    assert check_modulo(found.answer, long) == []


def test_an_operation_that_meets_itself() -> None:
    """It holds one of two for 7 cycles and the other for 3: from an interval of 7 on no more than two at once, although
    its work of 10 would be done in 5."""
    both = LoopOperation("both", (Hold("dma", 1, 7), Hold("dma", 1, 3)), 7, 7)
    given = body([both], capacities=[("dma", 2)])
    assert (interval_bound(given), place(given, 6)) == (5, None)
    found = pipeline(given, EFFORT).solved
    assert (found.status, found.value) == ("optimal", 7)


def test_a_value_may_be_written_long_after_the_iteration_begins() -> None:
    """Read twenty iterations later, with room for three: the reader is twenty stages ahead of the writer."""
    given = body([operation("write", "dma", 1), operation("read", "alu", 1)], [], [value(0, (1, 20))], 3)
    found = pipeline(given, EFFORT).solved
    assert found.answer is not None
    assert (found.status, found.value, found.answer.depth) == ("optimal", 1, (2,))
    assert found.answer.stages == 20
    assert check_modulo(found.answer, given) == []


def test_a_deterministic_budget_counts_work() -> None:
    budget = Budget(Effort(3, deterministic=True), began=-1e9)
    budget.spend(2, says("unknown").outcome)
    assert (budget.left(), budget.rest().time_limit_s, budget.seconds()) == (1, 1, 0)
    budget.spend(0, says("unknown", interrupted=True).outcome)
    assert budget.left() == 0
    assert Budget(Effort(3), began=-1e9).left() < 0


@pytest.mark.parametrize("rows", [2, 3])
def test_the_hint_is_taken(rows: int) -> None:
    """Complete and feasible, says the solver's log."""
    given = outer_product(rows, rows)
    hint = greedy(given)
    assert hint is not None
    made = formulate(given, hint.initiation_interval_cycles)
    made.model.minimize(made.length + sum(made.depth))
    assert asking.ask(made, EFFORT, hint).outcome.hint == "accepted"


def test_the_same_answer_twice() -> None:
    assert pipeline(outer_product(3, 2), EFFORT) == pipeline(outer_product(3, 2), EFFORT)


def says(status: str, *, interrupted: bool = False) -> asking.Answer:
    outcome = cpsat.Outcome(status, None, None, 0.0, (), "", interrupted)  # type: ignore[arg-type]
    return asking.Answer(None, outcome, 0.0)


def stopped(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("effort", "answer"),
    [
        (Effort(0), None),
        (Effort(5), lambda *_: says("unknown")),
        (Effort(5), lambda *_: says("unknown", interrupted=True)),
        (Effort(5), stopped),
    ],
    ids=["no time", "nothing found", "stopped inside", "stopped between"],
)
def test_the_greedy_schedule_is_never_lost(monkeypatch: pytest.MonkeyPatch, effort: Effort, answer: Any) -> None:
    """Its interval is above the bound, so nobody calls it optimal."""
    monkeypatch.setattr(solve, "ask", answer)
    given = outer_product(3, 3)
    found = pipeline(given, effort).solved
    assert found.answer == greedy(given)
    assert found.value is not None
    assert (found.status, found.bound) == ("feasible", 144)
    assert found.value > 144
    assert found.interrupted == (answer is stopped or (answer is not None and answer().outcome.interrupted))


def test_without_an_answer_the_verdict_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solve, "greedy", lambda _: None)
    found = pipeline(outer_product(2, 2), Effort(0)).solved
    assert (found.answer, found.status, found.value, found.bound) == (None, "unknown", None, 64)


def test_what_has_no_room_is_explained() -> None:
    with pytest.raises(Infeasible, match=r"spad has 6143 bytes; one slot for each of .* takes 6144, 1 more"):
        pipeline(outer_product(2, 2, 6143), EFFORT)


def test_what_never_fits_is_proved_impossible() -> None:
    """Each of two values is read in the next iteration after the other one was written in it: for a moment one of them
    has two slots."""
    operations = [operation("a", "dma", 1), operation("b", "alu", 1)]
    values = [value(0, (1, 1)), value(1, (0, 1))]
    ordered = [Dependence(0, 1, 1)]
    with pytest.raises(Infeasible, match="no interval up to"):
        pipeline(body(operations, ordered, values, 2), EFFORT)
    found = pipeline(body(operations, ordered, values, 3), EFFORT)
    assert found.solved.status == "optimal"


def test_a_verdict_that_the_schedule_at_hand_refutes_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    """A greedy schedule at the bound whose buffers may be too deep."""
    given = outer_product(1, 2)
    hint = greedy(given)
    assert hint is not None
    assert hint.initiation_interval_cycles == interval_bound(given)
    monkeypatch.setattr(solve, "ask", lambda *_: says("infeasible"))
    with pytest.raises(CheckFailed, match="although one was given"):
        pipeline(given, EFFORT)
