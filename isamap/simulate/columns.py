"""A program as flat columns, one entry per issue; a segment's own columns are used as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isamap.ir.program import EVENTS, Operation, Segment
from isamap.simulate.layout import Integers
from isamap.simulate.rules import Findings

RESULT, OPERANDS = EVENTS.index("result"), EVENTS.index("operands")


@dataclass(frozen=True)
class Columns:
    """Issue x performs ``operations[operation[x]]`` at ``origin[origin_at[x]:origin_at[x + 1]]`` and waits for event
    ``wait_event[w]`` of issue ``wait_on[w]`` for w in ``wait_at[x]`` .. ``wait_at[x + 1]``; ``start`` holds the start
    cycles that the program states (-1: none)."""

    operations: tuple[Operation, ...]
    operation: Integers
    origin_at: Integers
    origin: Integers
    wait_at: Integers
    wait_on: Integers
    wait_event: Integers
    start: Integers

    def __len__(self) -> int:
        return len(self.operation)


def offsets(counts: NDArray[Any]) -> Integers:
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)))


def _frombuffer(column: Any, kind: Any) -> NDArray[Any]:
    return np.frombuffer(column, dtype=kind) if len(column) else np.zeros(0, dtype=kind)


def segment_columns(segment: Segment) -> dict[str, NDArray[Any]]:
    kinds = {code: np.dtype(code) for code in "bhilq"}
    return {
        name: _frombuffer(getattr(segment, name), kinds[getattr(segment, name).typecode])
        for name in ("operation", "origin", "wait_count", "wait_on", "wait_event", "start")
    }


def columns_of_segment(segment: Segment, findings: Findings) -> Columns:
    part = segment_columns(segment)
    counts = np.array([sum(operation.origin_counts) for operation in segment.operations], dtype=np.int64)
    operation = part["operation"].astype(np.int64, copy=False)
    start = part["start"].astype(np.int64, copy=False)
    columns = Columns(
        segment.operations,
        operation,
        offsets(counts[operation] if len(counts) else operation),
        part["origin"].astype(np.int64, copy=False),
        offsets(part["wait_count"]),
        part["wait_on"].astype(np.int64, copy=False),
        part["wait_event"].astype(np.int64, copy=False),
        start if len(start) else np.full(len(operation), -1, dtype=np.int64),
    )
    return with_lawful_waits(columns, findings)


def with_lawful_waits(columns: Columns, findings: Findings) -> Columns:
    """The same columns without waits for no issue or for one that is not earlier, which are named."""
    total = len(columns)
    waiter = np.repeat(np.arange(total), np.diff(columns.wait_at))
    on = columns.wait_on
    unknown = (on < 0) | (on >= total) | (columns.wait_event < 0) | (columns.wait_event >= len(EVENTS))
    late = ~unknown & (on >= waiter)
    if not (unknown.any() or late.any()):
        return columns
    for rule, wrong in (("wait-unknown", unknown), ("wait-not-earlier", late)):
        found = np.flatnonzero(wrong)
        findings.add_each(rule, found.tolist(), lambda w: (f"issue {waiter[w]}", f"waits for issue {on[w]} of {total}"))
    kept = ~(unknown | late)
    wait_at = offsets(np.bincount(waiter[kept], minlength=total)[:total])
    return Columns(columns.operations, columns.operation, columns.origin_at, columns.origin, wait_at, on[kept],
                   columns.wait_event[kept], columns.start)  # fmt: skip
