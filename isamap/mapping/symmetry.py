"""When are two matches the same one, turned round?

A *turn* is a permutation of the reads of an einsum that leaves its expression and types unchanged (a*b is b*a),
together with the permutation of its axes that goes with it, such that every access becomes the one it changes places
with. On ``C[i,j] += A[k,i] * B[k,j]`` swapping A and B swaps i and j. Turns of the instruction and turns of the kernel
both make one match of another: a matrix product on ``C[i] += A[k] * B[i,k]`` runs along n or along m, and transposed
the kernel is itself. Accesses are compared as sets of indices: in which order a tensor has its dimensions, where it
begins, at what stride it is read along a dimension of its own and how long its axes are play no part, so a turned
match may use a lopsided unit better: all of them are kept beside the count. A convolution has no turn: its image is
read at p + r, its filter at r alone. Axes that index exactly the same accesses are kept in order: interchanging those
is another match.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import gcd

from isamap.ir.affine import Affine
from isamap.ir.scalar import Access, without_identity_casts
from isamap.mapping.givens import Axes, Givens
from isamap.mapping.orientation import pairings

Turn = dict[str, str]


def turns(g: Givens) -> tuple[tuple[int, ...], ...]:
    """Those of the instruction: for each of its axes, by position, which axis it becomes."""
    types = {operand.name: operand.dtype for operand in g.instruction.operands}
    dtypes = [str(operand.dtype) for operand in g.operands]
    value = without_identity_casts(g.meaning.value, types)
    names = [axis.name for axis in g.axes]
    forms = [_lanes(g, n) for n in range(len(g.accesses))]
    found = {
        tuple(names.index(turn[name]) for name in names)
        for sigma in ((0, *way) for way in pairings(value, value))
        if (turn := _turn(names, g.dependence, forms, dtypes, sigma)) is not None
    }
    return tuple(sorted(found))


def kernel_turns(g: Givens) -> tuple[Turn, ...]:
    """Those of the kernel: for each of its axes which one it becomes."""
    types = {tensor.name: tensor.dtype for tensor in g.tensors}
    dtypes = [str(tensor.dtype) for tensor in g.tensors]
    value = without_identity_casts(g.einsum.value, types)
    forms = [_form(access) for access in g.kernel_accesses]
    found = (_turn(list(g.extents), g.kernel_dependence, forms, dtypes, (0, *way)) for way in pairings(value, value))
    return tuple({tuple(turn.items()): turn for turn in found if turn is not None}.values())


def _turn(
    names: Sequence[str],
    dependence: Sequence[frozenset[str]],
    forms: Sequence[frozenset[Affine]],
    dtypes: Sequence[str],
    sigma: Sequence[int],
) -> Turn | None:
    """The axes' permutation that goes with the accesses' permutation ``sigma``; None where there is none."""
    groups: dict[frozenset[int], list[str]] = defaultdict(list)
    for name in names:
        groups[frozenset(n for n, depends in enumerate(dependence) if name in depends)].append(name)
    turn: Turn = {}
    for where, members in groups.items():
        image = groups.get(frozenset(sigma[n] for n in where), [])
        if len(image) != len(members):
            return None
        turn |= dict(zip(members, image, strict=True))
    same = all(dtypes[n] == dtypes[other] and _renamed(forms[n], turn) == forms[other] for n, other in enumerate(sigma))
    return turn if same else None


def _lanes(g: Givens, n: int) -> frozenset[Affine]:
    """What of an operand's access counts: its windows; lanes that share nothing are as good in any order."""
    shared = {axis for window in g.windows[n] for axis in window.axes}
    alone = (Affine(((axis, 1),)) for axis in g.dependence[n] - shared)
    return frozenset((*map(_plain, g.windows[n]), *alone))


def _form(access: Access) -> frozenset[Affine]:
    return frozenset(_plain(index) for index in access.indices if isinstance(index, Affine) and index.terms)


def _renamed(form: frozenset[Affine], turn: Turn) -> frozenset[Affine]:
    return frozenset(_plain(index.rename(lambda name: turn[name])) for index in form)


def _plain(index: Affine) -> Affine:
    """``index`` up to a factor and a constant."""
    factor = gcd(*(c for _, c in index.terms)) * (1 if index.terms[0][1] > 0 else -1)
    return Affine(tuple((atom, c // factor) for atom, c in index.terms))


def canonical(
    axes: Axes, all_turns: Sequence[tuple[int, ...]], all_kernel_turns: Sequence[Turn]
) -> tuple[tuple[str, ...], ...]:
    """One name for all matches that are the same, turned round: the least of the turned sets of kernel axes."""
    images = []
    for renamed in all_kernel_turns:
        sets = [tuple(sorted(renamed[x] for x in fused)) for fused in axes]
        for turn in all_turns:
            image: list[tuple[str, ...]] = [()] * len(sets)
            for position, becomes in enumerate(turn):
                image[becomes] = sets[position]
            images.append(tuple(image))
    return min(images)
