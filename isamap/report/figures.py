"""Quantities as a reader wants them: thousands apart, a fitting unit, unknown as a dash."""

from __future__ import annotations

UNKNOWN = "-"
_PARTS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_PREFIXES = ((1e12, "J"), (1e9, "mJ"), (1e6, "uJ"), (1e3, "nJ"), (1.0, "pJ"))


def count(number: float | None) -> str:
    """``1,603,120``."""
    return UNKNOWN if number is None else f"{number:,.0f}"


def energy(picojoules: float | None) -> str:
    """``310 uJ``."""
    if picojoules is None:
        return UNKNOWN
    size, unit = next((entry for entry in _PREFIXES if picojoules >= entry[0]), _PREFIXES[-1])
    return f"{picojoules / size:.4g} {unit}"


def share(fraction: float | None) -> str:
    """``91.6 %``; never rounded up to a whole."""
    if fraction is None:
        return UNKNOWN
    percent = int(fraction * 1000) / 10 if 0.999 <= fraction < 1 else fraction * 100
    return f"{percent:.1f} %"


def bar(fraction: float, cells: int, ascii_only: bool = False) -> str:
    """A bar of at most ``cells`` characters."""
    fraction = min(max(fraction, 0.0), 1.0)
    if ascii_only:
        return "#" * round(fraction * cells)
    eighths = round(fraction * cells * 8)
    return "█" * (eighths // 8) + _PARTS[eighths % 8]
