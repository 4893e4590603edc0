"""A right modulo schedule, spoiled once per rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from isamap.check.modulo import RULES, check_modulo
from isamap.ir.loop_body import Dependence, Hold, LoopBody, LoopBuffer, LoopOperation, ModuloSchedule

BODY = LoopBody(
    (
        LoopOperation("load", (Hold("dma", 1, 5),), 5, 5),
        LoopOperation("compute", (Hold("alu", 1, 2), Hold("bus", 3, 2)), 2, 2),
        LoopOperation("add", (Hold("alu", 1, 2), Hold("bus", 2, 2)), 2, 3),
    ),
    (Dependence(1, 2, 2), Dependence(2, 2, 3, 1)),
    (LoopBuffer("value", "spad", 4, (0,), ((1, 0), (2, 0))), LoopBuffer("sum", "spad", 4)),
    (("dma", 1), ("alu", 1), ("bus", 4)),
    (("spad", 12),),
)
"""Load 0-5, compute 5-7, add 7-9 (its sum at 10), an iteration every 5 cycles: the value lives for 9, in 2 slots."""
RIGHT = ModuloSchedule(5, (0, 0, 2), (0, 1, 1), (2, 1))


def rules(schedule: ModuloSchedule, body: LoopBody = BODY) -> set[str]:
    return {violation.rule for violation in check_modulo(schedule, body)}


def test_a_right_schedule() -> None:
    assert check_modulo(RIGHT, BODY) == []
    assert (RIGHT.stages, RIGHT.length_cycles(BODY), RIGHT.buffer_bytes(BODY)) == (2, 10, 12)
    assert [RIGHT.start(o) for o in range(3)] == [0, 5, 7]


def test_turned_around_it_is_the_same() -> None:
    """Two cycles later, everything."""
    turned = replace(RIGHT, slot=(2, 2, 4))
    assert check_modulo(turned, BODY) == []
    assert turned.length_cycles(BODY) == RIGHT.length_cycles(BODY)


@pytest.mark.parametrize(
    ("rule", "spoiled"),
    [
        ("columns", {"slot": (0, 0)}),
        ("columns", {"depth": (2,)}),
        ("slot", {"slot": (0, 5, 2)}),
        ("slot", {"stage": (-1, 1, 1)}),
        ("slot", {"depth": (2, 0)}),
        ("dependence", {"slot": (0, 2, 0), "stage": (0, 1, 1)}),
        ("content", {"slot": (1, 0, 2)}),
        ("resource", {"slot": (0, 0, 1), "stage": (0, 1, 1)}),
        ("overwrite", {"depth": (1, 1)}),
        ("capacity", {"depth": (3, 1)}),
    ],
)
def test_each_rule_is_named(rule: str, spoiled: dict[str, Any]) -> None:
    found = rules(replace(RIGHT, **spoiled))
    assert rule in found
    assert found <= {rule, "dependence"}  # who comes too early on the unit also comes before its turn
    assert found <= set(RULES)


def test_every_rule_can_be_broken() -> None:
    cases = test_each_rule_is_named.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {rule for rule, _ in cases} == set(RULES)


def test_iterations_meet_each_other() -> None:
    """At an interval of 4 the load meets that of the next iteration, and the value outlives its two slots; at 2 the sum
    is not there in time either."""
    assert rules(replace(RIGHT, initiation_interval_cycles=4, slot=(0, 1, 3))) == {"resource", "overwrite"}
    assert "dependence" in rules(ModuloSchedule(2, (0, 1, 1), (0, 2, 3), (6, 1)))


def test_shares_add_up() -> None:
    """A bus of 4 bytes per cycle: 3 and 2 of them never at once, whichever iterations they are of."""
    two_units = replace(
        BODY, operations=(*BODY.operations[:2], replace(BODY.operations[2], holds=(Hold("bus", 2, 2),)))
    )
    assert rules(RIGHT, two_units) == set()
    assert rules(
        replace(RIGHT, slot=(0, 0, 1), stage=(0, 1, 2), depth=(3, 1)), replace(two_units, memories=(("spad", 16),))
    ) == {"resource"}


def test_a_value_read_iterations_later() -> None:
    """Read by the next iteration's computation: the slots are free 5 cycles later."""
    later = LoopBuffer("value", "spad", 4, (0,), ((1, 1), (2, 0)))
    far = replace(BODY, buffers=(later, BODY.buffers[1]), memories=(("spad", 16),))
    assert rules(RIGHT, far) == {"overwrite"}
    assert rules(replace(RIGHT, depth=(3, 1)), far) == set()
