"""Kernels in shares, and with factors that were packed before: right, and refused where they do not fit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from isamap.deploy import jit
from isamap.errors import InputError
from tests.cores import CORE

GEMM = "C[m,n] += A[m,k] * B[k,n]"


def numbers(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(5).integers(-4, 5, shape).astype(np.float32)


@pytest.mark.parametrize(("m", "n", "k"), [(13, 50, 30), (33, 1, 20)])
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("before", [(), ("B",), ("A",), ("A", "B")])
def test_shares_and_panels(m: int, n: int, k: int, threads: int, before: tuple[str, ...]) -> None:
    a, b = numbers(m, k), numbers(k, n)
    f = jit(GEMM, CORE, A=a, B=b, threads=threads, before=before, keep=False)
    given = [f.pack(name, each) if name in before else each for name, each in (("A", a), ("B", b))]
    assert np.array_equal(f(*given), a @ b)
    out = np.full((m, n), np.nan, np.float32)
    f.bound(*given, out=out).call()
    assert np.array_equal(out, a @ b)


def test_threads_finish_their_own_sums() -> None:
    a, b, bias = numbers(20, 9), numbers(9, 50), numbers(50)
    f = jit(f"{GEMM.replace('C', 'S')}; C[m,n] = max(S[m,n] + bias[n], 0)", CORE, A=a, B=b, bias=bias, threads=2)
    assert np.array_equal(f(a, b, bias), np.maximum(a @ b + bias, 0))


def test_calls_from_many_threads_of_kernels_with_two() -> None:
    a, b = numbers(40, 30), numbers(30, 64)
    f = jit(GEMM, CORE, A=a, B=b, threads=2, before=["B"])
    packed = f.pack("B", b)
    with ThreadPoolExecutor(4) as pool:
        assert all(np.array_equal(c, a @ b) for c in pool.map(lambda _: f(a, packed), range(40)))


def test_what_does_not_fit_is_said() -> None:
    a, b = numbers(8, 9), numbers(9, 32)
    f, plain = jit(GEMM, CORE, A=a, B=b, before=["B"]), jit(GEMM, CORE, A=a, B=b)
    with pytest.raises(InputError, match=r"B: expected what pack\('B', array\) makes of it, got ndarray"):
        f(a, b)
    with pytest.raises(InputError, match="expected a tensor to pack: B, got A"):
        f.pack("A", a)
    with pytest.raises(InputError, match="none, as no tensor was to be packed before"):
        plain.pack("B", b)
    with pytest.raises(InputError, match=r"B.shape: expected \(9, 32\)"):
        f.pack("B", b.T)
    with pytest.raises(InputError, match="before: expected one of the factors, A and B, got 'C'"):
        jit(GEMM, CORE, A=a, B=b, before=["C"])
    with pytest.raises(InputError, match="threads: expected at least 1, got 0"):
        jit(GEMM, CORE, A=a, B=b, threads=0)
    wide = jit(GEMM, CORE, A=a, B=numbers(9, 48), before=["B"])
    with pytest.raises(InputError, match="B: expected panels that this kernel packed"):
        f(a, wide.pack("B", numbers(9, 48)))
