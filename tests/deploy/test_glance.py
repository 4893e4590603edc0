"""Calls on arrays that are just as expected take the short way; all others the long one, which knows what is wrong."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

from isamap.deploy import Kernel, jit
from isamap.errors import InputError
from tests.cores import CORE

A, B = np.arange(42, dtype=np.float32).reshape(6, 7), np.ones((7, 20), np.float32)
PRODUCT = "C[m,n] += A[m,k] * B[k,n]"


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """One whose long way is closed."""
    found = jit(PRODUCT, CORE, A=A, B=B)

    def closed(*_: object) -> Any:
        raise LookupError("the long way")

    monkeypatch.setattr(Kernel, "_prepared", closed)
    return found


def test_plain_arrays_take_the_short_way(kernel: Kernel) -> None:
    out = np.full((6, 20), np.nan, np.float32)
    assert kernel(A, B, out=out) is out
    assert np.array_equal(out, A @ B)
    assert np.array_equal(kernel(A, B), A @ B)


def test_what_is_finished_comes_in_its_own_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """D is read before A here, and given last."""
    f = jit("S[m,n] += A[m,k] * B[k,n]; C[m,n] = S[m,n] - D[m,n]", CORE, A=A, B=B, D=np.ones((6, 20), np.float32))
    monkeypatch.setattr(Kernel, "_prepared", None)
    d = np.full((6, 20), 3, np.float32)
    assert np.array_equal(f(A, B, d), A @ B - 3)


def _read_only() -> Any:
    out = np.empty((6, 20), np.float32)
    out.flags.writeable = False
    return out


@pytest.mark.parametrize(
    ("arrays", "out"),
    [
        ((A,), None),
        ((A, B, B), None),
        ((A.astype(np.float64), B), None),
        ((A[:5], B), None),
        ((np.asfortranarray(A), B), None),
        ((A.tolist(), B), None),
        ((A, B), _read_only()),
        ((A, B), np.empty((20, 6), np.float32).T),
        ((A.view(np.recarray), B), None),
        ((np.frombuffer(b"\0" * 169, np.float32, 42, 1).reshape(6, 7), B), None),
    ],
)
def test_all_others_take_the_long_way(kernel: Kernel, arrays: tuple[Any, ...], out: Any) -> None:
    with pytest.raises(LookupError, match="the long way"):
        kernel(*arrays, out=out)


def test_shared_memory_is_seen() -> None:
    f = jit(PRODUCT, CORE, A=A, B=B)
    memory = np.zeros(42 + 120, np.float32)
    a, out = memory[:42].reshape(6, 7), memory[41:161].reshape(6, 20)
    with pytest.raises(InputError, match="memory of its own"):
        f(a, B, out=out)
    apart = memory[42:].reshape(6, 20)
    assert np.array_equal(f(a, B, out=apart), np.zeros((6, 20)))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_bound_call_keeps_what_it_points_to(threads: int) -> None:
    """Whoever holds the call alone still holds its arrays."""
    a = A.copy()
    out = np.zeros((6, 20), np.float32)
    held = [weakref.ref(a), weakref.ref(out)]
    call = jit(PRODUCT, CORE, A=a, B=B, threads=threads).bound(a, B, out=out).call
    del a, out
    gc.collect()
    call()
    kept = [each() for each in held]
    assert kept[0] is not None
    assert np.array_equal(kept[1], A @ B)
