"""What waits and queue order prove about when issues happen, whatever the cycles.

Every issue y gets a clock vector: for each queue, the last position known to start no later than y. A wait of y for x
makes x, and all that x's vector covers, start no later; so does x before y in one queue. That x's result is complete
when y starts is known if some issue that waits for it is covered by y's vector. Queue order proves starts; it proves
the release of operands where the unit is held at least as long; it never proves results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isamap.simulate.clock import Timing
from isamap.simulate.columns import OPERANDS, RESULT, Columns
from isamap.simulate.layout import Integers

_NOBODY = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Order:
    """Per issue and queue: ``covered`` = the clock vector; ``result`` / ``release`` = the first position from which on
    issues are known to start after the issue's result / the release of its operands."""

    covered: Integers
    result: Integers
    release: Integers

    def result_before(self, x: Integers, y: Integers) -> NDArray[np.bool_]:
        """For pairs: is x's result known to be complete when y starts?"""
        return np.asarray((self.result[x] <= self.covered[y]).any(axis=1))

    def release_before(self, x: Integers, y: Integers) -> NDArray[np.bool_]:
        """For pairs: are x's operands known to be released when y starts?"""
        return np.asarray((self.release[x] <= self.covered[y]).any(axis=1))


def prove_order(columns: Columns, timing: Timing, counts: Sequence[int]) -> Order:
    """The order of a program's issues. Takes O(issues * queues + waits)."""
    queues, total = len(counts), len(columns)
    position = positions(timing.queue, queues)
    covered = _clock_vectors(columns, timing.queue.tolist(), position.tolist(), queues)
    waiter = np.repeat(np.arange(total), np.diff(columns.wait_at))
    result = np.full((total, queues), _NOBODY, dtype=np.int64)
    release = np.full((total, queues), _NOBODY, dtype=np.int64)
    for event, table in ((RESULT, result), (OPERANDS, release)):
        w = np.flatnonzero(columns.wait_event == event)
        np.minimum.at(table, (columns.wait_on[w], timing.queue[waiter[w]]), position[waiter[w]])
    implied = timing.latency >= timing.occupancy
    release[implied] = np.minimum(release[implied], result[implied])
    single = np.asarray(counts, dtype=np.int64)[timing.queue] == 1
    held = np.flatnonzero(single & (timing.occupancy <= timing.interval))
    release[held, timing.queue[held]] = np.minimum(release[held, timing.queue[held]], position[held] + 1)
    return Order(covered, result, release)


def positions(queue: Integers, queues: int) -> Integers:
    """Each issue's position in its queue."""
    found = np.zeros(len(queue), dtype=np.int64)
    for q in range(queues):
        members = np.flatnonzero(queue == q)
        found[members] = np.arange(len(members))
    return found


def _clock_vectors(columns: Columns, queue: list[int], position: list[int], queues: int) -> Integers:
    wait_at, wait_on = columns.wait_at.tolist(), columns.wait_on.tolist()
    latest: list[list[int]] = [[-1] * queues for _ in range(queues)]
    vectors: list[list[int]] = []
    for x, q in enumerate(queue):
        mine = latest[q].copy()
        for w in range(wait_at[x], wait_at[x + 1]):
            y = wait_on[w]
            if mine[queue[y]] < position[y]:
                mine = [a if a > b else b for a, b in zip(mine, vectors[y], strict=True)]
        mine[q] = position[x]
        latest[q] = mine
        vectors.append(mine)
    return np.array(vectors, dtype=np.int64).reshape(len(queue), queues)
