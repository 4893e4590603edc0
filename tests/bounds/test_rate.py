"""Rates behind "optimal": never above what some extents reach, exact where it matters."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.bounds import rate
from isamap.bounds.rate import least_rate
from isamap.ir.expression import evaluate, parse

COSTS = [
    "ceil(i/4)", "ceil(i*j/32)", "ceil(j*(i*k + k)/8)", "k", "3 + 2*k", "k - floor(k/3)", "i*i", "max(k, 4)",
    "10 - ceil(k/5)", "i*ceil(k/4)", "ceil(ceil(i/3)/2)", "k//3 + 1", "2*ceil(i/4) + floor(j/2)", "i*j*k/10",
]  # fmt: skip


def test_the_best_extent_may_lie_between_the_corners() -> None:
    """8 elements in 2 cycles beat 10 in 3 and 1 in 1."""
    assert least_rate(parse("ceil(i/4)"), {"i": (1, 10)}, {}) == 0.25


@pytest.mark.parametrize("cost", COSTS)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), min_size=3, max_size=3))
def test_never_above_any_extents_also_where_it_is_relaxed(cost: str, ends: list[tuple[int, int]]) -> None:
    ranges = {name: (low, low + more) for name, (low, more) in zip("ijk", ends, strict=True)}
    points = product(*(range(low, high + 1) for low, high in ranges.values()))
    best = min(
        float(evaluate(parse(cost), dict(zip("ijk", point, strict=True)))) / (point[0] * point[1] * point[2])
        for point in points
    )
    assert least_rate(parse(cost), ranges, {}) == pytest.approx(max(0.0, best))
    enumerated, rate._MOST_POINTS = rate._MOST_POINTS, 0
    try:
        assert least_rate(parse(cost), ranges, {}) <= max(0.0, best) + 1e-12
    finally:
        rate._MOST_POINTS = enumerated


@pytest.mark.parametrize(
    ("cost", "least"),
    [("k", 1 / 256), ("ceil(k*(i*j + j)/32)", 17 / 512), ("max(k, 4)", 1 / 256), ("k*k", 0.0)],
)
def test_large_ranges(cost: str, least: float) -> None:
    """mac and vmac of p16 exactly, the greater of two costs; no claim where the expression is not understood."""
    assert least_rate(parse(cost), {"i": (1, 16), "j": (1, 16), "k": (1, 4096)}, {}) == pytest.approx(least)
