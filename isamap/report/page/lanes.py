"""What the timeline draws: a lane per server of a queue, a row per port, bus and bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isamap.report.page.labels import NO_TENSOR, Labels
from isamap.report.page.trace import Trace
from isamap.simulate.layout import Integers

MOST_BINS = 1_000
Shares = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lanes:
    """``names`` of the lanes in the order of the machine's file; per issue its ``lane`` and the cycle at which the
    lane's server is ``free`` again."""

    names: tuple[str, ...]
    lane: Integers
    free: Integers


def lanes(trace: Trace) -> Lanes:
    """A queue with several servers has a lane for each, taken by who is free first."""
    names: list[str] = []
    lane = np.zeros(len(trace), dtype=np.int64)
    free = trace.start + trace.timing.interval
    for number, queue in enumerate(trace.target.queues):
        mine = np.flatnonzero(trace.timing.queue == number)
        server = _servers(free[mine].tolist(), queue.count) if queue.count > 1 else 0
        lane[mine] = len(names) + np.asarray(server, dtype=np.int64)
        names += [f"{queue.name} {n}" for n in range(queue.count)] if queue.count > 1 else [queue.name]
    return Lanes(tuple(names), lane, free)


def _servers(free: Sequence[int], count: int) -> list[int]:
    """Which server takes each issue of a queue, in order, where it is free again at ``free``."""
    until = [0] * count
    found = []
    for done in free:
        server = until.index(min(until))
        until[server] = done
        found.append(server)
    return found


@dataclass(frozen=True)
class Overview:
    """How busy each lane and resource was in each of equal parts of the time, and for which tensor most."""

    shares: Shares
    tensors: Integers
    resources: Shares


def overview(trace: Trace, drawn: Lanes, labels: Labels, bins: int | None = None) -> Overview:
    """Shares are exact: parts of issues count where they lie. A short program has a bin per cycle."""
    bins = bins or min(max(trace.span, 1), MOST_BINS)
    edges = np.linspace(0, max(trace.span, 1), bins + 1)
    shares = np.zeros((len(drawn.names), bins))
    tensors = np.full((len(drawn.names), bins), NO_TENSOR, dtype=np.int64)
    for lane in range(len(drawn.names)):
        mine = np.flatnonzero(drawn.lane == lane)
        kinds = np.unique(labels.issue[mine])
        each = np.zeros((len(kinds), bins))
        for n, kind in enumerate(kinds.tolist()):
            chosen = mine[labels.issue[mine] == kind]
            each[n] = busy_shares(trace.start[chosen], drawn.free[chosen], edges)
        if len(kinds):
            shares[lane], tensors[lane] = np.clip(each.sum(axis=0), 0, 1), kinds[each.argmax(axis=0)]
    return Overview(shares, tensors, _resource_shares(trace, edges))


def _resource_shares(trace: Trace, edges: Shares) -> Shares:
    """How much of each resource was held, of all that it gives."""
    shares = np.zeros((len(trace.resources), len(edges) - 1))
    for n, held in enumerate(trace.holdings):
        if held:
            chosen = np.flatnonzero(trace.holding == n)
            busy = busy_shares(trace.start[chosen], trace.released_at[chosen], edges)
            for resource, amount in held:
                shares[resource] += busy * (amount / trace.capacities[resource])
    return np.clip(shares, 0, 1)


def busy_shares(start: Integers, end: Integers, edges: Shares) -> Shares:
    """Of each part between ``edges``, the share that lies in the half-open intervals from ``start`` to ``end``."""
    busy = np.diff(_elapsed(start, edges) - _elapsed(end, edges)) / np.diff(edges)
    return np.asarray(busy, dtype=np.float64)


def _elapsed(times: Integers, edges: Shares) -> Shares:
    """For each edge, the time since every earlier one of ``times``, summed."""
    ordered = np.sort(times)
    before = np.searchsorted(ordered, edges)
    sums = np.concatenate([[0.0], np.cumsum(ordered, dtype=np.float64)])
    return np.asarray(before * edges - sums[before], dtype=np.float64)
