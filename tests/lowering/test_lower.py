"""From a schedule and a placement to a program: legal, at the right places, the same text every time."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from isamap.check.program import check_program
from isamap.ir.answers import Placement, Schedule
from isamap.ir.program import Program, Segment
from isamap.ir.text import from_text, to_text
from isamap.lowering import lower
from isamap.plan import place
from isamap.spec import load_workload
from isamap.tiling.estimate import estimate
from isamap.tiling.greedy import tiling_of
from tests.nests import S16, binding_of, bindings_of, lowered, nest_of, random_nest, scheduled, tiling_from
from tests.random_kernels import FAMILIES, random_kernel

Golden = Callable[[str, str], None]


@pytest.mark.parametrize("machine", FAMILIES)
def test_every_operation_is_legal(machine: str) -> None:
    rng = Random(7)
    for seed in range(len(FAMILIES[machine])):
        _, text, work = random_kernel(machine, seed, most=8)
        for binding in bindings_of(work, machine)[:2]:
            nest = random_nest(binding, rng)
            if estimate(binding, nest) is not None:
                program = lowered(work, binding, scheduled(binding, tiling_of(binding, nest)))
                assert check_program(program, binding.target) == [], f"{nest}\n{text}"


def gemm(machine: str, **sizes: int) -> tuple[Program, Schedule, Placement]:
    settings: dict[str, object] = {**sizes, **(S16 if machine == "p16" else {})}
    work, binding = load_workload("gemm", settings), binding_of("gemm", machine, settings)
    tile = {"m": 2, "n": 2, "k": 4} if machine == "tiny" else {"m": 16, "n": 16, "k": 20}
    schedule = scheduled(binding, tiling_from(binding, tile, {}, "m n k", "m n k"))
    placement = place(schedule, [binding], binding.target)
    return lower(work, [binding], schedule, placement, binding.target), schedule, placement


@pytest.mark.parametrize(("machine", "sizes"), [("tiny", (3, 4, 6)), ("p16", (20, 16, 40))])
def test_golden(machine: str, sizes: tuple[int, int, int], golden: Golden) -> None:
    """Small gemms with ragged edges: every issue, operand and wait, to be read by a person."""
    program, _, _ = gemm(machine, **dict(zip("MNK", sizes, strict=True)))
    text = to_text(program)
    assert from_text(text) == program
    golden(f"gemm_{machine}.txt", text)


def test_one_issue_per_task_in_order() -> None:
    program, schedule, _ = gemm("p16", M=35, N=20, K=40)
    (segment,) = program.body
    assert isinstance(segment, Segment)
    assert program.issues == len(schedule.step)
    names = [segment.operations[n].performs for n in segment.operation]
    assert names == [schedule.steps[n].performs for n in schedule.step]
    assert segment.wait_on == schedule.wait_on
    assert segment.start == schedule.start


def test_the_first_contribution_initialises_unless_the_output_is_an_input() -> None:
    text = """
name: sums
sizes: {M: 3, N: 2, K: 8}
tensors:
  A: {dtype: s8, shape: [M, K]}
  B: {dtype: s8, shape: [K, N]}
  C: {dtype: s32, shape: [M, N]}
einsums:
  - C[m,n] += s32(A[m,k]) * s32(B[k,n])
"""
    for more, wanted in (("", "initialise"), ("inputs: [A, B, C]\noutputs: [C]\n", "accumulate")):
        work = load_workload(text + more)
        binding = bindings_of(work, "tiny")[0]
        nest = nest_of(binding, {"m": 2, "n": 2, "k": 4}, {}, "m n k", "m n k")
        program = lowered(work, binding, scheduled(binding, tiling_of(binding, nest)))
        (segment,) = program.body
        assert isinstance(segment, Segment)
        modes = [segment.operations[n].mode for n in segment.operation]
        assert [mode for mode in modes if mode] == [wanted, "accumulate"] * 2


def test_a_tile_within_a_piece_lies_at_its_offset() -> None:
    """A window's piece is as large as a block: the second tile of a block of 8 begins 4 elements into it."""
    text = """
name: window
sizes: {K: 2, P: 8, R: 3}
tensors:
  I: {dtype: s16, shape: [P+R-1]}
  W: {dtype: s16, shape: [K, R]}
  O: {dtype: s16, shape: [K, P]}
einsums:
  - O[k,p] += I[p+r] * W[k,r]
"""
    work = load_workload(text)
    binding = bindings_of(work, "p16")[0]
    nest = nest_of(binding, {"k": 2, "p": 4, "r": 3}, {"p": 8}, "p k r", "p k r")
    program = lowered(work, binding, scheduled(binding, tiling_of(binding, nest)))
    (segment,) = program.body
    assert isinstance(segment, Segment)
    held = next(role.operand.name for role in binding.inputs if role.tensor.name == "I")
    at, found = 0, []
    for number in segment.operation:
        operation = segment.operations[number]
        if operation.performs == "mac":
            position = [view.operand for view in operation.views].index(held)
            found.append(segment.origin[at + position])
        at += sum(operation.origin_counts)
    assert [address - found[0] for address in found] == [0, 8]
    assert [operation.performs for operation in segment.operations].count("load") == 2  # I once, W once
