"""Ragged tiles: what it costs that a place of an operand serves whole lanes only.

In one issue a *place* of an operand (A[k,i] at one k and i) holds one element and serves at most f points: the product
of the greatest extents of the axes that the operand lacks. An element that is met in F points of the domain (its fibre:
the N columns of B, for an element of A) must therefore stand in a place at least ceil(F / f) times. An issue of extents
e that costs cost(e) has prod e(d) places, over the axes d of the operand, so that none comes cheaper than c, the least
of cost(e) / places(e). Over all E elements

    total >= E * min { sum of c(t) : sum of f(t) >= F },   one t per place, of any able instruction and any operand

Nothing is said of how points are grouped: tiles of any shape, rows and columns in any combination, split reductions,
elements held twice. Counting tiles, ceil(M/16) * ceil(N/16), would say too much: three 16x16 tiles can cover 24x24
points, with rows and columns {0-15}, {8-23} and {0-7, 16-23} each. This counts ceil(24/16) * 24 / 16 = 3.

(For coverings by blocks this is J. Schönheim's bound, "On coverings", Pacific Journal of Mathematics 14, 1964.)
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from isamap.bounds.product import Product, fibre
from isamap.bounds.rate import least_rate
from isamap.ir.expression import Expression
from isamap.ir.hardware import Instruction

Priced = Sequence[tuple[Instruction, Expression, float]]  # an instruction, a cost, and what share of it counts
Place = tuple[int, float]  # points served at most, cost at least
_MOST_STATES = 20_000


def ragged_total(given: Product, ways: Priced) -> float:
    """The least total cost of a product done by ``ways``: the most that any of its tensors asks for, if one does."""
    points, best = prod(given.extents.values()), 0.0
    for factor in given.factors:
        met = fibre(factor, given.extents)
        found = [_places(way, written=factor is given.factors[2]) for way in ways]
        if met is None or any(places is None for places in found):
            continue
        places = _worth([place for some in found if some for place in some])
        each = _least_cover(met, places)
        rate = min((cost / served for served, cost in places), default=0.0)
        best = max(best, factor.elements * each + (points - factor.elements * met) * rate)
    return best


def _places(way: tuple[Instruction, Expression, float], *, written: bool) -> list[Place] | None:
    """The places that an element may stand in; None where an operand's lanes share elements."""
    instruction, cost, share = way
    if len(instruction.meaning) != 1:
        return None
    found = []
    for operand in instruction.operands:
        if (operand.name in instruction.written) != written:
            continue
        accesses = [
            a for a in (*instruction.meaning[0].outputs, *instruction.meaning[0].reads) if a.tensor == operand.name
        ]
        if not accesses or any(len(index.axes) != 1 for index in accesses[0].indices):
            return None
        mine = set(operand.axes)
        places = {a.name: (a.least, a.most) for a in instruction.axes if a.name in mine}
        lanes = {a.name: (a.least, a.most) for a in instruction.axes if a.name not in mine}
        least = least_rate(cost, places, {**lanes, "initialise": (0, 1)}) * share
        found.append((prod(most for _, most in lanes.values()), least))
    return found


def _worth(places: Sequence[Place]) -> list[Place]:
    """Without those that another serves as many points as for less; the most points first."""
    found: list[Place] = []
    for served, cost in sorted(places, key=lambda place: (-place[0], place[1])):
        if not found or cost < found[-1][1]:
            found.append((served, cost))
    return found


def _least_cover(met: int, places: Sequence[Place]) -> float:
    """min { sum of c(t) : sum of f(t) >= met }.

    Let b be the place of the best rate. Of any f(b) others some have an f that sums to a multiple of f(b), and as many
    b cost no more: fewer than f(b) others are ever needed, and all points beyond those are served by b.
    """
    if not places:
        return 0.0
    best = min(places, key=lambda place: (place[1] / place[0], -place[0]))
    others = max((served for served, _ in places if served != best[0]), default=0)
    if not others:
        return -(-met // best[0]) * best[1]
    many = max(0, met - (best[0] - 1) * others) // best[0]
    left = met - many * best[0]
    if left > _MOST_STATES:
        return met * best[1] / best[0]
    least = [0.0]
    for points in range(1, left + 1):
        least.append(min(least[max(0, points - served)] + cost for served, cost in places))
    return many * best[1] + least[left]
