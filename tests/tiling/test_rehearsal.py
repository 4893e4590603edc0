"""Modelled cycles come true: the walk with a clock against list scheduling, stalls, ramps and ragged edges included."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from isamap.ir.binding import Binding
from isamap.spec import load_target, load_workload
from isamap.tiling import rehearsal
from isamap.tiling.estimate import estimate
from isamap.tiling.greedy import tiling_of
from isamap.tiling.nest import Nest
from tests.nests import S16, bindings_of, nest_of, random_nest, scheduled


def gemm(m: int, n: int, k: int, **parameters: object) -> Binding:
    return bindings_of(load_workload("gemm", {"M": m, "N": n, "K": k} | S16), load_target("p16", parameters))[0]


def compared(binding: Binding, nest: Nest) -> tuple[float, int]:
    """(modelled, scheduled) cycles."""
    found = estimate(binding, nest)
    assert found is not None
    return found.cycles, scheduled(binding, tiling_of(binding, nest)).latency_cycles


NESTS = [  # k per issue, k per chunk, tiles per block, inner order, how near
    (64, 64, (2, 4), "m n k", 0.002),
    (86, 172, (4, 4), "n m k", 0.02),  # the bus is as busy as the array
    (43, 172, (4, 4), "m n k", 0.02),
    (26, 208, (3, 6), "n m k", 0.02),  # ragged in both directions
    (103, 206, (2, 2), "m n k", 0.02),  # too little reuse: the bus is busier
]


@pytest.mark.parametrize(("tile_k", "block_k", "tiles", "inner", "near"), NESTS)
@pytest.mark.parametrize("turning", [False, True])
def test_products(tile_k: int, block_k: int, tiles: tuple[int, int], inner: str, near: float, turning: bool) -> None:
    binding = gemm(128, 256, 512)
    block = {"m": 16 * tiles[0], "n": 16 * tiles[1], "k": block_k}
    nest = nest_of(binding, {"m": 16, "n": 16, "k": tile_k}, block, "n m k", inner)
    for backward in ((), ("k",)):
        modelled, cycles = compared(binding, replace(nest, turning=turning, backward=backward))
        assert modelled == pytest.approx(cycles, rel=near)


def test_one_slot_each() -> None:
    """Nothing is loaded ahead: the array waits for every piece."""
    binding = gemm(64, 64, 96, spad_kib=8)
    nest = nest_of(binding, {"m": 16, "n": 16, "k": 96}, {}, "m n k")
    found = estimate(binding, replace(nest, ahead=False, upgrades=0))
    assert found is not None
    modelled, cycles = compared(binding, replace(nest, ahead=False, upgrades=0))
    assert modelled == pytest.approx(cycles, rel=0.03)


def test_a_convolution() -> None:
    work = load_workload("conv2d", {"K": 32, "C": 16, "P": 16, "Q": 16} | S16)
    binding = next(b for b in bindings_of(work, "p16") if b.instruction.name == "mac")
    tile = {"k": 16, "p": 2, "q": 8, "c": 16, "r": 3, "s": 3}
    nest = nest_of(binding, tile, {"k": 16, "p": 4, "q": 8}, "k p q")
    modelled, cycles = compared(binding, nest)
    assert modelled == pytest.approx(cycles, rel=0.03)


def test_a_ragged_last_block_starves_beyond_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last row of blocks is one tile wide and comes after what is walked."""
    monkeypatch.setattr(rehearsal, "_MOST_VISITS", 400)
    monkeypatch.setattr(rehearsal, "_ALL_VISITS", 400)
    binding = gemm(16 * 33, 256, 512)
    block = {"m": 64, "n": 64, "k": 128}
    nest = replace(nest_of(binding, {"m": 16, "n": 16, "k": 64}, block, "m n k", "m n k"), turning=True)
    modelled, cycles = compared(binding, nest)
    assert modelled == pytest.approx(cycles, rel=0.02)


def test_hope_is_never_above() -> None:
    rng, some = Random(4), 0
    binding = gemm(96, 80, 200, spad_kib=8)
    for _ in range(60):
        nest = replace(random_nest(binding, rng), turning=rng.random() < 0.5)
        found, hoped = estimate(binding, nest), estimate(binding, nest, patient=False)
        assert (found is None) == (hoped is None)
        if found is not None and hoped is not None:
            assert hoped.value("latency") <= found.value("latency")
            some += hoped.value("latency") < found.value("latency")
    assert some > 20


def test_short_issues_await_drains() -> None:
    """A last chunk of 4 cycles per tile between a fill and a drain of 8 each, which one mover does in turn."""
    binding = gemm(128, 128, 40, bus_bytes_per_cycle=512)
    nest = nest_of(binding, {"m": 16, "n": 16, "k": 36}, {"m": 64, "n": 64, "k": 36}, "m n k", "m n")
    modelled, cycles = compared(binding, nest)
    assert modelled == pytest.approx(cycles, rel=0.03)
