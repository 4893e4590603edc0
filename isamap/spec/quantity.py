"""Quantities: a number and a unit ("64 KiB", "1 GHz", "16 B/cycle", "3 cycles"), exact and whole in the base unit."""

from __future__ import annotations

import re
from fractions import Fraction

from isamap.errors import Fault, InvalidNoun
from isamap.spec.diagnostic import did_you_mean

# what is measured: (its base unit, factor of each unit)
UNITS: dict[str, dict[str, int]] = {
    "bytes": {
        "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 10**3, "MB": 10**6, "GB": 10**9,
    },
    "frequency": {"Hz": 1, "kHz": 10**3, "MHz": 10**6, "GHz": 10**9},
    "rate": {"B/cycle": 1},
    "cycles": {"cycles": 1, "cycle": 1},
}  # fmt: skip
_QUANTITY = re.compile(r"\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<unit>[^\W\d_][A-Za-z/]*)\s*")


def is_quantity(text: object) -> bool:
    """Is it a number with some unit, right or wrong?"""
    return isinstance(text, str) and _QUANTITY.fullmatch(text) is not None


def quantity(text: object, measured: str) -> int:
    """``text`` in the base unit of what is measured (B, Hz, B/cycle, cycles); raises InvalidNoun naming the units."""
    units = UNITS[measured]
    expected = f"a quantity with a unit of {' '.join(units)}"
    parts = _QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if not parts:
        raise InvalidNoun([Fault((), expected, repr(text), f"for example {_EXAMPLES[measured]!r}")])
    if parts["unit"] not in units:
        raise InvalidNoun([Fault((), expected, repr(text), did_you_mean(parts["unit"], units))])
    value = Fraction(parts["number"]) * units[parts["unit"]]
    if value.denominator != 1 or value < 0:
        raise InvalidNoun([Fault((), f"a whole number of {next(iter(units))}, at least 0", repr(text))])
    return int(value)


_EXAMPLES = {"bytes": "64 KiB", "frequency": "1 GHz", "rate": "16 B/cycle", "cycles": "3 cycles"}
