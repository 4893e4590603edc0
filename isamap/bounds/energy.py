"""A lower bound on energy: what points, results and traffic cost at least.

    points      every point at the least energy per point of any instruction, over all extents that an issue may have:
                the larger the tile, the fewer words are read per point. It includes what issues read and write
    results     where sums grow in a memory that is left only by moves, every sum that is begun afresh there and is of
                any use, and every result at the end, is moved out for d pJ at least
    traffic     the bytes that are forced (``forced``), at the least energy per byte of the way in or out

An issue that begins afresh may cost less than one that continues. Then, for any 0 <= u <= d, the moves pay u pJ for
each result, and d - u for each sum begun: with E(fresh) + (d - u) * sums in place of E(fresh), the least of both
modes' energy per point times the points, plus u times the results, is a bound. The best of several u is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

from isamap.bounds.chain import reads_outermost
from isamap.bounds.compulsory import compulsory_bytes
from isamap.bounds.demand import able, moves_out, per_byte, per_point, results, ways_in, ways_out
from isamap.bounds.forced import forced_bytes
from isamap.bounds.rate import least_rate
from isamap.ir.einsum import Einsum
from isamap.ir.expression import Call, Expression, Name, Number, evaluate
from isamap.ir.hardware import Instruction, Target, Transfer
from isamap.ir.workload import Workload

_MODES = {"never": (0,), "always": (1,), "optional": (0, 1)}


def energy_bound_pj(work: Workload, target: Target) -> float | None:
    """The sum of the three; None where an instruction or transfer that may be needed states no energy."""
    total = 0.0
    for einsum in work.einsums:
        ways = able(target, einsum)
        if any(way.energy_pj is None for way in ways):
            return None
        total += _einsum_pj(einsum, ways, target) if ways else 0.0
    if reads_outermost(target):
        return total
    rates = [_per_byte(ways, target) for ways in (ways_in(target), ways_out(target))]
    if None in rates:
        return None
    known, sizes = [rate or 0.0 for rate in rates], compulsory_bytes(work)
    total += sum(size * rate for size, rate in zip(sizes, known, strict=True))
    return total + (forced_bytes(work, target) - sum(sizes)) * min(known)


def _per_byte(ways: Sequence[Transfer], target: Target) -> float | None:
    rates = [per_byte(way.energy_pj, target) if way.energy_pj is not None else None for way in ways]
    return None if None in rates else min((rate for rate in rates if rate is not None), default=0.0)


def _einsum_pj(einsum: Einsum, ways: Sequence[Instruction], target: Target) -> float:
    """Points and results of one einsum."""
    points, written = prod(einsum.extents.values()), results(einsum)
    moves = moves_out(target, tuple(ways)) if len(einsum.outputs) == 1 else ()
    each = min((per_point(move, move.energy_pj) if move.energy_pj is not None else 0.0 for move in moves), default=0.0)
    shares = {0.0, each, *(max(0.0, each - _saved(way)) for way in ways)}
    return max(
        points * min(_least(way, each - share, fresh) for way in ways for fresh in _MODES[way.initialise])
        + share * written
        for share in shares
    )


def _least(way: Instruction, sum_pj: float, fresh: int) -> float:
    """pJ per point of issues of one mode, those that begin afresh with ``sum_pj`` for each sum."""
    assert way.energy_pj is not None
    cost: Expression = way.energy_pj
    if fresh and sum_pj > 0 and len(way.written) == 1:
        cost = Call("+", (cost, Call("*", (Number(sum_pj), _sums(way)))))
    extents = {axis.name: (axis.least, axis.most) for axis in way.axes}
    return least_rate(cost, extents, {"initialise": (fresh, fresh)}) / len(way.meaning)


def _sums(way: Instruction) -> Expression:
    """The expression of how many sums an issue writes."""
    found: Expression = Number(1)
    for axis in way.operand(way.written[0]).axes:
        found = Name(axis) if found == Number(1) else Call("*", (found, Name(axis)))
    return found


def _saved(way: Instruction) -> float:
    """What an issue that begins afresh saves per sum at the ends of the ranges: only a proposal for u."""
    assert way.energy_pj is not None
    most = 0.0
    for point in product(*({axis.least, axis.most} for axis in way.axes)):
        values = dict(zip(way.axis_names, point, strict=True))
        spent = [float(evaluate(way.energy_pj, {**values, "initialise": fresh})) for fresh in (0, 1)]
        most = max(most, (spent[0] - spent[1]) / float(evaluate(_sums(way), values)))
    return most
