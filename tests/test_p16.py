"""The P16 kernels from file to checked program: near their lower bounds, within the scratchpad, exact."""

from __future__ import annotations

from functools import cache

import pytest

from isamap.compile import Compiled, Options, compile_workload
from isamap.spec import load_target, load_workload

S16 = {"in": "s16", "acc": "s16"}
# max(multiply-accumulates / 256, compulsory words / 8): the peak rate of the array and of the bus
LOWER_BOUND_CYCLES = {"g64": 1536, "gmed": 65536, "conv": 451584, "dw": 100388, "pw": 150784}
MOST_RATIO = {"g64": 1.01, "gmed": 1.045, "conv": 1.01, "dw": 1.02, "pw": 1.004}


def compiled(kernel: str, settings: dict[str, object] | None = None) -> Compiled:
    return compile_workload(load_workload(kernel, settings or {}), load_target("p16"), Options(deterministic=True))


@cache
def one_of_p16(name: str) -> Compiled:
    return compiled(f"p16/{name}")


@pytest.mark.parametrize("name", LOWER_BOUND_CYCLES)
def test_near_the_bound_and_exact(name: str) -> None:
    answer = one_of_p16(name)
    assert answer.violations == ()
    assert answer.bound_cycles >= LOWER_BOUND_CYCLES[name]
    assert LOWER_BOUND_CYCLES[name] <= answer.simulation.latency_cycles <= MOST_RATIO[name] * LOWER_BOUND_CYCLES[name]
    assert answer.simulation.peak_bytes["spad"] <= 65536
    assert answer.simulation.latency_cycles == answer.schedule.latency_cycles, "a prediction that did not come true"


@pytest.mark.parametrize(
    ("kernel", "sizes"),
    [
        ("gemm", {"M": 35, "N": 2113, "K": 17}),
        ("gemm", {"M": 1, "N": 1, "K": 1}),
        ("gemm", {"M": 17, "N": 1, "K": 5}),
        ("conv2d", {"K": 24, "C": 10, "P": 13, "Q": 17, "STRIDE": 2, "DILATION": 2, "PAD": 2}),
        ("conv2d", {"N": 3, "K": 5, "C": 3, "P": 7, "Q": 9, "STRIDE": 3, "PAD": 1}),
        ("conv3d", {"C": 3, "K": 17, "P": 9, "Q": 9}),
        ("batch_gemm", {"BATCH": 3, "M": 19, "N": 23, "K": 29}),
        ("depthwise_conv2d", {"C": 19, "P": 11, "Q": 13}),
    ],
)
def test_ragged_shapes_are_exact(kernel: str, sizes: dict[str, object]) -> None:
    answer = compiled(kernel, sizes | S16)
    assert answer.violations == ()
    assert answer.simulation.latency_cycles >= answer.bound_cycles


def test_the_same_again_when_deterministic() -> None:
    assert compiled("p16/g64").program == one_of_p16("g64").program
