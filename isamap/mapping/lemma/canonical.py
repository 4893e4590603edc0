"""Pairs of terms that are the same up to the names of their inputs: one proof is enough for all of them.

A walk from the roots gives every term the number of its first visit; each input element is one term. Two pairs with
the same description are the same formula with the elements renamed one to one, each to an element of the same tensor,
hence of the same type and range: what satisfies one, renamed, satisfies the other.
"""

from __future__ import annotations

from collections.abc import Iterable

from isamap.mapping.lemma.term import Terms
from isamap.mapping.lemma.unroll import Pair

Description = tuple[tuple[object, ...], ...]


def description(terms: Terms, roots: tuple[int, ...]) -> Description:
    """Equal for roots that are equal up to a renaming of elements within their tensors."""
    number: dict[int, int] = {}
    rows: list[tuple[object, ...]] = []
    for term_number in terms.below(roots):
        term = terms[term_number]
        number[term_number] = len(number)
        what = term.element[0] if term.element is not None else term.value
        rows.append((term.function, term.dtype.name, what, *(number[argument] for argument in term.arguments)))
    return (*rows, tuple(number[root] for root in roots))


def representatives(terms: Terms, pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """One pair of each description."""
    found: dict[Description, Pair] = {}
    for pair in pairs:
        if pair.meant != pair.done:
            found.setdefault(description(terms, (pair.meant, pair.done)), pair)
    return tuple(found.values())
