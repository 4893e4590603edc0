"""Small compiled kernels for tests that look at answers, each compiled once per process."""

from __future__ import annotations

from functools import cache

from isamap.compile import Compiled, Options, compile_workload
from isamap.spec import load_target, load_workload

TWO_EINSUMS = """
name: two
sizes: {M: 4, N: 6, K: 8}
tensors:
  A: {dtype: s8, shape: [M, K]}
  B: {dtype: s8, shape: [K, N]}
  C: {dtype: s32, shape: [M, N]}
  Y: {dtype: s32, shape: [M, N]}
einsums:
  - C[m,n] += s32(A[m,k]) * s32(B[k,n])
  - Y[m,n] = max(C[m,n], 0)
"""


@cache
def small_gemm(deterministic: bool = False) -> Compiled:
    work = load_workload("gemm", {"M": 5, "N": 4, "K": 6})
    return compile_workload(work, load_target("tiny"), Options(deterministic=deterministic))


@cache
def two_einsums() -> Compiled:
    return compile_workload(load_workload(TWO_EINSUMS), load_target("tiny"), Options("heuristic"))
