"""Lower bounds that hold for every program: latency, energy and traffic.

Latency is at least the work of the units and at least the time of the compulsory traffic on any channel, port or bus
that all of it must pass. Rates are the best that an instruction or transfer can reach over its extents or
sizes, and never too good to be true: see ``rate``.
"""

from __future__ import annotations

from itertools import combinations
from math import ceil, prod

from isamap.bounds.compulsory import compulsory_bytes
from isamap.bounds.rate import least_rate
from isamap.ir.einsum import Einsum
from isamap.ir.expression import Expression
from isamap.ir.hardware import Instruction, Target, Transfer
from isamap.ir.routes import computing
from isamap.ir.workload import Workload


def latency_bound_cycles(work: Workload, target: Target) -> int:
    """max(unit work, compulsory traffic) in cycles."""
    return max(unit_bound_cycles(work, target), traffic_bound_cycles(work, target))


def unit_bound_cycles(work: Workload, target: Target) -> int:
    """For any set of units: the einsums that only those can do, at their best rates, spread over all of them.

    The most that a set gives is the bound; an einsum that a transfer may do on the way out counts for none.
    """
    able = computing(target)
    counts = {unit.name: unit.count for unit in target.units}
    shares = []  # (units that can do it, the fewest cycles of one of them)
    for einsum in work.einsums:
        ways = [] if _on_the_way(target, einsum) else _same(able, einsum)
        if ways:
            cycles = prod(einsum.extents.values()) * min(cycles_per_point(i) for i in ways)
            shares.append((frozenset(i.unit for i in ways), cycles))
    names = sorted({name for units, _ in shares for name in units})
    best = 0.0
    for chosen in (set(group) for size in range(1, len(names) + 1) for group in combinations(names, size)):
        total = sum(cycles for units, cycles in shares if units <= chosen)
        best = max(best, total / sum(counts[name] for name in chosen))
    return ceil(best - 1e-9)


def _on_the_way(target: Target, einsum: Einsum) -> bool:
    """May a transfer do it, at no cost to any unit?"""
    return any(way.meaning is not None and way.meaning.operator == einsum.operator for way in target.transfers)


def _same(able: tuple[Instruction, ...], einsum: Einsum) -> list[Instruction]:
    """Instructions that reduce as ``einsum`` does, or could start afresh where it only assigns; the others cannot."""
    return [i for i in able if any(meaning.operator == einsum.operator for meaning in i.meaning) or _assigns(i, einsum)]


def _assigns(instruction: Instruction, einsum: Einsum) -> bool:
    return einsum.operator == "=" and instruction.initialise != "never"


def cycles_per_point(instruction: Instruction) -> float:
    """The fewest unit cycles per point of the instruction's domain."""
    return _least(instruction, instruction.initiation_interval_cycles)


def _least(instruction: Instruction, cost: Expression) -> float:
    """Cost per point of one einsum; an instruction of several einsums may do a point of each."""
    extents = {axis.name: (axis.least, axis.most) for axis in instruction.axes}
    return least_rate(cost, extents, {"initialise": (0, 1)}) / len(instruction.meaning)


def traffic_bound_cycles(work: Workload, target: Target) -> int:
    """Compulsory bytes in and out over the best rate of whatever all of them must pass."""
    outer, most = target.outermost.name, target.outermost.capacity_bytes
    if any(operand.memory == outer for instruction in target.instructions for operand in instruction.operands):
        return 0  # data may come and go without a transfer
    bytes_in, bytes_out = compulsory_bytes(work)
    ways_in = [transfer for transfer in target.transfers if transfer.source_memory == outer]
    ways_out = [transfer for transfer in target.transfers if transfer.destination_memory == outer]
    needed = {"in": (bytes_in, ways_in), "out": (bytes_out, ways_out)}
    counts = {channel.name: channel.count for channel in target.channels}
    counts |= {resource.name: 1 for resource in target.resources}
    best = 0
    for name, count in counts.items():
        cycles = sum(
            size * min(_per_byte(way.cost_cycles, most) for way in ways)
            for size, ways in needed.values()
            if ways and all(_passes(way, name) for way in ways)
        )
        best = max(best, ceil(cycles / count - 1e-9))
    return best


def _passes(transfer: Transfer, name: str) -> bool:
    held = {use.resource for use in transfer.uses if use.bytes_per_cycle is None}
    return name == transfer.channel or name in held


def _per_byte(cost: Expression, most_bytes: int) -> float:
    """The least cost per byte of transfers of up to ``most_bytes``."""
    return least_rate(cost, {"bytes": (1, most_bytes)}, {"border_bytes": (0, most_bytes), "rows": (1, most_bytes)})


def energy_bound_pj(work: Workload, target: Target) -> float | None:
    """Compulsory traffic and the points' own energy; None where the machine states no energy."""
    outer, able = target.outermost.name, computing(target)
    total = 0.0
    for einsum in work.einsums:
        if _on_the_way(target, einsum):
            continue
        costs = [_least(i, i.energy_pj) for i in _same(able, einsum) if i.energy_pj is not None]
        if not costs:
            return None
        total += prod(einsum.extents.values()) * min(costs)
    for size, inward in zip(compulsory_bytes(work), (True, False), strict=True):
        ways = [t for t in target.transfers if (t.source_memory if inward else t.destination_memory) == outer]
        rates = [_per_byte(way.energy_pj, target.outermost.capacity_bytes) for way in ways if way.energy_pj is not None]
        if ways and not rates:
            return None
        total += size * min(rates, default=0.0)
    return total
