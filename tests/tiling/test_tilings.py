"""Tilings as a whole: right by their checker, deterministic, refused with a reason where nothing fits."""

from __future__ import annotations

from random import Random

import pytest

from isamap.check.tiling import check_tiling
from isamap.errors import Infeasible
from isamap.spec import load_target, load_workload
from isamap.tiling import tilings
from isamap.tiling.estimate import estimate
from isamap.tiling.greedy import tiling_of
from tests.nests import S16, binding_of, bindings_of, nest_of, random_nest, tiling_from
from tests.random_kernels import FAMILIES, random_kernel


@pytest.mark.parametrize("machine", FAMILIES)
def test_every_tiling_found_is_right(machine: str) -> None:
    for seed in range(len(FAMILIES[machine])):
        _, text, work = random_kernel(machine, seed)
        for binding in bindings_of(work, machine)[:2]:
            for tiling in tilings(binding, most=3):
                assert check_tiling(tiling, work, binding.target) == [], text


def test_every_nest_that_fits_is_right() -> None:
    rng, fitting = Random(1), 0
    for seed in range(60):
        machine = rng.choice(list(FAMILIES))
        _, text, work = random_kernel(machine, seed)
        for binding in bindings_of(work, machine)[:2]:
            nest = random_nest(binding, rng)
            if estimate(binding, nest) is not None:
                fitting += 1
                assert check_tiling(tiling_of(binding, nest), work, binding.target) == [], f"{nest}\n{text}"
    assert fitting > 40


@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (17, 31, 5), (35, 16, 4097), (16, 16, 4096), (127, 3, 61)])
def test_ragged_edges(m: int, n: int, k: int) -> None:
    binding = binding_of("gemm", "p16", {"M": m, "N": n, "K": k} | S16)
    work = load_workload("gemm", {"M": m, "N": n, "K": k} | S16)
    for tiling in tilings(binding):
        assert check_tiling(tiling, work, binding.target) == []


def test_the_same_every_time() -> None:
    binding = binding_of("conv2d", "p16", {"K": 12, "C": 5, "P": 7, "Q": 9} | S16)
    assert tilings(binding) == tilings(binding)


def test_best_first_and_different() -> None:
    found = tilings(binding_of("gemm", "p16", {"M": 100, "N": 90, "K": 80} | S16))
    values = [tiling.modelled_value for tiling in found]
    assert values == sorted(values)
    assert len(set(found)) == len(found)


def test_hopeless_tilings_are_left_out() -> None:
    """Tiles of one element, 192,000 of them, are not worth a schedule beside those of 16 x 256."""
    found = tilings(binding_of("gemm", "tpu_v1", {"M": 16, "N": 300, "K": 40}))
    values = [tiling.modelled_value for tiling in found]
    assert len(values) > 1
    assert max(values) <= 8 * min(values)


def test_objectives_differ() -> None:
    """Traffic alone prefers large blocks; its best tiling moves no more than that for latency."""
    binding = binding_of("gemm", load_target("p16", {"spad_kib": 8}), {"M": 100, "N": 90, "K": 80} | S16)
    for_traffic = tilings(binding, objective="traffic")[0]
    assert for_traffic.modelled_value <= min(
        tiling_of(binding, _nest(binding, t), "traffic").modelled_value for t in tilings(binding)
    )


def _nest(binding, tiling):  # type: ignore[no-untyped-def]
    blocks, issue = tiling.levels
    orders = [" ".join(level.order) for level in tiling.levels]
    return nest_of(binding, dict(issue.tile), dict(blocks.tile), *orders)


WHY_NOT = [
    (
        *("gemm", "tiles", {}, {"M": 35, "N": 48, "K": 16, "in": "s16"}),
        "m = 35 is no multiple of 16, which matmul's i takes exactly; pad m to 48",
    ),
    (
        *("gemm", "tiles", {}, {"M": 16, "N": 47, "K": 5, "in": "s16"}),
        (
            "n = 47 is no multiple of 16, which matmul's j takes exactly; pad n to 48; "
            "k = 5 is no multiple of 16, which matmul's k takes exactly; pad k to 16"
        ),
    ),
    (
        *("pointwise_conv2d", "tiles", {}, {"P": 4, "Q": 5, "K": 16, "C": 16, "in": "s16"}),
        "n x p x q = 1 x 4 x 5 is no multiple of 16, which matmul's i takes exactly; pad q to 8",
    ),
    (
        *("gemv", "tiles", {}, {"M": 32, "K": 32, "in": "s16"}),
        "no axis feeds matmul's j, which takes exactly 16",
    ),
    (
        *("gemm", "tiles", {"spad_kib": 1}, {"M": 32, "N": 32, "K": 32, "in": "s16"}),
        (
            "spad (1024 bytes) is too small for the smallest tile of matmul: 1024 bytes more are needed for "
            "C 1024 bytes, A 512 bytes, B 512 bytes"
        ),
    ),
    (
        *("gemm", "tiny", {"local_bytes": 5}, {"M": 3, "N": 5, "K": 4}),
        (
            "local (5 bytes) is too small for the smallest tile of mm2: 1 bytes more are needed for "
            "C 4 bytes, A 1 bytes, B 1 bytes"
        ),
    ),
]


@pytest.mark.parametrize(("kernel", "machine", "parameters", "settings", "message"), WHY_NOT)
def test_why_nothing_fits(
    kernel: str, machine: str, parameters: dict[str, object], settings: dict[str, object], message: str
) -> None:
    binding = binding_of(kernel, load_target(machine, parameters), settings, empty_axes=kernel == "gemv")
    with pytest.raises(Infeasible) as refused:
        tilings(binding)
    assert message in str(refused.value)


@pytest.mark.parametrize(("machine", "parameters"), [("tiny", {"local_bytes": 6}), ("tiles", {"spad_kib": 2})])
def test_one_slot_each_is_enough(machine: str, parameters: dict[str, object]) -> None:
    """Where only the smallest tile of each tensor fits, there is still a tiling: without a slot to load ahead."""
    settings: dict[str, object] = {"M": 32, "N": 48, "K": 32, "in": "s16"} if machine == "tiles" else {"M": 3, "N": 5}
    binding = binding_of("gemm", load_target(machine, parameters), settings)
    found = tilings(binding)
    assert all(count == 1 for level in found[0].levels for _, count in level.buffers)


def test_what_does_not_fit_is_refused() -> None:
    binding = binding_of("gemm", "tiny", {"M": 30, "N": 30, "K": 30})
    with pytest.raises(Infeasible, match="do not fit mm2"):
        tiling_from(binding, {"m": 3, "n": 2, "k": 4}, {})


def test_a_tensor_of_two_operands_has_pieces_for_each() -> None:
    text = """
name: twice
sizes: {M: 20, K: 30}
tensors:
  A: {dtype: s16, shape: [M, K]}
  C: {dtype: s16, shape: [M, M]}
einsums:
  - C[m,n] += A[m,k] * A[n,k]
"""
    work = load_workload(text)
    binding = bindings_of(work, "p16")[0]
    tiling = tilings(binding)[0]
    assert {name for name, _ in tiling.levels[0].pieces} == {"A.A", "A.B"}
    assert check_tiling(tiling, work, binding.target) == []
