"""Tensors that stay on chip: is every element there, complete, before it is read, and written by one tile only?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod

from isamap.check.schedule_order import Order
from isamap.check.task import OPERANDS, RESULT, Range, Task
from isamap.ir import answers
from isamap.ir.answers import Violation
from isamap.ir.scalar import Access

Box = tuple[Range, ...]


@dataclass
class Region:
    """The elements that one output tile writes, by whom last, and how many points of the domain have gone into them."""

    box: Box
    writer: int
    points: int


@dataclass
class Home:
    """A tensor in one memory, as far as it has been written; of one that passes in strips, what has not given way."""

    name: str
    tensor: str
    order: Order
    home: answers.Home
    regions: list[Region] = field(default_factory=list)
    readers: dict[int, list[int]] = field(default_factory=dict)  # strip -> who reads it

    def strips(self, box: Box) -> range:
        """The numbers of the strips that a box meets."""
        low, high = box[self.home.dimension] if self.home.rows else (0, 1)
        rows = self.home.rows or 1
        return range(low // rows, (high - 1) // rows + 1)

    def write(self, task: Task, access: Access, points: int) -> Iterator[Violation]:
        """The rule overwrite: a tile is begun where nothing lies yet, or what nobody needs any more."""
        box, where = elements(access, task.tile), f"task {task.number} ({task.step.performs})"
        for strip in self.strips(box) if self.home.rows else ():
            yield from self._give_way(task, strip - self.home.turns)
        for region in self.regions:
            if shared(region.box, box):
                yield Violation("overwrite", where, f"task {region.writer} wrote there in {self.name}")
        self.regions.append(Region(box, task.number, points))

    def _give_way(self, task: Task, strip: int) -> Iterator[Violation]:
        """A strip makes room for ``task``: it is gone, and whoever read it is done."""
        self.regions = [region for region in self.regions if strip not in self.strips(region.box)]
        for reader in self.readers.get(strip, ()):
            if not self.order.over(reader, OPERANDS, task.number):
                where = f"task {task.number} ({task.step.performs})"
                yield Violation("overwrite", where, f"task {reader} may still read strip {strip} of {self.name}")

    def add(self, task: Task, access: Access, points: int) -> Iterator[Violation]:
        """The rule content: a contribution goes to a tile that is there, after the one before."""
        box, where = elements(access, task.tile), f"task {task.number} ({task.step.performs})"
        region = next((one for one in self.regions if one.box == box), None)
        if region is None:
            yield Violation("content", where, f"nothing lies at {box} of {self.name} to add to")
            return
        if not self.order.over(region.writer, RESULT, task.number):
            yield Violation("content", where, f"task {region.writer} may still write {box} of {self.name}")
        region.writer, region.points = task.number, region.points + points

    def read(self, task: Task, access: Access, reduced: int) -> Iterator[Violation]:
        """The rule content: all that is read is there, complete (``reduced`` points per element), and over."""
        box, where = elements(access, task.tile), f"task {task.number} ({task.step.performs})"
        found = 0
        for strip in self.strips(box):
            self.readers.setdefault(strip, []).append(task.number)
        for region in self.regions:
            common = shared(region.box, box)
            found += common
            if common and not self.order.over(region.writer, RESULT, task.number):
                yield Violation("content", where, f"task {region.writer} may still write {region.box} of {self.name}")
            if common and region.points != reduced * volume(region.box):
                yield Violation("content", where, f"{region.box} of {self.name} is not complete")
        if found != volume(box):
            yield Violation("content", where, f"{found} of {volume(box)} elements of {self.name} are there")


def elements(access: Access, tile: dict[str, Range]) -> Box:
    """The least box around the elements that a tile meets."""
    box = []
    for index in access.affine_indices:
        low = high = index.constant
        for axis in index.axes:
            ends = [index.coefficient(axis) * edge for edge in (tile[axis][0], tile[axis][1] - 1)]
            low, high = low + min(ends), high + max(ends)
        box.append((low, high + 1))
    return tuple(box)


def volume(box: Box) -> int:
    return prod(high - low for low, high in box)


def shared(one: Box, other: Box) -> int:
    """How many elements two boxes have in common."""
    sides = [min(b, d) - max(a, c) for (a, b), (c, d) in zip(one, other, strict=True)]
    return prod(sides) if all(side > 0 for side in sides) else 0
