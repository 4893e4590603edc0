"""Is a modulo schedule sound? Iterations are laid out one by one and watched."""

from __future__ import annotations

from collections.abc import Iterator

from isamap.ir.answers import Violation
from isamap.ir.loop_body import LoopBody, LoopBuffer, ModuloSchedule

RULES: dict[str, str] = {
    "columns": "There is a slot and a stage for every operation, and a depth for every buffer.",
    "slot": "A slot lies in the interval, a stage is at least 0, a depth at least 1.",
    "dependence": "No operation starts before what it awaits, of its own iteration or an earlier one, is done.",
    "content": "A reader starts when every writer's result is complete.",
    "resource": "All iterations together never hold more of a unit, channel, port, bus or bank than it has.",
    "overwrite": "A slot is written again only when all readers of its old value have released it.",
    "capacity": "The slots of all buffers of a memory fit into it.",
}


def check_modulo(schedule: ModuloSchedule, body: LoopBody) -> list[Violation]:
    """Every violation of ``RULES``; the others are looked at where columns and slots are sound."""
    found = [*_check_columns(schedule, body)]
    if found:
        return found
    iterations = _iterations(schedule, body)
    found += _check_order(schedule, body, iterations)
    found += _check_resources(schedule, body, iterations)
    for number, buffer in enumerate(body.buffers):
        if buffer.writers:
            found += _check_slots(schedule, body, buffer, schedule.depth[number], iterations)
    for memory, size in body.memories:
        taken = sum(d * b.slot_bytes for d, b in zip(schedule.depth, body.buffers, strict=True) if b.memory == memory)
        if taken > size:
            found.append(Violation("capacity", memory, f"{taken} bytes of {size}"))
    return found


def _check_columns(schedule: ModuloSchedule, body: LoopBody) -> Iterator[Violation]:
    wanted = {"slot": len(body.operations), "stage": len(body.operations), "depth": len(body.buffers)}
    for column, count in wanted.items():
        given = len(getattr(schedule, column))
        if given != count:
            yield Violation("columns", column, f"{given} numbers instead of {count}")
            return
    interval = schedule.initiation_interval_cycles
    for operation, slot, stage in zip(body.operations, schedule.slot, schedule.stage, strict=True):
        if not (0 <= slot < interval and stage >= 0):
            yield Violation("slot", operation.name, f"slot {slot} of {interval}, stage {stage}")
    for buffer, depth in zip(body.buffers, schedule.depth, strict=True):
        if depth < 1:
            yield Violation("slot", buffer.name, f"{depth} slots")


def _start(schedule: ModuloSchedule, operation: int, iteration: int) -> int:
    """The cycle at which an operation of an iteration starts."""
    return schedule.initiation_interval_cycles * (iteration + schedule.stage[operation]) + schedule.slot[operation]


def _iterations(schedule: ModuloSchedule, body: LoopBody) -> int:
    """So many that the first one is over, its values and their slots too, before the last one begins; and some more, so
    that a steady state is among them."""
    longest = max(_start(schedule, o, 0) + each.end_cycles for o, each in enumerate(body.operations))
    farthest = [arc.distance for arc in body.arcs]
    return 3 + 2 * (longest // schedule.initiation_interval_cycles) + max([*farthest, *schedule.depth, 0])


def _check_order(schedule: ModuloSchedule, body: LoopBody, iterations: int) -> Iterator[Violation]:
    rules = [("dependence", arc.earlier, arc.later, arc.lag_cycles, arc.distance) for arc in body.dependences]
    rules += [
        ("content", writer, reader, body.operations[writer].latency_cycles, distance)
        for buffer in body.buffers
        for writer in buffer.writers
        for reader, distance in buffer.readers
    ]
    for rule, earlier, later, lag, distance in rules:
        for iteration in range(distance, iterations):
            ready = _start(schedule, earlier, iteration - distance) + lag
            at = _start(schedule, later, iteration)
            if at < ready:
                names = f"{body.operations[later].name} after {body.operations[earlier].name}"
                yield Violation(rule, names, f"starts at {at}, what it awaits is done at {ready}")
                break


def _check_resources(schedule: ModuloSchedule, body: LoopBody, iterations: int) -> Iterator[Violation]:
    for name, capacity in body.capacities:
        changes: list[tuple[int, int]] = []  # (cycle, amount taken or given back)
        for iteration in range(iterations):
            for o, operation in enumerate(body.operations):
                start = _start(schedule, o, iteration)
                for hold in operation.holds:
                    if hold.resource == name and hold.cycles:
                        changes += [(start, hold.amount), (start + hold.cycles, -hold.amount)]
        held = 0
        for cycle, amount in sorted(changes):  # what is given back comes first in a cycle
            held += amount
            if held > capacity:
                yield Violation("resource", name, f"{held} of {capacity} held at cycle {cycle}")
                break


def _check_slots(
    schedule: ModuloSchedule, body: LoopBody, buffer: LoopBuffer, depth: int, iterations: int
) -> Iterator[Violation]:
    """Iteration n's value lies in slot n modulo depth."""
    free_at = dict[int, int]()
    for iteration in range(iterations):
        begin = min(_start(schedule, writer, iteration) for writer in buffer.writers)
        end = max(_start(schedule, o, iteration + d) + body.operations[o].occupancy_cycles for o, d in buffer.readers)
        slot = iteration % depth
        if begin < free_at.get(slot, begin):
            detail = f"iteration {iteration} writes slot {slot} at {begin}, it is read until {free_at[slot]}"
            yield Violation("overwrite", buffer.name, detail)
            return
        free_at[slot] = max(end, free_at.get(slot, end))
