"""Pieces on their way hold slots: as many more as a transfer's latency asks for, as far as there is room."""

from __future__ import annotations

from isamap.spec import load_target, load_workload
from isamap.tiling.ahead import slots_ahead
from isamap.tiling.estimate import estimate
from tests.nests import bindings_of, nest_of


def more(machine: str, **parameters: object) -> dict[str, int]:
    types = {"in": "s16", "acc": "s16"} if machine == "p16" else {}
    work = load_workload("gemm", {"M": 64, "N": 64, "K": 64, **types})
    binding = bindings_of(work, load_target(machine, parameters))[0]
    nest = nest_of(binding, {"m": 16, "n": 16, "k": 16}, {}, "m n k", "m n k")
    found = estimate(binding, nest)
    assert found is not None
    return slots_ahead(binding, nest, found)


def test_a_latency_of_40_cycles_covers_three_loads_of_16() -> None:
    """mvin takes 16 cycles per tile, so three are on their way; mvout takes 64, so one is, for 32 cycles."""
    found = more("gemmini")
    assert (found["A"], found["C"]) == (3, 1)


def test_without_latency_nothing_more_is_wanted() -> None:
    assert set(more("gemmini", dma_latency_cycles=0).values()) <= {0, 1}
    assert set(more("p16").values()) == {0}


def test_no_more_than_there_is_room_for() -> None:
    """4 KiB hold 16 tiles, which the model has given away already."""
    assert more("gemmini", spad_kib=4, dma_latency_cycles=900)["A"] <= 15
