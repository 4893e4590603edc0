"""Statements at the front door: types and shapes between them, what is fused, numbers, and arrays used in place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from isamap.codegen.cpu import features
from isamap.deploy import jit
from isamap.deploy.statement import workload_of
from isamap.errors import InputError, InvalidNoun, Unsupported
from isamap.ir.cpu import MultiplyAdd
from tests.codegen.families import dot, pairs
from tests.cores import CORE

Array = NDArray[Any]


def numbers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def whole(*shape: int, seed: int = 0) -> Array:
    """Small integers, of which sums of products are exact."""
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(np.float32)


M, N, K = 13, 37, 21
A, B, D = numbers(M, K), numbers(K, N, seed=1), numbers(M, N, seed=2)
BIAS, ROW = numbers(N, seed=3), numbers(M, seed=4)
SUMS = "S[m,n] += A[m,k] * B[k,n]"
EXACT = A.astype(np.float64) @ B
BOUND = 2.0**-23 * (K + 2) * (K + 1)
"""Of a sum of K products of numbers up to 1."""


@pytest.mark.parametrize(
    ("text", "others", "wanted"),
    [
        ("max(S[m,n] + bias[n], 0)", {"bias": BIAS}, np.maximum(EXACT + BIAS, 0)),
        ("S[m,n] + bias[m]", {"bias": ROW}, EXACT + ROW[:, None]),
        ("1.5 * S[m,n] + 0.5 * D[m,n]", {"D": D}, 1.5 * EXACT + 0.5 * D),
        ("alpha[] * S[m,n] - beta[] * D[m,n]", {"alpha": 0.75, "beta": 0.5, "D": D}, 0.75 * EXACT - 0.5 * D),
        ("min(max(S[m,n], -0.5), 0.5)", {}, np.clip(EXACT, -0.5, 0.5)),
        ("S[m,n] + D[n,m]", {"D": D.T.copy()}, EXACT + D),
        ("S[m,n] + D[m,n]", {"D": np.repeat(D, 2, axis=1)[:, ::2]}, EXACT + D),
        ("select(S[m,n] > 0, S[m,n], 0.25 * S[m,n])", {}, np.where(EXACT > 0, EXACT, 0.25 * EXACT)),
    ],
)
def test_sums_are_finished(text: str, others: dict[str, Any], wanted: Array) -> None:
    given: dict[str, Any] = {"A": A, "B": B, **others}
    found = jit(f"{SUMS}; C[m,n] = {text}", CORE, **given)
    order = [name for name in found.work.inputs if name != "C"]
    result = found(*(given[name] for name in order))
    assert result.dtype == np.float32
    assert np.allclose(result, wanted, rtol=0, atol=1.5 * BOUND + 1e-6)


def test_sums_become_bytes() -> None:
    a, b = whole(M, K), whole(K, N, seed=1)
    scale = np.float32(0.37) * np.arange(1, N + 1, dtype=np.float32) / N
    kernel = jit([SUMS, "C[m,n] = sat_u8(round(S[m,n] * scale[n]) + 3)"], CORE, A=a, B=b, scale=scale)
    wanted = np.clip(np.rint((a @ b) * scale) + 3, 0, 255).astype(np.uint8)
    found = kernel(a, b, scale)
    assert found.dtype == np.uint8
    assert 0 < int((found == 0).sum()) < found.size
    assert np.array_equal(found, wanted)


@pytest.mark.parametrize(("add", "needed"), [(pairs(8), {"avx2"}), (dot(16), {"avx512vnni"})])
def test_sums_of_bytes_become_bytes(add: MultiplyAdd, needed: set[str]) -> None:
    """Scaled per column as floats, and by an integer and a shift."""
    if lacking := needed - features():
        pytest.skip(f"this CPU lacks {' '.join(sorted(lacking))}")
    rng = np.random.default_rng(0)
    core = replace(CORE, multiply_adds=(*CORE.multiply_adds, add))
    a, b = rng.integers(0, 256, (M, K), np.uint8), rng.integers(-128, 128, (K, N), np.int8)
    bias, scale = rng.integers(-9999, 9999, N, np.int32), rng.uniform(0.001, 0.01, N).astype(np.float32)
    sums = "S[m,n] += s32(A[m,k]) * s32(B[k,n])"
    exact = a.astype(np.int32) @ b.astype(np.int32) + bias
    floats = f"{sums}; C[m,n] = sat_u8(s32(round(f32(S[m,n] + bias[n]) * scale[n])) + 100)"
    found = jit(floats, core, A=a, B=b, bias=bias, scale=scale)(a, b, bias, scale)
    wanted = np.clip(np.rint(exact.astype(np.float32) * scale).astype(np.int32) + 100, 0, 255)
    assert len(np.unique(wanted)) > 50
    assert np.array_equal(found, wanted)
    found = jit(f"{sums}; C[m,n] = sat_s8((7 * (S[m,n] + bias[n]) + 512) >> 10)", core, A=a, B=b, bias=bias)(a, b, bias)
    assert np.array_equal(found, np.clip((7 * exact + 512) >> 10, -128, 127))


def test_types_between_statements_follow_from_casts() -> None:
    text = f"""
        {SUMS}
        Q[i,j] = sat_s32(round(S[i,j]))
        C[x,y] = sat_s8((Q[x,y] * 3) >> 2)
    """
    work = workload_of(text, {"A": A, "B": B})
    assert {tensor.name: (tensor.dtype.name, tensor.shape) for tensor in work.tensors if tensor.name in "SQC"} == {
        "S": ("f32", (M, N)), "Q": ("s32", (M, N)), "C": ("s8", (M, N)),
    }  # fmt: skip
    a, b = whole(M, K), whole(K, N, seed=1)
    wanted = np.clip((a @ b).astype(np.int32) * 3 >> 2, -128, 127)
    assert np.array_equal(jit(text, CORE, A=a, B=b)(a, b), wanted)


def test_ties_go_to_even() -> None:
    a, b = whole(M, K), whole(K, N, seed=1)
    halves = np.rint((a @ b) * np.float32(0.5))
    assert (halves != np.floor((a @ b) * np.float32(0.5) + 0.5)).any()
    assert np.array_equal(jit(f"{SUMS}; C[m,n] = round(S[m,n] * 0.5)", CORE, A=a, B=b)(a, b), halves)


def test_not_a_number_is_kept_by_relu_and_becomes_zero_in_a_byte() -> None:
    a, b = whole(M, K), whole(K, N, seed=1)
    a[2, 3], a[4, 5] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        sums = a @ b
    relu = jit(f"{SUMS}; C[m,n] = max(S[m,n], 0)", CORE, A=a, B=b)(a, b)
    assert np.array_equal(relu, np.maximum(sums, 0), equal_nan=True)
    byte = jit(f"{SUMS}; C[m,n] = sat_s8(S[m,n])", CORE, A=a, B=b)(a, b)
    assert np.array_equal(byte, np.clip(np.nan_to_num(sums, nan=0.0), -128, 127))
    itself = jit(f"{SUMS}; C[m,n] = select(S[m,n] != S[m,n], s32(1), s32(0))", CORE, A=a, B=b)(a, b)
    assert np.array_equal(itself, np.isnan(sums))


def test_many_layers_of_batches_have_a_bias_each() -> None:
    a, b, bias = whole(3, 5, 7), whole(3, 7, 9, seed=1), whole(3, 9, seed=2)
    text = "S[b,m,n] += A[b,m,k] * B[b,k,n]; C[b,m,n] = S[b,m,n] + bias[b,n]"
    assert np.array_equal(jit(text, CORE, A=a, B=b, bias=bias)(a, b, bias), a @ b + bias[:, None])


def test_a_matrix_times_a_vector_is_finished() -> None:
    a, x, y = whole(50, 33), whole(33, seed=1), whole(50, seed=2)
    kernel = jit("s[m] += A[m,k] * x[k]; z[m] = 2 * s[m] - y[m]", CORE, A=a, x=x, y=y)
    assert np.array_equal(kernel(a, x, y), 2 * (a @ x) - y)


def test_an_inner_product_is_finished() -> None:
    x, y = whole(100), whole(100, seed=1)
    kernel = jit("s[] += x[k] * y[k]; r[] = sqrt(abs(s[])) + bias[]", CORE, x=x, y=y, bias=0.5)
    assert kernel(x, y, 0.5) == np.sqrt(abs(x @ y)) + np.float32(0.5)


def test_a_tensor_times_itself() -> None:
    a = whole(M, K)
    assert np.array_equal(jit("G[i,j] += A[i,k] * A[j,k]", CORE, A=a)(a), a @ a.T)


def test_leading_dimensions_and_transposes() -> None:
    """All but the output's rows are apart; the output is a part of a larger array, whose rest stays as it was."""
    a, b, d = whole(K, 2 * M)[:, ::2], whole(N, K + 3, seed=1)[:, :K], whole(N, M + 5, seed=2)[:, :M]
    large = np.full((M, N + 8), -1000.0, np.float32)
    c = large[:, 3 : N + 3]
    kernel = jit("S[m,n] += A[k,m] * B[n,k]; C[m,n] = 2 * S[m,n] + D[n,m]", CORE, A=a, B=b, D=d, C=c)
    assert kernel(a, b, d, out=c) is c
    assert np.array_equal(c, 2 * (a.T @ b.T) + d.T)
    c[...] = -1000.0
    assert (large == -1000.0).all()


