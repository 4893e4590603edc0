"""A cost as a sum of products of names, where it is one."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from isamap.ir.expression import Call, Expression, Name, Number

Monomials = dict[frozenset[str], Fraction]


def monomials(cost: Expression) -> Monomials | None:
    """The sum of products that ``cost`` is, each name at most once in a product; None where it is something else."""
    match cost:
        case Number(value):
            return {frozenset(): Fraction(str(value))}
        case Name(name):
            return {frozenset((name,)): Fraction(1)}
        case Call("neg", (inner,)):
            return monomials(Call("*", (Number(-1), inner)))
        case Call("+" | "-" as sign, (left, right)):
            one, two = monomials(left), monomials(right)
            if one is None or two is None:
                return None
            found = dict(one)
            for key, coefficient in two.items():
                found[key] = found.get(key, Fraction(0)) + (coefficient if sign == "+" else -coefficient)
            return found
        case Call("*", (left, right)):
            return _times(monomials(left), monomials(right))
        case Call("/", (left, Number(value))) if value:
            return _times(monomials(left), {frozenset(): 1 / Fraction(str(value))})
    return None


def _times(one: Monomials | None, two: Monomials | None) -> Monomials | None:
    if one is None or two is None or any(a & b for a in one for b in two):
        return None
    found: Monomials = {}
    for (a, left), (b, right) in product(one.items(), two.items()):
        found[a | b] = found.get(a | b, Fraction(0)) + left * right
    return found
