"""Which earlier transfers touched the elements that a later one does: boxes of a tensor in a grid of buckets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from isamap.ir.region import Layout
from isamap.scheduling.tasks import RESULT

Box = tuple[tuple[int, int], ...]
Waits = list[tuple[int, int]]


class Boxes:
    """Boxes of one tensor with the tasks that read or wrote them, found again by what they overlap."""

    def __init__(self) -> None:
        self.pitch: tuple[int, ...] = ()
        self.buckets: dict[tuple[int, ...], list[tuple[Box, Sequence[int]]]] = {}

    def add(self, box: Box, tasks: Sequence[int]) -> None:
        self.pitch = self.pitch or tuple(high - low for low, high in box)
        for bucket in self._buckets(box):
            self.buckets.setdefault(bucket, []).append((box, tasks))

    def touched(self, box: Box) -> Waits:
        """Waits for every task whose box meets this one."""
        found = dict[int, None]()
        for bucket in self._buckets(box) if self.buckets else ():
            for other, tasks in self.buckets.get(bucket, ()):
                if all(a < d and c < b for (a, b), (c, d) in zip(box, other, strict=True)):
                    found.update(dict.fromkeys(tasks))
        return [(task, RESULT) for task in found]

    def _buckets(self, box: Box) -> Iterable[tuple[int, ...]]:
        return product(*(range(low // p, (high - 1) // p + 1) for (low, high), p in zip(box, self.pitch, strict=True)))


class Written:
    """The fetches and stores of the einsums so far, by tensor. Those of an einsum are seen by later ones only: its own
    are ordered by the data that pass between them."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, bool], Boxes] = {}
        self._new: list[tuple[tuple[str, bool], Box, Sequence[int]]] = []

    def note(self, tensor: str, box: Box, tasks: Sequence[int], *, stored: bool) -> None:
        """``tasks`` read or wrote ``box`` of ``tensor``."""
        self._new.append(((tensor, stored), box, tasks))

    def before(self, tensor: str, box: Box, *, storing: bool) -> Waits:
        """What a fetch of ``box`` awaits: stores there; what a store awaits: fetches and stores there."""
        found = []
        for stored in (True, False) if storing else (True,):
            if (tensor, stored) in self._seen:
                found += self._seen[tensor, stored].touched(box)
        return found

    def next_einsum(self) -> None:
        """From now on the transfers noted so far are seen."""
        for key, box, tasks in self._new:
            self._seen.setdefault(key, Boxes()).add(box, tasks)
        self._new.clear()


def bounds(layout: Layout, first: Sequence[int]) -> Box:
    """The least box of coordinates around the piece that begins at ``first``."""
    ends = []
    for n, start in enumerate(first):
        reach = [(axis.extent - 1) * axis.step[n] for axis in layout.block]
        ends.append((start + sum(min(0, r) for r in reach), start + sum(max(0, r) for r in reach) + 1))
    return tuple(ends)
