"""``jit``: right on arrays of all kinds, and clear about those that it cannot take."""

from __future__ import annotations

import array
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import llvmlite.binding as llvm
import numpy as np
import pytest
from numpy.typing import NDArray

from isamap.codegen.cpu import features
from isamap.deploy import Kernel, jit
from isamap.errors import InputError, Unsupported
from isamap.ir.target_machine import TargetMachine
from tests.codegen.families import dot, pairs
from tests.cores import CORE

HERE = TargetMachine(llvm.get_process_triple(), tuple(sorted(features())))

F32 = NDArray[np.float32]
RANGES = {np.uint8: (0, 255), np.int8: (-128, 127)}


def numbers(*shape: int, seed: int = 0) -> F32:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def close(one: F32, other: NDArray[np.float64], terms: int) -> bool:
    """Within the error bound of a sum of so many products of numbers up to 1."""
    return bool(np.allclose(one, other, rtol=0, atol=2.0**-23 * (terms + 2) * (terms + 1)))


STATEMENTS = {
    "C[m,n] += A[m,k] * B[k,n]": ((13, 37), (37, 29)),
    "C[m,n] += A[m,k] * B[n,k]": ((13, 37), (29, 37)),
    "C[m,n] += A[k,m] * B[k,n]": ((37, 13), (37, 29)),
    "C[m,n] += A[k,m] * B[n,k]": ((37, 13), (29, 37)),
    "C[m,n] += A[k,n] * B[m,k]": ((37, 29), (13, 37)),
    "C[b,m,n] += A[b,m,k] * B[b,k,n]": ((3, 5, 7), (3, 7, 9)),
    "C[b,m,n] += A[b,m,k] * B[k,n]": ((3, 5, 7), (7, 9)),
    "C[m] += A[m,k] * B[k]": ((50, 33), (33,)),
    "C[n] += A[k] * B[k,n]": ((33,), (33, 50)),
    "C[] += A[k] * B[k]": ((100,), (100,)),
    "C[m,n] += A[m] * B[n]": ((9,), (20,)),
    "C[c,p] += A[c,p] * B[c,p]": ((4, 19), (4, 19)),
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_statements(statement: str) -> None:
    a, b = (numbers(*shape, seed=n) for n, shape in enumerate(STATEMENTS[statement]))
    out, one, other = (part.strip()[2:-1].replace(",", "") for part in statement.replace("+=", "*").split("*"))
    wanted = np.einsum(f"{one},{other}->{out}", a, b, dtype=np.float64)
    assert close(jit(statement, CORE, A=a, B=b)(a, b), wanted, 100)


@pytest.mark.parametrize("types", ["u8s8", "s8u8", "s8s8", "u8u8"])
@pytest.mark.parametrize("indices", ["mk,kn", "mk,nk", "km,kn", "km,nk"])
def test_products_of_bytes(types: str, indices: str) -> None:
    """Exact, whatever the instruction: dot products of four bytes or of two words."""
    one, other = (",".join(each) for each in indices.split(","))
    shapes = ([{"m": 13, "n": 37, "k": 22}[axis] for axis in each] for each in indices.split(","))
    kinds = [{"u": np.uint8, "s": np.int8}[types[n]] for n in (0, 2)]
    rng = np.random.default_rng(1)
    a, b = (rng.integers(*RANGES[kind], shape, kind, endpoint=True) for shape, kind in zip(shapes, kinds, strict=True))
    wanted = np.einsum(f"{indices}->mn", a, b, dtype=np.int32)
    core = replace(CORE, multiply_adds=(pairs(8), *([dot(8)] if features() >= {"avx512vnni", "avx512vl"} else [])))
    found = jit(f"C[m,n] += s32(A[{one}]) * s32(B[{other}])", core, A=a, B=b)(a, b)
    assert found.dtype == np.int32
    assert np.array_equal(found, wanted)


GEMM = "C[m,n] += A[m,k] * B[k,n]"


@pytest.fixture(scope="module")
def gemm() -> Kernel:
    return jit(GEMM, CORE, A=numbers(6, 5), B=numbers(5, 9))


def test_sums_go_on_where_the_output_is_given() -> None:
    a, b, c = numbers(6, 5), numbers(5, 9, seed=1), numbers(6, 9, seed=2)
    wanted = c + a.astype(np.float64) @ b
    kernel = jit(GEMM, CORE, A=a, B=b, C=c)
    assert kernel(a, b, out=c) is c
    assert close(c, wanted, 6)
    with pytest.raises(InputError, match="the array that C goes on from"):
        kernel(a, b)


def test_arrays_need_not_be_contiguous() -> None:
    """Rows and columns of larger arrays, which stay as they were."""
    large = [numbers(40, 40, seed=n) for n in range(3)]
    a, b, c = large[0][3:9, 2:7], large[1][::2, ::3][:5, :9], large[2][:18:3, 10:19]
    before = large[2].copy()
    jit(GEMM, CORE, A=a, B=b, C=c)(a, b, out=c)
    wanted = before.copy()
    wanted[:18:3, 10:19] += (a.astype(np.float64) @ b).astype(np.float32)
    assert np.allclose(large[2], wanted, atol=1e-5)
    changed = before != large[2]
    changed[:18:3, 10:19] = False
    assert not changed.any()


def test_what_has_a_buffer_is_an_array(gemm: Kernel) -> None:
    vector = array.array("f", [1.0, 2.0, 3.0])
    dot = jit("C[] += A[k] * B[k]", CORE, A=vector, B=vector)
    assert dot(vector, vector) == 14.0


def test_nan_and_inf_go_where_the_sum_takes_them(gemm: Kernel) -> None:
    a, b = numbers(6, 5), numbers(5, 9)
    a[1, 2], b[3, 4] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        wanted = a @ b
    found = gemm(a, b)
    assert np.array_equal(np.isnan(found), np.isnan(wanted))
    assert np.array_equal(np.isinf(found), np.isinf(wanted))


def test_many_threads_may_call_it(gemm: Kernel) -> None:
    pairs = [(numbers(6, 5, seed=n), numbers(5, 9, seed=n + 99)) for n in range(64)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda pair: gemm(*pair), pairs))
    assert all(np.array_equal(one, gemm(*pair)) for one, pair in zip(found, pairs, strict=True))


