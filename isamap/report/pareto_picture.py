"""A front as a picture: designs as points on two logarithmic axes, the front as a staircase below them. Plain SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, log10
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 720, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 150, 48, 58
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # told apart by the colour-blind too
_STEPS = (1, 2, 5)
_FONT = 'font-family="sans-serif" font-size="12"'


@dataclass(frozen=True)
class Series:
    """Points that share a colour: (x, y, what a reader sees when pointing at it); all above 0."""

    name: str
    points: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class _Axis:
    """Values from ``low`` to ``high`` on the pixels from ``start`` to ``end``."""

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


def picture(
    title: str, across: str, upward: str, series: Sequence[Series], front: Sequence[tuple[float, float]]
) -> str:
    """The SVG; ``across`` and ``upward`` name the axes, ``front`` are the points that no other beats."""
    points = [point for each in series for point in each.points]
    x = _axis([p[0] for p in points], _LEFT, _WIDTH - _RIGHT)
    y = _axis([p[1] for p in points], _HEIGHT - _BOTTOM, _TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" {_FONT}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        _text(_LEFT, 26, title, 'font-size="15" font-weight="bold"'),
        *_grid(x, y),
        _text((x.start + x.end) / 2, _HEIGHT - 14, across, 'text-anchor="middle"'),
        _text(0, 0, upward, f'text-anchor="middle" transform="translate(18 {(y.start + y.end) / 2}) rotate(-90)"'),
        f'<path d="{_staircase(front, x, y)}" fill="none" stroke="#333" stroke-width="1.5" stroke-dasharray="5 3"/>',
        *(_circle(x.at(p), y.at(q), "none", 'stroke="#333" stroke-width="1.5"', 7.5) for p, q in front),
        *_points(series, x, y),
        *_legend(series),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axis(values: list[float], start: float, end: float) -> _Axis:
    return _Axis(min(values) / 1.15, max(values) * 1.15, start, end)


def _grid(x: _Axis, y: _Axis) -> Iterator[str]:
    for value in x.ticks():
        at = x.at(value)
        yield f'<path d="M{at} {y.start}V{y.end}" stroke="#e4e4e4"/>'
        yield _text(at, y.start + 18, f"{value:,.6g}", 'text-anchor="middle" fill="#444"')
    for value in y.ticks():
        at = y.at(value)
        yield f'<path d="M{x.start} {at}H{x.end}" stroke="#e4e4e4"/>'
        yield _text(x.start - 8, at + 4, f"{value:,.10g}", 'text-anchor="end" fill="#444"')


def _staircase(front: Sequence[tuple[float, float]], x: _Axis, y: _Axis) -> str:
    """From the cheapest design on: what more of the one brings of the other."""
    ordered = sorted(front)
    steps = [f"M{x.at(ordered[0][0])} {y.at(ordered[0][1])}"] if ordered else []
    steps += [f"H{x.at(p)}V{y.at(q)}" for p, q in ordered[1:]]
    return "".join(steps)


def _points(series: Sequence[Series], x: _Axis, y: _Axis) -> Iterator[str]:
    for each, colour in zip(series, _colours(series), strict=True):
        for across, upward, said in each.points:
            hint = f"<title>{escape(said)}</title>"
            yield _circle(x.at(across), y.at(upward), colour, 'fill-opacity="0.8"', 4, hint)


def _legend(series: Sequence[Series]) -> Iterator[str]:
    left = _WIDTH - _RIGHT + 24
    for n, (each, colour) in enumerate(zip(series, _colours(series), strict=True)):
        yield _circle(left, _TOP + 10 + 20 * n, colour, "", 4)
        yield _text(left + 12, _TOP + 14 + 20 * n, each.name)
    below = _TOP + 10 + 20 * len(series)
    yield _circle(left, below, "none", 'stroke="#333" stroke-width="1.5"', 6)
    yield _text(left + 12, below + 4, "on the front")


def _colours(series: Sequence[Series]) -> list[str]:
    return [_COLOURS[n % len(_COLOURS)] for n in range(len(series))]


def _circle(x: float, y: float, fill: str, more: str, radius: float, inside: str = "") -> str:
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" {more}>{inside}</circle>'


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{escape(text)}</text>'
