"""Arrays of numbers in a type, against what ``isamap.ir.dtype`` says of one number in plain Python."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.ir.dtype import DTYPES, DType
from isamap.simulate.element_types import cast, from_raw, raw, settle, storage, to_raw

FLOATS = ["f16", "bf16", "f32", "f64"]
INTEGERS = [name for name, dtype in DTYPES.items() if dtype.is_integer]
BITS = {"f16": (11, -14, 15), "bf16": (8, -126, 127), "f32": (24, -126, 127)}
"""Significant bits, least and greatest exponent."""


def near(name: str) -> st.SearchStrategy[float]:
    """Numbers of a format, those half way between two, and a hair beside: subnormal and overflowing ones too."""
    bits, least, most = BITS[name]
    exponents = st.one_of(st.integers(least - 2, least + 2), st.integers(most - 2, most), st.integers(least, most))
    hairs = st.sampled_from([0.0, 2.0**-30, -(2.0**-30), 2.0**-50])
    signs = st.sampled_from([1, -1])
    return st.builds(
        lambda m, e, h, s: s * math.ldexp(m, max(e, least) - bits) * (1 + h),
        st.integers(0, 2 << bits),
        exponents,
        hairs,
        signs,
    )


def held(dtype: DType, value: float, *, saturate: bool = False) -> float:
    return float(dtype.saturate(value) if saturate else dtype.wrap(value))


@given(st.sampled_from(["f16", "bf16", "f32"]), st.data())
def test_rounding_is_once_to_nearest_even(name: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.one_of(near(name), st.floats(allow_nan=False)), min_size=1, max_size=20))
    dtype = DTYPES[name]
    expected = [held(dtype, value) for value in values]
    assert cast(np.array(values), DTYPES["f64"], dtype).astype(np.float64).tolist() == expected
    assert settle(np.array(values), dtype).astype(np.float64).tolist() == expected


@given(st.sampled_from(["f16", "bf16"]), st.data())
def test_rounding_from_single_precision(name: str, data: st.DataObject) -> None:
    """What is stored after a computation in f32."""
    drawn = data.draw(st.lists(st.one_of(near(name), st.floats(width=32, allow_nan=False)), min_size=1, max_size=20))
    with np.errstate(over="ignore"):
        single = np.array(drawn).astype(np.float32)
    expected = [held(DTYPES[name], float(value)) for value in single]
    assert settle(single, DTYPES[name]).astype(np.float64).tolist() == expected


@pytest.mark.parametrize("name", FLOATS)
def test_infinities_and_nan_stay(name: str) -> None:
    values = cast(np.array([math.inf, -math.inf, math.nan, -0.0]), DTYPES["f64"], DTYPES[name]).astype(np.float64)
    assert values[0] == math.inf
    assert values[1] == -math.inf
    assert math.isnan(values[2])
    assert math.copysign(1.0, values[3]) == -1.0


@pytest.mark.parametrize("name", ["f16", "bf16"])
def test_every_number_of_16_bits(name: str) -> None:
    """All of them come back from memory and are what their bits say."""
    patterns = np.arange(1 << 16, dtype=np.uint16)
    values = from_raw(patterns if name == "bf16" else patterns.view(np.float16), DTYPES[name])
    assert (to_raw(values, DTYPES[name]).view(np.uint16) == patterns).all()
    for pattern in [0, 1, 0x0080, 0x03FF, 0x0400, 0x3C01, 0x7BFF, 0x7C00, 0x7F7F, 0x7F80, 0x8001, 0xFBFF]:
        bits = struct.pack("<HH", 0, pattern) if name == "bf16" else struct.pack("<H", pattern)
        (expected,) = struct.unpack("<f" if name == "bf16" else "<e", bits)
        assert float(values[pattern]) == expected or math.isnan(expected)
    finite = values[np.isfinite(values)]
    assert (settle(finite.astype(np.float64), DTYPES[name]) == finite).all()


@given(st.sampled_from(INTEGERS), st.sampled_from([*INTEGERS, *FLOATS]), st.booleans(), st.data())
def test_casts_of_integers(source: str, target: str, saturate: bool, data: st.DataObject) -> None:
    least, most = int(DTYPES[source].least), int(DTYPES[source].most)
    values = data.draw(st.lists(st.integers(least, most), min_size=1, max_size=20))
    found = cast(np.array(values, dtype=storage(DTYPES[source])), DTYPES[source], DTYPES[target], saturate)
    expected = [DTYPES[target].saturate(v) if saturate else DTYPES[target].wrap(v) for v in values]
    assert [float(f) if DTYPES[target].is_float else int(f) for f in found] == expected


@given(st.sampled_from(FLOATS), st.sampled_from(INTEGERS), st.booleans(), st.data())
def test_casts_of_floats_to_integers(source: str, target: str, saturate: bool, data: st.DataObject) -> None:
    some = st.one_of(st.floats(-20, 20), st.floats(-1e6, 1e6), st.floats(allow_nan=False))
    values = [DTYPES[source].wrap(value) for value in data.draw(st.lists(some, min_size=1, max_size=20))]
    array = settle(np.array(values, dtype=np.float64), DTYPES[source])
    found = cast(array, DTYPES[source], DTYPES[target], saturate)
    expected = [DTYPES[target].saturate(v) if saturate else DTYPES[target].wrap(v) for v in values]
    assert [int(f) for f in found] == expected


@pytest.mark.parametrize(
    ("name", "values", "wrapped", "clamped"),
    [
        ("u4", [-1, 0, 15, 16, 31, 300], [15, 0, 15, 0, 15, 12], [0, 0, 15, 15, 15, 15]),
        ("s4", [-9, -8, 7, 8, 15, 300], [7, -8, 7, -8, -1, -4], [-8, -8, 7, 7, 7, 7]),
    ],
)
def test_four_bits_wrap_and_clamp(name: str, values: list[int], wrapped: list[int], clamped: list[int]) -> None:
    given_ = np.array(values, dtype=np.int32)
    assert cast(given_, DTYPES["s32"], DTYPES[name]).tolist() == wrapped
    assert cast(given_, DTYPES["s32"], DTYPES[name], saturate=True).tolist() == clamped


@pytest.mark.parametrize("name", sorted(DTYPES))
def test_numbers_in_memory_are_as_wide_as_their_type(name: str) -> None:
    dtype = DTYPES[name]
    assert raw(dtype).itemsize == dtype.bytes_for(1)
