"""Prologue, epilogue, ports and the critical path: small programs that meet them."""

from __future__ import annotations

import pytest

from isamap.bounds import latency_bounds
from isamap.bounds.chain import links
from isamap.compile import Options, compile_workload
from isamap.ir.workload import Workload
from isamap.spec import load_workload
from tests.answers import TWO_EINSUMS
from tests.machines import bundled

S16 = {"in": "s16", "acc": "s16"}


def bounds(work: Workload, machine: str) -> dict[str, int]:
    return {bound.name: bound.value for bound in latency_bounds(work, bundled(machine))}


def test_one_product_takes_its_whole_way() -> None:
    """p16: two loads one after the other, mac, drain and store, a cycle each."""
    work = load_workload("gemm", {"M": 1, "N": 1, "K": 1} | S16)
    answer = compile_workload(work, bundled("p16"), Options(deterministic=True))
    assert bounds(work, "p16")["critical path"] == 5 == answer.simulation.latency_cycles
    assert answer.solved.status == "optimal"


@pytest.mark.parametrize(
    ("kernel", "machine", "settings", "before", "latency", "onward"),
    [
        ("gemm", "p16", {"M": 64, "N": 64, "K": 64} | S16, 2, 1, 2),
        ("p16/conv", "p16", {}, 1, 1, 2),  # the image has a border: only the weights must come
        ("gemm", "tiles", {"M": 64, "N": 64, "K": 64, "in": "s16"}, 1, 16, 40),  # two loads at once; a whole tile out
        ("gemm", "gemmini", {"M": 64, "N": 64, "K": 64}, 42, 16, 33),  # 40 cycles of latency in, 32 out
    ],
)
def test_before_and_after(
    kernel: str, machine: str, settings: dict[str, object], before: int, latency: int, onward: int
) -> None:
    link = links(load_workload(kernel, settings), bundled(machine))[0]
    assert (link.before_cycles, link.latency_cycles, link.onward_cycles) == (before, latency, onward)


def test_the_unit_works_between_the_first_load_and_the_last_store() -> None:
    """gmed: 2 cycles until an issue has its factors, 65,536 of work, a cycle each to drain and store a result."""
    assert bounds(load_workload("p16/gmed"), "p16")["whole program"] == 65_540


def test_two_einsums_in_a_chain() -> None:
    """tiny: a byte of A and of B come in, a cycle each, mm2 takes one, what assigns one more (mm2 again, were it the
    same expression; bounds do not ask), the store one."""
    work = load_workload(TWO_EINSUMS)
    first, second = links(work, bundled("tiny"))
    assert (first.before_cycles, first.latency_cycles, first.onward_cycles) == (2, 1, 2)
    assert (second.before_cycles, second.latency_cycles, second.onward_cycles) == (3, 1, 1)
    assert bounds(work, "tiny")["critical path"] == 5


@pytest.mark.parametrize(("read", "size", "units"), [("2*h", 4, 1), ("h", 8, 32)])
def test_what_nobody_needs_may_come_last(read: str, size: int, units: int) -> None:
    """128 products for T take 32 cycles. Where half of T is read, the other half may be done when the last output is
    out: no claim is made for T, and Y takes a cycle."""
    text = f"""
name: half
sizes: {{N: 8, H: {size}, K: 16}}
tensors:
  A: {{dtype: s8, shape: [N, K]}}
  B: {{dtype: s8, shape: [K]}}
  T: {{dtype: s32, shape: [N]}}
  Y: {{dtype: s32, shape: [H]}}
einsums:
  - T[n] += s32(A[n,k]) * s32(B[k])
  - Y[h] = max(T[{read}], 0)
"""
    work = load_workload(text)
    assert (links(work, bundled("tiny"))[0].onward_cycles is None) == (size == 4)
    assert bounds(work, "tiny")["units"] == units


def test_every_result_passes_the_write_port() -> None:
    """64x64 products one deep: 16 cycles of the array, 4,096 words drained at 32 per cycle."""
    work = load_workload("gemm", {"M": 64, "N": 64, "K": 1} | S16)
    answer = compile_workload(work, bundled("p16"), Options("heuristic", deterministic=True))
    assert bounds(work, "p16")["units"] == 16
    assert bounds(work, "p16")["ports"] == 128 == answer.simulation.busy_cycles["spad.awrite"]
