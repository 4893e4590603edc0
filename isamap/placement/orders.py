"""The orders in which buffers are decided on. Each finds in a second what the other misses in a minute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from isamap.placement.scaled import Rectangle

Order = Literal["crowded", "area"]


def by_area(boxes: Sequence[Rectangle]) -> list[int]:
    """The numbers of the largest rectangles first."""
    return sorted(range(len(boxes)), key=lambda n: -_area(boxes[n]))


def by_crowd(boxes: Sequence[Rectangle]) -> list[int]:
    """First those that live when most is live, then the longest, then the largest."""
    load = [0] * max((box.end for box in boxes), default=0)
    for box in boxes:
        for point in range(box.start, box.end):
            load[point] += box.size
    most = [max(load[box.start : box.end]) for box in boxes]
    return sorted(range(len(boxes)), key=lambda n: (-most[n], boxes[n].start - boxes[n].end, -_area(boxes[n])))


def _area(box: Rectangle) -> int:
    return (box.end - box.start) * box.size


ORDERS: dict[Order, Callable[[Sequence[Rectangle]], list[int]]] = {"crowded": by_crowd, "area": by_area}