A, B, C = numbers(6, 5), numbers(5, 9), numbers(6, 9)
_SHIFTED = np.frombuffer(bytearray(4 * 31), np.uint8)[1:121].view(np.float32).reshape(6, 5)
_LOCKED = C.copy()
_LOCKED.flags.writeable = False
REFUSED = {
    "shape": ((B, B), None, r"A\.shape: expected \(6, 5\), got \(5, 9\)"),
    "strides": ((np.asfortranarray(A), B), None, r"A\.strides: expected \(20, 4\) bytes"),
    "dtype": ((A.astype(np.float64), B), None, r"A\.dtype: expected f32, got float64"),
    "alignment": ((_SHIFTED, B), None, "A: expected elements at multiples of 4 bytes"),
    "read only": ((A, B), _LOCKED, "C: expected an array that may be written"),
    "count": ((A,), None, "expected 2 arrays: A B, got 1"),
    "no array": ((A, object()), None, "B: expected an array: numpy's, or one with a buffer or DLPack"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_mistakes_of_a_call_are_said(mistake: str, gemm: Kernel) -> None:
    arrays, out, reason = REFUSED[mistake]
    with pytest.raises(InputError, match=reason):
        gemm(*arrays, out=out)


def test_an_output_that_overlaps_an_input_is_refused() -> None:
    both = numbers(100)
    a, c = both[:30].reshape(6, 5), both[20:74].reshape(6, 9)
    with pytest.raises(InputError, match="C: expected memory of its own, got some that A may share"):
        jit(GEMM, CORE, A=a, B=B)(a, B, out=c)


@pytest.mark.parametrize(
    ("statement", "arrays", "reason"),
    [
        (GEMM, {"A": A}, "expected a tensor of A C, got 'B'"),
        (GEMM, {"A": A, "B": B, "D": B}, "D: expected a tensor of"),
        (GEMM, {"A": A, "B": A}, "expected extent 5 for k"),
        (GEMM, {"A": A, "B": np.zeros((5, 0), np.float32)}, "at least one element"),
        (GEMM, {"A": A, "B": B[::-1]}, "not negative"),
        (GEMM, {"A": A, "B": B.astype(np.complex64)}, r"B\.dtype: expected f32 .*got complex64"),
        ("C[p] += A[p+r] * B[r]", {"A": numbers(9), "B": numbers(3)}, "an array whose shape says how long it is"),
    ],
)
def test_mistakes_of_a_statement_are_said(statement: str, arrays: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        jit(statement, CORE, **arrays)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [("C[m,n] max= A[m,k] * B[k,n]", "operator max="), ("C[m,n] += A[m,k] + B[k,n]", "the value")],
)
def test_what_is_not_compiled_yet_is_said(statement: str, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        jit(statement, CORE, A=A, B=B)


@pytest.mark.parametrize(
    ("described", "reason"),
    [
        (replace(HERE, features=("sums9",)), r"a core: expected a CPU with sums9, got .* without sums9$"),
        (replace(HERE, triple="abacus-pc-linux"), "a core: expected a CPU of abacus, got "),
    ],
)
def test_a_cpu_that_lacks_something_never_runs_it(described: TargetMachine, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        jit(GEMM, replace(CORE, llvm=described), A=A, B=B)


def test_a_cpu_that_has_it_runs_it() -> None:
    assert close(jit(GEMM, replace(CORE, llvm=HERE), A=A, B=B)(A, B), A.astype(np.float64) @ B, 5)


def test_a_window_slides_where_the_output_says_how_far() -> None:
    a, b, c = numbers(20), numbers(3), np.zeros(18, np.float32)
    jit("C[p] += A[p+r] * B[r]", CORE, A=a, B=b, C=c)(a, b, out=c)
    assert np.allclose(c, np.correlate(a, b, "valid"), atol=1e-6)
