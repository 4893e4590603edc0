"""Small loop bodies, by hand and at random, and their best modulo schedules by trying everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random

from isamap.ir.loop_body import Dependence, Hold, LoopBody, LoopBuffer, LoopOperation

MACHINE = (("dma", 1), ("alu", 1), ("bus", 4))
Best = tuple[int, int, int]
"""Interval, bytes of all buffers, length of an iteration."""


def operation(name: str, queue: str, cycles: int, *holds: Hold, latency: int | None = None) -> LoopOperation:
    """One that keeps its queue as long as its operands; so long its result takes too, where not said."""
    return LoopOperation(name, (Hold(queue, 1, cycles), *holds), cycles, cycles if latency is None else latency)


def body(
    operations: Sequence[LoopOperation],
    dependences: Sequence[Dependence] = (),
    buffers: Sequence[LoopBuffer] = (),
    memory: int = 100,
    capacities: Sequence[tuple[str, int]] = MACHINE,
) -> LoopBody:
    """On a machine of one channel ``dma``, one unit ``alu``, a bus of 4 bytes per cycle and a memory ``spad``."""
    return LoopBody(tuple(operations), tuple(dependences), tuple(buffers), tuple(capacities), (("spad", memory),))


def value(writer: int, *readers: int | tuple[int, int], size: int = 1) -> LoopBuffer:
    """A value of operation ``writer``; a reader of another iteration comes with its distance."""
    found = tuple(reader if isinstance(reader, tuple) else (reader, 0) for reader in readers)
    return LoopBuffer(f"value of {writer}", "spad", size, (writer,), found)


def outer_product(rows: int, columns: int, memory: int = 10**9) -> LoopBody:
    """Each of so many rows and columns of tiles is loaded (20 cycles, two at a time) and multiplied with all of the
    other kind (16 cycles) into tiles that stay."""
    names = [f"A{i}" for i in range(rows)] + [f"B{j}" for j in range(columns)]
    operations = [operation(f"load {name}", "dma", 20) for name in names]
    readers: list[list[int]] = [[] for _ in names]
    dependences, buffers = [], []
    for i, j in product(range(rows), range(columns)):
        number = len(operations)
        operations.append(operation(f"multiply {i} {j}", "alu", 16))
        dependences.append(Dependence(number, number, 16, 1))
        buffers.append(LoopBuffer(f"C{i}{j}", "spad", 1024))
        readers[i].append(number)
        readers[rows + j].append(number)
    buffers += [
        LoopBuffer(name, "spad", 512, (n,), tuple((reader, 0) for reader in readers[n])) for n, name in enumerate(names)
    ]
    return body(operations, dependences, buffers, memory, (("dma", 2), ("alu", 1)))


def random_body(rng: Random) -> LoopBody:
    """Two to four operations with little of everything: two units, a bus in shares, and a memory that may be short."""
    count = rng.choice([2, 3, 4, 4])
    operations = []
    for n in range(count):
        holds = [Hold("bus", rng.randint(1, 2), rng.randint(0, 2))] if rng.random() < 0.4 else []
        taken = operation(f"o{n}", rng.choice(["dma", "alu"]), rng.randint(0, 3), *holds, latency=rng.randint(0, 3))
        operations.append(LoopOperation(taken.name, taken.holds, rng.randint(0, 3), taken.latency_cycles))
    dependences = [Dependence(n, n, rng.randint(0, 3), 1) for n in range(count) if rng.random() < 0.3]
    dependences += [
        Dependence(*sorted(rng.sample(range(count), 2)), rng.randint(0, 3), rng.randint(0, 1))
        for _ in range(count // 2)
    ]
    buffers = []
    for n in range(rng.choice([1, 2, 2])):
        writer = rng.randrange(count - 1)
        readers = [(rng.randrange(writer + 1, count), 0) for _ in range(rng.choice([1, 1, 2]))]
        if rng.random() < 0.3:
            readers.append((rng.randrange(count), rng.randint(1, 2)))
        found = tuple(dict.fromkeys(readers))
        buffers.append(LoopBuffer(f"b{n}", "spad", rng.randint(1, 2), (writer,), found))
    least = sum(buffer.slot_bytes for buffer in buffers)
    capacities = (("dma", rng.choice([1, 1, 2])), ("alu", 1), ("bus", rng.choice([2, 3])))
    return body(operations, dependences, buffers, least + rng.choice([0, 0, 1, 2]), capacities)


def best(given: LoopBody) -> Best | None:
    """By every interval up to one that is long enough for everything one after the other, every slot, every depth."""
    reach = [max(o.end_cycles, *(a.lag_cycles for a in given.arcs if a.earlier == n), 0)
             for n, o in enumerate(given.operations)]  # fmt: skip
    for interval in range(1, max(1, sum(reach)) + 1):
        found = [one for slots in _slots(given, interval) for one in _shapes(given, interval, slots)]
        if found:
            fewest = min(taken for taken, _, _ in found)
            every = [(slots, depth) for taken, slots, depth in found if taken == fewest]
            return interval, fewest, _shortest(given, interval, every)
    return None


def _slots(given: LoopBody, interval: int) -> Iterator[tuple[int, ...]]:
    """Slots that no resource forbids; the first operation's is 0, because turning the ring changes nothing."""
    for rest in product(range(interval), repeat=len(given.operations) - 1):
        slots = (0, *rest)
        used = {(name, cycle): 0 for name, _ in given.capacities for cycle in range(interval)}
        for slot, one in zip(slots, given.operations, strict=True):
            for hold in one.holds:
                for cycle in range(slot, slot + hold.cycles):
                    used[hold.resource, cycle % interval] += hold.amount
        if all(used[name, cycle] <= most for name, most in given.capacities for cycle in range(interval)):
            yield slots


def _shapes(
    given: LoopBody, interval: int, slots: tuple[int, ...]
) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    """(bytes, slots, depths) that have stages and fit."""
    room, sizes = given.memories[0][1], [buffer.slot_bytes for buffer in given.buffers]
    for depth in product(*(range(1, room // size + 1) for size in sizes)):
        taken = sum(d * size for d, size in zip(depth, sizes, strict=True))
        if taken <= room and _stages(given, interval, slots, depth, None):
            yield taken, slots, depth


def _shortest(given: LoopBody, interval: int, every: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> int:
    length = max(one.end_cycles for one in given.operations)
    while not any(_stages(given, interval, slots, depth, length) for slots, depth in every):
        length += 1
    return length


def _stages(given: LoopBody, interval: int, slots: tuple[int, ...], depth: tuple[int, ...], length: int | None) -> bool:
    """Are there stages? They obey differences (later, earlier, least difference of their starts) and no others."""
    apart = [(arc.later, arc.earlier, arc.lag_cycles - interval * arc.distance) for arc in given.arcs]
    for buffer, count in zip(given.buffers, depth, strict=True):
        for reader, distance in buffer.readers:
            released = interval * distance + given.operations[reader].occupancy_cycles
            apart += [(writer, reader, released - count * interval) for writer in buffer.writers]
    if length is not None:
        apart += [(a, b, one.end_cycles - length) for b, one in enumerate(given.operations) for a in range(len(slots))]
    stage = [0] * len(slots)
    for _ in range(len(slots) + 1):
        changed = False
        for later, earlier, least in apart:
            wanted = -((interval * stage[earlier] + slots[earlier] + least - slots[later]) // -interval)
            if wanted > stage[later]:
                stage[later], changed = wanted, True
        if not changed:
            return True
    return False
