"""Small sweeps of gemm on tiny; jobs take as long as their kernel is large."""

from __future__ import annotations

SMALL = """
name: small
kernels: [{kernel: gemm, set: {M: [4, 5], N: 4, K: [4, 8]}}]
targets: [{target: tiny, set: {local_bytes: [3, 64]}}]
options: {method: heuristic, deterministic: true}
jobs: 1
pareto: {minimise: [latency_cycles, target.local_bytes]}
"""


def gemms(*sizes: int, more: str = "jobs: 1") -> str:
    """A gemm of M = N = K for each of ``sizes``: 4 takes some milliseconds, 24 about a second, 200 very long."""
    entries = ", ".join(f"{{kernel: gemm, set: {{M: {n}, N: {n}, K: {n}}}}}" for n in sizes)
    return f"""
name: gemms
kernels: [{entries}]
targets: [tiny]
options: {{method: heuristic, deterministic: true}}
{more}
"""
