"""vliw4 from file to checked program: start cycles are part of the answer, numbers are exact, macs overlap."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from isamap.compile import Compiled, Options, compile_workload
from isamap.ir.program import Program, Segment
from isamap.ir.workload import Workload
from isamap.judge import judge_program
from isamap.spec import load_workload
from tests.machines import bundled

CONVOLUTION = {"N": 2, "K": 5, "C": 6, "P": 7, "Q": 9, "R": 3, "S": 3, "STRIDE": 2, "DILATION": 2, "PAD": 2}
SEPARABLE = """
name: separable
sizes: {C: 5, K: 18, P: 5, Q: 4, R: 3, S: 3, STRIDE: 2, PAD: 1}
tensors:
  I: {dtype: s8, shape: [C, STRIDE*(P-1)+R-2*PAD, STRIDE*(Q-1)+S-2*PAD], border: 0}
  W: {dtype: s8, shape: [C, R, S]}
  D: {dtype: s32, shape: [C, P, Q]}
  H: {dtype: s8, shape: [C, P, Q]}
  V: {dtype: s8, shape: [K, C]}
  O: {dtype: s32, shape: [K, P, Q]}
einsums:
  - D[c,p,q] += s32(I[c,STRIDE*p+r-PAD,STRIDE*q+s-PAD]) * s32(W[c,r,s])
  - H[c,p,q] = sat_s8(s64(D[c,p,q]) * 77 >> 14)
  - O[k,p,q] += s32(H[c,p,q]) * s32(V[k,c])
"""
KERNELS = {
    "deep": lambda: load_workload("gemm", {"M": 35, "K": 457, "N": 17}),
    "strided": lambda: load_workload("conv2d", dict(CONVOLUTION)),
    "separable": lambda: load_workload(SEPARABLE),
}


@cache
def compiled(kernel: str, issue: str = "static") -> Compiled:
    work: Workload = KERNELS[kernel]()
    return compile_workload(work, replace(bundled("vliw4"), issue=issue), Options(deterministic=True))  # type: ignore[arg-type]


def segment(program: Program) -> Segment:
    (found,) = program.body
    assert isinstance(found, Segment)
    return found


@pytest.mark.parametrize("kernel", KERNELS)
def test_programs_are_right_and_take_as_long_as_predicted(kernel: str) -> None:
    answer = compiled(kernel)
    assert answer.violations == ()
    assert answer.simulation.latency_cycles == answer.schedule.latency_cycles
    assert answer.simulation.latency_cycles >= answer.bound_cycles
    assert segment(answer.program).start == answer.schedule.start


@pytest.mark.parametrize("kernel", ["separable"])
def test_the_same_program_is_right_on_queues(kernel: str) -> None:
    """Where order must be proved, not timed: queue order alone does not order results."""
    answer = compiled(kernel, "queued")
    assert answer.violations == ()
    assert answer.schedule.start == compiled(kernel).schedule.start


def test_a_program_without_starts_is_refused() -> None:
    answer = compiled("strided")
    bare = replace(segment(answer.program), start=segment(answer.program).start[:0])
    _, found = judge_program(replace(answer.program, body=(bare,)), answer.work, answer.target)
    assert "start-missing" in {violation.rule for violation in found}


def test_accumulations_into_one_vector_keep_their_distance_and_others_come_between() -> None:
    """35 x 457 x 17: 3 * 17 * 115 macs, nine cycles in ten one of them, into each vector at most every fourth."""
    answer = compiled("deep")
    part, at = segment(answer.program), 0
    last, starts, distances = dict[int, int](), list[int](), list[int]()
    for number, start in zip(part.operation, part.start, strict=True):
        operation = part.operations[number]
        if operation.performs == "mac":
            register = part.origin[at + 2]
            if operation.mode == "accumulate":
                distances.append(start - last[register])
            last[register] = start
            starts.append(start)
        at += sum(operation.origin_counts)
    assert min(distances) >= 4  # the latency of a mac
    assert len(starts) == 3 * 17 * 115
    assert answer.simulation.latency_cycles < len(starts) / 0.9
