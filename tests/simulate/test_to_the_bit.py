"""Instructions that a machine's file defines bit by bit are performed so, and not as they are said to mean."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from isamap.compile import compile_workload
from isamap.compiled import Compiled, Options
from isamap.errors import NoMatch
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.judge import judge_program
from isamap.mapping import map_workload
from isamap.simulate import evaluate, random_inputs, simulate
from isamap.spec import load_target, load_workload

MACHINE = """\
name: dsp16
memories: {{dram: {{capacity: 1 MiB}}, local: {{capacity: 4 KiB}}}}
channels: {{dma: {{count: 1}}}}
transfers:
  load: {{from: dram, to: local, channel: dma, dimensions: 2, cost_cycles: bytes}}
  store: {{from: local, to: dram, channel: dma, dimensions: 2, cost_cycles: bytes}}
units: {{vector: {{count: 1}}}}
instructions:
  pairs:
    unit: vector
    axes: {{i: [1, 8], k: 4}}
    operands: {{A: "u8[k] @ local", B: "s8[i,k] @ local", C: "s32[i] @ local"}}
    meaning: C[i] += s32(A[k]) * s32(B[i,k])
    implementation:
      intermediates: {{T: "s16[i,2]"}}
      axes: {{h: 2}}
      statements:
        - T[i,h] = {clip}(s32(A[2*h]) * s32(B[i,2*h]) + s32(A[2*h+1]) * s32(B[i,2*h+1]))
        - C[i] += s32(T[i,h])
    initialise: optional
    initiation_interval_cycles: 1
    latency_cycles: 1
"""
KERNEL = """\
name: layer
tensors:
  X: {{dtype: u8, shape: [3, 16]{range}}}
  W: {{dtype: s8, shape: [11, 16]}}
  Y: {{dtype: s32, shape: [3, 11]}}
einsums:
  - Y[b,o] += s32(X[b,i]) * s32(W[o,i])
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bits")


def pair(folder: Path, limit: str, clip: str) -> tuple[Workload, Target]:
    (folder / "layer.yaml").write_text(KERNEL.format(range=limit))
    (folder / "dsp16.yaml").write_text(MACHINE.format(clip=clip))
    return load_workload(str(folder / "layer.yaml"), {}), load_target(str(folder / "dsp16.yaml"), {})


@cache
def answer(folder: Path, clip: str) -> Compiled:
    work, target = pair(folder, ", range: [0, 127]", clip)
    return compile_workload(work, target, Options(method="heuristic"))


@pytest.mark.parametrize("clip", ["sat_s16", "s16"])
def test_within_its_range_the_instruction_does_what_it_means(folder: Path, clip: str) -> None:
    compiled = answer(folder, clip)
    assert compiled.checked, compiled.violations
    tiles = {dict(step.sizes)["o"] for step in compiled.schedule.steps if step.performs == "pairs"}
    assert 11 % max(tiles)
    assert len(tiles) > 1  # the last issue of a row is shorter


@pytest.mark.parametrize("clip", ["sat_s16", "s16"])
def test_beyond_its_range_the_judge_sees_what_the_manual_says(folder: Path, clip: str) -> None:
    compiled = answer(folder, clip)
    unbounded = replace(compiled.work, tensors=tuple(replace(t, value_range=None) for t in compiled.work.tensors))
    _, found = judge_program(compiled.program, unbounded, compiled.target)
    assert [violation.rule for violation in found] == ["wrong-number"]


def test_clipped_and_wrapped_numbers(folder: Path) -> None:
    """255 * 127 + 255 * 127 = 64770 is 32767 clipped to 16 bits and -766 wrapped; eight such pairs are added up."""
    for clip, each in (("sat_s16", 32767), ("s16", -766)):
        compiled = answer(folder, clip)
        inputs = {"X": np.full((3, 16), 255, np.uint8), "W": np.full((11, 16), 127, np.int8)}
        outputs = simulate(compiled.program, compiled.target, inputs).outputs
        assert np.unique(outputs["Y"]).tolist() == [8 * each]


def test_without_a_range_it_is_not_used(folder: Path) -> None:
    work, target = pair(folder, "", "sat_s16")
    with pytest.raises(NoMatch, match="pairs is exact only for"):
        compile_workload(work, target, Options(method="heuristic"))
    ((found,),) = map_workload(work, target)
    assert found.matches == ()


def test_the_meaning_alone_would_not_have_noticed(folder: Path) -> None:
    compiled = answer(folder, "sat_s16")
    trusting = replace(
        compiled.target, instructions=tuple(replace(i, implementation=None) for i in compiled.target.instructions)
    )
    inputs = random_inputs(
        replace(compiled.work, tensors=tuple(replace(t, value_range=None) for t in compiled.work.tensors)), 0
    )
    expected = evaluate(compiled.work, inputs)["Y"]
    assert (simulate(compiled.program, trusting, inputs).outputs["Y"] == expected).all()
    assert not (simulate(compiled.program, compiled.target, inputs).outputs["Y"] == expected).all()
