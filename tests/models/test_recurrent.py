"""Bundled recurrent cells against plain numpy in double precision, and a sequence of steps against the cell."""

from __future__ import annotations

from typing import Any

import numpy as np

from isamap import evaluate, load_workload, random_inputs

SIZES = {"BATCH": 3, "INPUTS": 5, "UNITS": 4}
Array = np.ndarray[Any, Any]


def sigmoid(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-values)))


def products(values: Array, weights: Array) -> Array:
    """Per gate, in the numbers that the integers stand for."""
    return np.asarray(np.stack([values.astype(float) @ gate.astype(float).T for gate in weights]) / 127**2)


def test_lstm_cell() -> None:
    work = load_workload("lstm_cell", SIZES)
    given = random_inputs(work, 0)
    found = evaluate(work, given)
    gates = products(given["X"], given["W"]) + products(given["H"], given["U"]) + given["bias"][:, None]
    enter, forget, candidate, leave = gates
    state = sigmoid(forget) * given["C"] + sigmoid(enter) * np.tanh(candidate)
    output = sigmoid(leave) * np.tanh(state)
    np.testing.assert_allclose(found["Cnext"], state, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["Y"], output, rtol=1e-4, atol=1e-6)
    assert (found["Hnext"] == np.rint(127 * found["Y"])).all()
    assert len(np.unique(found["Hnext"])) > 6


def gru_step(x: Array, h: Array, given: dict[str, Array]) -> Array:
    reset, update, candidate = products(x, given["W"]) + given["bias"][:, None]
    hidden = products(h, given["U"]) + given["hidden_bias"][:, None]
    z = sigmoid(update + hidden[1])
    n = np.tanh(candidate + sigmoid(reset + hidden[0]) * hidden[2])
    return np.asarray((1 - z) * n + z * h / 127)


def test_gru_cell() -> None:
    work = load_workload("gru_cell", SIZES)
    given = random_inputs(work, 1)
    found = evaluate(work, given)
    np.testing.assert_allclose(found["Y"], gru_step(given["X"], given["H"], given), rtol=1e-4, atol=1e-6)
    assert (found["Hnext"] == np.rint(127 * found["Y"]).clip(-128, 127)).all()


def test_gru_over_a_sequence() -> None:
    work = load_workload("gru", {**SIZES, "STEPS": 6})
    given = random_inputs(work, 2)
    found = evaluate(work, given)
    h = given["H"]
    for step in range(6):
        np.testing.assert_allclose(found["Y"][step], gru_step(given["X"][step], h, given), rtol=1e-4, atol=1e-6)
        h = np.rint(127 * found["Y"][step]).clip(-128, 127)
    assert (found["Hnext"] == h).all()


def test_a_sequence_of_one_step_is_the_cell() -> None:
    cell, layer = load_workload("gru_cell", SIZES), load_workload("gru", {**SIZES, "STEPS": 1})
    given = random_inputs(cell, 3)
    one, other = evaluate(cell, given), evaluate(layer, {**given, "X": given["X"][None]})
    assert (one["Y"] == other["Y"][0]).all()
    assert (one["Hnext"] == other["Hnext"]).all()
