"""The value of a term for given inputs: exact integers, wrapped into the type after every operation.

Shifts by less than nothing or by more than all bits leave what the sign leaves; dividing by 0 gives 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

from isamap.mapping.lemma.term import Element, Term, Terms

EXACT: dict[str, Callable[..., int]] = {
    "neg": lambda a: -a, "abs": abs, "floor": lambda a: a, "ceil": lambda a: a, "round": lambda a: a,
    "+": lambda *a: sum(a), "-": lambda a, b: a - b, "*": lambda *a: prod(a), "max": max, "min": min,
    "/": lambda a, b: a // b if b else 0, "//": lambda a, b: a // b if b else 0, "%": lambda a, b: a % b if b else 0,
    ">>": lambda a, b: a >> b if b >= 0 else a >> 64, "&": lambda a, b: a & b, "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b, "select": lambda c, a, b: a if c else b, "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b), ">": lambda a, b: int(a > b), ">=": lambda a, b: int(a >= b),
    "==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b), "cast": lambda a: a, "saturate": lambda a: a,
    "<<": lambda a, b: a << b if 0 <= b < 64 else 0,
}  # fmt: skip


def applied(term: Term, values: Sequence[int]) -> int:
    """The value of ``term`` where its arguments have ``values``."""
    if term.function == "constant":
        return term.value
    exact = EXACT[term.function](*values)
    return int(term.dtype.saturate(exact) if saturates(term) else term.dtype.wrap(exact))


def saturates(term: Term) -> bool:
    """Does it clamp? A truth value has no limits: what is not 0 is true."""
    return term.function == "saturate" and term.dtype.kind != "bool"


def evaluate(terms: Terms, roots: Sequence[int], inputs: Mapping[Element, int]) -> list[int]:
    """The values of ``roots``."""
    found: dict[int, int] = {}
    for number in terms.below(roots):
        term = terms[number]
        if term.element is not None:
            found[number] = inputs[term.element]
        else:
            found[number] = applied(term, [found[argument] for argument in term.arguments])
    return [found[root] for root in roots]
