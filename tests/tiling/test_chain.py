"""What pipelining costs a nest: compared with a walk over its visits, one issue after another on one unit."""

from __future__ import annotations

from random import Random

import pytest

from isamap.ir.binding import Binding
from isamap.scheduling.visits import cut, visits
from isamap.tiling.chain import chain_idle_cycles
from isamap.tiling.greedy import tiling_of
from isamap.tiling.nest import Nest, loops
from tests.nests import binding_of, nest_of

SIZES: dict[str, object] = {"M": 48, "K": 24, "N": 6}
LATENCY = 4  # of vliw4's mac, which is issued every cycle


def walked(binding: Binding, nest: Nest) -> int:
    """Cycles lost when every mac starts as soon as the unit and the tile that it adds to allow it."""
    tiling = tiling_of(binding, nest)
    tile_of, ready, now, count = cut(binding, binding.output, tiling), dict[object, int](), 0, 0
    for block, tile in visits(binding, tiling):
        key = tile_of.piece(block, tile)
        start = max(now, ready.get(key, 0))
        ready[key], now, count = start + LATENCY, start + 1, count + 1
    return now - count


def idle(binding: Binding, nest: Nest) -> int:
    return chain_idle_cycles(binding, nest, loops(nest, binding.extents))


@pytest.mark.parametrize(
    ("block", "outer", "inner", "wanted"),
    [
        ({"k": 24}, "m n k", "m n k", 18 * 5 * 3),  # six macs on a tile, one after the other
        ({"k": 24, "n": 2}, "m n k", "k n", 9 * 5 * 2),  # two tiles in turn
        ({"k": 24, "n": 4}, "m n k", "k n", 3 * 5 * 2),  # four tiles hide it; the last two of six columns do not
        ({"k": 24, "n": 6}, "m k n", "k n", 0),
        ({"n": 2}, "m n k", "n", 9 * 5 * 2),  # the reduction between blocks
        ({}, "k m n", "", 0),  # every tile is visited once per sweep
    ],
)
def test_reductions_at_different_depths(block: dict[str, int], outer: str, inner: str, wanted: int) -> None:
    binding = binding_of("gemm", "vliw4", SIZES)
    nest = nest_of(binding, {"m": 16, "k": 4}, {"m": 16, "k": 4} | block, outer, inner)
    assert idle(binding, nest) == walked(binding, nest) == wanted


def test_any_nest_of_one_reduction_loop() -> None:
    binding, rng = binding_of("gemm", "vliw4", SIZES), Random(1)
    some = 0
    for _ in range(60):
        block = {"m": 16 * rng.randint(1, 3), "n": rng.randint(1, 6), "k": rng.choice([4, 24])}
        outer, inner = rng.sample("mnk", 3), rng.sample("mnk", 3)
        nest = nest_of(binding, {"m": 16, "k": 4}, block, " ".join(outer), " ".join(inner))
        assert idle(binding, nest) == walked(binding, nest)
        some += idle(binding, nest) > 0
    assert 10 < some < 50


def test_no_machine_whose_results_are_there_when_the_unit_is_free_idles() -> None:
    binding = binding_of("gemm", "p16", {"M": 64, "K": 64, "N": 64, "in": "s16", "acc": "s16"})
    assert idle(binding, nest_of(binding, {"m": 16, "n": 16, "k": 8}, {"k": 64}, "m n k", "k")) == 0
