"""Bundled layers with epilogues, MobileNetV2's blocks, softmax and layer normalisation against plain numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isamap import evaluate, load_workload, random_inputs

Array = np.ndarray[Any, Any]
GEMM = {"M": 6, "N": 5, "K": 40}


def requantise(values: Array) -> Array:
    """By 1/128, to nearest even, into s8."""
    return np.clip(np.rint(values / 128), -128, 127).astype(np.int64)


def test_gemm_with_bias_and_relu() -> None:
    work = load_workload("gemm_bias_relu", GEMM)
    inputs = random_inputs(work, 1)
    inputs["bias"] = inputs["bias"] // 2**14
    found = evaluate(work, inputs)
    wide = inputs["A"].astype(int) @ inputs["B"].astype(int) + inputs["bias"]
    assert (wide < 0).any()
    assert (wide > 0).any()
    assert (found["C"] == np.maximum(wide, 0)).all()


def test_gemm_requantised() -> None:
    work = load_workload("gemm_requantised", GEMM)
    inputs = random_inputs(work, 2)
    inputs["A"], inputs["bias"] = inputs["A"] // 8, inputs["bias"] // 2**20
    found = evaluate(work, inputs)
    wide = inputs["A"].astype(int) @ inputs["B"].astype(int) + inputs["bias"]
    assert len(np.unique(found["C"])) > 10
    assert (found["C"] == requantise(wide)).all()


def block(inputs: dict[str, Array], stride: int) -> Array:
    """An inverted residual block before its shortcut."""
    given = {name: values.astype(np.int64) for name, values in inputs.items()}
    wide = np.clip(requantise(np.einsum("ec,cyx->eyx", given["W"], given["I"])), 0, 96)
    padded = np.pad(wide, ((0, 0), (1, 1), (1, 1)))
    rows, columns = wide.shape[1] // stride, wide.shape[2] // stride
    filtered = np.zeros((len(wide), rows, columns), np.int64)
    for p, q in np.ndindex(rows, columns):
        window = padded[:, stride * p : stride * p + 3, stride * q : stride * q + 3]
        filtered[:, p, q] = (window * given["D"]).sum(axis=(1, 2))
    filtered = np.clip(requantise(filtered), 0, 96)
    return requantise(np.einsum("ke,epq->kpq", given["V"], filtered))


@pytest.mark.parametrize("stride", [1, 2])
def test_mobilenet_block(stride: int) -> None:
    work = load_workload("mobilenet_block", {"C": 4, "E": 8, "K": 5, "P": 5, "Q": 3, "STRIDE": stride})
    inputs = random_inputs(work, 3)
    wanted = block(inputs, stride)
    found = evaluate(work, inputs)
    assert len(np.unique(wanted)) > 20
    assert (found["O8"] == wanted).all()
    assert found["X8"].max() == found["T8"].max() == 96


def test_mobilenet_block_with_its_shortcut() -> None:
    work = load_workload("mobilenet_residual_block", {"C": 4, "E": 8, "P": 5, "Q": 3})
    inputs = random_inputs(work, 4)
    summed = block(inputs, 1) + inputs["I"]
    assert (summed > 127).any()
    assert (evaluate(work, inputs)["Y"] == np.clip(summed, -128, 127)).all()


def test_softmax() -> None:
    work = load_workload("softmax", {"M": 4, "N": 9})
    inputs = {"X": 100 * random_inputs(work, 5)["X"]}
    assert inputs["X"].max() > 89  # e^89 is more than f32 holds
    exact = np.exp(inputs["X"].astype(float))
    found = evaluate(work, inputs)["Y"]
    np.testing.assert_allclose(found, exact / exact.sum(axis=1, keepdims=True), rtol=1e-4, atol=1e-30)


def test_layer_norm() -> None:
    work = load_workload("layer_norm", {"M": 4, "N": 9})
    inputs = random_inputs(work, 6)
    inputs["X"][0] /= 300  # a row whose variance is about the 0.00001 that keeps the root away from 0
    x = inputs["X"].astype(float)
    normal = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(
        evaluate(work, inputs)["Y"], normal * inputs["gain"] + inputs["bias"], rtol=1e-4, atol=1e-5
    )
