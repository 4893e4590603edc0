"""Iterative modulo scheduling: operations by height; one that finds no room makes room.

B. R. Rau, "Iterative Modulo Scheduling: An Algorithm For Software Pipelining Loops", MICRO 1994. At each interval, from
the bound on, the operation with the longest path ahead of it takes the first cycle with room after its predecessors,
looking one interval ahead; where there is none it takes one by force, and those in its way are scheduled again. Values
are then shortened: whatever can wait moves as late as its successors and the resources allow.
"""

from __future__ import annotations

from isamap.ir.loop_body import LoopBody, ModuloSchedule
from isamap.scheduling.modulo.bound import heights, interval_bound, roomy_interval
from isamap.scheduling.modulo.depth import fits, modulo_schedule
from isamap.scheduling.modulo.reservation import Reservations

_TRIES_PER_OPERATION = 6  # the budget of an interval; Rau reports that few loops need more than 2


def greedy(body: LoopBody) -> ModuloSchedule | None:
    """The schedule of the first interval at which everything is placed and fits; None where none does.

    From the bound on they grow by one, farther away by an eighth of the way so far: a body that needs a long interval
    is not looked at for ever.
    """
    bound, last = interval_bound(body), roomy_interval(body)
    interval = bound
    while True:
        start = place(body, interval)
        if start is not None:
            found = [modulo_schedule(body, one, interval) for one in (start, moved_later(body, start, interval))]
            fitting = [one for one in found if fits(body, one.depth)]
            if fitting:
                return min(fitting, key=lambda one: one.buffer_bytes(body))
        if interval >= last:
            return None
        interval = min(last, interval + 1 + (interval - bound) // 8)


def place(body: LoopBody, interval: int) -> list[int] | None:
    """A start per operation, or None where the budget ends before every operation has one."""
    height = heights(body, interval)
    if height is None:
        return None
    table, count = Reservations(body, interval), len(body.operations)
    if not all(table.room(o, 0) for o in range(count)):
        return None
    start, last = dict[int, int](), [-1] * count
    for _ in range(_TRIES_PER_OPERATION * count):
        waiting = [o for o in range(count) if o not in start]
        if not waiting:
            break
        chosen = max(waiting, key=lambda o: (height[o], -o))
        early = _earliest(body, interval, start, chosen)
        at = next((c for c in range(early, early + interval) if table.room(chosen, c)), max(early, last[chosen] + 1))
        _make_room(body, table, start, chosen, at)
        table.take(chosen, at)
        start[chosen] = last[chosen] = at
    return [start[o] for o in range(count)] if len(start) == count else None


def _earliest(body: LoopBody, interval: int, start: dict[int, int], chosen: int) -> int:
    """The first cycle that the predecessors placed so far allow, at least 0."""
    arcs = [arc for arc in body.arcs if arc.later == chosen and arc.earlier in start]
    return max([0, *(start[arc.earlier] + arc.lag_cycles - interval * arc.distance for arc in arcs)])


def _make_room(body: LoopBody, table: Reservations, start: dict[int, int], chosen: int, at: int) -> None:
    """Take back whatever ``chosen`` at ``at`` leaves no time or no room for."""
    for arc in body.arcs:
        late = at + arc.lag_cycles - table.interval * arc.distance
        if arc.earlier == chosen != arc.later and start.get(arc.later, late) < late:
            table.take(arc.later, start.pop(arc.later), -1)
    mine = {hold.resource for hold in body.operations[chosen].holds}
    for other in sorted(start, key=lambda o: -start[o]):
        if table.room(chosen, at):
            return
        if mine & {hold.resource for hold in body.operations[other].holds}:
            table.take(other, start.pop(other), -1)


def moved_later(body: LoopBody, start: list[int], interval: int) -> list[int]:
    """The same starts, each as late as those of its successors and the resources allow; only operations that write a
    value and have a successor in the iteration move."""
    table, found = Reservations(body, interval), [*start]
    for o, at in enumerate(found):
        table.take(o, at)
    writers = {o for buffer in body.buffers for o in buffer.writers}
    for o in sorted(writers, key=lambda o: -start[o]):
        ends = [
            found[arc.later] + interval * arc.distance - arc.lag_cycles
            for arc in body.arcs
            if arc.earlier == o and arc.later != o
        ]
        table.take(o, found[o], -1)
        latest = min(ends)
        found[o] = next(c for c in range(latest, found[o] - 1, -1) if c == found[o] or table.room(o, c))
        table.take(o, found[o])
    return found
