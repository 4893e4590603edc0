"""Energy: met by one tile, and near the floor of the P16 kernels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isamap.bounds import energy_bound_pj, forced_bytes
from isamap.compile import Options, compile_workload
from isamap.ir.expression import parse
from isamap.ir.hardware import Target
from isamap.spec import load_workload
from tests.machines import bundled

WORDS = {"gmed": 128 * 512 + 512 * 256 + 128 * 256, "conv": 64 * 56 * 56 * 2 + 64 * 64 * 9}
PRODUCTS = {"gmed": 128 * 256 * 512, "conv": 64 * 64 * 9 * 56 * 56}
RESULTS = {"gmed": 128 * 256, "conv": 64 * 56 * 56}


@pytest.mark.parametrize("name", WORDS)
def test_the_floor_of_p16(name: str) -> None:
    """206 pJ for each word that must move; 6/16 + 6/16 + 0.2 + 1 = 1.95 pJ per product in 16x16 tiles; each result is
    drained for 6.1 pJ, less the 0.1 pJ of the first read of an accumulator that begins afresh."""
    work = load_workload(f"p16/{name}")
    bound = energy_bound_pj(work, bundled("p16"))
    moved = forced_bytes(work, bundled("p16")) // 2
    assert bound == pytest.approx(206 * moved + 1.95 * PRODUCTS[name] + 6.0 * RESULTS[name])
    assert moved == pytest.approx(WORDS[name], rel=0.02)


def test_one_tile_meets_it() -> None:
    work = load_workload("gemm", {"M": 16, "N": 16, "K": 100, "in": "s16", "acc": "s16"})
    options = Options("heuristic", "energy", deterministic=True)
    assert compile_workload(work, bundled("p16"), options).simulation.energy_pj == pytest.approx(
        energy_bound_pj(work, bundled("p16"))
    )


def without(name: str) -> Target:
    """p16 where an instruction or transfer states no energy."""
    target = bundled("p16")
    return replace(
        target,
        transfers=tuple(replace(t, energy_pj=None) if t.name == name else t for t in target.transfers),
        instructions=tuple(replace(i, energy_pj=None) if i.name == name else i for i in target.instructions),
    )


@pytest.mark.parametrize("name", ["load", "store", "mac", "vmac"])
def test_no_bound_where_something_states_no_energy(name: str) -> None:
    """What it takes may be nothing, so that all others say nothing."""
    assert energy_bound_pj(load_workload("p16/gmed"), without(name)) is None


def test_a_fresh_start_may_be_cheap_only_as_often_as_sums_are_moved_out() -> None:
    """Where beginning afresh saves 3 pJ per sum and a drain costs 6.1, only the rest of a drain is sure: 3.1 pJ. Where
    it saves more than a drain costs, products are taken at what they are in issues one deep that all begin afresh."""
    work, target = load_workload("p16/gmed"), bundled("p16")
    traffic = 206 * WORDS["gmed"]
    for saved, expected in ((3, 1.95 * PRODUCTS["gmed"] + 3.1 * RESULTS["gmed"]), (8, 0.05 * PRODUCTS["gmed"])):
        cost = parse(f"6*(k*i + k*j) + i*j*(2*k - {10 * saved}*initialise)/10 + i*j*k")
        macs = tuple(replace(i, energy_pj=cost) if i.name == "mac" else i for i in target.instructions)
        bound = energy_bound_pj(work, replace(target, instructions=macs))
        assert bound == pytest.approx(traffic + expected)
