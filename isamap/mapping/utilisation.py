"""How much of the instruction's time a match uses, 0 to 1.

The product over the instruction's axes of

    E / (n * most * II(e) / II(most)),    e = max(E / n, least),

E the product of the fused kernel extents, n the least number of boxes (one factor per kernel axis, product at most
``most``) that cover them, e the extent that is used on average, II the initiation interval at that extent, the other
axes at their greatest. Where the unit takes as long for a part as for the whole this is E / (n * most): 35 on 16 lanes
is 35/48, an empty axis 1/16. Where the time is proportional to the extent (a reduction axis with a range) it is 1.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import prod

from isamap.errors import InvalidNoun
from isamap.ir.einsum import Axis
from isamap.ir.expression import evaluate
from isamap.ir.hardware import Instruction
from isamap.mapping.givens import Axes, Givens


def utilisation(g: Givens, axes: Axes) -> float:
    """Of the match that fuses ``axes``, one list of kernel axes per axis of the instruction."""
    used = Fraction(1)
    for axis, fused in zip(g.axes, axes, strict=True):
        used *= _of_axis(g.instruction, axis, tuple(sorted(g.extents[x] for x in fused)))
    return float(used)


def empty_share(instruction: Instruction, axis: Axis) -> Fraction:
    """What is left of the instruction's use where ``axis`` stays empty."""
    return _of_axis(instruction, axis, ())


@cache
def _of_axis(instruction: Instruction, axis: Axis, extents: tuple[int, ...]) -> Fraction:
    points, boxes = prod(extents), least_boxes(extents, axis.most)
    mean = max(Fraction(points, boxes), Fraction(axis.least))
    share = _interval(instruction, axis.name, mean) / _interval(instruction, axis.name, Fraction(axis.most))
    return min(Fraction(1), points / (boxes * axis.most * share))


def _interval(instruction: Instruction, name: str, extent: Fraction) -> Fraction:
    """Cycles of one issue with ``extent`` on one axis; a cost that cannot be computed counts as fixed."""
    values = {axis.name: Fraction(axis.most) for axis in instruction.axes} | {name: extent, "initialise": Fraction(0)}
    try:
        return max(Fraction(1), Fraction(evaluate(instruction.initiation_interval_cycles, values)))
    except InvalidNoun:
        return Fraction(1)


@cache
def least_boxes(extents: tuple[int, ...], most: int) -> int:
    """The fewest boxes of at most ``most`` points that cover a box of ``extents``: a factor per axis, edges ragged."""
    if prod(extents) <= most:
        return 1
    first, rest = extents[0], extents[1:]
    counts = {-(-first // factor) for factor in range(1, min(first, most) + 1)}
    return min(pieces * least_boxes(rest, most // -(-first // pieces)) for pieces in counts)
