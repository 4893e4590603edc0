"""Features that the simulator does not reflect yet are refused by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.compile import compile_workload
from isamap.errors import Unsupported
from isamap.ir.expression import Number
from isamap.ir.hardware import Target
from isamap.simulate import simulate
from isamap.spec import load_target, load_workload


def changed(target: Target, what: str) -> Target:
    """``tiny`` with one feature that is sayable and not simulated."""
    memories = tuple(replace(m, count=2 if what == "copies" else 1) for m in target.memories)
    if what == "cache":
        memories = (memories[0], *(replace(m, kind="cache") for m in memories[1:]))
    instructions = target.instructions
    if what == "latency":
        instructions = tuple(replace(i, operand_latency_cycles=(("C", Number(1)),)) for i in instructions)
    if what == "slots":
        instructions = tuple(replace(i, issue_slots=("s0",)) for i in instructions)
    transfers = tuple(replace(t, multicast=2 if what == "multicast" else 1) for t in target.transfers)
    return replace(target, memories=memories, instructions=instructions, transfers=transfers)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("latency", "per-operand latency of mm2"),
        ("slots", "issue slots of mm2"),
        ("cache", "cache local"),
        ("copies", "2 private copies"),
        ("multicast", "multicast of load"),
    ],
)
def test_what_is_not_built_is_refused_by_name(what: str, says: str) -> None:
    work = load_workload("gemm", {"M": 2, "N": 2, "K": 4})
    target = load_target("tiny")
    program = compile_workload(work, target).program
    assert simulate(program, target, {}, execute=False).violations == ()
    with pytest.raises(Unsupported, match=says):
        simulate(program, changed(target, what), {}, execute=False)
