"""What a match would keep the instruction's unit busy for, transfers aside.

For an instruction axis d fed by kernel axes of extents E the fewest boxes n(d) of at most ``most`` points cover them
(one factor per kernel axis, edges ragged); axes that feed nothing are loops outside. So there are

    issues = prod_d n(d) * prod_{x outside} extent(x)        of II(e) cycles each, e(d) = max(prod E / n(d), least(d))

the interval taken at the mean extents e, which is exact where it is linear in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from isamap.errors import InvalidNoun
from isamap.ir.answers import Match
from isamap.ir.einsum import Einsum
from isamap.ir.expression import evaluate
from isamap.ir.hardware import Instruction
from isamap.mapping.utilisation import least_boxes


@dataclass(frozen=True)
class Busy:
    """Issues, cycles of one unit, and the mean extent of each axis of the instruction."""

    issues: int
    cycles: float
    extents: tuple[tuple[str, Fraction], ...]


def busy(einsum: Einsum, match: Match, instruction: Instruction) -> Busy:
    """Of all issues that do ``einsum`` as ``match`` says."""
    return busy_with(einsum, match.axes, instruction)


def busy_with(einsum: Einsum, axes: Sequence[tuple[str, tuple[str, ...]]], instruction: Instruction) -> Busy:
    """The same where kernel axes are fused into the instruction's as ``axes`` says."""
    extents, fused = einsum.extents, dict(axes)
    mapped = {x for names in fused.values() for x in names}
    issues = prod(extent for x, extent in extents.items() if x not in mapped)
    mean: dict[str, Fraction] = {}
    for axis in instruction.axes:
        sizes = tuple(sorted(extents[x] for x in fused.get(axis.name, ())))
        boxes = least_boxes(sizes, axis.most)
        issues *= boxes
        mean[axis.name] = max(Fraction(prod(sizes), boxes), Fraction(axis.least))
    try:
        interval = Fraction(evaluate(instruction.initiation_interval_cycles, {**mean, "initialise": Fraction(0)}))
    except InvalidNoun:
        interval = Fraction(1)
    return Busy(issues, float(issues * max(interval, Fraction(0))), tuple(mean.items()))
