"""Kernels under the roofs of a core: speed over operations per byte, both logarithmic. Plain SVG.

A byte counts once: each input read, each output written. Below a slanted line lies what the memory of its name lets
through, where the arrays lie there; below the level one what the core multiplies. (S. Williams, A. Waterman and
D. Patterson, "Roofline", Communications of the ACM 52(4), 2009.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from isamap.report.axes import COLOURS, LogarithmicAxis, circle, frame, grid, text
from isamap.report.pareto_picture import Series

_WIDTH, _HEIGHT = 760, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 150, 48, 58
_ROOF = 'fill="none" stroke="#333" stroke-width="1.5"'


def roofline_picture(
    title: str, unit: str, series: Sequence[Series], peak: float, giga_bytes_per_s: Mapping[str, float]
) -> str:
    """The SVG. Points are (operations per byte, speed in ``unit``), ``peak`` is in ``unit``."""
    points = [point for each in series for point in each.points]
    across = [p[0] for p in points]
    x = LogarithmicAxis(min(across) / 1.3, max(across) * 1.3, _LEFT, _WIDTH - _RIGHT)
    y = LogarithmicAxis(
        min(p[1] for p in points) / 1.3, max([peak, *(p[1] for p in points)]) * 1.3, _HEIGHT - _BOTTOM, _TOP
    )
    parts = [
        *frame(_WIDTH, _HEIGHT, title, _LEFT),
        *grid(x, y),
        text((x.start + x.end) / 2, _HEIGHT - 14, "operations per byte", 'text-anchor="middle"'),
        text(0, 0, unit, f'text-anchor="middle" transform="translate(18 {(y.start + y.end) / 2}) rotate(-90)"'),
        f'<path d="M{x.start} {y.at(peak)}H{x.end}" {_ROOF}/>',
        text(x.end + 6, y.at(peak) + 4, f"{peak:,.0f} {unit}"),
        *(part for name, rate in giga_bytes_per_s.items() for part in _slope(name, rate, peak, x, y)),
        *_points(series, x, y),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _slope(name: str, rate: float, peak: float, x: LogarithmicAxis, y: LogarithmicAxis) -> Iterator[str]:
    """The roof of a memory, as far as it is in the picture."""
    begin, end = max(x.low, y.low / rate), min(x.high, peak / rate)
    if begin < end:
        path = f"M{x.at(begin)} {y.at(begin * rate)}L{x.at(end)} {y.at(end * rate)}"
        yield f'<path d="{path}" {_ROOF} stroke-dasharray="5 3"><title>{escape(name)}: {rate:,.0f} GB/s</title></path>'
        yield text(x.at(begin) + 4, y.at(begin * rate) - 4, name, 'fill="#333"')


def _points(series: Sequence[Series], x: LogarithmicAxis, y: LogarithmicAxis) -> Iterator[str]:
    left = _WIDTH - _RIGHT + 24
    for n, each in enumerate(series):
        colour = COLOURS[n % len(COLOURS)]
        below = _HEIGHT - _BOTTOM - 20 * (len(series) - 1 - n)
        yield circle(left, below, colour, "", 4)
        yield text(left + 12, below + 4, each.name)
        for across, upward, said in each.points:
            hint = f"<title>{escape(said)}</title>"
            yield circle(x.at(across), y.at(upward), colour, 'fill-opacity="0.7"', 4, hint)
