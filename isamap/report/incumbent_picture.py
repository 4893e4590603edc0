"""The best value that each method had, over time: a step per improvement, a curve per run. Plain SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from xml.sax.saxutils import escape

from isamap.report.axes import COLOURS, LinearAxis, LogarithmicAxis, circle, frame, grid, text

_WIDTH, _HEIGHT = 760, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 92, 170, 48, 58
_LEAST = 0.01  # of the axis across: what came before is drawn there
_BOUND = "#555"


@dataclass(frozen=True)
class Curve:
    """A run: its method, a label for those who point at it, how far it went along the axis across, and the steps (how
    far, the best value from there on), falling."""

    method: str
    label: str
    until: float
    steps: tuple[tuple[float, float], ...]


def incumbent_picture(
    title: str, across: str, upward: str, curves: Sequence[Curve], bound: float | None, floor: float = _LEAST
) -> str:
    """The SVG. ``across`` and ``upward`` name the axes; ``floor`` is where the logarithmic axis across begins; a curve
    that did not go along it is a line across at its last value."""
    values = [value for curve in curves for _, value in curve.steps] + ([] if bound is None else [bound])
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or max(abs(high) * 0.05, 1.0)
    until = max((curve.until for curve in curves if isfinite(curve.until)), default=1.0)
    x = LogarithmicAxis(floor, max(until, 2 * floor), _LEFT, _WIDTH - _RIGHT)
    y = LinearAxis(max(0.0, low - room) if low >= 0 else low - room, high + room, _HEIGHT - _BOTTOM, _TOP)
    methods = list(dict.fromkeys(curve.method for curve in curves))
    colours = {method: COLOURS[n % len(COLOURS)] for n, method in enumerate(methods)}
    parts = [
        *frame(_WIDTH, _HEIGHT, title, _LEFT),
        *grid(x, y),
        text((x.start + x.end) / 2, _HEIGHT - 14, across, 'text-anchor="middle"'),
        text(0, 0, upward, f'text-anchor="middle" transform="translate(18 {(y.start + y.end) / 2}) rotate(-90)"'),
        *(part for curve in curves for part in _curve(curve, colours[curve.method], x, y)),
        *_legend(colours, bound is not None),
    ]
    if bound is not None:
        parts.append(
            f'<path d="M{x.start} {y.at(bound)}H{x.end}" stroke="{_BOUND}" stroke-width="1.5" stroke-dasharray="6 3">'
            f"<title>no program is below {bound:,.6g}</title></path>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _curve(curve: Curve, colour: str, x: LogarithmicAxis, y: LinearAxis) -> Iterator[str]:
    hint = f"<title>{escape(curve.label)}: {curve.steps[-1][1]:,.6g}</title>"
    style = f'fill="none" stroke="{colour}" stroke-width="2" stroke-opacity="0.75"'
    if not isfinite(curve.until):
        yield f'<path d="M{x.start} {y.at(curve.steps[-1][1])}H{x.end}" {style} stroke-dasharray="2 3">{hint}</path>'
        return
    at = [(x.at(max(x.low, far)), y.at(value)) for far, value in curve.steps]
    steps = "".join(f"H{across}V{upward}" for across, upward in at[1:])
    yield f'<path d="M{at[0][0]} {at[0][1]}{steps}H{x.at(max(x.low, curve.until))}" {style}>{hint}</path>'
    yield circle(*at[-1], colour, "", 4, hint)


def _legend(colours: dict[str, str], bounded: bool) -> Iterator[str]:
    left = _WIDTH - _RIGHT + 24
    for n, (method, colour) in enumerate(colours.items()):
        yield circle(left, _TOP + 10 + 20 * n, colour, "", 5)
        yield text(left + 12, _TOP + 14 + 20 * n, method)
    if bounded:
        below = _TOP + 10 + 20 * len(colours)
        yield f'<path d="M{left - 6} {below}h12" stroke="{_BOUND}" stroke-width="1.5" stroke-dasharray="4 2"/>'
        yield text(left + 12, below + 4, "bound")
