"""Schedules of nests that no search would choose: every checker passes, the simulator agrees, the numbers are right."""

from __future__ import annotations

from random import Random

import pytest

from isamap.check.placement import check_placement
from isamap.check.schedule import check_schedule
from isamap.ir.binding import Binding
from isamap.ir.workload import Workload
from isamap.judge import judge_program
from isamap.lowering import lower
from isamap.plan import place
from isamap.spec import load_target, load_workload
from isamap.tiling.estimate import estimate
from isamap.tiling.greedy import tiling_of
from isamap.tiling.nest import Nest
from tests.nests import bindings_of, nest_of, random_nest, scheduled
from tests.random_kernels import FAMILIES, random_kernel

PARAMETERS: dict[str, list[dict[str, object]]] = {
    "tiny": [{"local_bytes": size} for size in (16, 24, 32, 48, 100, 256)],
    "p16": [
        {"spad_kib": kib, "array_rows": rows, "array_columns": columns}
        for kib, rows, columns in [(1, 1, 2), (1, 2, 3), (1, 3, 1), (2, 4, 5), (1, 16, 16), (64, 3, 16)]
    ],
    "tiles": [{"spad_kib": kib} for kib in (2, 3, 4, 6)],
    "vliw4": [{"local_kib": kib, "lanes": lanes} for kib, lanes in [(1, 4), (1, 16), (2, 8), (32, 16)]],
}


def wrong(work: Workload, binding: Binding, nest: Nest) -> list[object]:
    """Everything that any judge finds in the schedule of ``nest``."""
    target = binding.target
    schedule = scheduled(binding, tiling_of(binding, nest))
    placement = place(schedule, [binding], target)
    found: list[object] = [*check_schedule(schedule, [binding.match], work, target)]
    found += check_placement(placement, target)
    simulation, violations = judge_program(lower(work, [binding], schedule, placement, target), work, target)
    found += violations
    if simulation.latency_cycles != schedule.latency_cycles:
        found.append(f"predicted {schedule.latency_cycles}, simulated {simulation.latency_cycles}")
    return found


@pytest.mark.parametrize("machine", FAMILIES)
def test_random_nests(machine: str) -> None:
    rng, tried = Random(machine), 0
    for seed in range(3 * len(FAMILIES[machine])):
        _, text, work = random_kernel(machine, seed, most=8)
        if len(work.einsums) > 1:
            continue
        target = load_target(machine, rng.choice(PARAMETERS[machine]))
        for binding in bindings_of(work, target)[:2]:
            for nest in (random_nest(binding, rng) for _ in range(3)):
                if estimate(binding, nest) is not None:
                    tried += 1
                    assert wrong(work, binding, nest) == [], f"{target.parameters}\n{nest}\n{text}"
    assert tried >= 6


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize(("rows", "columns"), [(3, 1), (4, 4), (2, 16)])
def test_partial_sums_wait_in_the_scratchpad(given: bool, rows: int, columns: int) -> None:
    """The reduction outside, more output tiles than accumulators: every tile is drained and filled again and again,
    also where the output had a value to begin with."""
    text = """
name: partial
sizes: {M: 11, N: 13, K: 6}
tensors:
  A: {dtype: s16, shape: [M, K]}
  B: {dtype: s16, shape: [K, N]}
  C: {dtype: s16, shape: [M, N]}
einsums:
  - C[m,n] += A[m,k] * B[k,n]
"""
    work = load_workload(text + ("inputs: [A, B, C]\noutputs: [C]\n" if given else ""))
    target = load_target("p16", {"array_rows": rows, "array_columns": columns})
    binding = bindings_of(work, target)[0]
    fused = dict(binding.match.axes)
    tile = {fused["i"][0]: min(rows, 3), fused["j"][0]: min(columns, 4), "k": 2}
    nest = nest_of(binding, tile, {}, "k m n", "k m n")
    schedule = scheduled(binding, tiling_of(binding, nest))
    performed = [schedule.steps[n].performs for n in schedule.step]
    tiles = performed.count("store")
    assert performed.count("drain") == 3 * tiles
    assert performed.count("fill") == (3 if given else 2) * tiles
    assert wrong(work, binding, nest) == []


def test_a_piece_of_more_axes_than_a_transfer_has_goes_in_parts() -> None:
    """The input box has five axes, a load four: one load per plane, each paying for what lies inside the border."""
    text = """
name: volume
sizes: {C: 2, K: 3, D: 3, P: 4, Q: 5}
tensors:
  I: {dtype: s16, shape: [2, C, D, P, Q], border: 0}
  W: {dtype: s16, shape: [K, C, 2, 2]}
  O: {dtype: s16, shape: [2, K, D, P, Q]}
axes: {r: 2, s: 2}
einsums:
  - O[n,k,d,p,q] += I[n,c,d+r-1,p+s-1,q] * W[k,c,r,s]
"""
    work = load_workload(text)
    binding = bindings_of(work, "p16")[0]
    whole = dict(binding.extents)
    nest = nest_of(binding, {"n": 2, "p": 2, "q": 4, "k": 3, "c": 2}, whole)
    schedule = scheduled(binding, tiling_of(binding, nest))
    assert {step.part for step in schedule.steps if step.tensor == "I"} == {0, 1}
    assert wrong(work, binding, nest) == []
