"""Which stores wrote the elements that a later fetch reads: boxes of a tensor in a grid of buckets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from isamap.ir.region import Layout
from isamap.scheduling.tasks import RESULT

Box = tuple[tuple[int, int], ...]


class Written:
    """The boxes of one tensor that stores wrote, found again by what they overlap."""

    def __init__(self) -> None:
        self.pitch: tuple[int, ...] = ()
        self.buckets: dict[tuple[int, ...], list[tuple[Box, list[int]]]] = {}

    def add(self, layout: Layout, first: Sequence[int], tasks: list[int]) -> None:
        """Remember that ``tasks`` wrote the piece at ``first``."""
        box = _bounds(layout, first)
        self.pitch = self.pitch or tuple(high - low for low, high in box)
        for bucket in self._buckets(box):
            self.buckets.setdefault(bucket, []).append((box, tasks))

    def touched(self, layout: Layout, first: Sequence[int]) -> list[tuple[int, int]]:
        """Waits for every store whose box meets that of the piece at ``first``."""
        box, found = _bounds(layout, first), dict[int, None]()
        for bucket in self._buckets(box):
            for other, tasks in self.buckets.get(bucket, ()):
                if all(a < d and c < b for (a, b), (c, d) in zip(box, other, strict=True)):
                    found.update(dict.fromkeys(tasks))
        return [(task, RESULT) for task in found]

    def _buckets(self, box: Box) -> product[tuple[int, ...]]:
        return product(*(range(low // p, (high - 1) // p + 1) for (low, high), p in zip(box, self.pitch, strict=True)))


def _bounds(layout: Layout, first: Sequence[int]) -> Box:
    ends = []
    for n, start in enumerate(first):
        reach = [(axis.extent - 1) * axis.step[n] for axis in layout.block]
        ends.append((start + sum(min(0, r) for r in reach), start + sum(max(0, r) for r in reach) + 1))
    return tuple(ends)
