"""Which elements of a tensor a task meets, and whether two tasks meet in any."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from isamap.ir.binding import Binding, Role
from isamap.ir.region import BlockAxis, Layout, packed
from isamap.scheduling.timed import Issue
from isamap.scheduling.written import bounds


@dataclass(frozen=True)
class Part:
    """Elements of a tensor: ``first``, and what the steps of ``axes`` lead to from there."""

    tensor: str
    first: tuple[int, ...]
    axes: tuple[BlockAxis, ...]

    @cached_property
    def box(self) -> tuple[tuple[int, int], ...]:
        """The least box of coordinates around it."""
        return bounds(Layout(self.axes, (), ()), self.first)

    @cached_property
    def elements(self) -> frozenset[tuple[int, ...]]:
        points = product(*(range(axis.extent) for axis in self.axes))
        return frozenset(
            tuple(
                at + sum(k * a.step[n] for k, a in zip(point, self.axes, strict=True))
                for n, at in enumerate(self.first)
            )
            for point in points
        )

    @cached_property
    def _fills_its_box(self) -> bool:
        size = prod(high - low for low, high in self.box)
        return size == prod(axis.extent for axis in self.axes) or size == len(self.elements)

    def meets(self, other: Part) -> bool:
        """Have the two an element in common?"""
        if self.tensor != other.tensor:
            return False
        if any(b <= c or d <= a for (a, b), (c, d) in zip(self.box, other.box, strict=True)):
            return False
        return (self._fills_its_box and other._fills_its_box) or not self.elements.isdisjoint(other.elements)


def carried(issue: Issue, role: Role, binding: Binding) -> Part:
    """What all transfers of the piece or tile move of which ``issue`` is one."""
    return _part(issue, role, binding, role.staged_layout(dict(issue.step.sizes)))


def met(issue: Issue, role: Role, binding: Binding) -> Part:
    """The elements at the points of ``issue``."""
    return _part(issue, role, binding, packed(role.access, dict(issue.step.sizes), role.access.axes))


def _part(issue: Issue, role: Role, binding: Binding, layout: Layout) -> Part:
    start = dict(zip(binding.extents, issue.origin, strict=True))
    axes = tuple(axis for axis in layout.block if axis.extent > 1)
    return Part(role.tensor.name, layout.first(role.access, start), axes)
