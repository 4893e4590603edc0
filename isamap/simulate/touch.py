"""Which bytes every issue touches, and whether they are there to be touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from isamap.ir.hardware import Target
from isamap.simulate.action import Action
from isamap.simulate.columns import Columns
from isamap.simulate.layout import Integers, Layout
from isamap.simulate.rules import Findings


@dataclass(frozen=True)
class Touch:
    """One view of one action at all its issues: per issue its number, its origin numbers, the origin's address."""

    action: int
    layout: Layout
    issues: Integers
    origins: Integers
    address: Integers

    @cached_property
    def ends(self) -> tuple[Integers, Integers]:
        """The lowest byte and the end of the highest, per issue."""
        (low, high), phases = self.layout.reach, self.layout.phases
        return (self.address + low) // phases, -(-(self.address + high) // phases)

    @cached_property
    def outside(self) -> NDArray[np.bool_]:
        """Issues at which part of the view lies outside its tensor."""
        return self.layout.outside(self.origins)

    @cached_property
    def inside_points(self) -> Integers:
        """How many elements lie inside the tensor, per issue."""
        found = np.full(len(self.issues), self.layout.points, dtype=np.int64)
        rows = np.flatnonzero(self.outside)
        if len(rows):
            distinct, which = np.unique(self.origins[rows], axis=0, return_inverse=True)
            counts = np.array([int(self.layout.inside_mask(origin).sum()) for origin in distinct], dtype=np.int64)
            found[rows] = counts[which.reshape(-1)]
        return found


def touches(columns: Columns, actions: Sequence[Action]) -> list[Touch]:
    """Every view of every action that is performed, actions in order, views in order."""
    found = []
    order = np.argsort(columns.operation, kind="stable")
    ends = np.cumsum(np.bincount(columns.operation, minlength=len(actions)))
    for n, action in enumerate(actions):
        issues = order[(ends[n - 1] if n else 0) : ends[n]]
        at = columns.origin_at[issues]
        for layout, width in zip(action.layouts, action.operation.origin_counts, strict=True):
            origins = columns.origin[at[:, None] + np.arange(len(layout.strides))]
            found.append(Touch(n, layout, issues, origins, layout.address(origins)))
            at = at + width
    return found


def check_places(found: Sequence[Touch], actions: Sequence[Action], target: Target, findings: Findings) -> None:
    """Capacity, alignment, banks, tensor shapes, and views that write an element twice."""
    for touch in found:
        name = actions[touch.action].name
        layout = touch.layout
        if layout.writes and layout.meets_itself:
            findings.add("write-twice", f"{name} {layout.operand}", f"extents {layout.extents}, steps {layout.steps}")
        if layout.tensor is None:
            _check_addresses(touch, name, target, findings)
            continue
        rows = np.flatnonzero(touch.outside)
        if len(rows) and layout.writes:
            _report("write-outside", rows, touch, name, f"of {layout.tensor.shape}", findings)
        elif len(rows) and layout.border is None:
            _report("read-outside", rows, touch, name, f"of {layout.tensor.shape} without border", findings)


def _check_addresses(touch: Touch, name: str, target: Target, findings: Findings) -> None:
    memory = target.memory(touch.layout.memory)
    low, high = touch.ends
    beyond = np.flatnonzero((low < 0) | (high > memory.capacity_bytes))
    _report("capacity", beyond, touch, name, f"of {memory.capacity_bytes} bytes", findings)
    if memory.alignment_bytes > 1:  # else elements narrower than a byte may begin inside one
        crooked = np.flatnonzero(touch.address % touch.layout.dtype.address(memory.alignment_bytes))
        _report("alignment", crooked, touch, name, f"begins at no multiple of {memory.alignment_bytes}", findings)
    if memory.banks > 1:
        first, last = banks(touch, memory.bank_bytes)
        _report("bank", np.flatnonzero(first != last), touch, name, f"crosses banks of {memory.bank_bytes}", findings)


def banks(touch: Touch, bank_bytes: int) -> tuple[Integers, Integers]:
    """The first and last bank that a view touches, per issue."""
    low, high = touch.ends
    return low // bank_bytes, (high - 1) // bank_bytes


def _report(rule: str, rows: Integers, touch: Touch, name: str, detail: str, findings: Findings) -> None:
    if len(rows):
        low, high = touch.ends

        def describe(row: int) -> tuple[str, str]:
            where = f"issue {touch.issues[row]} ({name} {touch.layout.operand})"
            if touch.layout.tensor is not None:
                ranges = zip(touch.origins[row], touch.layout.coordinate_ranges, strict=True)
                place = ", ".join(f"{o + a}..{o + b}" for o, (a, b) in ranges)
                return where, f"{touch.layout.tensor.name}[{place}] {detail}"
            return where, f"{touch.layout.memory}@{low[row]}..{high[row]} {detail}"

        findings.add_each(rule, rows.tolist(), describe)
