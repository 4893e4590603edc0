"""The issues that the page holds one by one: all of them, or those at the beginning and at the end."""

from __future__ import annotations

from typing import Any

import numpy as np

from isamap.report.page.labels import NO_TENSOR, Labels
from isamap.report.page.lanes import Lanes
from isamap.report.page.pack import packed
from isamap.report.page.trace import Trace
from isamap.simulate.layout import Integers

MOST_ISSUES = 30_000


def windows(trace: Trace, most: int = MOST_ISSUES) -> list[tuple[int, int]]:
    """Half-open ranges of cycles of which every issue is held."""
    if len(trace) <= most:
        return [(0, trace.span)]
    ordered = np.sort(trace.start)
    each = max(most // 4, 1)
    early, late = int(ordered[each]), int(ordered[-each])
    return [(0, early), (late, trace.span)] if early < late else [(0, trace.span)]


def held_issues(trace: Trace, drawn: Lanes, shown: list[tuple[int, int]]) -> Integers:
    """The issues that are under way in one of the windows, by lane and then start."""
    inside = np.zeros(len(trace), dtype=np.bool_)
    until = np.maximum(drawn.free, trace.result_at)
    for first, end in shown:
        inside |= (trace.start < end) & (until > first) | (trace.start >= first) & (trace.start < end)
        inside |= (trace.start == end) & (end == trace.span)
    chosen = np.flatnonzero(inside)
    return chosen[np.lexsort((chosen, trace.start[chosen], drawn.lane[chosen]))]


def issue_columns(trace: Trace, drawn: Lanes, labels: Labels, chosen: Integers) -> dict[str, dict[str, str]]:
    """Per issue: its number, lane, cycles, tensor, operation, what it holds, and its views' origins one after another.

    ``busy`` is how long its lane is, ``held`` how long operands and resources are, ``done`` when its result is there.
    """
    start = trace.start[chosen]
    first, last = trace.columns.origin_at[chosen], trace.columns.origin_at[chosen + 1]
    width = last - first
    inner = np.arange(int(width.sum())) - np.repeat(np.cumsum(width) - width, width)
    return {
        "number": packed(chosen),
        "lane": packed(drawn.lane[chosen]),
        "start": packed(start),
        "busy": packed(drawn.free[chosen] - start),
        "held": packed(trace.released_at[chosen] - start),
        "done": packed(trace.result_at[chosen] - start),
        "tensor": packed(labels.issue[chosen]),
        "holding": packed(trace.holding[chosen]),
        "operation": packed(trace.action_of[chosen]),
        "origin": packed(trace.columns.origin[np.repeat(first, width) + inner]),
    }


def holdings(trace: Trace) -> list[list[tuple[int, float]]]:
    """Per way to hold resources: (number of the resource, how much of it)."""
    return [[(r, amount / trace.capacities[r]) for r, amount in held] for held in trace.holdings]


def operations(trace: Trace, labels: Labels) -> list[dict[str, Any]]:
    """What each operation is: its extents, and per view where it lies and how far it reaches from its origin."""
    found, at = [], 0
    for action in trace.actions:
        views = []
        for layout, width in zip(action.layouts, action.operation.origin_counts, strict=True):
            tensor = layout.tensor.name if layout.tensor is not None else None
            known = int(labels.touch[at])
            reach = layout.coordinate_ranges if tensor else (layout.reach,)
            views.append({
                "operand": layout.operand,
                "memory": layout.memory,
                "tensor": tensor or (trace.tensors[known] if known != NO_TENSOR else None),
                "coordinates": tensor is not None,
                "reach": reach,
                "per_byte": layout.phases,
                "origins": width,
                "writes": layout.writes,
            })  # fmt: skip
            at += 1
        sizes = " ".join(f"{axis}={'x'.join(map(str, factors))}" for axis, factors in action.operation.extents)
        found.append({"name": action.name, "mode": action.operation.mode, "sizes": sizes, "views": views})
    return found
