"""A lock-step program states its start cycles: are they possible?

Nothing on such a machine waits, so what its waits say is only compared with the starts. What an issue reads and writes
too early is found in the bytes: the same rules by cycles hold on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from isamap.ir.hardware import Target
from isamap.simulate.clock import Timing
from isamap.simulate.columns import OPERANDS, Columns
from isamap.simulate.layout import Integers, distinct
from isamap.simulate.rules import Findings


def check_starts(
    columns: Columns,
    timing: Timing,
    counts: Sequence[int],
    names: Sequence[str],
    capacities: Sequence[int],
    target: Target,
    findings: Findings,
) -> None:
    """Starts are given, in queue order, after the waits, and ask no unit, port, bus or bank for more than it has.

    ``counts``: servers per queue; ``capacities``: bytes per cycle per resource of ``names`` (a bank: 1).
    """
    start = columns.start

    def name(x: int) -> str:
        return f"issue {x} ({columns.operations[columns.operation[x]].performs})"

    findings.add_each("start-missing", np.flatnonzero(start < 0).tolist(), lambda x: (name(x), "no start cycle"))
    _check_waits(columns, timing, name, findings)
    for q, queue in enumerate(target.queues):
        members = np.flatnonzero(timing.queue == q)
        back = members[1:][np.diff(start[members]) < 0]
        findings.add_each("start-order", back.tolist(), lambda x, queue=queue: (name(x), f"goes back in {queue.name}"))  # type: ignore[misc]
        late = over(members, start[members], timing.interval[members], np.ones(len(members), dtype=np.int64), counts[q])
        findings.add_each("start-unit", late.tolist(), lambda x, queue=queue: (name(x), f"{queue.name} is taken"))  # type: ignore[misc]
    users: dict[int, list[tuple[int, int]]] = {}
    for x, held in enumerate(timing.held):
        for r, amount in held:
            users.setdefault(r, []).append((x, amount))
    for r, listed in users.items():
        x, amount = np.array(listed, dtype=np.int64).T
        late = over(x, start[x], timing.occupancy[x], amount, capacities[r])
        findings.add_each("start-resource", late.tolist(), lambda n, r=r: (name(n), f"{names[r]} is taken"))  # type: ignore[misc]


def _check_waits(columns: Columns, timing: Timing, name: Callable[[int], str], findings: Findings) -> None:
    waiter = np.repeat(np.arange(len(columns)), np.diff(columns.wait_at))
    on = columns.wait_on
    after = np.where(columns.wait_event == OPERANDS, timing.occupancy[on], timing.latency[on])
    early = np.flatnonzero(columns.start[on] + after > columns.start[waiter])
    findings.add_each("start-wait", early.tolist(), lambda w: (name(int(waiter[w])), f"waits for {name(int(on[w]))}"))


def over(issues: Integers, start: Integers, length: Integers, amount: Integers, capacity: int) -> Integers:
    """The issues at whose start more than ``capacity`` is taken in all."""
    busy = length > 0
    issues, start, length, amount = issues[busy], start[busy], length[busy], amount[busy]
    time = np.concatenate((start, start + length))
    change = np.concatenate((amount, -amount))
    order = np.lexsort((change, time))
    taken = np.cumsum(change[order])
    opening = order < len(start)
    return distinct(issues[order[opening & (taken > capacity)]])
