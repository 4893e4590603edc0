"""When are two matches the same one, turned round?

A turn of an instruction is a permutation of its reads that leaves the expression and its types unchanged (a*b is b*a),
together with the permutation of its axes that goes with it. On ``C[i,j] += A[k,i] * B[k,j]`` swapping A and B swaps i
and j. Axes that index exactly the same accesses are kept in order: interchanging those is another match. Extents and
strides play no part, so a turned match may use a lopsided unit better: all of them are kept beside the count.
"""

from __future__ import annotations

from collections import defaultdict

from isamap.ir.scalar import without_identity_casts
from isamap.mapping.givens import Axes, Givens
from isamap.mapping.orientation import pairings


def turns(g: Givens) -> tuple[tuple[int, ...], ...]:
    """The permutations of the instruction's axes: for each axis, by position, which axis it becomes."""
    types = {operand.name: operand.dtype for operand in g.instruction.operands}
    value = without_identity_casts(g.meaning.value, types)
    found = set()
    for way in pairings(value, value):
        sigma = (0, *way)
        if all(g.operands[n].dtype == g.operands[other].dtype for n, other in enumerate(sigma)):
            found.add(_turned(g, sigma))
    return tuple(sorted(turn for turn in found if turn is not None))


def _turned(g: Givens, sigma: tuple[int, ...]) -> tuple[int, ...] | None:
    """The axes' permutation that goes with the reads' permutation ``sigma``; None where there is none."""
    groups: dict[frozenset[int], list[int]] = defaultdict(list)
    for position, axis in enumerate(g.axes):
        groups[frozenset(n for n, depends in enumerate(g.dependence) if axis.name in depends)].append(position)
    turn = [0] * len(g.axes)
    for where, members in groups.items():
        image = groups.get(frozenset(sigma[n] for n in where), [])
        if len(image) != len(members):
            return None
        for position, becomes in zip(members, image, strict=True):
            turn[position] = becomes
    return tuple(turn)


def canonical(axes: Axes, all_turns: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """One name for all matches that are the same, turned round: the least of the turned sets of kernel axes."""
    sets = [tuple(sorted(fused)) for fused in axes]
    images = []
    for turn in all_turns:
        image: list[tuple[str, ...]] = [()] * len(sets)
        for position, becomes in enumerate(turn):
            image[becomes] = sets[position]
        images.append(tuple(image))
    return min(images)
