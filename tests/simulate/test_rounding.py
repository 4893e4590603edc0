"""How far apart two float results may lie: never less than the order of sums explains, and no wrong number passes."""

from __future__ import annotations

from math import inf, nan, prod

import numpy as np
import pytest

from isamap.ir.dtype import DTYPES
from isamap.ir.einsum import parse_statement
from isamap.ir.workload import Tensor, Workload, workload
from isamap.simulate.compare import mismatches
from isamap.simulate.element_types import Array, settle, storage
from isamap.simulate.evaluate import evaluate
from isamap.simulate.random_inputs import random_inputs
from isamap.simulate.rounding import tolerance

PAIRS = [
    ("f16", "f16"),
    ("bf16", "bf16"),
    ("f16", "f32"),
    ("bf16", "f32"),
    ("f32", "f32"),
    ("f64", "f64"),
    ("s8", "f16"),
]


def gemm(kind: str, sums: str, m: int, n: int, k: int) -> Workload:
    tensors = [Tensor("A", DTYPES[kind], (m, k)), Tensor("B", DTYPES[kind], (k, n)), Tensor("C", DTYPES[sums], (m, n))]
    text = f"C[m,n] += {sums}(A[m,k]) * {sums}(B[k,n])"
    return workload("gemm", tensors, [parse_statement(text, frozenset("ABC"))])


def one_by_one(work: Workload, inputs: dict[str, Array], order: Array) -> Array:
    """The sums in an order of their own, every product and every sum rounded to the output's type."""
    dtype = work.tensor("C").dtype
    wide = np.float32 if dtype.name in ("f16", "bf16") else storage(dtype)
    a, b = (settle(inputs[name].astype(wide), dtype).astype(wide) for name in "AB")
    total = np.zeros(work.tensor("C").shape, dtype=wide)
    with np.errstate(all="ignore"):
        for k in order:
            term = settle(a[:, k, None] * b[None, k, :], dtype).astype(wide)
            total = settle(total + term, dtype).astype(wide)
    return total


