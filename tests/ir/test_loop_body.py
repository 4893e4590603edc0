"""Loop bodies refuse what makes no sense, and say what would."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from isamap.errors import InvalidNoun
from isamap.ir.loop_body import Dependence, Hold, LoopBody, LoopBuffer, LoopOperation

LOAD, COMPUTE = LoopOperation("load", (Hold("dma", 1, 5),), 5, 5), LoopOperation("compute", (Hold("alu", 1, 2),), 2, 3)
VALUE = LoopBuffer("value", "spad", 4, (0,), ((1, 0),))
BODY = LoopBody(
    (LOAD, COMPUTE), (Dependence(1, 1, 3, 1),), (VALUE,), (("dma", 1), ("alu", 2), ("bus", 8)), (("spad", 8),)
)  # fmt: skip


def test_readers_await_writers() -> None:
    assert BODY.arcs == (Dependence(1, 1, 3, 1), Dependence(0, 1, 5, 0))
    assert [operation.end_cycles for operation in BODY.operations] == [5, 3]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"operations": ()}, "operations: expected at least one, got none"),
        ({"operations": (LOAD, replace(COMPUTE, name="load"))}, "different names, got 'load' twice"),
        ({"operations": (LOAD, replace(COMPUTE, holds=(Hold("alu", 3, 2),)))}, r"there are: dma \(1\) alu \(2\) bus"),
        ({"operations": (LOAD, replace(COMPUTE, holds=(Hold("fpu", 1, 2),)))}, "within its capacity"),
        (
            {"operations": (LOAD, replace(COMPUTE, holds=(Hold("alu", 1, 1), Hold("alu", 2, 2))))},
            "operations.compute: expected at most 2 of alu in all, got 3",
        ),
        ({"operations": (LOAD, replace(COMPUTE, latency_cycles=-1))}, "operations.compute: expected at least 0 cycles"),
        ({"dependences": (Dependence(0, 2, 1),)}, "dependences.0: expected two of 2 operations"),
        ({"dependences": (Dependence(0, 1, 1, -1),)}, "no number below 0"),
        ({"dependences": (Dependence(1, 0, 1),)}, "one through or before load compute"),
        ({"buffers": (replace(VALUE, memory="attic"),)}, "buffers.value.memory: expected one of spad, got attic"),
        ({"buffers": (replace(VALUE, slot_bytes=-4),)}, "slot_bytes: expected at least 0, got -4"),
        ({"buffers": (replace(VALUE, readers=((2, 0),)),)}, "numbers of 2 operations"),
        ({"buffers": (replace(VALUE, readers=()),)}, "writers and readers, or neither"),
    ],
)
def test_nonsense_is_refused(part: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidNoun, match=message):
        replace(BODY, **part)


def test_a_circle_through_another_iteration_is_none() -> None:
    assert replace(BODY, dependences=(Dependence(1, 0, 1, 1),)).arcs
