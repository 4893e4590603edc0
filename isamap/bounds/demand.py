"""What every program for a workload has to do, and whatever may do it: points, transfers, moves.

A *demand* is work that must be done by some of its ways, in any mixture. Whatever the mixture, a queue or resource is
held for no less than the demand's amount at the best rate of any way; where every way holds it, all of that falls on
it. A program *does* a workload where every point of every einsum is done by an issue (or on the way by a transfer that
computes): products with border values count, and rewrites are other workloads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from isamap.bounds.cover import ragged_total
from isamap.bounds.product import product_of
from isamap.bounds.rate import least_rate
from isamap.ir.einsum import Einsum
from isamap.ir.expression import Expression
from isamap.ir.hardware import Instruction, Target, Transfer
from isamap.ir.routes import computing, is_move
from isamap.ir.workload import Workload, is_copy

Operation = Instruction | Transfer
Price = Callable[[Operation], tuple[Expression, float]]  # a cost, and what share of it counts


@dataclass(frozen=True)
class Demand:
    """``least`` is the least total of a price over all mixtures of ``ways``. No way begins before ``lead_cycles``, and
    after the last one the last output byte is ``tail_cycles`` away."""

    ways: tuple[Operation, ...]
    least: Callable[[Price], float]
    lead_cycles: int = 0
    tail_cycles: int = 0


def able(target: Target, einsum: Einsum) -> tuple[Instruction, ...]:
    """Instructions that reduce as ``einsum`` does, or could start afresh where it only assigns; the others cannot.
    None where it needs no unit: a transfer may compute it on the way, or it only copies."""
    if is_copy(einsum) or any(
        t.meaning is not None and t.meaning.operator == einsum.operator for t in target.transfers
    ):
        return ()
    assigns = einsum.operator == "="
    return tuple(
        i
        for i in computing(target)
        if any(m.operator == einsum.operator for m in i.meaning) or (assigns and i.initialise != "never")
    )


def moves_out(target: Target, ways: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """The moves of which every result of ``ways`` needs one; empty where it may be read in place or leave otherwise."""
    homes = {o.memory for i in ways for o in i.operands if o.name in i.written}
    read = {o.memory for i in computing(target) for o in i.operands if o.name not in i.written}
    left = {transfer.source_memory for transfer in target.transfers}
    if not ways or homes & (read | left | {target.outermost.name}):
        return ()
    return tuple(
        i
        for i in target.instructions
        if is_move(i) and {o.memory for o in i.operands if o.name not in i.written} & homes
    )


def results(einsum: Einsum) -> int:
    """How many elements it writes."""
    return prod(einsum.extents[axis] for axis in einsum.parallel_axes)


def ways_in(target: Target) -> tuple[Transfer, ...]:
    """The transfers from the outermost memory."""
    return tuple(transfer for transfer in target.transfers if transfer.source_memory == target.outermost.name)


def ways_out(target: Target) -> tuple[Transfer, ...]:
    """The transfers to the outermost memory."""
    return tuple(transfer for transfer in target.transfers if transfer.destination_memory == target.outermost.name)


def per_point(instruction: Instruction, cost: Expression) -> float:
    """The least cost per point of one einsum; an instruction of several einsums may do a point of each."""
    extents = {axis.name: (axis.least, axis.most) for axis in instruction.axes}
    return least_rate(cost, extents, {"initialise": (0, 1)}) / len(instruction.meaning)


def per_byte(cost: Expression, target: Target) -> float:
    """The least cost per byte of transfers of any size."""
    most = target.outermost.capacity_bytes
    return least_rate(cost, {"bytes": (1, most)}, {"border_bytes": (0, most), "rows": (1, most)})


def points_demand(
    work: Workload, einsum: Einsum, ways: tuple[Instruction, ...], *, ragged: bool, lead: int = 0, tail: int = 0
) -> Demand:
    """All points of ``einsum``: at the best rate of any instruction, and ``ragged`` as ``cover`` says."""
    points, given = prod(einsum.extents.values()), product_of(work, einsum) if ragged else None

    def least(price: Price) -> float:
        priced = [(way, *price(way)) for way in ways]
        plain = points * min(per_point(way, cost) * share for way, cost, share in priced)
        return max(plain, ragged_total(given, priced)) if given is not None else plain

    return Demand(ways, least, lead, tail)


def bytes_demand(size: int, ways: tuple[Transfer, ...], target: Target, *, lead: int = 0, tail: int = 0) -> Demand:
    """So many bytes to or from the outermost memory."""

    def least(price: Price) -> float:
        return size * min((per_byte(cost, target) * share for cost, share in map(price, ways)), default=0.0)

    return Demand(ways, least, lead, tail)


def moves_demand(count: int, ways: tuple[Instruction, ...], *, lead: int = 0, tail: int = 0) -> Demand:
    """So many elements, by instructions that only copy."""

    def least(price: Price) -> float:
        return count * min(per_point(way, price(way)[0]) * price(way)[1] for way in ways)

    return Demand(ways, least, lead, tail)
