"""Each rule of the modulo formulation on two or three operations: the best schedule, and the wrong one without it.

``dma`` brings in, ``alu`` computes, ``out`` stores; a best schedule is its interval, the bytes of its buffers and the
length of its iteration.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ortools.sat.python import cp_model

from isamap.ir.loop_body import Dependence, Hold, LoopBody, LoopOperation
from isamap.scheduling.modulo import formulation
from isamap.scheduling.modulo.formulation import RULES, formulate
from tests.scheduling.modulo.bodies import Best, body, operation, value

THREE = (("dma", 1), ("alu", 1), ("out", 1), ("bus", 4))


def load_and_compute() -> LoopBody:
    """Load 5, compute 2: the value lives for 7 cycles, which is 2 slots at an interval of 5."""
    return body([operation("load", "dma", 5), operation("compute", "alu", 2)], buffers=[value(0, 1)])


def load_compute_store() -> LoopBody:
    """Load 5, compute 2, store 5, and three bytes: both values live for 7 cycles, so that a byte is missing until the
    interval is 7."""
    operations = [operation("load", "dma", 5), operation("compute", "alu", 2), operation("store", "out", 5)]
    return body(operations, [], [value(0, 1), value(1, 2)], 3, THREE)


def two_loads() -> LoopBody:
    """Of 2 and 3 on one channel."""
    return body([operation("a", "dma", 2), operation("b", "dma", 3)])


def shares_of_a_bus() -> LoopBody:
    """Of 3 and 2 bytes per cycle of 4, for 2 and 3 cycles."""
    return body([operation("a", "dma", 2, Hold("bus", 3, 2)), operation("b", "alu", 3, Hold("bus", 2, 3))])


def at_a_distance() -> LoopBody:
    """Both compute for 2 cycles; the second starts 4 cycles after the first or later, but before the first's next
    value comes. At an interval of 4 both would have the same slot, at 5 they would overlap."""
    first, second = operation("first", "alu", 2, latency=4), operation("second", "alu", 2)
    released_at_once = LoopOperation("second", second.holds, 0, 2)
    return body([first, released_at_once], [], [value(0, 1)], memory=1)


def two_servers() -> LoopBody:
    """A load of 5 on two channels overlaps the next iteration's, and the other load of 3 comes between."""
    capacities = (("dma", 2), ("alu", 1))
    operations = [operation("a", "dma", 5), operation("b", "dma", 3), operation("c", "alu", 1)]
    return body(operations, [Dependence(0, 2, 5), Dependence(1, 2, 3)], [], 1, capacities)


CASES = [
    ("turn", at_a_distance, (6, 1, 6), (4, 1, 6)),
    ("after", load_and_compute, (5, 2, 7), (5, 1, 5)),
    ("alone", two_loads, (5, 0, 5), (4, 0, 3)),
    ("together", shares_of_a_bus, (5, 0, 5), (1, 0, 3)),
    ("together", two_servers, (4, 0, 6), (1, 0, 6)),
    ("depth", load_and_compute, (5, 2, 7), (5, 1, 7)),
    ("capacity", load_compute_store, (7, 2, 12), (5, 4, 12)),
    ("length", load_and_compute, (5, 2, 7), (5, 2, 0)),
]
REDUNDANT = {"iteration"}


def best(given: LoopBody, *without: str) -> Best:
    """The least interval, then the fewest bytes, then the shortest iteration, asked of the models one by one."""
    interval = 1
    while _least(given, interval, without, None) is None:
        interval += 1
    fewest = _least(given, interval, without, None)
    assert fewest is not None
    shortest = _least(given, interval, without, fewest)
    assert shortest is not None
    return interval, fewest, shortest


def _least(given: LoopBody, interval: int, without: tuple[str, ...], fewest: int | None) -> int | None:
    """The fewest bytes, or the shortest iteration with ``fewest``; None where there is no schedule."""
    made = formulate(given, interval, without=without)
    taken = sum(buffer.slot_bytes * depth for buffer, depth in zip(given.buffers, made.depth, strict=True))
    if fewest is not None:
        made.model.add(taken <= fewest)
    made.model.minimize(taken if fewest is None else made.length)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(made.model)
    assert status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
    return round(solver.objective_value) if status == cp_model.OPTIMAL else None


@pytest.mark.parametrize(("label", "make", "right", "wrong"), CASES)
def test_each_rule_is_needed(label: str, make: Callable[[], LoopBody], right: Best, wrong: Best) -> None:
    """Without ``alone`` or ``together`` an iteration may not meet itself either, so ``iteration`` is left out too."""
    given = make()
    assert best(given) == right
    assert best(given, label, *(["iteration"] if label in ("alone", "together") else [])) == wrong


@pytest.mark.parametrize("label", sorted(REDUNDANT))
@pytest.mark.parametrize("make", dict.fromkeys(make for _, make, _, _ in CASES))
def test_a_redundant_rule_changes_nothing(label: str, make: Callable[[], LoopBody]) -> None:
    assert best(make(), label) == best(make())


def test_every_rule_has_a_case_and_stands_in_the_formulation() -> None:
    assert {label for label, *_ in CASES} | REDUNDANT == set(RULES)
    assert formulation.__doc__ is not None
    for label, rule in RULES.items():
        assert f" {label} " in formulation.__doc__
        assert rule.__name__ == label
