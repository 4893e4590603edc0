"""The least that would have to change for a match to exist, and what it costs: smallest sets of relaxations.

A relaxation changes the question (another freedom, rules or clauses left out) or the kernel (an axis split in two).
Sets are tried smallest first; those that leave a known core of clashing rules whole are never asked (``question``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from math import prod

from isamap.mapping.copies import copied_bytes
from isamap.mapping.givens import Freedom, Givens
from isamap.mapping.realisation import realisation
from isamap.mapping.symmetry import turns
from isamap.mapping.why_not.question import Question
from isamap.mapping.why_not.relax import relaxations, told
from isamap.mapping.why_not.split import split

_TOLD = 3  # repairs of one instruction
_MOST = 64  # matches that are looked at for the fewest bytes to copy


def repairs(g: Givens, freedom: Freedom) -> tuple[str, ...]:
    """A sentence per smallest set of relaxations, those that are the same turned round told once: of several the
    ``_TOLD`` that leave most of the instruction's use."""
    every, all_turns = relaxations(g, freedom), turns(g)
    optional = sorted({name for one in every for name in one.without})
    asked: dict[tuple[object, ...], Question] = {}
    for size in range(1, len(every) + 1):
        found: dict[tuple[object, ...], tuple[Fraction, str]] = {}
        for group in combinations(every, size):
            freer = replace(freedom, **dict(pair for one in group for pair in one.change))  # type: ignore[arg-type]
            splits = tuple(one.split for one in group if one.split)
            without = frozenset(name for one in group for name in one.without)
            if (freer, splits) not in asked:
                asked[freer, splits] = Question(_with_splits(g, splits), freer, optional)
            question = asked[freer, splits]
            name = (*(one.text for one in group if not one.empty), _emptied(g, without, all_turns))
            if name not in found and question.possible(without):
                share = prod((one.share for one in group), start=Fraction(1))
                found[name] = share, told(g, group) + _copies(question, without, freedom)
        if found:
            best = sorted(found.values(), key=lambda entry: -entry[0])
            return tuple(text for _, text in best[:_TOLD])
    return ()


def _with_splits(g: Givens, splits: Iterable[tuple[str, int]]) -> Givens:
    for axis, inner in splits:
        g = replace(g, einsum=split(g.einsum, axis, inner))
    return g


def _copies(question: Question, without: frozenset[str], freedom: Freedom) -> str:
    """What a freer question copies at least, among the first matches that it has."""
    g, freer = question.g, question.freedom
    if (freer.realise, freer.replicate) == (freedom.realise, freedom.replicate):
        return ""
    least: dict[str, int] | None = None
    for solution in question.some(without, _MOST):
        held = {o.name: n for o, n in zip(g.operands, g.orientations[solution.orientation], strict=True)}
        fused = {d.name: axes for d, axes in zip(g.axes, solution.axes, strict=True)}
        needs = dict(realisation(g, solution.orientation, solution.axes))
        copies = copied_bytes(g.einsum, g.instruction, fused, held, needs)
        if least is None or sum(copies.values()) < sum(least.values()):
            least = {g.tensors[held[name]].name: size for name, size in copies.items()}
    if not least:
        return ": nothing is copied"
    return ": copies of " + " and ".join(f"{tensor} take {size:,} bytes" for tensor, size in least.items())


def _emptied(g: Givens, without: frozenset[str], all_turns: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """The axes left empty, by position, in the first of the turns of the instruction."""
    empty = [n for n, d in enumerate(g.axes) if f"fed {d.name}" in without]
    return min(tuple(sorted(turn[n] for n in empty)) for turn in all_turns)
