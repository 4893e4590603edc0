"""Sizes that an issue may take: every product is maximal, every part covers, ragged edges included."""

from __future__ import annotations

from itertools import product
from math import ceil, prod

from hypothesis import given
from hypothesis import strategies as st

from isamap.compile import Options, compile_workload
from isamap.spec import load_target, load_workload
from isamap.tiling.nest import histogram
from isamap.tiling.options import equal_parts, factorisations, tile_options
from isamap.tiling.refusal import can_be_cut
from tests.nests import S16, binding_of

extents = st.lists(st.integers(1, 9), min_size=1, max_size=3)


@given(extents, st.integers(1, 20))
def test_factorisations_are_the_maximal_ones(lengths: list[int], most: int) -> None:
    every = [c for c in product(*(range(1, e + 1) for e in lengths)) if prod(c) <= most]
    maximal = {c for c in every if not any(o != c and all(a <= b for a, b in zip(c, o, strict=True)) for o in every)}
    found = factorisations(lengths, most)
    assert set(found) == maximal
    assert len(found) == len(set(found))


def test_factorisations_of_nothing() -> None:
    assert factorisations([], 16) == [()]


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_equal_parts(extent: int, limit: int) -> None:
    parts = equal_parts(extent, limit)
    assert parts[-1] == 1 or 1 in parts
    assert all(1 <= part <= min(extent, limit) for part in parts)
    assert max(parts) == ceil(extent / ceil(extent / limit))  # the fewest parts, as equal as can be
    assert len(set(parts)) == len(parts)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 60))
def test_histogram_counts_the_tiles_of_a_walk(extent: int, block: int, tile: int) -> None:
    walked: dict[int, int] = {}
    for low in range(0, extent, block):
        high = min(low + block, extent)
        for start in range(low, high, tile):
            size = min(start + tile, high) - start
            walked[size] = walked.get(size, 0) + 1
    assert histogram(extent, block, tile) == walked


@given(extents, st.integers(1, 6), st.integers(0, 10))
def test_can_be_cut_equals_trying_every_tile(lengths: list[int], least: int, more: int) -> None:
    most = least + more
    tried = any(
        prod(tile) <= most and prod(e % t or t for e, t in zip(lengths, tile, strict=True)) >= least
        for tile in product(*(range(1, e + 1) for e in lengths))
    )
    assert can_be_cut(lengths, least, most) == tried


def test_reduction_tiles_take_whole_inner_axes() -> None:
    """c, r, s feed k (at most 4096): 3 x 3 whole, then c in equal parts; then r alone in parts."""
    binding = binding_of("conv2d", "p16", {"C": 1000, "K": 16, "P": 4, "Q": 4} | S16)
    assert dict(binding.match.axes)["k"] == ("c", "r", "s")
    options = tile_options(binding)["k"]
    assert options[0] == (1, 1, 3)
    assert (334, 3, 3) in options
    assert all(prod(choice) <= 4096 for choice in options)


def test_an_empty_reduction_has_one_option() -> None:
    """An axis that nothing feeds stays at extent 1: C[m,n] += a[m] * b[n] leaves k of a product empty."""
    text = """
name: outer
sizes: {M: 5, N: 6}
tensors:
  A: {dtype: s16, shape: [M]}
  B: {dtype: s16, shape: [N]}
  C: {dtype: s16, shape: [M, N]}
einsums:
  - C[m,n] += A[m] * B[n]
"""
    answer = compile_workload(load_workload(text), load_target("p16"), Options(deterministic=True, empty_axes=True))
    assert answer.violations == ()
    assert dict(answer.bindings[0].match.axes)["k"] == ()
