"""A loop body that is to be software-pipelined, and the answer: a modulo schedule of it.

An iteration's operations hold units, channels, ports, buses and banks from their start on. A *value* is what operations
write in every iteration and others read, in that iteration or a later one; it lies in a slot of its buffer, and the
slots of a buffer rotate. A modulo schedule begins an iteration every *initiation interval*: an operation of iteration n
starts at ``interval * (n + stage) + slot``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from isamap.errors import Fault, InvalidNoun


@dataclass(frozen=True)
class Hold:
    """So much of a resource, for so many cycles from an operation's start on."""

    resource: str
    amount: int
    cycles: int


@dataclass(frozen=True)
class LoopOperation:
    """What happens once per iteration; ``occupancy_cycles`` after its start the operands are released, after
    ``latency_cycles`` the result is complete."""

    name: str
    holds: tuple[Hold, ...]
    occupancy_cycles: int
    latency_cycles: int

    @property
    def end_cycles(self) -> int:
        """From its start until nothing of it is left."""
        return max(self.occupancy_cycles, self.latency_cycles, *(hold.cycles for hold in self.holds))


@dataclass(frozen=True)
class Dependence:
    """``later`` of an iteration starts at least ``lag_cycles`` after ``earlier`` of ``distance`` iterations before.
    Both are numbers of operations."""

    earlier: int
    later: int
    lag_cycles: int
    distance: int = 0


@dataclass(frozen=True)
class LoopBuffer:
    """Where a value lies: from the start of the first of its ``writers`` until the last of its ``readers`` releases it.
    A reader is (operation, distance): it reads the value of so many iterations before. Without writers the buffer is
    one slot that stays for the whole loop, as an accumulator's does."""

    name: str
    memory: str
    slot_bytes: int
    writers: tuple[int, ...] = ()
    readers: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class LoopBody:
    """Operations, what orders them, the buffers between them, and what there is of everything: ``capacities`` are
    (resource, amount; of a unit or channel its servers), ``memories`` (name, bytes)."""

    operations: tuple[LoopOperation, ...]
    dependences: tuple[Dependence, ...]
    buffers: tuple[LoopBuffer, ...]
    capacities: tuple[tuple[str, int], ...]
    memories: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        faults = [*_operation_faults(self), *_dependence_faults(self), *_buffer_faults(self)]
        faults = faults or list(_circle_faults(self))
        if faults:
            raise InvalidNoun(faults)

    @cached_property
    def arcs(self) -> tuple[Dependence, ...]:
        """The dependences, and that of every reader of a value on its writers' results."""
        flow = [
            Dependence(writer, reader, self.operations[writer].latency_cycles, distance)
            for buffer in self.buffers
            for writer in buffer.writers
            for reader, distance in buffer.readers
        ]
        return (*self.dependences, *flow)


@dataclass(frozen=True)
class ModuloSchedule:
    """``slot`` and ``stage`` of every operation, ``depth`` (slots) of every buffer, in the order of the body."""

    initiation_interval_cycles: int
    slot: tuple[int, ...]
    stage: tuple[int, ...]
    depth: tuple[int, ...]

    @property
    def stages(self) -> int:
        """How many iterations are under way at once: the loop's prologue is one less."""
        return max(self.stage) + 1

    def start(self, operation: int) -> int:
        """The cycle at which it starts, counted from the beginning of its own iteration."""
        return self.initiation_interval_cycles * self.stage[operation] + self.slot[operation]

    def length_cycles(self, body: LoopBody) -> int:
        """From the first start of an iteration to the end of everything in it."""
        starts = [self.start(o) for o in range(len(self.slot))]
        return max(s + each.end_cycles for s, each in zip(starts, body.operations, strict=True)) - min(starts)

    def buffer_bytes(self, body: LoopBody) -> int:
        """Of all slots of all buffers."""
        return sum(depth * buffer.slot_bytes for depth, buffer in zip(self.depth, body.buffers, strict=True))


def _operation_faults(body: LoopBody) -> Iterator[Fault]:
    most, names = dict(body.capacities), [operation.name for operation in body.operations]
    if not names:
        yield Fault(("operations",), "at least one", "none")
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield Fault(("operations",), "different names", f"{name!r} twice")
    for operation in body.operations:
        for hold in operation.holds:
            if not (0 <= hold.amount <= most.get(hold.resource, -1) and hold.cycles >= 0):
                possible = " ".join(f"{name} ({amount})" for name, amount in body.capacities) or "none"
                wanted = "an amount of a resource within its capacity, for at least 0 cycles"
                yield Fault(("operations", operation.name), wanted, str(hold), f"there are: {possible}")
        for name, capacity in body.capacities:
            together = sum(hold.amount for hold in operation.holds if hold.resource == name and hold.cycles)
            if together > capacity:
                yield Fault(("operations", operation.name), f"at most {capacity} of {name} in all", str(together))
        if min(operation.occupancy_cycles, operation.latency_cycles) < 0:
            yield Fault(("operations", operation.name), "at least 0 cycles", str(operation))


def _dependence_faults(body: LoopBody) -> Iterator[Fault]:
    count = len(body.operations)
    for number, one in enumerate(body.dependences):
        known = 0 <= one.earlier < count and 0 <= one.later < count
        if not (known and one.lag_cycles >= 0 and one.distance >= 0):
            yield Fault(("dependences", number), f"two of {count} operations, no number below 0", str(one))


def _buffer_faults(body: LoopBody) -> Iterator[Fault]:
    memories, count = dict(body.memories), len(body.operations)
    for buffer in body.buffers:
        at = ("buffers", buffer.name)
        if buffer.memory not in memories:
            yield Fault((*at, "memory"), f"one of {' '.join(memories) or 'none'}", buffer.memory)
        if buffer.slot_bytes < 0:
            yield Fault((*at, "slot_bytes"), "at least 0", str(buffer.slot_bytes))
        named = [*buffer.writers, *(reader for reader, _ in buffer.readers)]
        if not all(0 <= o < count for o in named) or any(distance < 0 for _, distance in buffer.readers):
            yield Fault(at, f"numbers of {count} operations, distances of at least 0", str(buffer))
        if bool(buffer.writers) != bool(buffer.readers):
            yield Fault(at, "writers and readers, or neither", str(buffer))


def _circle_faults(body: LoopBody) -> Iterator[Fault]:
    """Operations of one iteration that await each other."""
    within = [(arc.earlier, arc.later) for arc in body.arcs if not arc.distance]
    missing = [sum(later == o for _, later in within) for o in range(len(body.operations))]
    free = [o for o, awaited in enumerate(missing) if not awaited]
    for done in free:
        for earlier, later in within:
            if earlier == done:
                missing[later] -= 1
                if not missing[later]:
                    free.append(later)
    if len(free) < len(body.operations):
        stuck = " ".join(each.name for o, each in enumerate(body.operations) if o not in free)
        yield Fault(("dependences",), "no circle within an iteration", f"one through or before {stuck}")
