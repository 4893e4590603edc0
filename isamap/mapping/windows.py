"""Which axes of an access, taken together, meet one element twice (the windows of a convolution overlap)?

An access is injective over a set S of axes iff no two points of their box give equal indices, that is, iff no
difference 0 != d with ``|d_x| < extent_x`` for x in S solves ``sum_x coefficient[n,x] * d_x = 0`` for every index n.
Extents are exact: with stride 2 and a filter of 2 nothing overlaps, nor does an axis of extent 1.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import z3

from isamap.ir.affine import Affine
from isamap.ir.hardware import Instruction
from isamap.ir.scalar import Access

Extents = tuple[tuple[str, int], ...]


@lru_cache(maxsize=1024)
def windows(access: Access, extents: Extents) -> tuple[frozenset[str], ...]:
    """The smallest sets of axes over which ``access`` is not injective; an axis inside ``//`` or ``%``, or in an
    index that is itself an access, is a set of its own (no stride describes it)."""
    found = [frozenset((axis,)) for axis in access.axes if axis in nonlinear_axes(access)]
    indices = [index for index in access.indices if isinstance(index, Affine)]
    loose = _loose(indices, [axis for axis in access.axes if axis not in nonlinear_axes(access)])
    context = z3.Context() if loose else None
    for size in range(2, len(loose) + 1):
        for group in map(frozenset, combinations(loose, size)):
            if not any(smaller <= group for smaller in found) and _meets_twice(indices, group, dict(extents), context):
                found.append(group)
    return tuple(found)


def nonlinear_axes(access: Access) -> frozenset[str]:
    """The axes that no stride describes."""
    found: set[str] = set()
    for index in access.indices:
        if not isinstance(index, Affine):
            found.update(index.axes)
            continue
        for atom, _ in index.terms:
            found.update(() if isinstance(atom, str) else atom.numerator.axes)
    return frozenset(found)


def is_injective(access: Access, extents: Extents) -> bool:
    """Does ``access`` give every point of its axes an element of its own?"""
    return not windows(access, extents)


def overlaps(access: Access, extents: Extents, mapped: frozenset[str]) -> bool:
    """Does ``access`` meet one element twice while the axes ``mapped`` run?"""
    return any(group <= mapped for group in windows(access, extents))


@lru_cache(maxsize=1024)
def lane_windows(access: Access, extents: Extents) -> tuple[Affine, ...] | None:
    """The indices of an instruction's ``access`` in which lanes meet (``p + r``), less the axes along which no two do;
    None where lanes meet in another way: in ``//`` or ``%``, or along an axis of two such indices."""
    if is_injective(access, extents):
        return ()
    if nonlinear_axes(access):
        return None
    indices = [index for index in access.indices if isinstance(index, Affine)]
    room = {axis: extent for axis, extent in extents if axis in access.axes}
    context = z3.Context()
    met = {axis for axis in _loose(indices, list(room)) if _meets_twice(indices, frozenset(room), room, context, axis)}
    parts = [Affine(tuple((axis, c) for axis, c in index.terms if axis in met)) for index in indices]
    mentioned = [axis for part in parts for axis in part.axes]
    return tuple(part for part in parts if part.terms) if len(mentioned) == len(set(mentioned)) else None


def _loose(indices: list[Affine], axes: list[str]) -> list[str]:
    """The axes whose value the indices do not determine at once: drop an axis that is alone in an index, repeat."""
    left = list(axes)
    while True:
        alone = {here[0] for index in indices if len(here := [x for x in left if index.coefficient(x)]) == 1}
        if not alone:
            return left
        left = [axis for axis in left if axis not in alone]


def _meets_twice(
    indices: list[Affine], group: frozenset[str], extents: dict[str, int], context: z3.Context, axis: str = ""
) -> bool:
    """Do two points of the box of ``group`` meet that differ along ``axis``, or along every axis where none is said?"""
    solver = z3.Solver(ctx=context)
    difference = {x: z3.Int(x, context) for x in sorted(group)}
    for x, d in difference.items():
        solver.add(-extents[x] < d, d < extents[x])
    solver.add(*(d != 0 for x, d in difference.items() if axis in ("", x)))
    for index in indices:
        solver.add(z3.Sum([z3.IntVal(0, context), *(index.coefficient(x) * d for x, d in difference.items())]) == 0)
    return solver.check() == z3.sat


def greatest(instruction: Instruction) -> Extents:
    """The greatest extents of the instruction's axes."""
    return tuple((axis.name, axis.most) for axis in instruction.axes)
