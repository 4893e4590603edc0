"""Einsums that work in turns on strips of what passes between them: right on several machines, and faster."""

from __future__ import annotations

from math import prod

import pytest

from isamap.compile import Options, compile_workload
from isamap.ir.answers import Home
from isamap.mapping.choose import choose
from isamap.plan.apart import bindings_of
from isamap.plan.fusing import fused
from isamap.spec import load_target, load_workload
from tests.fusion import CHAIN, DEPTHWISE, PRODUCTS, RECTIFIED, WINDOWS, FusedKernel, fused_kernel, kernel

P16 = (("spad_kib", 4),)
VLIW = (("local_kib", 4),)
TINY = (("local_bytes", 1024),)
CASES = [
    (DEPTHWISE, "p16", P16, {"T": Home("spad", (1, 4, 4), 1, 4, 1)}),  # bands of 4 x 4, which the pieces slide over
    (DEPTHWISE, "p16", P16, {"T": Home("spad", (1, 4, 4), 1, 8, 1)}),  # the last strip is shorter
    (DEPTHWISE, "p16", P16, {"T": Home("spad", (1, 4, 4), 2, 8, 1)}),  # columns
    (PRODUCTS, "p16", P16, {"T": Home("spad", (1, 1), 0, 16, 1)}),
    (PRODUCTS, "p16", P16, {"T": Home("spad", (1, 1), 0, 5, 2)}),  # the reader lags behind by a strip
    (WINDOWS, "p16", P16, {"T": Home("spad", (1, 1, 1), 1, 2, 2)}),
    (WINDOWS, "p16", P16, {"T": Home("spad", (1, 1, 1), 1, 1, 1)}),
    (RECTIFIED, "vliw4", VLIW, {"T": Home("local", (1, 1), 0, 3, 2)}),
    (RECTIFIED, "vliw4", VLIW, {"T": Home("local", (1, 1), 0, 4, 1)}),
    (RECTIFIED, "tiny", (), {"T": Home("local", (1, 1), 0, 2, 1)}),
    (CHAIN, "tiny", TINY, {"T": Home("local", (1, 1), 0, 2, 2), "U": Home("local", (1, 1), 0, 2, 2)}),
    (CHAIN, "tiny", TINY, {"T": Home("local", (1, 1), 0, 2, 1), "U": Home("local", (1, 1), 0, 2, 2)}),
]


def made(case: tuple[str, str, tuple[tuple[str, int], ...], dict[str, Home]], rank: int = 0) -> FusedKernel:
    text, machine, parameters, homes = case
    return fused_kernel(text, machine, parameters, tuple(homes.items()), rank)


@pytest.mark.parametrize("case", CASES)
def test_fused_kernels_are_right(case: tuple[str, str, tuple[tuple[str, int], ...], dict[str, Home]]) -> None:
    """Checkers, hazards and numbers; what passes is neither stored nor fetched."""
    found = made(case)
    assert found.violations() == ()
    carried = {step.tensor for step in found.schedule.steps if "" in step.buffers}
    assert not carried & set(case[3])


@pytest.mark.parametrize("rank", [0, 1])
def test_sliding_windows_are_fetched_once(rank: int) -> None:
    """Of the two tilings the first reads the halo rows of I again for every strip, the second keeps them."""
    found = made(CASES[0], rank)
    assert found.violations() == ()
    tensor = found.work.tensor("I")
    role = next(role for role in found.parts[0][0].inputs if role.tensor == tensor)
    fetched, at = 0, 0
    axes = [len(einsum.axes) for einsum in found.work.einsums]
    for index in found.schedule.step:
        step = found.schedule.steps[index]
        if step.performs == "load" and step.tensor == "I":
            names = found.work.einsums[step.einsum].axes
            start = {axis.name: low for axis, low in zip(names, found.schedule.origin[at:], strict=False)}
            layout = role.staged_layout(dict(step.sizes))
            fetched += layout.inside(layout.first(role.access, start), tensor.shape)
        at += axes[step.einsum]
    assert (fetched == prod(tensor.shape)) == (rank == 1)


def test_the_compiler_fuses_where_that_is_better() -> None:
    """The tensor between does not fit on chip; passing through it is neither stored nor fetched."""
    work, target = load_workload(RECTIFIED), load_target("tiny")
    answer = compile_workload(work, target, Options(method="heuristic", time_limit_s=20))
    assert answer.violations == ()
    assert [buffer.tensor for buffer in answer.schedule.buffers if buffer.home and buffer.home.rows] == ["T"]
    assert answer.simulation.traffic_bytes["store"] == work.tensor("O").size_bytes


def test_nothing_passes_by_an_einsum_that_stands_between() -> None:
    """V needs what passes from T to W: its turns would take in the einsum of U, which has no strips."""
    text = kernel(
        "M: 12, N: 12",
        dict.fromkeys("XZTUVW", "s32 [M, N]"),
        "T[m,n] = max(X[m,n], 0)",
        "W[m,n] = max(T[m,n], 0)",
        "U[m,n] = max(Z[m,n], 0)",
        "V[m,n] = W[m,n] + U[m,n]",
    )
    work, target = load_workload(text), load_target("tiny")
    _, candidates, _ = choose(work, target)
    homes = {"T": Home("local", (1, 1), 0, 2, 1), "W": Home("local", (1, 1), 0, 2, 1)}
    assert not list(fused([one[:1] for one in bindings_of(work, candidates, target, homes)], "latency", 1.0))
    del homes["W"]
    assert list(fused([one[:1] for one in bindings_of(work, candidates, target, homes)], "latency", 1.0))
