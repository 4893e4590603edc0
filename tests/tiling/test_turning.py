"""Loops that turn round: what they save, in the closed form as in the schedule, and that they never cost more."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from isamap.check.tiling import check_tiling
from isamap.ir.binding import Binding
from isamap.spec import load_target, load_workload
from isamap.tiling.estimate import estimate
from isamap.tiling.greedy import tiling_of
from isamap.tiling.hold import found_again, holds
from isamap.tiling.nest import Loop, Nest
from tests.nests import S16, bindings_of, lowered, nest_of, scheduled
from tests.tiling.test_hold import EXACT, loop


def test_holds_of_a_product_that_turns() -> None:
    """for m 4, for n 3, for k 5, all turning: at each of the 8 turns of n one of A's five pieces is still there, at
    each of the 3 turns of m one of B's."""
    nest = [loop("m", 4), loop("n", 3), loop("k", 5)]
    one = {"m": 1, "n": 1, "k": 1}
    assert [(hold.slots, hold.fetches) for hold in holds(nest, "mk", one, True)] == [(1, 52), (5, 20)]
    assert [(hold.slots, hold.fetches) for hold in holds(nest, "kn", one, True)] == [(1, 57), (5, 45), (15, 15)]
    assert [(hold.slots, hold.fetches) for hold in holds(nest, "mn", one, True)] == [(1, 12)]


def test_turning_never_fetches_more() -> None:
    rng = Random(8)
    for _ in range(200):
        nest = [loop(rng.choice("mnk"), rng.randint(2, 5)) for _ in range(rng.randint(1, 6))]
        for axes in ("mk", "kn", "mn", "m", ""):
            one = dict.fromkeys("mnk", 1)
            turning = {hold.slots: hold.fetches for hold in holds(nest, axes, one, True)}
            for hold in holds(nest, axes, one):
                assert min(f for slots, f in turning.items() if slots <= hold.slots) <= hold.fetches


def test_what_is_found_again_is_as_ragged_as_what_is_held() -> None:
    """for x 2, k 4, y 8, c 2, r 2 (of 1.5 pieces), W[k,c,r] in four slots: the first sweep over k brings its 16 pieces,
    the second finds four; half of them are half as large, so that it comes to 21 whole ones."""
    nest = [loop("x", 2), loop("k", 4), loop("y", 8), loop("c", 2), Loop("r", 1, 2, 1.5)]
    two = next(hold for hold in holds(nest, "kcr", {"k": 1, "c": 1, "r": 1}, True) if hold.slots == 2)
    relevant = [one.axis in "kcr" for one in nest]
    assert two.fetches - found_again(nest, relevant, two, 4) == 21


def performed(binding: Binding, nest: Nest) -> Counter[str]:
    """How often each transfer of a tensor, and each move, comes in the schedule."""
    schedule = scheduled(binding, tiling_of(binding, nest))
    steps = (schedule.steps[n] for n in schedule.step)
    return Counter(f"{step.performs} {step.tensor}" for step in steps)


@pytest.mark.parametrize(("tile", "block", "outer", "inner"), EXACT)
@pytest.mark.parametrize("spad_kib", [12, 64])
def test_fetches_and_fills_equal_those_of_the_schedule(
    tile: dict[str, int], block: dict[str, int], outer: str, inner: str, spad_kib: int
) -> None:
    work = load_workload("gemm", {"M": 64, "N": 48, "K": 96} | S16)
    binding = bindings_of(work, load_target("p16", {"spad_kib": spad_kib}))[0]
    nest = replace(nest_of(binding, tile, block, outer, inner), turning=True)
    found = estimate(binding, nest)
    assert found is not None
    assert check_tiling(tiling_of(binding, nest), work, binding.target) == []
    counts = performed(binding, nest)
    transfers = sum(count for name, count in counts.items() if name.startswith(("load", "store")))
    moves = sum(count for name, count in counts.items() if name.startswith(("drain", "fill")))
    assert found.issues >= transfers + moves + counts["mac "]
    plain = performed(binding, replace(nest, turning=False))
    assert counts["fill C"] <= plain["fill C"]
    assert counts.total() <= plain.total()


def test_the_last_tiles_of_a_chunk_stay_in_the_accumulators() -> None:
    """Twelve tiles in three chunks: without turning each is filled twice, with it two of them stay at each turn."""
    binding = bindings_of(load_workload("gemm", {"M": 64, "N": 48, "K": 96} | S16), "p16")[0]
    nest = nest_of(binding, {"m": 16, "n": 16, "k": 32}, {"m": 64, "n": 48, "k": 32}, "k", "m n")
    assert performed(binding, nest)["fill C"] == 24
    assert performed(binding, replace(nest, turning=True))["fill C"] == 20


def test_what_turns_is_right_and_a_short_chunk_first_starts_sooner() -> None:
    work = load_workload("gemm", {"M": 64, "N": 64, "K": 272} | S16)
    binding = bindings_of(work, "p16")[0]
    nest = nest_of(binding, {"m": 16, "n": 16, "k": 128}, {"m": 64, "n": 64, "k": 128}, "k", "m n")
    turning = replace(nest, turning=True)
    backward = replace(turning, backward=("k",))
    forward, sooner = (scheduled(binding, tiling_of(binding, one)) for one in (turning, backward))
    assert sooner.latency_cycles < forward.latency_cycles < scheduled(binding, tiling_of(binding, nest)).latency_cycles
    assert lowered(work, binding, sooner)
    assert check_tiling(tiling_of(binding, backward), work, binding.target) == []


def test_ragged_windows_that_turn_fetch_what_the_estimate_says() -> None:
    """Pieces of an image in two halves of its channels, met again at every turn, in blocks ragged both ways."""
    work = load_workload("conv2d", {"K": 32, "C": 32, "P": 14, "Q": 14} | S16)
    binding = next(b for b in bindings_of(work, "p16") if b.instruction.name == "mac")
    tile = {"k": 16, "p": 4, "q": 4, "c": 16, "r": 3, "s": 3}
    nest = nest_of(binding, tile, {"p": 8, "q": 8, "c": 32}, "k p q c", "p q c")
    nest = replace(nest, turning=True, upgrades=0)
    found, schedule = estimate(binding, nest), scheduled(binding, tiling_of(binding, nest))
    assert found is not None
    assert performed(binding, nest)["load I"] == 13
    steps = [step for step in (schedule.steps[n] for n in schedule.step) if step.performs in ("load", "store")]
    roles = {role.tensor.name: role for role in binding.roles}
    moved = sum(2 * roles[step.tensor].staged_layout(dict(step.sizes)).points for step in steps)
    assert moved == pytest.approx(found.traffic_bytes, rel=0.06)
