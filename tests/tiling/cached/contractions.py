"""Contractions for tests of kernels on cores with caches."""

from __future__ import annotations

from isamap.ir.contraction import Contraction, Strided
from isamap.ir.dtype import DTYPES


def gemm(m: int, n: int, k: int, how: str = "NN", types: tuple[str, str, str] = ("f32", "f32", "f32")) -> Contraction:
    """C[m,n] += A[m,k] * B[k,n], each of A and B as it is (N) or transposed (T)."""
    one, other, total = (DTYPES[name] for name in types)
    a = Strided("A", one, {"m": 1, "k": m} if how[0] == "T" else {"m": k, "k": 1})
    b = Strided("B", other, {"k": 1, "n": k} if how[1] == "T" else {"k": n, "n": 1})
    return Contraction({"m": m, "n": n, "k": k}, Strided("C", total, {"m": n, "n": 1}), (a, b))
