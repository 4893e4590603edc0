"""What is held and fetched: the closed form against what a schedule really does."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from isamap.spec import load_target, load_workload
from isamap.tiling.estimate import estimate
from isamap.tiling.greedy import tiling_of
from isamap.tiling.hold import holds
from isamap.tiling.nest import Loop, loops, piece
from tests.nests import S16, bindings_of, nest_of, random_nest, scheduled
from tests.random_kernels import random_kernel


def loop(axis: str, trips: int) -> Loop:
    return Loop(axis, 1, trips, float(trips))


def test_holds_of_a_product() -> None:
    """for m 4, for n 3, for k 5: A[m,k] is needed for every n again, B[k,n] for every m, C[m,n] stays over k."""
    nest = [loop("m", 4), loop("n", 3), loop("k", 5)]
    one = {"m": 1, "n": 1, "k": 1}
    assert [(hold.slots, hold.fetches) for hold in holds(nest, "mk", one)] == [(1, 60), (5, 20)]
    assert [(hold.slots, hold.fetches) for hold in holds(nest, "kn", one)] == [(1, 60), (15, 15)]
    assert [(hold.slots, hold.fetches) for hold in holds(nest, "mn", one)] == [(1, 12)]


def test_a_piece_as_large_as_a_block_is_not_cut_by_the_inner_loop() -> None:
    """The inner loop over p steps by 2 through a piece of 6: one piece, however often it is visited."""
    nest = [Loop("p", 6, 3, 3.0), Loop("p", 2, 3, 3.0)]
    assert [(hold.slots, hold.fetches, hold.pieces) for hold in holds(nest, "p", {"p": 6})] == [(1, 3, 3)]


def test_holding_more_never_fetches_more() -> None:
    rng = Random(5)
    for _ in range(200):
        nest = [loop(rng.choice("mnk"), rng.randint(2, 5)) for _ in range(rng.randint(1, 6))]
        for axes in ("mk", "kn", "mn", "m", ""):
            ways = holds(nest, axes, dict.fromkeys("mnk", 1))
            assert all(a.slots < b.slots and a.fetches > b.fetches for a, b in pairwise(ways))
            assert ways[-1].fetches == ways[-1].pieces  # with enough slots each piece comes once


EXACT = [  # tiles divide blocks, blocks divide extents: then the closed form is a whole number
    ({"m": 16, "n": 16, "k": 32}, {"m": 32, "n": 16, "k": 32}, "m n k", "m n k"),
    ({"m": 16, "n": 16, "k": 32}, {"m": 64, "n": 48, "k": 32}, "k m n", "n m k"),
    ({"m": 16, "n": 16, "k": 96}, {"m": 16, "n": 16, "k": 96}, "n m k", "m n k"),
    ({"m": 16, "n": 16, "k": 16}, {"m": 64, "n": 16, "k": 96}, "n k m", "m k n"),
    ({"m": 8, "n": 16, "k": 48}, {"m": 16, "n": 48, "k": 48}, "n k m", "k m n"),
]


@pytest.mark.parametrize(("tile", "block", "outer", "inner"), EXACT)
@pytest.mark.parametrize("spad_kib", [12, 16, 64])
def test_fetches_equal_those_of_the_schedule(
    tile: dict[str, int], block: dict[str, int], outer: str, inner: str, spad_kib: int
) -> None:
    work = load_workload("gemm", {"M": 64, "N": 48, "K": 96} | S16)
    binding = bindings_of(work, load_target("p16", {"spad_kib": spad_kib}))[0]
    nest = nest_of(binding, tile, block, outer, inner)
    found = estimate(binding, nest)
    assert found is not None
    schedule = scheduled(binding, tiling_of(binding, nest))
    buffers = {buffer.name: buffer for buffer in schedule.buffers}
    held, nest_loops = dict(found.held), loops(nest, binding.extents)
    for role in binding.inputs:
        sizes = piece(role, nest)
        way = next(w for w in holds(nest_loops, role.access.axes, sizes) if w.slots == held[role.operand.name])
        name = next(n for n, b in buffers.items() if b.tensor == role.tensor.name)
        steps = [schedule.steps[n] for n in schedule.step]
        fetched = sum(step.buffers == ("", name) for step in steps)
        assert fetched <= way.fetches  # Belady's rule may keep more than the closed form counts on
        if buffers[name].slots == way.pieces or way.slots == 1:
            assert fetched == way.fetches


def test_estimated_traffic_is_never_below_what_is_fetched() -> None:
    """Whole tiles and blocks at random: what a schedule moves is at most what the closed form says."""
    rng, work = Random(11), load_workload("gemm", {"M": 48, "N": 48, "K": 48} | S16)
    binding = bindings_of(work, load_target("p16", {"spad_kib": 8}))[0]
    for _ in range(40):
        tile = {"m": rng.choice([4, 8, 16]), "n": rng.choice([8, 16]), "k": rng.choice([6, 12, 24])}
        block = {x: rng.choice([size, 2 * size, 48]) for x, size in tile.items()}
        if any(48 % size for size in block.values()):
            continue
        outer, inner = (" ".join(rng.sample("mnk", 3)) for _ in range(2))
        nest = nest_of(binding, tile, block, outer, inner)
        found = estimate(binding, nest)
        if found is None:
            continue
        schedule = scheduled(binding, tiling_of(binding, nest))
        moved = 0
        for number in schedule.step:
            step = schedule.steps[number]
            if step.performs in ("load", "store"):
                role = next(r for r in binding.roles if r.tensor.name == step.tensor)
                moved += role.staged_layout(dict(step.sizes)).points * 2
        assert moved <= found.traffic_bytes * (1 + 1e-9)


def test_slots_never_overflow() -> None:
    rng = Random(3)
    for seed in range(16):
        _, _, work = random_kernel("p16", seed)
        target = load_target("p16", {"spad_kib": rng.choice([1, 2, 8])})
        for binding in bindings_of(work, target)[:2]:
            found = estimate(binding, nest := random_nest(binding, rng))
            if found is None:
                continue
            slots = dict(found.slots)
            used = sum(slots[r.operand.name] * r.slot_bytes(piece(r, nest)) for r in binding.inputs)
            used += found.staging_slots * binding.output.staged_slot_bytes(dict(nest.tile))
            assert used <= target.memory("spad").capacity_bytes
