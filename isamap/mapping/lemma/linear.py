"""Terms as sums of others: ``value = wrap(constant + sum of coefficient * atom)`` in the term's type.

Sums, differences, products with constants and casts are taken apart, and choices whose outcome the intervals show;
everything else is an atom. ``exact`` forms hold
without the wrap. A cast keeps the form where its argument's is exact, or where no bit is added to those that the
argument's wrap has kept. Sums that were added up in another order, or in another type that holds them all, so become
one formula, and Z3 need not prove that addition is associative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from isamap.ir.dtype import DType
from isamap.mapping.lemma.interval import Interval, exact_interval, limits, within
from isamap.mapping.lemma.number import saturates
from isamap.mapping.lemma.term import Term, Terms


@dataclass(frozen=True)
class Linear:
    """The atoms by number, ascending, with coefficients other than 0."""

    parts: tuple[tuple[int, int], ...]
    constant: int = 0
    exact: bool = True

    def is_atom(self, number: int) -> bool:
        return self == Linear(((number, 1),))


def forms(terms: Terms, roots: Sequence[int], ranges: Mapping[int, Interval]) -> dict[int, Linear]:
    """Of every term below ``roots``, whose values lie in the intervals ``ranges``."""
    found: dict[int, Linear] = {}
    for number in terms.below(roots):
        term = terms[number]
        parts = [found[argument] for argument in term.arguments]
        types = [terms[argument].dtype for argument in term.arguments]
        if term.element is None:
            given = [ranges[argument] for argument in term.arguments]
            fits = within(exact_interval(term, given), limits(term.dtype))
            chosen = _chosen(term, given)
            form = _form(term, parts, types, fits) if chosen is None else parts[chosen]
        else:
            form = None
        found[number] = form or Linear(((number, 1),))
    return found


def _chosen(term: Term, given: Sequence[Interval]) -> int | None:
    """The argument that a ``max``, ``min`` or ``select`` gives whatever the inputs are; None: that depends on them."""
    match term.function:
        case "select" if given[0] == (0, 0) or not within((0, 0), given[0]):
            return 2 if given[0] == (0, 0) else 1
        case "max":
            best = max(range(len(given)), key=lambda n: given[n][0])
            return best if all(given[best][0] >= high for n, (_, high) in enumerate(given) if n != best) else None
        case "min":
            best = min(range(len(given)), key=lambda n: given[n][1])
            return best if all(given[best][1] <= low for n, (low, _) in enumerate(given) if n != best) else None
    return None


def _form(term: Term, parts: Sequence[Linear], types: Sequence[DType], fits: bool) -> Linear | None:
    """None: an atom. ``fits``: the result lies within the type, where nothing wraps or saturates."""
    exact = fits and all(part.exact for part in parts)
    if term.dtype.kind == "bool" or any(dtype.kind == "bool" for dtype in types):
        return None
    match term.function:
        case "constant":
            return Linear((), term.value)
        case "+":
            return _sum([(part, 1) for part in parts], exact)
        case "-":
            return _sum([(parts[0], 1), (parts[1], -1)], exact)
        case "neg":
            return _sum([(parts[0], -1)], exact)
        case "*" if sum(bool(part.parts) for part in parts) <= 1:
            factor = 1
            for part in parts:
                factor *= 1 if part.parts else part.constant
            return _sum([(next((part for part in parts if part.parts), Linear((), 1)), factor)], exact)
        case "cast" | "saturate" if fits or not saturates(term):
            if parts[0].exact or term.dtype.bits <= types[0].bits:
                return _sum([(parts[0], 1)], exact)
    return None


def _sum(parts: Iterable[tuple[Linear, int]], exact: bool) -> Linear:
    total: dict[int, int] = {}
    constant = 0
    for part, factor in parts:
        constant += factor * part.constant
        for atom, coefficient in part.parts:
            total[atom] = total.get(atom, 0) + factor * coefficient
    return Linear(tuple(sorted((atom, c) for atom, c in total.items() if c)), constant, exact)
