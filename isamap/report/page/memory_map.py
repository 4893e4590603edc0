"""Values as rectangles, addresses by cycles: few enough to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isamap.report.page.labels import Labels
from isamap.report.page.trace import Trace
from isamap.report.page.values import Events, Sampling
from isamap.simulate.layout import Integers

MOST_RECTANGLES = 8_000
_TIMES = 1_600
_NONE = -1


@dataclass(frozen=True)
class MemoryMap:
    """Rectangles of one memory: half-open in bytes and cycles, with the tensor's number and the issue that wrote it
    (-1 where times were sampled). ``step_cycles`` is how far apart the cycles looked at are, where not all were."""

    sampling: Sampling
    low: Integers
    high: Integers
    start: Integers
    end: Integers
    tensor: Integers
    writer: Integers
    step_cycles: int = 1

    def __len__(self) -> int:
        return len(self.low)


def memory_maps(
    trace: Trace, events: Events, labels: Labels, shown: Sequence[tuple[int, int]]
) -> tuple[MemoryMap, ...]:
    """One per memory that was touched. Where there is too much to draw, what lies outside ``shown`` (ranges of cycles:
    the beginning and the end) is sampled in time."""
    found, first = [], 0
    for sampling in events.samplings:
        mine = np.flatnonzero((events.row >= first) & (events.row < first + sampling.count))
        columns = (events.row[mine] - first, events.start[mine], events.end[mine], labels.value[mine])
        whole = _merged(sampling, *columns, events.writer[mine], 1)
        found.append(whole if len(whole) <= MOST_RECTANGLES else _in_part(whole, columns, shown, trace.span))
        first += sampling.count
    return tuple(found)


Columns = tuple[Integers, Integers, Integers, Integers]


def _in_part(whole: MemoryMap, columns: Columns, shown: Sequence[tuple[int, int]], span: int) -> MemoryMap:
    """The rectangles of ``whole`` in the ranges ``shown``, samples between; samples alone where that is too much."""
    exact = [_clipped(whole, first, end) for first, end in shown]
    first, end = (shown[0][1], shown[-1][0]) if sum(map(len, exact)) <= MOST_RECTANGLES else (0, span)
    row, start, until, tensor = columns
    times = (np.clip(start, first, end) - first, np.clip(until, first, end) - first)
    cells = _TIMES
    while True:
        between = _at_times(whole.sampling, row, *times, tensor, max((end - first) / cells, 1.0), first)
        if len(between) <= MOST_RECTANGLES:
            break
        cells //= 2
    return _together([*exact, between] if (first, end) != (0, span) else [between], between.step_cycles)


def _clipped(whole: MemoryMap, first: int, end: int) -> MemoryMap:
    start, until = np.maximum(whole.start, first), np.minimum(whole.end, end)
    kept = until > start
    return MemoryMap(whole.sampling, whole.low[kept], whole.high[kept], start[kept], until[kept], whole.tensor[kept],
                     whole.writer[kept])  # fmt: skip


def _together(parts: Sequence[MemoryMap], step_cycles: int) -> MemoryMap:
    def all_of(name: str) -> Integers:
        return np.concatenate([getattr(part, name) for part in parts])

    return MemoryMap(parts[0].sampling, all_of("low"), all_of("high"), all_of("start"), all_of("end"),
                     all_of("tensor"), all_of("writer"), step_cycles)  # fmt: skip


def _merged(
    sampling: Sampling, row: Integers, start: Integers, end: Integers, tensor: Integers, writer: Integers, step: int
) -> MemoryMap:
    """Neighbouring addresses with one value as one rectangle."""
    lasting = end > start
    row, start, end, tensor, writer = (c[lasting] for c in (row, start, end, tensor, writer))
    order = np.lexsort((row, tensor, writer, end, start))
    row, start, end, tensor, writer = (c[order] for c in (row, start, end, tensor, writer))
    alike = np.zeros(len(row), dtype=np.bool_)
    alike[1:] = row[1:] == row[:-1] + 1
    for column in (start, end, tensor, writer):
        alike[1:] &= column[1:] == column[:-1]
    first = np.flatnonzero(~alike)
    last = np.append(first[1:], len(row)) - 1 if len(first) else first
    low, high = row[first] * sampling.step_bytes, (row[last] + 1) * sampling.step_bytes
    return MemoryMap(sampling, low, high, start[first], end[first], tensor[first], writer[first], step)


def _at_times(
    sampling: Sampling, row: Integers, start: Integers, end: Integers, tensor: Integers, step: float, zero: int
) -> MemoryMap:
    """What lives at the middle of every ``step`` cycles from ``zero`` on, equal neighbours in time together."""
    first = np.ceil(start / step - 0.5).astype(np.int64)
    last = np.ceil(end / step - 0.5).astype(np.int64)
    seen = last > first
    row, first, last, tensor = row[seen], first[seen], last[seen], tensor[seen]
    order = np.lexsort((first, row))
    row, first, last, tensor = row[order], first[order], last[order], tensor[order]
    goes_on = np.zeros(len(row), dtype=np.bool_)
    goes_on[1:] = (row[1:] == row[:-1]) & (tensor[1:] == tensor[:-1]) & (first[1:] <= last[:-1])
    at = np.flatnonzero(~goes_on)
    ends = np.maximum.reduceat(last, at) if len(at) else at
    begins, until = (zero + np.rint(cells * step).astype(np.int64) for cells in (first[at], ends))
    nobody = np.full(len(at), _NONE, dtype=np.int64)
    return _merged(sampling, row[at], begins, until, tensor[at], nobody, max(round(step), 1))
