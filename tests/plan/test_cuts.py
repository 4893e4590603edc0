"""Every legal way to cut an einsum is listed, and no bound of a cut is above what a schedule of it takes."""

from __future__ import annotations

from math import ceil, prod

import pytest

from isamap.bounds.cut import CutBound
from isamap.ir.binding import Binding, bind
from isamap.ir.effort import Effort
from isamap.mapping.match import map_workload
from isamap.plan.cuts import Candidate, candidates, distinct, pieces_of, tiles
from isamap.scheduling import best_below, list_schedule, whole
from isamap.spec import load_target, load_workload
from isamap.tiling import tilings

KERNELS = [
    ("gemm", "tiny", {"M": 3, "N": 2, "K": 5}),
    ("conv1d", "tiny", {"K": 2, "C": 1, "P": 4, "R": 2}),
    ("gemm", "vliw4", {"M": 24, "N": 1, "K": 6}),
    ("gemm", "p16", {"M": 20, "N": 16, "K": 3, "in": "s16", "acc": "s16"}),
    ("gemm", "tiles", {"M": 32, "N": 16, "K": 16, "in": "s16"}),
]


def bound_of(kernel: str, machine: str, settings: dict[str, object]) -> Binding:
    work, target = load_workload(kernel, settings), load_target(machine)
    found = distinct([match for one in map_workload(work, target)[0] for match in one.with_swap])
    return bind(work, found[0], target)


def listed(binding: Binding, below: float) -> list[Candidate]:
    every = (one for tile in tiles(binding) for one in candidates(binding, CutBound(binding, tile), below))
    return [one for one in every if one is not None]


def test_all_sizes_in_range_are_tiles() -> None:
    binding = bound_of("gemm", "tiny", {"M": 3, "N": 2, "K": 5})
    assert len(list(tiles(binding))) == 2 * 2 * 4
    exact = bound_of("gemm", "tiles", {"M": 32, "N": 16, "K": 16, "in": "s16"})
    assert [list(tile.values()) for tile in tiles(exact)] == [[16, 16, 16]]


def test_pieces_of_several_tiles_only_where_they_save_something() -> None:
    """On tiny a transfer takes ceil(bytes / 4): rows of 2 bytes are better fetched together, rows of 4 are not."""
    odd = bound_of("gemm", "tiny", {"M": 4, "N": 2, "K": 2})
    widths = {tuple(pieces["A"].values()) for pieces in pieces_of(odd, {"m": 1, "n": 2, "k": 2})}
    assert widths == {(1, 2), (2, 2), (3, 2), (4, 2)}
    even = bound_of("gemm", "tiny", {"M": 4, "N": 2, "K": 4})
    assert {tuple(pieces["A"].values()) for pieces in pieces_of(even, {"m": 1, "n": 2, "k": 4})} == {(1, 4)}


def test_matches_that_others_include_are_left_out() -> None:
    work, target = load_workload("conv1d", {"K": 2, "C": 2, "P": 6, "R": 3}), load_target("tiny")
    matches = [match for one in map_workload(work, target)[0] for match in one.with_swap]
    kept = distinct(matches)
    fed = [{name: set(fused) for name, fused in match.axes} for match in kept]
    assert 0 < len(kept) < len(matches)
    for match in matches:
        assert any(all(set(fused) <= one[name] for name, fused in match.axes) for one in fed)


@pytest.mark.parametrize(("kernel", "machine", "settings"), KERNELS)
def test_no_schedule_is_below_the_bound_of_its_cut(kernel: str, machine: str, settings: dict[str, object]) -> None:
    """Heuristic schedules of tilings that were found; the cut is read off each."""
    binding = bound_of(kernel, machine, settings)
    for tiling in tilings(binding, most=4):
        tile, pieces = dict(tiling.levels[-1].tile), {label: dict(p) for label, p in tiling.levels[0].pieces}
        bounds, found = CutBound(binding, tile), list_schedule([(binding, tiling)], binding.target)
        assert bounds.whatever_pieces_cycles() <= bounds.cycles(pieces) <= found.latency_cycles


def test_the_bound_of_a_cut_is_met_where_nothing_waits() -> None:
    """One issue: its operands come in (2 + 2 cycles), it computes for 4, its 16 bytes leave in 4."""
    binding = bound_of("gemm", "tiny", {"M": 2, "N": 2, "K": 4})
    tile = {"m": 2, "n": 2, "k": 4}
    pieces = {"A": {"m": 2, "k": 4}, "B": {"k": 4, "n": 2}}
    assert CutBound(binding, tile).cycles(pieces) == 12
    work = load_workload("gemm", {"M": 2, "N": 2, "K": 4})
    cut = whole(work, [(binding, tile, {label: tuple(piece.items()) for label, piece in pieces.items()})])
    found = best_below(cut, 100, Effort(10.0, 1, 0, True), 0)
    assert found.schedule is not None
    assert (found.schedule.latency_cycles, found.outcome.status, cut.tasks) == (12, "optimal", 4)
    assert best_below(cut, 12, Effort(10.0, 1, 0, True), 0).outcome.status == "infeasible"


def test_candidates_below_a_value_are_listed_and_the_others_counted() -> None:
    binding = bound_of("gemm", "tiny", {"M": 3, "N": 2, "K": 5})
    every = listed(binding, 1e9)
    values = sorted(one.bound_cycles for one in every)
    limit = values[len(values) // 2]
    assert listed(binding, limit) == [one for one in every if one.bound_cycles < limit]
    issues = [prod(ceil(binding.extents[x] / size) for x, size in one.tile) for one in every]
    assert max(issues) == 30  # the smallest tiles as well
