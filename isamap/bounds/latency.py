"""Lower bounds that hold for every program: latency, energy and traffic.

Latency is at least the work of the units and at least the time of the compulsory traffic on any channel, port or bus
that all of it must pass. Rates are the best that an instruction or transfer reaches over its extents (corners of its
ranges) or sizes (powers of two): exact for costs that are linear or a linear one rounded up.
"""

from __future__ import annotations

from itertools import product
from math import ceil, prod

from isamap.bounds.compulsory import compulsory_bytes
from isamap.ir.einsum import Einsum
from isamap.ir.expression import Expression, evaluate
from isamap.ir.hardware import Instruction, Target, Transfer
from isamap.ir.routes import computing
from isamap.ir.workload import Workload

_SIZES_BYTES = tuple(1 << n for n in range(25))


def latency_bound_cycles(work: Workload, target: Target) -> int:
    """max(unit work, compulsory traffic) in cycles."""
    return max(unit_bound_cycles(work, target), traffic_bound_cycles(work, target))


def unit_bound_cycles(work: Workload, target: Target) -> int:
    """Points of all einsums over the best rate of any instruction, spread over all units that compute."""
    able = computing(target)
    counts = {unit.name: unit.count for unit in target.units}
    servers = sum(counts[name] for name in {instruction.unit for instruction in able}) or 1
    total = 0.0
    for einsum in work.einsums:
        total += prod(einsum.extents.values()) * min((cycles_per_point(i) for i in _same(able, einsum)), default=0.0)
    return ceil(total / servers - 1e-9)


def _same(able: tuple[Instruction, ...], einsum: Einsum) -> list[Instruction]:
    """Instructions that reduce as ``einsum`` does; the others cannot do it."""
    return [i for i in able if any(meaning.operator == einsum.operator for meaning in i.meaning)]


def cycles_per_point(instruction: Instruction) -> float:
    """The fewest unit cycles per point of the instruction's domain, over the corners of its ranges."""
    return _least(instruction, instruction.initiation_interval_cycles)


def _least(instruction: Instruction, cost: Expression) -> float:
    names = [axis.name for axis in instruction.axes]
    corners = product(*({axis.least, axis.most} for axis in instruction.axes), (0, 1))
    return min(
        float(evaluate(cost, dict(zip([*names, "initialise"], corner, strict=True)))) / prod(corner[:-1])
        for corner in corners
    )


def traffic_bound_cycles(work: Workload, target: Target) -> int:
    """Compulsory bytes in and out over the best rate of whatever all of them must pass."""
    outer = target.outermost.name
    bytes_in, bytes_out = compulsory_bytes(work)
    ways_in = [transfer for transfer in target.transfers if transfer.source_memory == outer]
    ways_out = [transfer for transfer in target.transfers if transfer.destination_memory == outer]
    needed = {"in": (bytes_in, ways_in), "out": (bytes_out, ways_out)}
    counts = {channel.name: channel.count for channel in target.channels}
    counts |= {resource.name: 1 for resource in target.resources}
    best = 0
    for name, count in counts.items():
        cycles = sum(
            size * min(_per_byte(way, way.cost_cycles) for way in ways)
            for size, ways in needed.values()
            if ways and all(_passes(way, name) for way in ways)
        )
        best = max(best, ceil(cycles / count - 1e-9))
    return best


def _passes(transfer: Transfer, name: str) -> bool:
    held = {use.resource for use in transfer.uses if use.bytes_per_cycle is None}
    return name == transfer.channel or name in held


def _per_byte(transfer: Transfer, cost: Expression) -> float:
    """The least cost per byte of a transfer, over powers of two (and whole blocks where they are fixed)."""
    blocks = [prod(transfer.block) * n for n in (1, 2, 4, 8)] if transfer.block else _SIZES_BYTES
    return min(float(evaluate(cost, {"bytes": size, "border_bytes": 0})) / size for size in blocks)


def energy_bound_pj(work: Workload, target: Target) -> float | None:
    """Compulsory traffic and the points' own energy; None where the machine states no energy."""
    outer, able = target.outermost.name, computing(target)
    total = 0.0
    for einsum in work.einsums:
        costs = [_least(i, i.energy_pj) for i in _same(able, einsum) if i.energy_pj is not None]
        if not costs:
            return None
        total += prod(einsum.extents.values()) * min(costs)
    for size, inward in zip(compulsory_bytes(work), (True, False), strict=True):
        ways = [t for t in target.transfers if (t.source_memory if inward else t.destination_memory) == outer]
        rates = [_per_byte(way, way.energy_pj) for way in ways if way.energy_pj is not None]
        if ways and not rates:
            return None
        total += size * min(rates, default=0.0)
    return total
