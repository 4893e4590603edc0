"""Affine indices do what their text says: compared by value at points."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.errors import InvalidNoun
from isamap.ir.affine import Affine, affine, step
from isamap.ir.expression import evaluate, parse
from tests.strategies import AXES, affines

points = st.fixed_dictionaries({axis: st.integers(-30, 30) for axis in AXES})


@given(affines(), affines(), st.integers(-9, 9), points)
def test_sums_differences_and_products(a: Affine, b: Affine, factor: int, point: dict[str, int]) -> None:
    x, y = a.evaluate(point), b.evaluate(point)
    assert (a + b).evaluate(point) == x + y
    assert (a - b).evaluate(point) == x - y
    assert (a * factor).evaluate(point) == x * factor
    assert (a + factor).evaluate(point) == x + factor
    assert a - a == Affine()
    assert a + b == b + a


@given(affines(), points)
def test_the_text_means_the_same(a: Affine, point: dict[str, int]) -> None:
    assert evaluate(parse(str(a)), point) == a.evaluate(point)
    assert affine(str(a)) == a


@given(affines(), points)
def test_renaming(a: Affine, point: dict[str, int]) -> None:
    shifted = {f"{axis}_": value for axis, value in point.items()}
    assert a.rename(lambda axis: f"{axis}_").evaluate(shifted) == a.evaluate(point)


@given(
    affines(("i", "j")),
    st.tuples(st.integers(-9, 9), st.integers(0, 5)),
    st.tuples(st.integers(-9, 9), st.integers(0, 5)),
)
def test_bounds_hold_every_value(a: Affine, i: tuple[int, int], j: tuple[int, int]) -> None:
    ranges = {"i": (i[0], sum(i)), "j": (j[0], sum(j))}
    low, high = a.bounds(ranges)
    values = [
        a.evaluate({"i": x, "j": y})
        for x, y in product(range(ranges["i"][0], ranges["i"][1] + 1), range(ranges["j"][0], ranges["j"][1] + 1))
    ]
    assert low <= min(values)
    assert max(values) <= high
    if a.is_linear:
        assert (low, high) == (min(values), max(values))
        assert all((value - values[0]) % (step(a) or 1) == 0 for value in values)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("2*(p + r) - p", "p + 2*r"),
        ("-(i // 2)", "-((i) // 2)"),
        ("j - i % 3 * 2", "-2*((i) % 3) + j"),
        ("3 - 3", "0"),
        ("N*i + 7 // 2", "4*i + 3"),
        ("-7 % 4", "1"),
    ],
)
def test_the_normal_form(text: str, normal: str) -> None:
    assert str(affine(text, {"N": 4})) == normal


@pytest.mark.parametrize("text", ["i*j", "i // j", "i // 0", "i % -2", "i / 2", "1.5*i", "max(i, 0)", "A[i]", "i << 1"])
def test_what_is_not_affine_is_refused(text: str) -> None:
    with pytest.raises(InvalidNoun, match="expected"):
        affine(text)


def test_questions() -> None:
    index = affine("2*p + (q // 3) - 4")
    assert index.axes == ("q", "p") or index.axes == ("p", "q")
    assert not index.is_linear
    assert (index.coefficient("p"), index.coefficient("q")) == (2, 0)
    assert step(affine("6*i + 4*j + 1")) == 2
    assert step(affine(5)) == 0
