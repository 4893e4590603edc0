"""Quantities with units are exact, and say which units they take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isamap.errors import InvalidNoun
from isamap.spec.quantity import UNITS, is_quantity, quantity

BYTES = "expected a quantity with a unit of B KiB MiB GiB kB MB GB"


@pytest.mark.parametrize(
    ("text", "measured", "value"),
    [
        ("64 KiB", "bytes", 65536),
        ("64KiB", "bytes", 65536),
        ("1.5 KiB", "bytes", 1536),
        ("1 kB", "bytes", 1000),
        ("2 GiB", "bytes", 2 << 30),
        ("1 GHz", "frequency", 10**9),
        ("2.4 GHz", "frequency", 2_400_000_000),
        ("1e3 MHz", "frequency", 10**9),
        ("16 B/cycle", "rate", 16),
        ("3 cycles", "cycles", 3),
        ("1 cycle", "cycles", 1),
    ],
)
def test_quantities(text: str, measured: str, value: int) -> None:
    assert quantity(text, measured) == value


@pytest.mark.parametrize(
    ("text", "measured", "said"),
    [
        (
            "64 KIB",
            "bytes",
            f"{BYTES}, got '64 KIB'; did you mean 'KiB'?",
        ),
        ("64", "bytes", f"{BYTES}, got '64'; for example '64 KiB'"),
        ("1 GB", "frequency", "expected a quantity with a unit of Hz kHz MHz GHz, got '1 GB'"),
        ("1.5 B", "bytes", "expected a whole number of B, at least 0, got '1.5 B'"),
        ("-1 KiB", "bytes", "expected a whole number of B, at least 0, got '-1 KiB'"),
        ("16 B", "rate", "expected a quantity with a unit of B/cycle, got '16 B'"),
    ],
)
def test_refused(text: str, measured: str, said: str) -> None:
    with pytest.raises(InvalidNoun) as caught:
        quantity(text, measured)
    assert str(caught.value).startswith(said)


@given(st.integers(0, 10**12), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " ", "  "]), st.data())
def test_a_whole_number_of_any_unit_is_exact(number: int, measured: str, space: str, data: st.DataObject) -> None:
    unit, factor = data.draw(st.sampled_from(sorted(UNITS[measured].items())))
    text = f"{number}{space}{unit}"
    assert is_quantity(text)
    assert quantity(text, measured) == number * factor


@given(st.decimals(0, 10**6, places=3, allow_nan=False), st.sampled_from(["kB", "MB", "GB"]))
def test_decimals_are_exact_or_refused(number: object, unit: str) -> None:
    assert quantity(f"{number} {unit}", "bytes") * 1000 == int(str(number).replace(".", "")) * UNITS["bytes"][unit]


@given(st.sampled_from(["1024*spad_kib", "ceil(i*j/32)", "k", "2*k", "16", "1e9", "i + 1", "", "B"]))
def test_expressions_are_no_quantities(text: str) -> None:
    assert not is_quantity(text)
