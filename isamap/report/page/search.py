"""How a search closed the gap between its best value and its bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from isamap.report.figures import count
from isamap.report.page.html import Markup, note, section, tag
from isamap.report.page.picture import MARGIN, WIDTH, picture
from isamap.report.page.rerun import Rerun
from isamap.report.page.words import UNITS

_HEIGHT = 220
_FEW_POINTS = 60


def search(rerun: Rerun) -> Markup:
    """How value and bound came closer."""
    history = points(rerun.result.summary.get("history"))
    if not any(point.value is not None or point.bound is not None for point in history):
        return section("Search", "search", note("The file has no search history."))
    legend = tag("p", tag("span", "best value", class_="key value"), tag("span", "bound", class_="key bound"),
                 class_="legend")  # fmt: skip
    said = note("As the file states it: a search cannot be run again from its program.")
    return section("Search", "search", tag("figure", search_picture(history, UNITS[rerun.objective])), legend, said)


@dataclass(frozen=True)
class Point:
    """The best value and bound after so many seconds."""

    seconds: float
    value: float | None
    bound: float | None


def points(history: object) -> tuple[Point, ...]:
    """What a result file calls its history, in order; what is no such point is left out."""
    found = []
    for entry in history if isinstance(history, list) else []:
        if isinstance(entry, list | tuple) and len(entry) == 3 and all(map(_plausible, entry)) and entry[0] is not None:
            found.append(Point(*(None if number is None else float(number) for number in entry)))  # type: ignore[arg-type]
    return tuple(sorted(found, key=lambda point: point.seconds))


def _plausible(number: object) -> bool:
    return number is None or (isinstance(number, int | float) and not isinstance(number, bool) and isfinite(number))


def search_picture(history: Sequence[Point], unit: str) -> Markup:
    """Steps of the best value, coming down, and of the bound, going up."""
    numbers = [n for point in history for n in (point.value, point.bound) if n is not None]
    low, high = min(numbers), max(numbers)
    room = (high - low) * 0.08 or max(abs(high) * 0.05, 1.0)
    low, high = max(low - room, 0.0) if low >= 0 else low - room, high + room
    until = max(point.seconds for point in history) or 1.0
    bottom = _HEIGHT - 30

    def x(seconds: float) -> float:
        return MARGIN + seconds / until * (WIDTH - MARGIN - 20)

    def y(number: float) -> float:
        return bottom - (number - low) / (high - low) * (bottom - 10)

    parts: list[Markup] = []
    for n in range(5):
        number = low + (high - low) * n / 4
        parts.append(tag("path", d=f"M{MARGIN} {y(number):.1f}H{WIDTH - 20}", class_="grid"))
        parts.append(tag("text", count(number), x=MARGIN - 8, y=f"{y(number) + 4:.1f}", text_anchor="end"))
        parts.append(tag("text", f"{until * n / 4:.3g} s", x=f"{x(until * n / 4):.1f}", y=bottom + 20,
                         text_anchor="middle"))  # fmt: skip
    for name in ("bound", "value"):
        known = [(p.seconds, n) for p in history if (n := getattr(p, name)) is not None]
        if known:
            steps = "".join(f"H{x(seconds):.1f}V{y(n):.1f}" for seconds, n in known[1:])
            start = f"M{x(known[0][0]):.1f} {y(known[0][1]):.1f}"
            parts.append(tag("path", d=f"{start}{steps}H{WIDTH - 20}", class_=f"curve {name}"))
        for seconds, n in known if len(known) <= _FEW_POINTS else []:
            title = tag("title", f"{name} {n:,.6g} {unit} after {seconds:.3g} s")
            parts.append(tag("circle", title, cx=f"{x(seconds):.1f}", cy=f"{y(n):.1f}", r=3, class_=name))
    words = f"Best value and bound in {unit} over {until:.3g} seconds of search, {len(history)} moments."
    return picture("Search", words, _HEIGHT, parts, "search-picture")