def test_an_output_that_is_given_and_not_read_need_not_be_given_again() -> None:
    kernel = jit(f"{SUMS}; C[m,n] = max(S[m,n], 0)", CORE, A=A, B=B, C=D)
    assert np.array_equal(kernel(A, B), kernel(A, B, out=np.empty_like(D)))


def test_the_output_goes_on_from_what_it_holds() -> None:
    a, b, c = whole(M, K), whole(K, N, seed=1), whole(M, N, seed=2)
    wanted = 0.5 * c + 2 * (a @ b)
    kernel = jit(f"{SUMS}; C[m,n] = 2 * S[m,n] + 0.5 * C[m,n]", CORE, A=a, B=b, C=c)
    with pytest.raises(InputError, match="the array that C goes on from"):
        kernel(a, b)
    assert np.array_equal(kernel(a, b, out=c), wanted)


def test_what_is_read_beside_the_sums_may_be_the_output() -> None:
    a, b, d = whole(M, K), whole(K, N, seed=1), whole(M, N + 1, seed=2)
    kernel = jit(f"{SUMS}; C[m,n] = S[m,n] + D[m,n]", CORE, A=a, B=b, D=d[:, :N], C=d[:, :N])
    wanted = a @ b + d[:, :N]
    assert np.array_equal(kernel(a, b, d[:, :N], out=d[:, :N]), wanted)
    with pytest.raises(InputError, match="C: expected memory of its own, got some that D may share"):
        kernel(a, b, d[:, :N], out=d[:, 1:])
    turned = jit("S[m,n] += A[m,k] * A[n,k]; C[m,n] = S[m,n] + D[n,m]", CORE, A=a, D=numbers(M, M))
    same = numbers(M, M)
    with pytest.raises(InputError, match="some that D may share"):
        turned(a, same, out=same)


