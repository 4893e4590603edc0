"""Pieces that hold several tiles: whether an issue finds its tile in one as it must lie."""

from __future__ import annotations

import pytest

from isamap.ir.binding import Binding, Role, bind
from isamap.ir.carried import why_not_carried, why_not_read
from isamap.mapping.match import map_workload
from isamap.spec import load_target, load_workload


def bound(kernel: str, machine: str, **settings: object) -> Binding:
    work, target = load_workload(kernel, settings), load_target(machine)
    return bind(work, map_workload(work, target)[0][0].matches[0], target)


@pytest.fixture(scope="module")
def gemmini() -> Role:
    """A of a product on gemmini, whose rows lie 16 apart and begin at multiples of 16 bytes."""
    return next(role for role in bound("gemm", "gemmini", M=64, N=16, K=64).fetched if role.label == "A")


@pytest.mark.parametrize(
    ("piece", "tile", "reason"),
    [
        ({"m": 16, "k": 16}, {"m": 16, "k": 16}, ""),
        ({"m": 64, "k": 16}, {"m": 16, "k": 16}, ""),
        ({"m": 64, "k": 10}, {"m": 3, "k": 10}, ""),
        ({"m": 16, "k": 20}, {"m": 16, "k": 10}, "two elements in one place"),
        ({"m": 1, "k": 32}, {"m": 1, "k": 16}, ""),
        ({"m": 16, "k": 16}, {"m": 16, "k": 10}, "begin at no multiple of 16 bytes"),
    ],
)
def test_rows_of_a_fixed_length(gemmini: Role, piece: dict[str, int], tile: dict[str, int], reason: str) -> None:
    found = why_not_read(gemmini, {**piece, "n": 16}, {**tile, "n": 16})
    assert (reason in found) if reason else found == ""


def test_a_tile_that_must_be_contiguous_lies_in_no_wider_piece() -> None:
    role = bound("gemm", "tiles", M=32, N=16, K=32, **{"in": "s16"}).fetched[0]
    tile = {"m": 16, "k": 16, "n": 16}
    assert "lies otherwise in a larger piece" in why_not_read(role, {**tile, "k": 32}, tile)
    assert why_not_read(role, {**tile, "m": 32}, tile) == ""


def test_an_axis_that_an_operand_does_not_take_has_no_room_in_a_piece() -> None:
    role = bound("batch_gemm", "tiles", BATCH=2, M=16, N=16, K=16, **{"in": "s16"}).fetched[0]
    tile = {"b": 1, "m": 16, "n": 16, "k": 16}
    assert why_not_carried(role, tile) == ""
    assert "no place for more than one element along b" in why_not_carried(role, {**tile, "b": 2})


def test_rows_of_any_length_hold_any_tile() -> None:
    role = bound("gemm", "tiny", M=8, N=8, K=8).fetched[0]
    assert why_not_read(role, {"m": 8, "n": 8, "k": 8}, {"m": 2, "n": 2, "k": 3}) == ""
