"""What the operations of a pipelined loop await of each other, trips counted back from their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isamap.errors import Unsupported
from isamap.ir.loop_body import LoopBody, ModuloSchedule
from isamap.ir.program import Event


@dataclass(frozen=True)
class Awaited:
    """``operation`` of so many trips before, and what of it."""

    operation: int
    trips: int
    event: Event


def awaited(body: LoopBody, schedule: ModuloSchedule) -> list[list[Awaited]]:
    """Per operation: a reader awaits the results of its value's writers; a writer awaits that the readers of the value
    that lay in its slot, a depth of trips before, release it; and what the dependences say.

    Raises Unsupported for values read in a later trip, and where an operation awaits one that starts in the same cycle
    but stands after it: a program has no word for that.
    """
    found: list[list[Awaited]] = [[] for _ in body.operations]
    for arc in body.dependences:
        found[arc.later].append(Awaited(arc.earlier, arc.distance, "result"))
    for depth, buffer in zip(schedule.depth, body.buffers, strict=True):
        for writer in buffer.writers:
            for reader, distance in buffer.readers:
                if distance:
                    raise Unsupported("lowering", f"a pipelined loop in which {buffer.name} is read in a later trip")
                found[reader].append(Awaited(writer, 0, "result"))
                found[writer].append(Awaited(reader, depth, "operands"))
    for first, later in _turned(schedule, found):
        names = f"{body.operations[later].name} after {body.operations[first].name}"
        raise Unsupported("lowering", f"a pipelined loop with {names} in one cycle")
    return found


def _turned(schedule: ModuloSchedule, found: list[list[Awaited]]) -> Iterator[tuple[int, int]]:
    """(awaited, awaiting) where the first does not come before the second in the sequence."""
    for later, waits in enumerate(found):
        for one in waits:
            rounds = schedule.stage[later] + one.trips - schedule.stage[one.operation]
            if (rounds, schedule.slot[later], later) <= (0, schedule.slot[one.operation], one.operation):
                yield one.operation, later
