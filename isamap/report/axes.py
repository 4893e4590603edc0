"""What pictures of points and curves share: colours, axes with their ticks, and the few elements of SVG they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor, log10
from typing import Protocol
from xml.sax.saxutils import escape

FONT = 'font-family="sans-serif" font-size="12"'
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # told apart by the colour-blind too
_STEPS = (1, 2, 5)
_LINES = 5  # of a linear axis, about


class Axis(Protocol):
    """Values on the pixels from ``start`` to ``end``."""

    @property
    def start(self) -> float: ...

    @property
    def end(self) -> float: ...

    def at(self, value: float) -> float: ...

    def ticks(self) -> Iterator[float]: ...


@dataclass(frozen=True)
class LogarithmicAxis:
    """Values from ``low`` to ``high``, both above 0."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        part = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return round(self.start + part * (self.end - self.start), 1)

    def ticks(self) -> Iterator[float]:
        for power in range(floor(log10(self.low)), floor(log10(self.high)) + 1):
            for step in _STEPS:
                value = step * 10.0**power
                if self.low <= value <= self.high:
                    yield value


@dataclass(frozen=True)
class LinearAxis:
    """Values from ``low`` to ``high``."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return round(self.start + part * (self.end - self.start), 1)

    def ticks(self) -> Iterator[float]:
        rough = (self.high - self.low) / _LINES
        power = 10.0 ** floor(log10(rough))
        step = next(n * power for n in (*_STEPS, 10) if n * power >= rough)
        for number in range(floor(self.low / step), floor(self.high / step) + 1):
            if self.low <= number * step <= self.high:
                yield number * step


def grid(x: Axis, y: Axis) -> Iterator[str]:
    """A line and a number per tick."""
    for value in x.ticks():
        at = x.at(value)
        yield f'<path d="M{at} {y.start}V{y.end}" stroke="#e4e4e4"/>'
        yield text(at, y.start + 18, f"{value:,.6g}", 'text-anchor="middle" fill="#444"')
    for value in y.ticks():
        at = y.at(value)
        yield f'<path d="M{x.start} {at}H{x.end}" stroke="#e4e4e4"/>'
        yield text(x.start - 8, at + 4, f"{value:,.10g}", 'text-anchor="end" fill="#444"')


def frame(width: int, height: int, title: str, left: int) -> Iterator[str]:
    """The opening of a picture: its size, what it is called, white paper."""
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" {FONT}>'
    yield f"<title>{escape(title)}</title>"
    yield f'<rect width="{width}" height="{height}" fill="white"/>'
    yield text(left, 26, title, 'font-size="15" font-weight="bold"')


def circle(x: float, y: float, fill: str, more: str, radius: float, inside: str = "") -> str:
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" {more}>{inside}</circle>'


def text(x: float, y: float, said: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{escape(said)}</text>'
