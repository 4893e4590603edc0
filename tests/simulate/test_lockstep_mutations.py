"""Every issue of right lock-step programs started a cycle early, and at random elsewhere: named, or provably harmless.

What the simulator names is what brute force names, waits or no waits; and a program in which neither finds anything
wrong gives the right bytes whenever, within what they hold, its issues read and write.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from isamap.compile import Compiled, Options, compile_workload
from isamap.ir.expression import parse
from isamap.ir.hardware import Instruction, Target
from isamap.ir.program import Program, Segment
from isamap.simulate.evaluate import evaluate
from isamap.simulate.machine import simulate
from isamap.simulate.random_inputs import random_inputs
from isamap.spec import load_workload
from tests.machines import bundled
from tests.simulate.every_cycle import broken, happenings, play

_SAME = {"start-missing": "missing", "start-order": "order", "start-unit": "slot", "start-resource": "resource",
         "raw-cycle": "hazard", "waw-cycle": "hazard", "war-cycle": "hazard"}  # fmt: skip
_GEMM = """
name: small
sizes: {M: 5, K: 9, N: 3}
tensors:
  A: {dtype: s8, shape: [M, K]}
  B: {dtype: s8, shape: [K, N]}
  C: {dtype: s32, shape: [M, N]}
einsums: ["C[m,n] += s32(A[m,k]) * s32(B[k,n])"]
"""
KERNELS = {
    "gemm": _GEMM,
    "continued": _GEMM + "inputs: [A, B, C]\noutputs: [C]\n",
    "padded": """
name: padded
sizes: {C: 3, P: 4, K: 2, R: 3}
tensors:
  I: {dtype: s8, shape: [C, P], border: 0}
  W: {dtype: s8, shape: [K, C, R]}
  O: {dtype: s32, shape: [K, P]}
einsums: ["O[k,p] += s32(I[c,p+r-1]) * s32(W[k,c,r])"]
""",
    "block": """
name: block
sizes: {M: 18, K: 5}
tensors:
  A: {dtype: s8, shape: [M, K]}
  B: {dtype: s8, shape: [K]}
  C: {dtype: s32, shape: [M]}
  Y: {dtype: s32, shape: [M]}
  Q: {dtype: s8, shape: [M]}
einsums:
  - C[m] += s32(A[m,k]) * s32(B[k])
  - Y[m] = max(C[m], 0)
  - Q[m] = sat_s8(s64(Y[m]) * 77 >> 14)
outputs: [Q]
""",
}
TIMES = {"mac": ("1", "3", "7"), "drain": ("2", "1", "4"), "fill": ("1", "2", "2"), "relu": ("2", "4", "3")}
"""Interval, occupancy and latency in cycles, to bend the machine with: all of them differ."""


def bent(target: Target) -> Target:
    """vliw4 with awkward times, two vector registers and 256 bytes of scratchpad: tiles come and go."""

    def bend(instruction: Instruction) -> Instruction:
        interval, occupancy, latency = map(parse, TIMES.get(instruction.name, ("3", "2", "5")))
        return replace(instruction, initiation_interval_cycles=interval, occupancy_cycles=occupancy,
                       latency_cycles=latency)  # fmt: skip

    room = {"registers": 128, "local": 256}
    return replace(
        target,
        instructions=tuple(map(bend, target.instructions)),
        memories=tuple(replace(m, capacity_bytes=room.get(m.name, m.capacity_bytes)) for m in target.memories),
    )


MACHINES = {"vliw4": bundled("vliw4"), "bent": bent(bundled("vliw4"))}


@cache
def compiled(kernel: str, machine: str) -> Compiled:
    answer = compile_workload(
        load_workload(KERNELS[kernel]), MACHINES[machine], Options(deterministic=True, time_limit_s=2)
    )
    assert answer.violations == ()
    return answer


def started(program: Program, starts: list[int]) -> Program:
    """The program with other start cycles and without waits."""
    (segment,) = program.body
    assert isinstance(segment, Segment)
    none = array("i", [0] * len(starts))
    bare = replace(segment, start=array("q", starts), wait_count=none, wait_on=array("q"), wait_event=array("b"))
    return replace(program, body=(bare,))


class Judge:
    """Simulator, brute force and free-running clocks on one kernel's program with any start cycles."""

    def __init__(self, kernel: str, machine: str) -> None:
        answer = compiled(kernel, machine)
        self.program, self.target = answer.program, MACHINES[machine]
        (segment,) = self.program.body
        assert isinstance(segment, Segment)
        self.starts = segment.start.tolist()
        self.issues = happenings(self.program, self.target)
        self.inputs = random_inputs(answer.work, 3)
        wanted = evaluate(answer.work, self.inputs)
        self.wanted = {name: wanted[name].tobytes() for name in answer.work.outputs}

    def verdict(self, starts: list[int]) -> set[str]:
        """The rules broken; the machine comes to the right bytes where there are none."""
        program = started(self.program, starts)
        result = simulate(program, self.target, self.inputs, execute=False)
        found = {_SAME[violation.rule] for violation in result.violations}
        issues = [replace(issue, start=start) for issue, start in zip(self.issues, starts, strict=True)]
        assert found == broken(issues, self.target)
        if not found:
            given = {name: values.tobytes() for name, values in self.inputs.items()}
            for seed in range(3):
                assert play(issues, program, given, self.target.outermost.name, seed) == self.wanted
        return found


