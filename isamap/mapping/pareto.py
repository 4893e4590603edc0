"""Which matches of an einsum are worth trying: those that no other beats, the cheapest first.

Criteria of a match (einsum X with extents E, instruction axes d, boxes n(d) as in ``cost``):
    utilisation     of the instruction's time, 0 to 1 (``utilisation``); the more the better, all others the less
    bytes_copied    bytes of copies that the realisation makes, as packed (``copies``)
    initialise      1 where the accumulator must be filled or cleared before the first issue: the output continues from
                    an input, or the instruction has no mode that starts afresh
    issues          prod_d n(d) * prod_{x outside} E(x)
    cycles          issues * II at the mean extents, of one unit, and for each copied operand

                        bytes_copied * t(b, r) / b      b, r: bytes and rows of an issue's operand, of the same extents

                    t the least cycles of a way into the operand's memory (0 where the machine states none)
Dominance
    of two matches on one instruction the first beats the second where it is as good in every criterion and better in
    one; or as good in all, with the same tensors in its operands, and *contains* it: fuses more axes wherever the other
    fuses some, so that tiles of size 1 give the other back. Instructions are not compared: they differ in memories, in
    the ways there and in energy, which no criterion sees.
Rank
    by cycles, then bytes copied, issues, utilisation, how many axes are fused, and the order in which they were found
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from isamap.errors import InvalidNoun
from isamap.ir.answers import Match
from isamap.ir.expression import Expression, evaluate
from isamap.ir.hardware import Instruction, Operand, Target
from isamap.ir.routes import is_move
from isamap.ir.workload import Workload
from isamap.mapping.copies import copied_bytes
from isamap.mapping.cost import busy


@dataclass(frozen=True)
class Cost:
    """The criteria of a match; ``cycles`` is what ranks it."""

    utilisation: float
    bytes_copied: int
    initialise: bool
    issues: int
    cycles: float

    @property
    def criteria(self) -> tuple[float, ...]:
        """The less the better."""
        return (-self.utilisation, self.bytes_copied, self.initialise, self.issues, self.cycles)

    @property
    def rank(self) -> tuple[float, ...]:
        return (self.cycles, self.bytes_copied, self.issues, -self.utilisation)


@dataclass(frozen=True)
class Ranked:
    """A match with its cost; ``pareto``: no other of its instruction beats it."""

    match: Match
    cost: Cost
    pareto: bool


def ranked(work: Workload, target: Target, matches: Iterable[Match]) -> list[Ranked]:
    """The matches of one einsum, cheapest first."""
    costs = [(match, cost(work, target, match)) for match in matches]
    costs.sort(key=lambda entry: (entry[1].rank, -len(entry[0].mapped_axes)))
    return [Ranked(*entry, pareto=not any(_beats(other, entry) for other in costs)) for entry in costs]


def cost(work: Workload, target: Target, match: Match) -> Cost:
    """The criteria of ``match``; a store that computes on the way takes no unit."""
    if match.instruction in [transfer.name for transfer in target.transfers]:
        return Cost(match.utilisation, 0, False, 0, 0.0)
    einsum, instruction = work.einsums[match.einsum], target.instruction(match.instruction).under(match.modes)
    held = {operand: number for operand, _, number in match.operands}
    copies = copied_bytes(einsum, instruction, dict(match.axes), held, dict(match.realisation))
    spent = busy(einsum, match, instruction)
    extents = dict(spent.extents)
    copying = sum(size * _cycles_per_byte(target, instruction.operand(name), extents) for name, size in copies.items())
    continues = einsum.output.tensor in work.inputs
    filled = einsum.operator != "=" and (continues or instruction.initialise == "never")
    return Cost(match.utilisation, sum(copies.values()), filled, spent.issues, spent.cycles + copying)


def contains(match: Match, other: Match) -> bool:
    """Do tiles of size 1 along some axes of ``match`` give ``other``?"""
    fused = dict(match.axes)
    alike = (match.instruction, match.operands) == (other.instruction, other.operands)
    return alike and match != other and all(set(theirs) <= set(fused[axis]) for axis, theirs in other.axes)


def _beats(one: tuple[Match, Cost], other: tuple[Match, Cost]) -> bool:
    if one[0].instruction != other[0].instruction:
        return False
    pairs = list(zip(one[1].criteria, other[1].criteria, strict=True))
    better = any(mine < theirs for mine, theirs in pairs) or contains(one[0], other[0])
    return better and all(mine <= theirs for mine, theirs in pairs)


def _cycles_per_byte(target: Target, operand: Operand, extents: dict[str, Fraction]) -> float:
    """Of the quickest way into the operand's memory, for what an issue with ``extents`` reads."""
    sides = [extents[axis] for axis in operand.axes]
    size = prod(sides, start=Fraction(1)) * operand.dtype.bits / 8
    values = {"bytes": size, "border_bytes": Fraction(0), "rows": prod(sides[:-1], start=Fraction(1))}
    ways = [
        _cycles(transfer.cost_cycles, values) / size
        for transfer in target.transfers
        if transfer.destination_memory == operand.memory and transfer.meaning is None
    ]
    return float(min(ways or [_rate_of(move) for move in _moves(target, operand)], default=Fraction(0)))


def _moves(target: Target, operand: Operand) -> Sequence[Instruction]:
    """Instructions that bring such an operand from the outermost memory, where no transfer does."""
    ends = {operand.memory, target.outermost.name}
    moves = filter(is_move, target.instructions)
    return [
        move
        for move in moves
        if {o.memory for o in move.operands} == ends
        and (goal := move.operand(move.written[0])).memory == operand.memory
        and goal.dtype == operand.dtype
    ]


def _rate_of(move: Instruction) -> Fraction:
    """Cycles per byte of a full move."""
    most = {axis.name: Fraction(axis.most) for axis in move.axes}
    size = prod(most.values(), start=Fraction(1)) * move.operands[0].dtype.bits / 8
    return _cycles(move.initiation_interval_cycles, {**most, "initialise": Fraction(0)}) / size


def _cycles(expression: Expression, values: dict[str, Fraction]) -> Fraction:
    """A cost at mean extents; one that cannot be computed is counted as 1."""
    try:
        return max(Fraction(0), Fraction(evaluate(expression, values)))
    except InvalidNoun:
        return Fraction(1)
