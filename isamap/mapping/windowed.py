"""Operands that an instruction reads in windows: ``O[p] += I[p+r] * W[r]``, lanes of equal p + r sharing an element.

Such an operand can hold an access of the kernel iff lanes that share an element want the same one. Two lanes of an
issue differ by d along the axes of a window, ``|d| < min(most, extent)``. With a the coefficients of the window, b
those of an index of the kernel's access on the axes that feed it, there must be no d with ``a . d == 0`` and
``b . d != 0``: where the extents leave room, b is a multiple of a in every dimension. That is asked of Z3 exactly,
extents included (where the access has ``//`` or ``%``, d alone does not say, and the question is about two points).
Windows have no axis in common, so that one can be moved along after the other: each is asked about alone. Axes of
extent 1 count like others: they are asked about as if they had two points, so that a batch of one is no row of pixels.

Each axis of a window takes one kernel axis: fused ones would be numbered through by the lanes, which p + r of the
kernel follows in tiles of one size only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations, permutations, product

import z3

from isamap.ir.affine import Affine
from isamap.ir.scalar import Access
from isamap.mapping.givens import Axes, Givens
from isamap.mapping.prove import same_element
from isamap.mapping.windows import nonlinear_axes, windows

Row = tuple[int, ...]
Placed = tuple[tuple[str, str], ...]  # (axis of the instruction, kernel axis that feeds it)


def clashes(g: Givens, w: int, n: int, window: Affine, replicate: bool) -> Iterator[Placed]:
    """The smallest ways to feed axes of ``window``, of the instruction's access ``n``, in orientation ``w`` so that
    lanes that share an element want different ones."""
    held = g.kernel_accesses[g.orientations[w][n]]
    found: list[Placed] = []
    able = {d: [x for x in g.extents if g.may_feed(w, x, d, replicate)] for d in window.axes}
    for size in range(1, len(window.axes) + 1):
        for ds in combinations(window.axes, size):
            for xs in permutations(g.extents, size):
                placed = tuple(zip(ds, xs, strict=True))
                tried = all(x in able[d] for d, x in placed)
                if tried and not any(set(less) <= set(placed) for less in found) and clash(g, window, held, placed):
                    found.append(placed)
                    yield placed


def clash(g: Givens, window: Affine, held: Access, placed: Placed) -> bool:
    """Do some lanes share an element of the operand and want different ones of ``held``?"""
    if not nonlinear_axes(held).isdisjoint(x for _, x in placed):
        return _some_points(g, window, held, placed)
    return _some_difference((_row(window, placed, 0),), _rows(held, placed), _room(g, placed))


def _some_points(g: Givens, window: Affine, held: Access, placed: Placed) -> bool:
    """The same, asked about points: they lie as far apart as two lanes of one issue may."""
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    one = {x: z3.Int(x, context) for x in g.extents}
    other = dict(one) | {x: z3.Int(f"{x}'", context) for _, x in placed}
    solver.add(*(z3.And(p[x] >= 0, p[x] < max(extent, 2)) for p in (one, other) for x, extent in g.extents.items()))
    steps = [(window.coefficient(d), one[x] - other[x]) for d, x in placed]
    for (_, step), most in zip(steps, _room(g, placed), strict=True):
        solver.add(-most < step, step < most)
    solver.add(z3.Sum([c * step for c, step in steps]) == 0, z3.Not(same_element(held, one, other, context)))
    return bool(solver.check() != z3.unsat)


def is_native(g: Givens, n: int, held: Access, axes: Axes, group: frozenset[str]) -> bool:
    """Are the elements that ``held`` meets twice along ``group`` those that lanes of the operand share anyway?"""
    placed = tuple((d.name, x) for d, fused in zip(g.axes, axes, strict=True) for x in fused if x in group)
    for window in g.windows[n]:
        if all(d in window.axes for d, _ in placed) and len({d for d, _ in placed}) == len(placed):
            return not _some_difference(_rows(held, placed), (_row(window, placed, 0),), _room(g, placed))
    return False


def foreign_places(g: Givens, held: Access, group: frozenset[str], replicate: bool) -> Iterator[tuple[int, Placed]]:
    """(orientation, places) where ``group``, along which ``held`` meets an element twice, feeds lanes that do not share
    that element."""
    xs = sorted(group)
    for w, orientation in enumerate(g.orientations):
        able = [[d.name for d in g.axes if g.may_feed(w, x, d.name, replicate)] for x in xs]
        for n in (n for n, kernel in enumerate(orientation) if g.kernel_accesses[kernel] == held):
            for ds in product(*able):
                placed = tuple(zip(ds, xs, strict=True))
                axes = tuple(tuple(x for d, x in placed if d == axis.name) for axis in g.axes)
                if not is_native(g, n, held, axes, group):
                    yield w, placed


def foreign_windows(g: Givens, n: int, held: Access, axes: Axes) -> bool:
    """Does ``held`` meet an element twice in lanes that do not share it?"""
    mapped = {x for fused in axes for x in fused}
    groups = windows(held, tuple(g.extents.items()))
    return any(group <= mapped and not is_native(g, n, held, axes, group) for group in groups)


def windowed_reasons(g: Givens, w: int, about: Iterable[tuple[str, ...]]) -> list[str]:
    """Sentences about clauses of the rule: (operand, orientation, axis, kernel axis, ...) or (operand, axis)."""
    found: dict[str, None] = {}
    clauses = [clause for clause in about if len(clause) > 2]
    for operand, orientation, *pairs in [c for c in clauses if c[1] == str(w)] or clauses:
        placed = list(zip(pairs[::2], pairs[1::2], strict=True))
        n = next(n for n, one in enumerate(g.operands) if one.name == operand and g.windows[n])
        held = g.kernel_accesses[g.orientations[int(orientation)][n]]
        window = next(window for window in g.windows[n] if placed[0][0] in window.axes)
        feeds = " and ".join(f"{x} in {d}" for d, x in placed)
        found[
            f"{g.instruction.name} reads {g.accesses[n]}: lanes of equal {window} share an element, "
            f"but with {feeds} they want different ones of {held}"
        ] = None
    return list(found)


def _room(g: Givens, placed: Placed) -> Row:
    most = {axis.name: axis.most for axis in g.axes}
    return tuple(min(most[d], max(g.extents[x], 2)) for d, x in placed)


def _row(index: Affine, placed: Placed, side: int) -> Row:
    return tuple(index.coefficient(pair[side]) for pair in placed)


def _rows(held: Access, placed: Placed) -> tuple[Row, ...]:
    return tuple(_row(index, placed, 1) for index in held.indices if isinstance(index, Affine))


@lru_cache(maxsize=4096)
def _some_difference(same: tuple[Row, ...], other: tuple[Row, ...], room: Row) -> bool:
    """Is there a d, ``|d| < room``, that all rows of ``same`` take to 0 and some row of ``other`` does not?"""
    if all(any(_is_multiple(row, one) for one in same) for row in other):
        return False
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    d = [z3.Int(f"d{n}", context) for n in range(len(room))]
    solver.add(*(z3.And(-most < step, step < most) for step, most in zip(d, room, strict=True)))

    def value(row: Row) -> z3.ArithRef:
        return z3.Sum([z3.IntVal(0, context), *(c * step for c, step in zip(row, d, strict=True))])

    solver.add(*(value(row) == 0 for row in same))
    solver.add(z3.Or([z3.BoolVal(False, context), *(value(row) != 0 for row in other)]))
    return bool(solver.check() != z3.unsat)


def _is_multiple(row: Row, one: Row) -> bool:
    """Does ``one`` take nothing to 0 that ``row`` does not?"""
    return all(a * d == b * c for a, b in zip(row, one, strict=True) for c, d in zip(row, one, strict=True)) and any(
        one
    )
