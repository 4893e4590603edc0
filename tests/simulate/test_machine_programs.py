"""Right programs on the bundled machines: their cycles as reasoned by hand, and their numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from isamap.check.program import check_program
from isamap.ir.workload import Workload
from isamap.simulate.evaluate import evaluate
from isamap.simulate.machine import Simulation, simulate
from isamap.simulate.random_inputs import random_inputs
from tests.machines import bundled
from tests.simulate import programs
from tests.simulate.tape import Tape


def run(made: tuple[Tape, Workload]) -> Simulation:
    """Simulate; the program breaks no rule and computes what its kernel means."""
    tape, kernel = made
    program, target, inputs = tape.program(), bundled(tape.target), random_inputs(kernel, 7)
    assert check_program(program, target) == []
    result = simulate(program, target, inputs)
    assert [str(violation) for violation in result.violations] == []
    wanted = evaluate(kernel, inputs)
    for name in program.outputs:
        np.testing.assert_array_equal(result.outputs[name], wanted[name])
    return result


def test_tile_gemm_takes_192_cycles() -> None:
    tape, _ = made = programs.tile_gemm()
    result = run(made)
    assert result.latency_cycles == 192
    starts = [(entry.operation.performs, int(start)) for entry, start in zip(tape.entries, result.start, strict=True)]
    assert [s for name, s in starts if name == "load"] == [0, 0, 20, 20, 40, 40, 60, 72]
    assert [s for name, s in starts if name == "matmul"] == [20, 40, 56, 72, 88, 104, 120, 136]
    assert [s for name, s in starts if name == "store"] == [88, 104, 128, 152]
    assert result.peak_bytes == {"spad": 6144}
    assert result.traffic_bytes == {"load": 8 * 512, "store": 4 * 1024}
    assert result.energy_pj is None
    assert result.busy_cycles == {"dma": 8 * 20 + 4 * 40, "array": 128}


def test_g64_takes_1536_cycles() -> None:
    result = run(programs.g64())
    assert result.latency_cycles == 1536
    assert result.busy_cycles["bus"] == 1536
    assert result.traffic_bytes == {"load": 2 * 64 * 64 * 2, "store": 64 * 64 * 2}
    assert result.peak_bytes == {"spad": 16384 + 16 * 512, "acc": 1024}
    words = 64 * 64
    energy = 2 * words * 206 + words * 206 + 16 * (6 * 64 * 32 + 256 * (2 * 64 - 1) / 10 + 256 * 64) + words * 6.1
    assert result.energy_pj == pytest.approx(energy)


def test_depthwise_by_a_banded_matrix_takes_36_cycles_of_the_array() -> None:
    result = run(programs.banded())
    assert result.start.tolist() == [0, 32, 50, 86, 94]
    assert result.busy_cycles["array"] == 36
    assert result.traffic_bytes == {"load": 2 * (16 * 16 + 9 * 16), "store": 512}
    assert result.latency_cycles == 94 + 32


def test_tiles_that_leave_the_accumulators_come_back() -> None:
    result = run(programs.refilled())
    assert result.busy_cycles["array"] == 2 * (24 + 16)


MADE: list[Callable[[], tuple[Tape, Workload]]] = [
    programs.tile_gemm, programs.g64, programs.banded, programs.refilled,
]  # fmt: skip


@pytest.mark.parametrize("make", MADE)
def test_without_execution_only_the_numbers_are_missing(make: Callable[[], tuple[Tape, Workload]]) -> None:
    tape, kernel = make()
    target = bundled(tape.target)
    full = simulate(tape.program(), target, random_inputs(kernel, 0))
    dry = simulate(tape.program(), target, {}, execute=False)
    assert dry.outputs == {}
    assert dry.start.tolist() == full.start.tolist()
    assert dry.energy_pj == full.energy_pj