def test_numbers_are_arrays_of_rank_0() -> None:
    kernel = jit(f"{SUMS}; C[m,n] = alpha[] * S[m,n]", CORE, A=A, B=B, alpha=np.float32(2))
    doubled = kernel(A, B, 2)
    assert np.array_equal(doubled, kernel(A, B, np.array(2, np.float32)))
    assert np.array_equal(doubled, 2 * jit("C[m,n] += A[m,k] * B[k,n]", CORE, A=A, B=B)(A, B))
    shifted = jit(f"{SUMS}; C[m,n] = sat_s32(S[m,n]) >> by[]", CORE, A=A, B=B, by=1)
    with pytest.raises(InputError, match=r"by: expected a number of type s32, got 1\.5"):
        shifted(A, B, 1.5)


@pytest.mark.parametrize(
    ("text", "given", "reason"),
    [
        ("", {}, "expected a statement such as"),
        (f"{SUMS}; C[m,n] = select(S[m,n] > 0, 1, 0)", {}, r"C: expected a value that has a type.* cast it: f32"),
        (f"{SUMS}; C[m,n] = T[m,n]; T[m,n] = S[m,n]", {}, "expected a tensor of"),
        (f"{SUMS}; C[m,n] = S[m,n] + E[m,n]", {"E": D.astype(np.float64)}, "one type on both sides"),
        (f"{SUMS}; C[m,n] = S[m,n]", {"E": D}, "E: expected a tensor of"),
        (f"{SUMS}; C[m,n] = S[m,n] + bias[n]", {"bias": ROW}, "extent"),
        ([SUMS, 3], {}, "expected a statement, or several"),
    ],
)
def test_mistakes_of_statements_are_said(text: Any, given: dict[str, Any], reason: str) -> None:
    with pytest.raises((InputError, InvalidNoun), match=reason):
        jit(text, CORE, A=A, B=B, **given)


def test_what_no_vectors_do_is_said() -> None:
    with pytest.raises(Unsupported, match="exp of f32 values"):
        jit(f"{SUMS}; C[m,n] = exp(S[m,n])", CORE, A=A, B=B)


def test_a_call_that_is_bound_keeps_its_numbers() -> None:
    c = np.zeros((M, N), np.float32)
    bound = jit(f"{SUMS}; C[m,n] = alpha[] * S[m,n]", CORE, A=A, B=B, alpha=1.0).bound(A, B, 3.0, out=c)
    others = [np.array(n, np.float32) for n in range(1000)]
    bound.call()
    assert others[-1] == 999
    assert np.allclose(c, 3 * EXACT, rtol=0, atol=4 * BOUND)


@pytest.mark.parametrize("options", [{"threads": 2}, {"before": ["B"]}])
def test_finished_sums_by_two_threads_and_from_panels(options: dict[str, Any]) -> None:
    a, b, c, bias = whole(M, K), whole(K, N, seed=1), whole(M, N, seed=2), whole(N, seed=3)
    wanted = np.maximum(a @ b + bias, 0) + 0.5 * c
    text = f"{SUMS}; C[m,n] = max(S[m,n] + bias[n], 0) + 0.5 * C[m,n]"
    kernel = jit(text, CORE, A=a, B=b, C=c, bias=bias, **options)
    factor = kernel.pack("B", b) if "before" in options else b
    assert np.array_equal(kernel(a, factor, bias, out=c), wanted)
