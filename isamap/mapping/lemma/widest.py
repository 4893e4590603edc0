"""The widest range of one operand for which an instruction does what it means, all other operands as they may be.

A range that lies in another one that agrees agrees too, so that the ends are found by bisection: of unsigned types the
upper end from 0, of signed ones first the same distance both ways, then each end alone. A counter-example cuts the
bisection short: no range that holds its values agrees. What Z3 does not decide counts as differing, three times; then
the range that is proved so far is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from isamap.ir.hardware import Instruction
from isamap.mapping.lemma.interval import Interval, limits
from isamap.mapping.lemma.prove import Lemma, lemma

_LIMIT = 20_000_000  # of Z3's work per question
_MOST_UNKNOWN = 3


@lru_cache(maxsize=256)
def widest_range(instruction: Instruction, operand: str) -> Interval | None:
    """The range, both ends included; None where they differ even for 0 alone, or where nothing is proved.

    Ranges of the file hold for the other operands and bound this one."""
    given = {name: (int(low), int(high)) for name, (low, high) in instruction.value_ranges}
    dtype = instruction.operand(operand).dtype
    if instruction.implementation is None or dtype.is_float:
        return None
    least, most = given.get(operand, limits(dtype))
    if not least <= 0 <= most:
        return None

    def asked(interval: Interval) -> Lemma:
        return lemma(instruction, {**given, operand: interval}, _LIMIT)

    if asked((0, 0)).verdict != "equal":
        return None
    both = _furthest(operand, asked, lambda d: (max(least, -d), min(most, d)), max(-least, most))
    low, high = max(least, -both), min(most, both)
    high = _furthest(operand, asked, lambda d: (low, d), most, high)
    return -_furthest(operand, asked, lambda d: (-d, high), -least, -low), high


def _furthest(
    operand: str, asked: Callable[[Interval], Lemma], interval: Callable[[int], Interval], most: int, agreed: int = 0
) -> int:
    """The largest d up to ``most`` for which ``interval(d)`` agrees, given that ``agreed`` does."""
    if agreed >= most:
        return agreed
    at = most  # often all of it agrees, or all but a little
    unknown = 0
    while unknown < _MOST_UNKNOWN:
        found = asked(interval(at))
        unknown += found.verdict == "unknown"
        if found.verdict == "equal":
            agreed = at
        else:
            most = min(at - 1, _reached(found, operand, interval(agreed)) - 1)
        if agreed >= most:
            break
        at = (agreed + most + 1) // 2
    return agreed


def _reached(found: Lemma, operand: str, agreed: Interval) -> int:
    """How far from 0 the values of a counter-example lie that are outside what agreed: no range that holds them all
    agrees. Without an example the range that was asked about is all that is known."""
    if found.counterexample is None:
        return 1 << 64
    values = [value for (name, _), value in found.counterexample.inputs if name == operand]
    return max((abs(value) for value in values if not agreed[0] <= value <= agreed[1]), default=1 << 64)
