"""A front as a picture: designs as points on two logarithmic axes, the front as a staircase below them. Plain SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from isamap.report.axes import COLOURS, LogarithmicAxis, circle, frame, grid, text

_WIDTH, _HEIGHT = 720, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 150, 48, 58


@dataclass(frozen=True)
class Series:
    """Points that share a colour: (x, y, what a reader sees when pointing at it); all above 0."""

    name: str
    points: tuple[tuple[float, float, str], ...]


def picture(
    title: str, across: str, upward: str, series: Sequence[Series], front: Sequence[tuple[float, float]]
) -> str:
    """The SVG; ``across`` and ``upward`` name the axes, ``front`` are the points that no other beats."""
    points = [point for each in series for point in each.points]
    x = _axis([p[0] for p in points], _LEFT, _WIDTH - _RIGHT)
    y = _axis([p[1] for p in points], _HEIGHT - _BOTTOM, _TOP)
    parts = [
        *frame(_WIDTH, _HEIGHT, title, _LEFT),
        *grid(x, y),
        text((x.start + x.end) / 2, _HEIGHT - 14, across, 'text-anchor="middle"'),
        text(0, 0, upward, f'text-anchor="middle" transform="translate(18 {(y.start + y.end) / 2}) rotate(-90)"'),
        f'<path d="{_staircase(front, x, y)}" fill="none" stroke="#333" stroke-width="1.5" stroke-dasharray="5 3"/>',
        *(circle(x.at(p), y.at(q), "none", 'stroke="#333" stroke-width="1.5"', 7.5) for p, q in front),
        *_points(series, x, y),
        *_legend(series),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axis(values: list[float], start: float, end: float) -> LogarithmicAxis:
    return LogarithmicAxis(min(values) / 1.15, max(values) * 1.15, start, end)


def _staircase(front: Sequence[tuple[float, float]], x: LogarithmicAxis, y: LogarithmicAxis) -> str:
    """From the cheapest design on: what more of the one brings of the other."""
    ordered = sorted(front)
    steps = [f"M{x.at(ordered[0][0])} {y.at(ordered[0][1])}"] if ordered else []
    steps += [f"H{x.at(p)}V{y.at(q)}" for p, q in ordered[1:]]
    return "".join(steps)


def _points(series: Sequence[Series], x: LogarithmicAxis, y: LogarithmicAxis) -> Iterator[str]:
    for each, colour in zip(series, _colours(series), strict=True):
        for across, upward, said in each.points:
            hint = f"<title>{escape(said)}</title>"
            yield circle(x.at(across), y.at(upward), colour, 'fill-opacity="0.8"', 4, hint)


def _legend(series: Sequence[Series]) -> Iterator[str]:
    left = _WIDTH - _RIGHT + 24
    for n, (each, colour) in enumerate(zip(series, _colours(series), strict=True)):
        yield circle(left, _TOP + 10 + 20 * n, colour, "", 4)
        yield text(left + 12, _TOP + 14 + 20 * n, each.name)
    below = _TOP + 10 + 20 * len(series)
    yield circle(left, below, "none", 'stroke="#333" stroke-width="1.5"', 6)
    yield text(left + 12, below + 4, "on the front")


def _colours(series: Sequence[Series]) -> list[str]:
    return [COLOURS[n % len(COLOURS)] for n in range(len(series))]
