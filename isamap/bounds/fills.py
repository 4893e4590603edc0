"""Forced fills: what small accumulators cost a unit that stands still while they are filled.

Sums grow in memories that hold A elements of the output and that no instruction reads from otherwise. The *session* of
an element lasts from when its sum is begun there, afresh or by a fill, to when it leaves. The first one of each of the
E elements may begin afresh. Any other one takes up a sum that was begun before, which costs some resource R at least c
cycles: a fill, or an instruction that reads the sum as an operand and adds it. (One issue may do both that and points:
of its n operands at least one has as many places with sums as an n-th of all, and these serve no points.) Let R be held
by every issue, ``work`` cycles for all points at the best rate; then s sessions in a program of tau cycles take

    tau >= work + c * (s - E)                                                                                    (1)

Cut the program into j parts that load at most l = L / j bytes of the inputs each, L being what the way in can bring in
tau cycles beside the compulsory bytes. The issues of a part use x and y elements of the inputs with x*w(X) + y*w(Y) <=
S + l (l in the first part), and touch at most A + (sessions begun in it) elements of the output (none but these in the
first). By ``forced``'s volume and Cauchy's inequality over the parts

    2 * V * sqrt(w(X) * w(Y) / phi) <= sqrt( ((j-1) * (S+l)^2 + l^2) * ((j-1) * A + s) )                         (2)

The least tau for which an s satisfies (1) and, for every j that is tried, (2) is the bound. (A window argument as in
D. Irony, S. Toledo, A. Tiskin 2004, with two fast memories, one for the sums and one for the factors.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isamap.bounds.busiest import held, interval, queue_of, up
from isamap.bounds.compulsory import compulsory_bytes
from isamap.bounds.demand import Price, per_byte, per_point, points_demand, results, ways_in, ways_out
from isamap.bounds.forced import Volume, on_chip_bytes, volume
from isamap.bounds.rate import least_rate
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Instruction, Target, Transfer
from isamap.ir.routes import computing
from isamap.ir.workload import Workload


@dataclass(frozen=True)
class Window:
    """What (1) and (2) need: ``work_cycles`` and ``session_cycles`` on R; ``accumulators`` and ``elements`` are A and
    E, ``size_bytes`` S. In tau cycles the way in brings ``(tau - taken_cycles) / byte_cycles`` bytes."""

    given: Volume
    size_bytes: int
    accumulators: int
    elements: int
    work_cycles: float
    session_cycles: float
    taken_cycles: float
    byte_cycles: float

    def sessions(self, loaded: float, parts: int) -> float:
        """The fewest that (2) leaves, so many bytes of the inputs being loaded."""
        one, two, _ = self.given.element_bytes
        each = loaded / parts + max(one, two)
        room = (parts - 1) * (self.size_bytes + each) ** 2 + each**2
        return (2 * self.given.points) ** 2 * one * two / self.given.phi / room - (parts - 1) * self.accumulators

    def least_cycles(self) -> int:
        """The bound: ``work_cycles`` where that allows all that is needed."""
        loaded = self._loaded(self.work_cycles)
        every = {max(1, round(loaded / (share * self.size_bytes))) for share in (0.5, 1, 1.5, 2, 2.5, 3, 4, 6)}

        def needed(cycles: float) -> float:
            sessions = max(self.sessions(self._loaded(cycles), parts) for parts in every)
            return self.work_cycles + self.session_cycles * max(0.0, sessions - self.elements)

        low, high = self.work_cycles, needed(self.work_cycles)
        for _ in range(48):  # what is needed falls as there is more time
            middle = (low + high) / 2
            low, high = (middle, high) if needed(middle) > middle else (low, middle)
        return up(low)

    def _loaded(self, cycles: float) -> float:
        return max(1.0, (cycles - self.taken_cycles) / self.byte_cycles)


def fills_bound_cycles(work: Workload, einsum: Einsum, ways: Sequence[Instruction], target: Target) -> tuple[int, str]:
    """The greatest bound of all resources R for ``einsum``, which ``ways`` can do, and that R; 0 where none holds."""
    given = volume(work, einsum, target)
    found = [(0, "nothing")]
    if given is None or not ways or any(transfer.meaning is not None for transfer in target.transfers):
        return found[0]
    homes = {o.memory for i in ways for o in i.operands if o.name in i.written}
    if any(o.memory in homes and o.name not in i.written for i in computing(target) for o in i.operands):
        return found[0]
    bits = work.tensor(einsum.output.tensor).dtype.bits
    room = sum(m.capacity_bytes * m.count * 8 // bits for m in target.memories if m.name in homes)
    elements = results(einsum)
    for name, price in _prices(target):
        spent = points_demand(work, einsum, tuple(ways), ragged=False).least(price)
        again = _session_cycles(target, homes, price, bits / 8)
        for taken, byte in _ways_in(work, einsum, target) if spent and again else ():
            window = Window(given, on_chip_bytes(target), room, elements, spent, again, taken, byte)
            found.append((window.least_cycles(), name))
    return max(found)


def _prices(target: Target) -> Iterator[tuple[str, Price]]:
    """Resources that one issue holds at a time, or in part, and what an operation costs each."""
    for queue in target.queues:
        yield queue.name, _on_queue(queue.name, queue.count)
    for resource in target.resources:
        yield resource.name, held(target, resource.name)


def _session_cycles(target: Target, homes: set[str], price: Price, element_bytes: float) -> float:
    """The least that taking up one sum again costs: by a transfer or move into ``homes``, or by an instruction."""
    costs = []
    for transfer in target.transfers:
        if transfer.destination_memory in homes:
            costs.append(element_bytes * _rate(transfer, price, target))
    for instruction in target.instructions:
        cost, share = price(instruction)
        moves = instruction not in computing(target)
        if moves and {o.memory for o in instruction.operands if o.name in instruction.written} & homes:
            costs.append(per_point(instruction, cost) * share)
        for operand in () if moves else instruction.operands:
            if operand.name not in instruction.written:
                mine = {a.name: (a.least, a.most) for a in instruction.axes if a.name in operand.axes}
                others = {a.name: (a.least, a.most) for a in instruction.axes if a.name not in operand.axes}
                each = least_rate(cost, mine, {**others, "initialise": (0, 1)}) * share
                costs.append(each / (len(instruction.operands) - len(instruction.written)))
    return min(costs, default=0.0)


def _rate(transfer: Transfer, price: Price, target: Target) -> float:
    cost, share = price(transfer)
    return per_byte(cost, target) * share


def _ways_in(work: Workload, einsum: Einsum, target: Target) -> Iterator[tuple[float, float]]:
    """For each resource that all loads pass: what else must pass it, and the least that a byte takes, in cycles."""
    counts = {channel.name: channel.count for channel in target.channels}
    others, going = compulsory_bytes(work, frozenset(access.tensor for access in einsum.reads))
    for name in (*counts, *(resource.name for resource in target.resources)):
        price = _on_queue(name, counts[name]) if name in counts else held(target, name)
        byte = min((_rate(transfer, price, target) for transfer in ways_in(target)), default=0.0)
        if byte > 0:
            out = min((_rate(transfer, price, target) for transfer in ways_out(target)), default=0.0)
            yield others * byte + going * out, byte


def _on_queue(name: str, count: int) -> Price:
    return lambda way: (interval(way)[0], float(queue_of(way) == name) / count)
