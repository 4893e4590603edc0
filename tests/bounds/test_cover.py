"""Ragged tiles: no cover is below the bound, and three tiles do meet it where boxes take four."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.bounds import latency_bounds
from isamap.bounds.cover import _least_cover, ragged_total
from isamap.bounds.product import product_of
from isamap.ir.expression import parse
from isamap.simulate import evaluate, random_inputs, simulate
from isamap.spec import load_workload
from tests.bounds.programs import three_tiles
from tests.machines import bundled, instruction

OPERANDS = {"A": "dram", "B": "dram", "C": "dram"}


def ragged(name: str, cost: str, m: int, n: int, k: int, most: int = 2, depth: int = 4) -> float:
    work = load_workload("gemm", {"M": m, "N": n, "K": k})
    given_product = product_of(work, work.einsums[0])
    assert given_product is not None
    way = instruction(name, "C[i,j] += A[k,i] * B[k,j]", {"i": (1, most), "j": (1, most), "k": (1, depth)}, OPERANDS)
    return ragged_total(given_product, [(way, parse(cost), 1.0)])


def fewest_tiles(rows: int, columns: int) -> int:
    """By search: the fewest sets of up to two rows and two columns whose points are all points."""
    pairs = [[sum(1 << x for x in two) for two in combinations(range(n), 2)] or [1] for n in (rows, columns)]
    tiles = [sum((y << (columns * r)) for r in range(rows) if x >> r & 1) for x, y in product(*pairs)]
    reached, count, whole = {0}, 0, (1 << (rows * columns)) - 1
    while whole not in reached:
        reached, count = {one | tile for one in reached for tile in tiles}, count + 1
    return count


@pytest.mark.parametrize(
    ("rows", "columns", "bound"), [(1, 1, 1), (1, 3, 2), (2, 3, 2), (3, 3, 3), (3, 4, 4), (2, 5, 3)]
)
def test_no_cover_has_fewer_tiles(rows: int, columns: int, bound: int) -> None:
    """Any two rows with any two columns: 3x3 points take three such tiles, not 2.25 and not the four of boxes."""
    least = ragged("outer", "k", rows, columns, 1)
    assert bound - 1 < least <= bound == fewest_tiles(rows, columns)


def test_a_cost_that_does_not_shrink_counts_whole_issues() -> None:
    """5 products deep on an instruction of up to 4 in 16 cycles: two issues, whatever they hold."""
    assert ragged("fixed", "16", 2, 2, 5) == 32
    assert ragged("deep", "k", 2, 2, 5) == 5


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 30)), min_size=1, max_size=3), st.integers(1, 120))
def test_least_cover_is_the_least_of_all_mixtures(places: list[tuple[int, int]], met: int) -> None:
    counts = [range(-(-met // served) + 1) for served, _ in places]
    every = product(*counts[:-1])
    last, cost = places[-1]
    least = min(
        sum(c * n for (_, c), n in zip(places[:-1], some, strict=True))
        + cost * max(0, -(-(met - sum(f * n for (f, _), n in zip(places[:-1], some, strict=True))) // last))
        for some in every
    )
    assert _least_cover(met, [(served, float(price)) for served, price in places]) == pytest.approx(least)


@pytest.mark.parametrize(
    ("kernel", "sizes", "cycles"),
    [
        ("p16/gdb2", {}, 14091 * 2048),  # ceil(700/16) * 5124 / 16 tiles, 1.0057 of the peak rate
        ("gemm", {"M": 24, "N": 24, "K": 200, "in": "s16", "acc": "s16"}, 600),
        ("pointwise_conv2d", {"K": 16, "C": 24, "P": 7, "Q": 7, "in": "s16", "acc": "s16"}, 85),  # see below
        ("p16/conv", {}, 451584),  # a pixel of the image is met in up to 9 * 64 points: windows are no lanes
    ],
)
def test_ragged_on_p16(kernel: str, sizes: dict[str, object], cycles: int) -> None:
    """7x7 pixels: 48 of them in three tiles of mac, the last one by vmac, 17/512 cycles for each of 16*24 weights."""
    bounds = {bound.name: bound.value for bound in latency_bounds(load_workload(kernel, sizes), bundled("p16"))}
    assert bounds["ragged tiles"] == cycles


def test_points_beside_a_tensor_are_not_ragged() -> None:
    """A pointwise convolution of 2x2 pixels with a border of one, in tiles of 2x2: the 4 pixels that are there ask for
    two places each for their 3 channels, half a cycle a place; the other 36 points take a quarter of a cycle."""
    sizes: dict[str, object] = {"N": 1, "K": 3, "C": 1, "P": 4, "Q": 4, "R": 1, "S": 1, "PAD": 1}
    work = load_workload("conv2d", sizes)
    given_product = product_of(work, work.einsums[0])
    assert given_product is not None
    way = instruction("outer", "C[i,j] += A[k,i] * B[k,j]", {"i": (1, 2), "j": (1, 2), "k": (1, 9)}, OPERANDS)
    assert ragged_total(given_product, [(way, parse("k"), 1.0)]) == 4 * 2 / 2 + 36 / 4


def test_three_tiles_meet_it() -> None:
    """24x24x100 in 300 cycles of the array, where four boxes would take 400."""
    tape, work = three_tiles(100)
    program, target, inputs = tape.program(), bundled("p16"), random_inputs(work, 7)
    run = simulate(program, target, inputs)
    assert [str(violation) for violation in run.violations] == []
    np.testing.assert_array_equal(run.outputs["C"], evaluate(work, inputs)["C"])
    bounds = {bound.name: bound.value for bound in latency_bounds(work, target)}
    assert run.busy_cycles["array"] == bounds["ragged tiles"] == 300
    assert bounds["units"] == 225