CASES = [(kernel, machine) for kernel in KERNELS for machine in MACHINES]


@pytest.mark.parametrize(("kernel", "machine"), CASES)
def test_starts_alone_make_the_program_right(kernel: str, machine: str) -> None:
    judge = Judge(kernel, machine)
    assert judge.verdict(judge.starts) == set()


@pytest.mark.parametrize(("kernel", "machine"), CASES)
def test_a_cycle_early_is_named_or_harmless(kernel: str, machine: str) -> None:
    judge = Judge(kernel, machine)
    named = dict.fromkeys(_SAME.values(), 0)
    for x in range(len(judge.starts)):
        starts = list(judge.starts)
        starts[x] -= 1
        for rule in judge.verdict(starts):
            named[rule] += 1
    assert named["missing"] == judge.starts.count(0)
    assert named["hazard"] > 2
    assert named["slot"] > 2


@pytest.mark.parametrize(("kernel", "machine"), CASES)
def test_starts_at_random(kernel: str, machine: str) -> None:
    """A few issues anywhere near, and all that follow later: some of it is harmless, most of it is not."""
    judge, rng = Judge(kernel, machine), Random(kernel + machine)
    harmless = 0
    for _ in range(40):
        starts = list(judge.starts)
        if rng.random() < 0.5:
            since, delay = rng.randrange(len(starts)), rng.randrange(1, 12)
            starts = [start + delay * (x >= since) for x, start in enumerate(starts)]
        for _ in range(rng.randrange(3)):
            starts[rng.randrange(len(starts))] += rng.randrange(-6, 7)
        harmless += not judge.verdict(starts)
    assert 5 < harmless < 35


def test_a_hazard_shows_in_the_numbers() -> None:
    """A result read a cycle early gives wrong bytes at some moment: the free-running clocks are no formality."""
    hazards = shown = 0
    for kernel in ("gemm", "continued", "padded"):  # the fourth clamps, which hides much
        judge = Judge(kernel, "vliw4")
        given = {name: values.tobytes() for name, values in judge.inputs.items()}
        for x in range(len(judge.starts)):
            starts = list(judge.starts)
            starts[x] -= 1
            if judge.verdict(starts) != {"hazard"}:
                continue
            hazards += 1
            issues = [replace(issue, start=start) for issue, start in zip(judge.issues, starts, strict=True)]
            runs = (play(issues, judge.program, given, judge.target.outermost.name, seed) for seed in range(60))
            shown += any(run != judge.wanted for run in runs)
    assert hazards == shown > 10
