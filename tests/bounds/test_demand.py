"""Who may do what, what it holds, and what lies before and after: piece by piece."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.bounds import latency_bounds
from isamap.bounds.busiest import held
from isamap.bounds.demand import able, moves_out
from isamap.bounds.fills import _session_cycles
from isamap.ir.expression import evaluate, parse
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.spec import load_workload
from tests.machines import bench, bundled

TRANSPOSED = """
name: transposed
sizes: {M: 40, N: 50}
tensors:
  X: {dtype: s32, shape: [M, N]}
  Y: {dtype: s32, shape: [N, M]}
einsums:
  - Y[n,m] = X[m,n]
"""


def bounds(work: Workload, target: Target) -> dict[str, int]:
    return {bound.name: bound.value for bound in latency_bounds(work, target)}


def test_copies_need_no_unit() -> None:
    """Transfers can do it: tiny's vector unit takes no part."""
    work = load_workload(TRANSPOSED)
    assert able(bundled("tiny"), work.einsums[0]) == ()
    assert bounds(work, bundled("tiny"))["units"] == 0


def test_only_results_that_cannot_leave_otherwise_are_moved() -> None:
    """p16's sums leave through drain; gemmini's may grow where the store takes them."""
    names = {}
    for machine, kernel in (("p16", load_workload("p16/g64")), ("gemmini", load_workload("gemm"))):
        target = bundled(machine)
        names[machine] = [move.name for move in moves_out(target, able(target, kernel.einsums[0]))]
    assert names == {"p16": ["drain"], "gemmini": []}


def test_a_port_held_in_part() -> None:
    """``add`` takes 8 of 16 bytes per cycle for 2*n cycles, ``negate`` all for n, ``sum`` none."""
    price = held(bench(), "buf.port")
    shares = [price(bench().instruction(name)) for name in ("add", "negate", "sum")]
    assert [float(evaluate(cost, {"n": 10})) * share for cost, share in shares] == [10, 10, 0]


@pytest.mark.parametrize(
    ("sizes", "cycles"),
    [
        ({"M": 16, "N": 16, "K": 4096}, 131_072 // 16 + 40 + 16 + 33),  # in, then an issue and its way out
        ({"M": 256, "N": 256, "K": 1}, 42 + 16 + 262_144 // 16),  # out, after the first issue is complete
    ],
)
def test_traffic_with_what_comes_before_and_after(sizes: dict[str, object], cycles: int) -> None:
    """gemmini's loads and stores each have a channel of 16 bytes per cycle."""
    assert bounds(load_workload("gemm", sizes), bundled("gemmini"))["whole program"] == cycles


def test_results_may_come_before_the_unit_is_free() -> None:
    """Where a mac's results come after a cycle, the last issue's other 4,095 cycles bound nothing."""
    target = bundled("p16")
    early = [replace(i, latency_cycles=parse("1")) if i.name == "mac" else i for i in target.instructions]
    found = bounds(load_workload("p16/gmed"), replace(target, instructions=tuple(early)))
    assert found["units"] == 65_536 - 4_095 + 2


def test_what_taking_up_a_sum_costs() -> None:
    """Of p16's read port: a fill 1/32 of a cycle; vmac reads 512 places in 17 cycles, and one issue may add two sums
    for each, one in either operand."""
    target = bundled("p16")
    assert _session_cycles(target, {"acc"}, held(target, "spad.aread"), 2) == pytest.approx(17 / 512 / 2)
    slow = [i for i in target.instructions if i.name != "vmac"]
    assert _session_cycles(replace(target, instructions=tuple(slow)), {"acc"}, held(target, "spad.aread"), 2) == 1 / 32
