"""Inputs at the ends of their ranges: most mistakes show there, and trying them is cheaper than asking Z3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from isamap.mapping.lemma.interval import Interval, limits
from isamap.mapping.lemma.number import evaluate
from isamap.mapping.lemma.term import Element, Terms

_MOST_TENSORS = 6
_MOST_ELEMENTS = 256


def corners(terms: Terms, roots: Sequence[int], ranges: Mapping[str, Interval]) -> Iterator[dict[Element, int]]:
    """Every choice of an end for each tensor, all of its elements alike; the first ends are the greatest."""
    inputs = [term for term in map(terms.__getitem__, terms.below(roots)) if term.element is not None]
    ends = {term.element[0]: ranges.get(term.element[0], limits(term.dtype))[::-1] for term in inputs if term.element}
    if len(ends) > _MOST_TENSORS:
        return
    for choice in product(*ends.values()):
        value = dict(zip(ends, choice, strict=True))
        yield {term.element: value[term.element[0]] for term in inputs if term.element}


def simplified(
    terms: Terms, roots: tuple[int, int], inputs: Mapping[Element, int], ranges: Mapping[str, Interval]
) -> dict[Element, int]:
    """An example with as many zeros as can be put in one after the other; large ones stay as they are."""
    found = dict(sorted(inputs.items()))
    for element in found if len(found) <= _MOST_ELEMENTS else ():
        low, high = ranges.get(element[0], (0, 0))
        trial = {**found, element: 0}
        if low <= 0 <= high and len(set(evaluate(terms, roots, trial))) == 2:
            found = trial
    return found
