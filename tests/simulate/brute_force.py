"""The rules of order once more, by brute force: every pair of issues, every byte, every path between events.

Shares nothing with the simulator but the nouns. Sets of half bytes and of events are bits of Python integers.
"""

from __future__ import annotations

from itertools import product

from isamap.ir.hardware import Instruction, Target, Transfer, cycles
from isamap.ir.program import View
from tests.simulate.tape import Entry, Tape

Bits = dict[str, int]


def broken_rules(tape: Tape, target: Target) -> set[str]:
    """Which of order, read-unwritten and output-unwritten a program breaks; it must stay inside its memories."""
    reads, writes = zip(*(_touched(entry, tape, target) for entry in tape.entries), strict=True)
    found = set()
    before = _known_before(tape, target)
    for y in range(len(tape.entries)):
        for x in range(y):
            result, release = 1 << (3 * x + 2), 1 << (3 * x + 1)
            if _meet(writes[x], reads[y]) or _meet(writes[x], writes[y]):
                if not before[y] & result:
                    found.add("order")
            elif _meet(reads[x], writes[y]) and not before[y] & release:
                found.add("order")
    written: Bits = {f"{target.outermost.name}.{t.name}": -1 for t in tape.tensors if t.name in tape.inputs}
    for x in range(len(tape.entries)):
        if any(bits & ~written.get(space, 0) for space, bits in reads[x].items()):
            found.add("read-unwritten")
        for space, bits in writes[x].items():
            written[space] = written.get(space, 0) | bits
    for tensor in tape.tensors:
        whole = (1 << tensor.elements * tensor.dtype.bits // 4) - 1
        if tensor.name in tape.outputs and whole & ~written.get(f"{target.outermost.name}.{tensor.name}", 0):
            found.add("output-unwritten")
    return found


def _meet(one: Bits, other: Bits) -> bool:
    """Do they have a byte in common, be it half of it each?"""
    return any(_whole_bytes(bits) & _whole_bytes(other.get(space, 0)) for space, bits in one.items())


def _whole_bytes(bits: int) -> int:
    lower = int("01" * (bits.bit_length() // 2 + 1), 2)
    either = (bits | bits >> 1) & lower
    return either | either << 1


def _does(entry: Entry, target: Target) -> Instruction | Transfer:
    names = {t.name: t for t in target.transfers}
    return names[entry.operation.performs] if entry.operation.performs in names else target.instruction(
        entry.operation.performs
    )  # fmt: skip


def _touched(entry: Entry, tape: Tape, target: Target) -> tuple[Bits, Bits]:
    does, at = _does(entry, target), 0
    reads: Bits = {}
    writes: Bits = {}
    for view, count in zip(entry.operation.views, entry.operation.origin_counts, strict=True):
        space, bits = _bits(view, entry, tuple(entry.origins[at : at + count]), tape)
        at += count
        if isinstance(does, Transfer):
            written, read = view.operand == "destination", view.operand == "source"
        else:
            written = view.operand in does.written
            continues = written and entry.operation.mode != "initialise" and does.meaning[0].operator != "="
            read = continues or any(a.tensor == view.operand for e in does.meaning for a in e.reads)
        for used, table in ((read, reads), (written, writes)):
            if used:
                table[space] = table.get(space, 0) | bits
    return reads, writes


_known: dict[tuple[object, ...], tuple[str, int]] = {}


def _bits(view: View, entry: Entry, origin: tuple[int, ...], tape: Tape) -> tuple[str, int]:
    key = (view, entry.operation.extents, origin, tape.name)
    if key not in _known:
        steps: list[tuple[int, tuple[int, ...]]] = []
        for (_, factors), per_factor in zip(entry.operation.extents, view.steps, strict=True):
            steps += zip(factors, per_factor, strict=False)
        tensor = next((t for t in tape.tensors if t.name == view.tensor), None)
        bits, size = 0, view.dtype.bits // 4  # of an element, in half bytes
        unit = 1 if view.dtype.bits == 4 else 2  # of an address
        for point in product(*(range(extent) for extent, _ in steps)):
            place = [o + sum(n * s[d] for n, (_, s) in zip(point, steps, strict=True)) for d, o in enumerate(origin)]
            if tensor is None:
                first = place[0] * unit
            elif all(0 <= c < e for c, e in zip(place, tensor.shape, strict=True)):
                first = size * sum(c * s for c, s in zip(place, tensor.element_strides, strict=True))
            else:
                continue
            bits |= ((1 << size) - 1) << first
        _known[key] = (f"{view.memory}.{view.tensor}" if view.tensor else view.memory, bits)
    return _known[key]


def _known_before(tape: Tape, target: Target) -> list[int]:
    """For every issue, the events known to be past when it starts: bit 3x start, 3x + 1 release, 3x + 2 result."""
    before: list[int] = []
    last: dict[str, int] = {}
    counts = {queue.name: queue.count for queue in target.queues}
    spans = [_span(entry, target) for entry in tape.entries]
    for y, entry in enumerate(tape.entries):
        does = _does(entry, target)
        queue = does.channel if isinstance(does, Transfer) else does.unit
        past = 0
        if queue in last:
            x = last[queue]
            past |= before[x] | 1 << 3 * x
            occupancy, interval, _ = spans[x]
            if counts[queue] == 1 and occupancy <= interval:
                past |= 1 << (3 * x + 1)
        for x, event in entry.waits:
            past |= before[x] | 1 << 3 * x | 1 << (3 * x + (2 if event == "result" else 1))
            if event == "result" and spans[x][2] >= spans[x][0]:
                past |= 1 << (3 * x + 1)
        before.append(past)
        last[queue] = y
    return before


def _span(entry: Entry, target: Target) -> tuple[int, int, int]:
    """Occupancy, interval, latency; a transfer's do not depend on its size in the ways that order asks about."""
    does = _does(entry, target)
    if isinstance(does, Transfer):
        return 1, 1, 1
    known = {axis: entry.operation.extent(axis) for axis, _ in entry.operation.extents}
    known["initialise"] = int(entry.operation.mode == "initialise")
    costs = (does.occupancy_cycles, does.initiation_interval_cycles, does.latency_cycles)
    occupancy, interval, latency = (cycles(cost, known) for cost in costs)
    return occupancy, interval, latency
