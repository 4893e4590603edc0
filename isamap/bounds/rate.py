"""The least cost, and the least cost per unit of work, over ranges: never too high, whatever the expression.

A bound that calls a program optimal must hold for every extent, not only for those looked at. Small ranges are
enumerated. For large ones rounding is first relaxed (``ceil(x) >= x``, ``floor(x) >= x - 1``). If what is left is of
degree at most 1 in every variable, the ratio is ``a + b / x`` along each axis: monotone, so that its least value lies
at a corner of the ranges. The greatest of several costs is at least what each is at least. Anything else: no claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product
from math import prod

from isamap.ir.expression import Call, Expression, Name, Number, evaluate

Range = tuple[int, int]
Ranges = tuple[tuple[str, Range], ...]
_MOST_POINTS = 5_000


def least_rate(cost: Expression, work: Mapping[str, Range], other: Mapping[str, Range]) -> float:
    """The least of ``cost`` over the product of ``work``'s variables, over all ranges (both ends included); at least
    0, which is also the answer where nothing is known."""
    return max(0.0, _least(cost, tuple(work.items()), tuple(other.items()), _MOST_POINTS) or 0.0)


def least_value(cost: Expression, ranges: Mapping[str, Range]) -> float | None:
    """The least of ``cost`` over all ranges, which may be negative; None where nothing is known."""
    return _least(cost, (), tuple(ranges.items()), _MOST_POINTS)


@lru_cache(maxsize=4096)
def _least(cost: Expression, work: Ranges, other: Ranges, most_points: int) -> float | None:
    ranges = {**dict(work), **dict(other)}
    if prod(high - low + 1 for low, high in ranges.values()) <= most_points:
        return _least_of(cost, work, {name: range(low, high + 1) for name, (low, high) in ranges.items()})
    if isinstance(cost, Call) and cost.function == "max":
        known = [_least(part, work, other, most_points) for part in cost.arguments]
        return max((value for value in known if value is not None), default=None)
    relaxed = _relaxed(cost, below=True)
    if relaxed is None or any((_degree(relaxed, name) or 0) > 1 for name in ranges) or _degree(relaxed, "") is None:
        return None
    return _least_of(relaxed, work, {name: {low, high} for name, (low, high) in ranges.items()})


def _least_of(cost: Expression, work: Ranges, choices: Mapping[str, Iterable[int]]) -> float:
    points = (dict(zip(choices, point, strict=True)) for point in product(*choices.values()))
    return min(float(evaluate(cost, point)) / prod(point[name] for name, _ in work) for point in points)


def _relaxed(cost: Expression, *, below: bool) -> Expression | None:
    """An expression without rounding that is never above ``cost`` (``below``) or never below it; None: not known."""
    match cost:
        case Number() | Name():
            return cost
        case Call("ceil" | "floor" as rounding, (inner,)):
            part = _relaxed(inner, below=below)
            slack = {("ceil", False): 1, ("floor", True): -1}.get((rounding, below), 0)
            return part and Call("+", (part, Number(slack)))
        case Call("+" | "-" as sign, (left, right)):
            one, two = _relaxed(left, below=below), _relaxed(right, below=below == (sign == "+"))
            return one and two and Call(sign, (one, two))
        case Call("*", (left, right)) if isinstance(left, Number) and left.value >= 0:
            part = _relaxed(right, below=below)
            return part and Call("*", (left, part))
        case Call("*" | "/" as sign, (left, right)) if isinstance(right, Number) and right.value > 0:
            part = _relaxed(left, below=below)
            return part and Call(sign, (part, right))
        case Call("*", (left, right)) if _degree(cost, "") is not None:
            return cost  # a product of variables, no rounding in it
    return None


def _degree(cost: Expression, name: str) -> int | None:
    """The degree of a polynomial in ``name``; None where ``cost`` is no polynomial."""
    match cost:
        case Number():
            return 0
        case Name(variable):
            return int(variable == name)
        case Call("+" | "-" | "*" as sign, (left, right)):
            one, two = _degree(left, name), _degree(right, name)
            if one is None or two is None:
                return None
            return one + two if sign == "*" else max(one, two)
        case Call("/", (left, Number())):
            return _degree(left, name)
    return None
