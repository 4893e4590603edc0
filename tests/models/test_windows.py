"""Bundled convolutions and poolings against their textbook definitions, point by point in plain numpy."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from isamap import evaluate, load_workload, random_inputs

Array = np.ndarray[Any, Any]


def run(name: str, **sizes: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """(inputs, every tensor's final value)."""
    work = load_workload(name, sizes)
    inputs = random_inputs(work, 7)
    return inputs, evaluate(work, inputs)


@pytest.mark.parametrize(
    "sizes",
    [
        {"R": 4, "S": 4, "STRIDE": 2, "PAD": 1},
        {"R": 3, "S": 3, "STRIDE": 2, "PAD": 1},  # odd: a row and a column more at the end
        {"R": 2, "S": 2, "STRIDE": 2, "PAD": 0},
        {"R": 5, "S": 3, "STRIDE": 3, "PAD": 1},
        {"R": 3, "S": 3, "STRIDE": 1, "PAD": 1},
    ],
    ids=str,
)
def test_transposed_convolution_scatters_each_input_times_the_filter(sizes: dict[str, int]) -> None:
    inputs, found = run("transposed_conv2d", N=2, K=3, C=2, P=3, Q=4, **sizes)
    image, weights = inputs["I"].astype(np.int32), inputs["W"].astype(np.int32)
    stride, pad = sizes["STRIDE"], sizes["PAD"]
    wanted = np.zeros((2, 3, stride * 3, stride * 4), np.int32)
    for n, k, c, p, q, r, s in np.ndindex(2, 3, 2, 3, 4, sizes["R"], sizes["S"]):
        y, x = stride * p + r - pad, stride * q + s - pad
        if 0 <= y < wanted.shape[2] and 0 <= x < wanted.shape[3]:
            wanted[n, k, y, x] += image[n, c, p, q] * weights[k, c, r, s]
    assert (found["O"] == wanted).all()


@pytest.mark.parametrize(("stride", "pad"), [(1, 1), (2, 1), (1, 0), (2, 0)])
def test_grouped_convolution_is_a_convolution_per_group(stride: int, pad: int) -> None:
    inputs, found = run("grouped_conv2d", N=2, G=3, K=2, C=2, P=4, Q=3, STRIDE=stride, PAD=pad)
    padded = np.pad(inputs["I"].astype(np.int32), ((0, 0), (0, 0), (0, 0), (pad, pad), (pad, pad)))
    weights = inputs["W"].astype(np.int32)
    for n, g, k, p, q in np.ndindex(2, 3, 2, 4, 3):
        window = padded[n, g, :, stride * p : stride * p + 3, stride * q : stride * q + 3]
        assert found["O"][n, g, k, p, q] == (window * weights[g, k]).sum()


def test_max_pooling() -> None:
    inputs, found = run("max_pool2d", N=2, C=3, P=3, Q=4, R=3, S=2, STRIDE=2)
    for n, c, p, q in np.ndindex(2, 3, 3, 4):
        assert found["O"][n, c, p, q] == inputs["I"][n, c, 2 * p : 2 * p + 3, 2 * q : 2 * q + 2].max()


def test_average_pooling_rounds_to_nearest_even() -> None:
    inputs, found = run("average_pool2d", N=1, C=40, P=2, Q=2, R=2, S=2, STRIDE=2)
    means = np.stack([inputs["I"][..., r::2, s::2].astype(float) for r, s in product((0, 1), (0, 1))]).mean(axis=0)
    assert (means % 1 == 0.5).any()
    assert (found["O"] == np.rint(means)).all()
