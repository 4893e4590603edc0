"""The values that each term may have where its inputs lie in ranges: intervals that hold them all, not always tight.

``exact_interval`` bounds an operation on unbounded integers; where that leaves the type, wrapping may give any value
of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from isamap.ir.dtype import DType
from isamap.mapping.lemma.number import EXACT, saturates
from isamap.mapping.lemma.term import Term, Terms

Interval = tuple[int, int]  # both ends included
Ends = tuple[int | float, int | float]


def limits(dtype: DType) -> Interval:
    """The whole range of an integer type."""
    return int(dtype.least), 1 if dtype.kind == "bool" else int(dtype.most)


def hull(*parts: Interval) -> Interval:
    return min(low for low, _ in parts), max(high for _, high in parts)


def within(inner: Ends, outer: Ends) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def intervals(terms: Terms, roots: Sequence[int], ranges: Mapping[str, Interval]) -> dict[int, Interval]:
    """For every term below ``roots``; elements of a tensor without a range have all values of their type."""
    found: dict[int, Interval] = {}
    for number in terms.below(roots):
        term = terms[number]
        if term.element is not None:
            found[number] = ranges.get(term.element[0], limits(term.dtype))
        else:
            found[number] = settled(term, exact_interval(term, [found[argument] for argument in term.arguments]))
    return found


def settled(term: Term, exact: Interval) -> Interval:
    """What is left of ``exact`` in the term's type."""
    least, most = limits(term.dtype)
    if saturates(term):
        return min(max(exact[0], least), most), min(max(exact[1], least), most)
    if term.dtype.kind == "bool" and not exact[0] <= 0 <= exact[1]:
        return 1, 1
    return exact if within(exact, (least, most)) else (least, most)


def exact_interval(term: Term, parts: Sequence[Interval]) -> Interval:
    """Of the integer that the function gives before it is brought into the type."""
    match term.function:
        case "constant":
            return term.value, term.value
        case "+":
            return sum(low for low, _ in parts), sum(high for _, high in parts)
        case "-":
            return parts[0][0] - parts[1][1], parts[0][1] - parts[1][0]
        case "*":
            found = parts[0]
            for part in parts[1:]:
                found = _corners(lambda a, b: a * b, found, part)
            return found
        case "neg":
            return -parts[0][1], -parts[0][0]
        case "abs":
            low, high = parts[0]
            return (0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
        case "max" | "min" as function:
            return EXACT[function](low for low, _ in parts), EXACT[function](high for _, high in parts)
        case "select":
            return hull(*(parts[1:] if parts[0][0] <= 0 <= parts[0][1] else parts[1:2]))
        case "/" | "//" | "%" | "<<" | ">>" as function:
            return _BY_NAME[function](*parts)
        case "&" | "|" | "^" as function:
            return _bitwise(function, *parts)
        case "cast" | "saturate" | "floor" | "ceil" | "round":
            return parts[0]
    return _compared(term.function, *parts)


def _corners(operation: Callable[[int, int], int], one: Interval, other: Interval) -> Interval:
    """Of an operation that is monotone in each argument."""
    values = [operation(a, b) for a, b in product(one, other)]
    return min(values), max(values)


def _quotient(one: Interval, other: Interval) -> Interval:
    parts = [_corners(lambda a, b: a // b, one, side) for side in _without_zero(other)]
    return hull(*parts, *([(0, 0)] if other[0] <= 0 <= other[1] else []))


def _remainder(one: Interval, other: Interval) -> Interval:
    if one[0] >= 0 and one[1] < other[0]:
        return one
    least, most = min(0, other[0] + 1), max(0, other[1] - 1)
    return (least, min(most, one[1])) if one[0] >= 0 else (least, most)


def _without_zero(interval: Interval) -> list[Interval]:
    sides = ((interval[0], min(interval[1], -1)), (max(interval[0], 1), interval[1]))
    return [side for side in sides if side[0] <= side[1]]


def _left(one: Interval, other: Interval) -> Interval:
    counts = max(other[0], 0), min(other[1], 63)
    inside = [_corners(lambda a, b: a << b, one, counts)] if counts[0] <= counts[1] else []
    return hull(*inside, *([] if other == counts else [(0, 0)]))


def _right(one: Interval, other: Interval) -> Interval:
    counts = min(max(other[0], 0), 64), min(max(other[1], 0), 64)
    inside = _corners(lambda a, b: a >> b, one, counts)
    return hull(inside, _corners(lambda a, b: a >> b, one, (64, 64))) if other[0] < 0 else inside


def _bitwise(function: str, one: Interval, other: Interval) -> Interval:
    if function == "&" and max(one[0], other[0]) >= 0:
        return 0, min(high for low, high in (one, other) if low >= 0)
    bits = max(max(high, ~low).bit_length() for low, high in (one, other))
    return (0 if min(one[0], other[0]) >= 0 else -(1 << bits)), (1 << bits) - 1


def _compared(function: str, one: Interval, other: Interval) -> Interval:
    if function in ("==", "!="):
        apart = one[1] < other[0] or other[1] < one[0]
        same = one == other and one[0] == one[1]
        return ((1, 1) if apart == (function == "!=") else (0, 0)) if apart or same else (0, 1)
    values = [EXACT[function](a, b) for a, b in product(one, other)]
    return min(values), max(values)


_BY_NAME = {"/": _quotient, "//": _quotient, "%": _remainder, "<<": _left, ">>": _right}