@pytest.mark.parametrize(("kind", "sums"), PAIRS)
@pytest.mark.parametrize("k", [1, 7, 300])
def test_any_order_passes(kind: str, sums: str, k: int) -> None:
    work = gemm(kind, sums, 4, 5, k)
    inputs = random_inputs(work, 3)
    if kind == "s8":
        inputs = {name: values // 8 for name, values in inputs.items()}
    expected = evaluate(work, inputs)
    for seed in range(4):
        got = one_by_one(work, inputs, np.random.default_rng(seed).permutation(k))
        assert mismatches(work, expected, {"C": got}) == ()


@pytest.mark.parametrize(("kind", "sums"), [("f16", "f32"), ("bf16", "f32"), ("f32", "f32")])
def test_a_missing_product_does_not(kind: str, sums: str) -> None:
    """Cancellation is no excuse: the bound of an element follows its own products, not the largest output."""
    work = gemm(kind, sums, 6, 6, 64)
    inputs = random_inputs(work, 5)
    inputs["A"][0] = settle(inputs["A"][0] * 2.0**-8, DTYPES[kind])  # a row of small outputs
    expected = evaluate(work, inputs)
    for k in range(64):
        without = expected["C"] - inputs["A"][:, k, None].astype(np.float64) * inputs["B"][None, k, :].astype(
            np.float64
        )
        one = np.array(expected["C"])
        one[0, 0] = without[0, 0]
        change = abs(float(inputs["A"][0, k]) * float(inputs["B"][k, 0]))
        allowed = tolerance(work, work.tensor("C"), expected).distance[0, 0]
        assert (mismatches(work, expected, {"C": one}) == ()) == (change <= allowed)
    assert allowed < 1e-4


def test_the_bound_is_the_textbooks() -> None:
    work = gemm("f32", "f32", 1, 1, 100)
    values = evaluate(work, {"A": np.full((1, 100), 0.5, np.float32), "B": np.full((100, 1), -0.3, np.float32)})
    found = tolerance(work, work.tensor("C"), values).distance[0, 0]
    u, magnitude = 2.0**-24, 100 * 0.5 * float(np.float32(0.3))
    assert 2 * 100 * u * magnitude < found < 2 * 106 * u * magnitude


@pytest.mark.parametrize(("sums", "most"), [("f16", 2**11), ("bf16", 2**8), ("f32", 2**24)])
def test_sums_of_few_integers_are_exact(sums: str, most: int) -> None:
    """Up to as many bits as the type has, results are equal or wrong; beyond, one may be rounded away."""
    work = gemm(sums, sums, 1, 1, 2)
    half = most // 2
    for b, exact in ((half, True), (half + 8, False)):
        inputs = {"A": np.ones((1, 2)), "B": settle(np.array([[half], [b]], dtype=np.float64), DTYPES[sums])}
        values = evaluate(work, inputs)
        allowed = tolerance(work, work.tensor("C"), values).distance[0, 0]
        assert (allowed == 0.0) == exact
        beside = settle(values["C"].astype(np.float64) - 1, DTYPES[sums])
        if exact and float(beside[0, 0]) != float(values["C"][0, 0]):
            assert [v.rule for v in mismatches(work, values, {"C": beside})] == ["wrong-number"]


@pytest.mark.parametrize(
    ("given", "got", "passes"),
    [
        (inf, inf, True), (inf, nan, True), (inf, 1.0, False), (nan, nan, True), (nan, 0.0, False), (1.0, inf, False),
        (1.0, nan, False),
    ],
)  # fmt: skip
def test_what_is_not_finite(given: float, got: float, passes: bool) -> None:
    work = gemm("f32", "f32", 1, 1, 3)
    a = np.array([[1.0, given, -2.0]], dtype=np.float32)
    expected = evaluate(work, {"A": a, "B": np.ones((3, 1), dtype=np.float32)})
    if given == 1.0:
        assert expected["C"][0, 0] == 0.0
    assert (mismatches(work, expected, {"C": np.array([[got]], dtype=np.float32)}) == ()) == passes


def test_the_order_may_decide_whether_a_sum_overflows() -> None:
    work = gemm("f16", "f16", 1, 1, 3)
    inputs = {"A": np.array([[60000.0, 60000.0, -60000.0]]), "B": np.ones((3, 1))}
    expected = evaluate(work, inputs)
    assert mismatches(work, expected, {"C": np.array([[inf]])}) == ()
    assert mismatches(work, expected, {"C": np.array([[60000.0]])}) == ()
    assert mismatches(work, expected, {"C": np.array([[100.0]])}) != ()


def test_subnormal_products_may_vanish() -> None:
    work = gemm("f16", "f16", 1, 1, 4)
    tiny = settle(np.array([[2.0**-13] * 4]), DTYPES["f16"])
    inputs = {"A": tiny, "B": settle(np.full((4, 1), 2.0**-12), DTYPES["f16"])}
    expected = evaluate(work, inputs)  # products of half the smallest number: rounded away, or added up before
    assert mismatches(work, expected, {"C": np.zeros((1, 1))}) == ()
    assert mismatches(work, expected, {"C": np.full((1, 1), 2.0**-18)}) != ()


def test_elsewhere_the_largest_output_decides() -> None:
    """No bound is derived for what is not a sum of products of given numbers."""
    tensors = [Tensor("X", DTYPES["f32"], (8, 50)), Tensor("S", DTYPES["f32"], (8,)), Tensor("Y", DTYPES["f32"], (8,))]
    texts = ["S[i] += X[i,j]", "Y[i] = tanh(S[i])"]
    work = workload("chain", tensors, [parse_statement(text, frozenset("XSY")) for text in texts])
    expected = evaluate(work, random_inputs(work, 0))
    allowed = tolerance(work, work.tensor("Y"), expected)
    assert set(allowed.distance) == {2.0**-23 * 50}
    assert mismatches(work, expected, {"Y": expected["Y"] + np.float32(2.0**-18)}) == ()
    assert mismatches(work, expected, {"Y": expected["Y"] + np.float32(2.0**-16)}) != ()
    assert prod(allowed.overflows.shape) == 8
