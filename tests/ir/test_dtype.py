"""What a number becomes in a type, against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.errors import InvalidNoun, Unsupported
from isamap.ir.dtype import DTYPES, DType, dtype
from tests import strategies

INTEGERS = [t for t in DTYPES.values() if t.is_integer]
# significant bits, smallest exponent of a normal number
FORMATS = {"f16": (11, -14), "bf16": (8, -126), "f32": (24, -126), "f64": (53, -1022)}


def nearest(value: Fraction, name: str) -> float:
    """Round to nearest, ties to even, by the definition: whole multiples of the last place."""
    bits, lowest = FORMATS[name]
    if not value:
        return 0.0
    exponent = max(lowest, math.floor(math.log2(abs(value))) if abs(value) < 1 << 900 else 900)
    while abs(value) >= Fraction(2) ** (exponent + 1):
        exponent += 1
    while exponent > lowest and abs(value) < Fraction(2) ** exponent:
        exponent -= 1
    place = Fraction(2) ** (exponent - bits + 1)
    rounded = round(value / place) * place  # Fractions round half to even
    most = Fraction(DTYPES[name].most)
    return float(rounded) if abs(rounded) <= most else math.copysign(math.inf, 1 if rounded > 0 else -1)


def near_ties(name: str) -> st.SearchStrategy[float]:
    """Numbers on, and a hair beside, the middle between two neighbours of the format."""
    bits, lowest = FORMATS[name]
    last = st.integers(lowest - bits, 15 if name == "f16" else 100)
    hair = st.sampled_from([0.0, 2.0**-40, -(2.0**-40)])
    return st.builds(
        lambda m, e, h: float((2 * m + 1) * 2.0 ** (e - 1)) * (1 + h), st.integers(0, 1 << bits), last, hair
    )


@given(st.sampled_from(["f16", "bf16", "f32"]), st.data())
def test_floats_round_once_to_nearest_even(name: str, data: st.DataObject) -> None:
    value = data.draw(st.one_of(near_ties(name), st.floats(allow_nan=False, allow_infinity=False)))
    assert DTYPES[name].wrap(value) == nearest(Fraction(value), name)


@given(st.sampled_from(sorted(FORMATS)), st.integers(-(1 << 200), 1 << 200))
def test_integers_round_once_to_floats(name: str, value: int) -> None:
    assert DTYPES[name].wrap(value) == nearest(Fraction(value), name)


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("bf16", 1 + 2**-8, 1.0),  # a tie: down to even
        ("bf16", 1 + 3 * 2**-8, 1 + 2**-6),  # a tie: up to even
        ("bf16", 1 + 2**-8 + 2**-30, 1 + 2**-7),  # rounding by way of f32 would see a tie
        ("bf16", 1 + 3 * 2**-8 - 2**-30, 1 + 2**-7),
        ("f32", (1 << 60) + (1 << 36) + 1, 2.0**60 + 2.0**37),  # by way of f64 too
        ("f16", 2049, 2048.0),
        ("f16", 2051, 2052.0),
        ("f16", 65519.99, 65504.0),
        ("f16", 65520, math.inf),
        ("f16", 2.0**-25, 0.0),
        ("f16", 3 * 2.0**-25, 2.0**-23),
        ("f32", -1e39, -math.inf),
        ("f64", 10**400, math.inf),
        ("s8", -129, 127),
        ("s8", 128, -128),
        ("u4", 17, 1),
        ("s4", 8, -8),
        ("s8", -1.9, -1),
        ("u8", 256.5, 0),
        ("s32", math.inf, 0),
        ("u8", math.nan, 0),
        ("bool", 0.5, 1),
        ("bool", 0, 0),
    ],
)
def test_wrap(name: str, value: float, held: float) -> None:
    assert DTYPES[name].wrap(value) == held


@given(st.sampled_from(INTEGERS), st.integers(-(1 << 70), 1 << 70))
def test_integers_keep_their_low_bits(kind: DType, value: int) -> None:
    held = kind.wrap(value)
    assert kind.least <= held <= kind.most
    assert (held - value) % (1 << kind.bits) == 0


@given(strategies.dtypes, strategies.numbers)
def test_saturate_clamps_and_holding_twice_changes_nothing(kind: DType, value: float) -> None:
    held = kind.saturate(value)
    assert kind.least <= held <= kind.most or kind.name == "bool"
    assert kind.wrap(held) == held == kind.saturate(held)
    if kind.least <= value <= kind.most:
        assert held == kind.wrap(value)


@pytest.mark.parametrize(("name", "value", "held"), [("s8", 300, 127), ("u8", -3.7, 0), ("f16", 1e9, 65504.0)])
def test_saturate(name: str, value: float, held: float) -> None:
    assert DTYPES[name].saturate(value) == held


def test_sizes_and_names() -> None:
    assert [DTYPES[n].size_bytes for n in ("s8", "bool", "bf16", "s32", "f64")] == [1, 1, 2, 4, 8]
    assert [DTYPES["s32"].bytes_for(n) for n in (0, 1, 3)] == [0, 4, 12]
    assert [DTYPES["u4"].bytes_for(n) for n in (0, 1, 2, 3)] == [0, 1, 1, 2]
    with pytest.raises(Unsupported, match="bytes per element of s4, of which 2 share a byte"):
        _ = DTYPES["s4"].size_bytes
    assert [(DTYPES[n].address(5), DTYPES[n].pitch) for n in ("u4", "s8", "bf16", "f64")] == [
        (10, 1),
        (5, 1),
        (5, 2),
        (5, 8),
    ]
    assert dtype("bf16") is DTYPES["bf16"]
    with pytest.raises(InvalidNoun, match=r"a type .* s16 .*'int8'"):
        dtype("int8")
