"""Is a match right? Queries without quantifiers that must have no model.

Givens: kernel axes x with extents E[x]; the list of kernel axes fused into each instruction axis. An issue is a tile
t[x] of each axis, of any size T[x] >= 1, shorter at the edge: it does u[x] in [0, min(T[x], E[x] - T[x]*t[x])) at the
point x = T[x]*t[x] + u[x]; for axes that stay outside T[x] = 1. A lane of the issue is one index per instruction axis,
the mixed-radix number of the u[x] fused into it.

    ragged    each 0 <= x < E is T*t + u for exactly one t and one u of that tile (any E, T >= 1)
    radix     (u, w) -> u*f + w takes [0, e) x [0, f) one to one onto [0, e*f) (any e, f >= 1); more factors: again
    feed      two lanes of one issue that meet one element of an operand want the same element of its tensor. Lanes are
              one element's iff their indices on the operand's axes are equal; on the axes of a window (p + r) iff the
              window's values are: there each axis has one x, so lanes differ as points do, by less than the extent
    store     two lanes of one issue with different indices on the axes of the output write different elements
    padding   lanes that an exact extent forces beyond the kernel's do no harm: parallel ones are not stored; summed
              ones add 0 because the expression is 0 where every operand is 0, or tiles exist that need none

ragged and radix hold for all sizes at once and are proved once; they say that no point is lost and none done twice.
feed and store are asked per match, over its extents. That the expressions are equal is decided on their trees
(``orientation``), up to the order of commutative arguments; sums may be taken in another order, which floats notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod

import z3

from isamap.ir.affine import Affine, Quotient
from isamap.ir.einsum import Axis
from isamap.ir.scalar import Access
from isamap.mapping.givens import Axes, Givens
from isamap.mapping.lemma.rule import is_exact
from isamap.mapping.padding import is_harmless

_LIMIT = 20_000_000  # Z3's own deterministic measure of work; queries here take a hundredth of it


@dataclass(frozen=True)
class Prover:
    """The queries of one einsum and instruction: two points of the domain, ``apart`` by so much and ``equal`` or not
    along each kernel axis, meeting the ``same`` element of each access of the kernel or not. Shared by all matches."""

    g: Givens
    solver: z3.Solver
    apart: dict[str, z3.ArithRef]
    equal: dict[str, z3.BoolRef]
    same: tuple[z3.BoolRef, ...]


def prover(g: Givens) -> Prover:
    """A prover in a context of its own."""
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.set("rlimit", _LIMIT)
    one = {x: z3.Int(x, context) for x in g.extents}
    other = {x: z3.Int(f"{x}'", context) for x in g.extents}
    for x, extent in g.extents.items():
        solver.add(_in(one[x], extent), _in(other[x], extent))
    same = tuple(same_element(access, one, other, context) for access in g.kernel_accesses)
    apart = {x: one[x] - other[x] for x in g.extents}
    return Prover(g, solver, apart, {x: one[x] == other[x] for x in g.extents}, same)


def proved(p: Prover, orientation: int, axes: Axes) -> bool:
    """Has every query above been answered "no model" for this match? False also where Z3 gave up, where an index is
    itself an access, where the types or the expressions' casts differ, and where the instruction is not proved."""
    g = p.g
    if not is_exact(g) or not g.agree[orientation] or not _lemmas() or not _padding(g, axes) or not _numbered(g, axes):
        return False
    if not all(isinstance(index, Affine) for access in g.kernel_accesses for index in access.indices):
        return False
    p.solver.push()
    p.solver.add(*_some_wrong_element(p, orientation, axes))
    verdict = p.solver.check()
    p.solver.pop()
    return verdict == z3.unsat


