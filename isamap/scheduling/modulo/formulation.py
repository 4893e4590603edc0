"""Formulation: a loop body at one initiation interval (CP-SAT).

Sets        O  operations;  A  dependences (also of readers on writers);  R  resources;  B  buffers;  M  memories
Given       interval;  lag and distance of an arc;  amount and cycles of o's hold of r;  capacity[r];  bytes[m]
            occupancy[o];  writers[b], readers[b] with their distances, slot_bytes[b]
            stages: as many as are ever needed (see ``variables``)
Variables   slot[o] in 0 .. interval - 1,  stage[o] in 0 .. stages - 1;  start[o]
            depth[b] >= 1;  length of an iteration
Rules       turn        start[o] = interval * stage[o] + slot[o]
            after       start[l] + interval * distance >= start[e] + lag                for (e, l) in A
            alone       holders of all of r come one after the other, around the ring of slots
            together    holders of parts of r never take more than it has, around the ring; one that holds it for
                        longer than the interval meets itself
            depth       interval * depth[b] >= start[reader] + interval * distance + occupancy[reader] - start[writer]
            capacity    sum of depth[b] * slot_bytes[b] over the buffers of m <= bytes[m]
            length      length >= start[o] + end[o]
  redundant iteration   within an iteration, too, holders of r never take more than it has
Objective   none (is there a schedule?), then minimise the bytes of all slots, then length

Depth is ceil(lifetime / interval): the slots of a buffer rotate, and a slot is written again depth iterations later.
A ring is drawn as two rounds: each hold in the slots that it begins in, and again an interval later; in the second
round everything that crosses the seam is there. What is possible at an interval is possible at the next one: let
whatever spans some cycle of the ring span one idle cycle more; then no distance becomes shorter and no hold longer. One
interval proved impossible therefore rules out all below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from isamap.ir.loop_body import Hold, LoopBody
from isamap.scheduling.modulo.variables import Model, variables


def turn(given: Model) -> None:
    for o, start in enumerate(given.start):
        given.model.add(start == given.interval * given.stage[o] + given.slot[o])


def after(given: Model) -> None:
    for arc in given.body.arcs:
        arrived = given.start[arc.earlier] + arc.lag_cycles
        given.model.add(given.start[arc.later] + given.interval * arc.distance >= arrived)


def alone(given: Model) -> None:
    for name, capacity in given.body.capacities:
        held = list(_held(given.body, name))
        if all(_whole(given, hold, capacity) for _, hold in held):
            given.model.add_no_overlap([ring for o, hold in held for ring in _ring(given, o, hold)])


def together(given: Model) -> None:
    for name, capacity in given.body.capacities:
        held = list(_held(given.body, name))
        if not all(_whole(given, hold, capacity) for _, hold in held):
            always = sum(hold.amount * (hold.cycles // given.interval) for _, hold in held)
            rings = [(ring, hold.amount) for o, hold in held for ring in _ring(given, o, hold)]
            if always > capacity:
                given.model.add_bool_or([])
            else:
                given.model.add_cumulative([r for r, _ in rings], [share for _, share in rings], capacity - always)


def _held(body: LoopBody, resource: str) -> Iterator[tuple[int, Hold]]:
    for o, operation in enumerate(body.operations):
        yield from ((o, hold) for hold in operation.holds if hold.resource == resource and hold.amount and hold.cycles)


def _whole(given: Model, hold: Hold, capacity: int) -> bool:
    """Does it take all of the resource, and let go within the interval?"""
    return hold.amount == capacity and hold.cycles < given.interval


def _ring(given: Model, operation: int, hold: Hold) -> Iterator[Any]:
    """What is left of a hold after whole intervals, in both rounds."""
    rest = hold.cycles % given.interval
    for turn in (0, given.interval) if rest else ():
        yield given.model.new_fixed_size_interval_var(given.slot[operation] + turn, rest, "")


def depth(given: Model) -> None:
    for b, buffer in enumerate(given.body.buffers):
        for reader, distance in buffer.readers:
            released = given.start[reader] + given.interval * distance + given.body.operations[reader].occupancy_cycles
            for writer in buffer.writers:
                given.model.add(given.interval * given.depth[b] >= released - given.start[writer])


def capacity(given: Model) -> None:
    for name, size in given.body.memories:
        taken = [given.depth[b] * one.slot_bytes for b, one in enumerate(given.body.buffers) if one.memory == name]
        given.model.add(sum(taken) <= size)


def length(given: Model) -> None:
    for start, operation in zip(given.start, given.body.operations, strict=True):
        given.model.add(given.length >= start + operation.end_cycles)


def iteration(given: Model) -> None:
    for name, capacity in given.body.capacities:
        held = list(_held(given.body, name))
        lasting = [given.model.new_fixed_size_interval_var(given.start[o], hold.cycles, "") for o, hold in held]
        if all(hold.amount == capacity for _, hold in held):
            given.model.add_no_overlap(lasting)
        else:
            given.model.add_cumulative(lasting, [hold.amount for _, hold in held], capacity)


RULES: dict[str, Callable[[Model], None]] = {
    "turn": turn,
    "after": after,
    "alone": alone,
    "together": together,
    "depth": depth,
    "capacity": capacity,
    "length": length,
    "iteration": iteration,
}


def formulate(body: LoopBody, interval: int, longest: int | None = None, without: Iterable[str] = ()) -> Model:
    """The model with all rules but those left out, and no objective."""
    given = variables(body, interval, longest)
    left_out = frozenset(without)
    for label, rule in RULES.items():
        if label not in left_out:
            rule(given)
    return given
