"""Bundled attention, with and without its mask, against plain numpy in double precision."""

from __future__ import annotations

import numpy as np
import pytest

from isamap import evaluate, load_workload, random_inputs

SIZES = {"H": 2, "M": 7, "N": 7, "D": 4}


@pytest.mark.parametrize("name", ["attention", "causal_attention"])
def test_attention(name: str) -> None:
    work = load_workload(name, SIZES)
    inputs = random_inputs(work, 0)
    found = evaluate(work, inputs)
    q, k, v = (inputs[n].astype(float) / 127 for n in "QKV")
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(4)
    seen = np.tril(np.ones((7, 7), bool)) if name == "causal_attention" else np.ones((7, 7), bool)
    exact = np.where(seen, np.exp(scores), 0)
    exact /= exact.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(found["E"] / found["total"][..., None], exact, rtol=1e-5, atol=1e-7)
    assert (found["P8"][:, ~seen] == 0).all()
    assert (np.abs(found["P8"] - 127 * exact) < 0.501).all()
    assert (found["O"] == found["P8"].astype(int) @ inputs["V"].astype(int)).all()
    np.testing.assert_allclose(found["O"] / 127**2, exact @ v, atol=7 * 0.501 / 127)


def test_no_query_sees_a_later_key() -> None:
    work = load_workload("causal_attention", SIZES)
    inputs = random_inputs(work, 0)
    before = evaluate(work, inputs)["O"]
    inputs["K"][:, 4:], inputs["V"][:, 4:] = -inputs["K"][:, 4:], -inputs["V"][:, 4:]
    after = evaluate(work, inputs)["O"]
    assert (before[:, :4] == after[:, :4]).all()
    assert (before[:, 4:] != after[:, 4:]).any()