@cache
def _lemmas() -> bool:
    """ragged and radix."""
    context = z3.Context()
    extent, tile, point, t, u, s, w = z3.Ints("extent tile point t u s w", context)
    inside = z3.And(extent >= 1, tile >= 1, _in(point, extent))
    done = z3.And(t == point / tile, u == point % tile)
    right = z3.And(t >= 0, _in(u, tile), u < extent - tile * t, point == tile * t + u)
    lost = z3.And(inside, done, z3.Not(right))
    # two writings of one number, the second in a later tile: t + 1 + s, and tile*s is at least 0
    shared = z3.And(tile >= 1, _in(u, tile), _in(w, tile), s >= 0)
    twice = z3.And(shared, tile * t + u == tile * (t + 1 + s) + w)
    e, f = z3.Ints("e f", context)
    beyond = z3.And(e >= 1, f >= 1, _in(u, e), _in(w, f), z3.Not(_in(u * f + w, e * f)))
    missed = z3.And(e >= 1, f >= 1, _in(point, e * f), z3.Not(z3.And(_in(point / f, e), _in(point % f, f))))
    for query in (lost, twice, beyond, missed):
        solver = z3.Solver(ctx=context)
        solver.set("rlimit", _LIMIT)
        if solver.check(query) != z3.unsat:
            return False
    return True


def _in(value: z3.ArithRef, extent: z3.ArithRef | int) -> z3.BoolRef:
    return z3.And(value >= 0, value < extent)


def _some_wrong_element(p: Prover, orientation: int, axes: Axes) -> list[z3.BoolRef]:
    """Two lanes of one issue for which feed or store fails at some operand."""
    g, context = p.g, p.solver.ctx
    lane_of = {x: d.name for d, fused in zip(g.axes, axes, strict=True) for x in fused}
    one_issue = [p.equal[x] for x in g.extents if x not in lane_of]
    wrong = []
    for n, held in enumerate(g.orientations[orientation]):
        shared = {d for window in g.windows[n] for d in window.axes}
        own = [p.equal[x] for x, d in lane_of.items() if d in g.dependence[n] - shared]
        own += [_meets(p, window, axes) for window in g.windows[n]]
        same_lane = z3.And([z3.BoolVal(True, context), *own])
        wrong.append(z3.And(same_lane, z3.Not(p.same[held])))
        if n == 0:
            wrong.append(z3.And(z3.Not(same_lane), p.same[held]))
    return [*one_issue, z3.Or(wrong)]


def _meets(p: Prover, window: Affine, axes: Axes) -> z3.BoolRef:
    """Do the two lanes of one issue meet one value of ``window``, an index of the instruction?"""
    value, steps = z3.IntVal(0, p.solver.ctx), []
    for d, fused in zip(p.g.axes, axes, strict=True):
        for x in fused if d.name in window.axes else ():
            value = value + window.coefficient(d.name) * p.apart[x]
            steps.append(z3.And(-d.most < p.apart[x], p.apart[x] < d.most))
    return z3.And(value == 0, *steps)


def same_element(
    access: Access, one: dict[str, z3.ArithRef], other: dict[str, z3.ArithRef], context: z3.Context
) -> z3.BoolRef:
    """Does ``access`` meet one element at both points?"""
    pairs = [(_value(i, one, context), _value(i, other, context)) for i in access.indices if isinstance(i, Affine)]
    return z3.And([z3.BoolVal(True, context), *(left == right for left, right in pairs)])


def _value(index: Affine, point: dict[str, z3.ArithRef], context: z3.Context) -> z3.ArithRef:
    total = z3.IntVal(index.constant, context)
    for atom, coefficient in index.terms:
        if isinstance(atom, str):
            part = point[atom]
        else:
            inner = _value(atom.numerator, point, context)
            part = inner / atom.divisor if isinstance(atom, Quotient) else inner % atom.divisor
        total = total + coefficient * part
    return total


def _numbered(g: Givens, axes: Axes) -> bool:
    """Has each axis of a window at most one kernel axis, so that its lane numbers step as the kernel's points do?"""
    shared = {d for windows in g.windows for window in windows for d in window.axes}
    return all(len(fused) < 2 for d, fused in zip(g.axes, axes, strict=True) if d.name in shared)


def _padding(g: Givens, axes: Axes) -> bool:
    harmless = is_harmless(g.meaning)
    for d, fused in zip(g.axes, axes, strict=True):
        if d.name not in g.dependence[0] and not harmless and not fills(d, [g.extents[x] for x in fused]):
            return False
    return True


def fills(axis: Axis, extents: list[int]) -> bool:
    """Is there a box whose factors divide ``extents`` and whose product ``axis`` allows, so that nothing is padded?"""
    if axis.least == 1:
        return True
    factors = [[f for f in range(1, min(e, axis.most) + 1) if e % f == 0] for e in extents]
    return any(axis.least <= prod(choice) <= axis.most for choice in product(*factors))
