"""Can einsums that an instruction does at once share its operands? Which of their axes run together, and a proof.

Sets
    parts    einsums of the kernel, each with a match on one of the instruction's
Choice
    x ~ y    axes of two parts that run together, of equal extent: those fused into one axis of the instruction, in some
             order; and those that stay loops outside, of which all parts have as many
Claim, for every two parts and every operand that both access, by accesses a and b
    points p, q with p[x] = q[y] for x ~ y outside and lanes l, m with a(l) = b(m) want the same element of its tensor.
    Lanes of an axis that takes one x and one y are as far apart as the points; of one that takes several, they are
    equal iff the points are equal along all of them.
What is written is accessed alike by all (a is b), so that a lane which meets it is one that wrote it. Where a and b
differ, the operand holds the tensor as it lies if all such points are as far apart in it as a(l) and b(m); if not, only
a copy brings it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import z3

from isamap.ir.affine import Affine, Quotient
from isamap.ir.scalar import Access
from isamap.mapping.givens import Givens
from isamap.mapping.solutions import Solution

_LIMIT = 20_000_000  # Z3's own deterministic measure of work
Point = Mapping[str, z3.ArithRef]
Runs = tuple[tuple[str, ...], ...]  # of one part: its axes, where axes at one place run together


@dataclass(frozen=True)
class Part:
    """An einsum of the kernel beside one of the instruction's, and a solution of the two."""

    g: Givens
    solution: Solution

    @property
    def fused(self) -> dict[str, tuple[str, ...]]:
        """The kernel axes of each axis of the instruction."""
        return {axis.name: fused for axis, fused in zip(self.g.axes, self.solution.axes, strict=True)}

    @property
    def outside(self) -> tuple[str, ...]:
        taken = {x for fused in self.solution.axes for x in fused}
        return tuple(x for x in self.g.extents if x not in taken)

    @property
    def held(self) -> tuple[tuple[str, Access, Access, bool], ...]:
        """(operand, the instruction's access, the kernel's on it, is it written)."""
        way = self.g.orientations[self.solution.orientation]
        return tuple(
            (operand.name, own, self.g.kernel_accesses[kernel], n == 0)
            for n, (operand, own, kernel) in enumerate(zip(self.g.operands, self.g.accesses, way, strict=True))
        )


def lie_together(parts: Sequence[Part]) -> tuple[str, ...] | None:
    """The operands that only a copy can fill, for a choice for which the claim is proved; None: there is none."""
    names = tuple(dict.fromkeys(axis for part in parts for axis in part.fused))
    best: tuple[str, ...] | None = None
    for runs in _choices(parts, names):
        pairs = [_Pair(parts[a], parts[b], runs[a], runs[b], names) for b in range(len(parts)) for a in range(b)]
        if all(pair.same_elements() for pair in pairs):
            copied = tuple(dict.fromkeys(name for pair in pairs for name in pair.copied()))
            best = copied if best is None or len(copied) < len(best) else best
            if not best:
                break
    return best


def _choices(parts: Sequence[Part], names: Sequence[str]) -> Iterator[tuple[Runs, ...]]:
    """For every part its axes, group by group (outside, then by axis of the instruction, none where it has none)."""
    ways = []
    for n, part in enumerate(parts):
        groups = [part.outside, *(part.fused.get(name, ()) for name in names)]
        ways.append(list(product(*(permutations(group) if n else [group] for group in groups))))
    for runs in product(*ways):
        if all(_alike(parts, runs, place, name) for place, name in enumerate(("", *names))):
            yield runs


def _alike(parts: Sequence[Part], runs: Sequence[Runs], place: int, name: str) -> bool:
    """Have all parts, those without axis ``name`` aside, axes of the same extents there?"""
    with_it = [(part, own[place]) for part, own in zip(parts, runs, strict=True) if not name or name in part.fused]
    return len({tuple(part.g.extents[x] for x in group) for part, group in with_it}) <= 1


class _Pair:
    """Two parts whose axes run together place by place, at two points of one issue."""

    def __init__(self, one: Part, other: Part, mine: Runs, theirs: Runs, names: Sequence[str]) -> None:
        context = z3.Context()
        self.shared = [(a, b) for a in one.held for b in other.held if a[0] == b[0]]
        self.p, self.q = _point(one, "p", context), _point(other, "q", context)
        self.l, self.m = _lanes(one, "l", context), _lanes(other, "m", context)
        self.solver = z3.Solver(ctx=context)
        self.solver.set("rlimit", _LIMIT)
        for part, point, lanes in ((one, self.p, self.l), (other, self.q, self.m)):
            self.solver.add([z3.And(point[x] >= 0, point[x] < extent) for x, extent in part.g.extents.items()])
            self.solver.add([z3.And(lanes[d.name] >= 0, lanes[d.name] < d.most) for d in part.g.axes])
        self.solver.add([self.p[x] == self.q[y] for x, y in zip(mine[0], theirs[0], strict=True)])
        for name, xs, ys in zip(names, mine[1:], theirs[1:], strict=True):
            if name in self.l and name in self.m:
                points = [self.p[x] - self.q[y] for x, y in zip(xs, ys, strict=True)]
                self.solver.add(_apart(points, self.l[name] - self.m[name]))

    def same_elements(self) -> bool:
        """The claim."""
        for (_, a, held, _), (_, b, wanted, _) in self.shared:
            one_lane = z3.And([step == 0 for step in _steps(a, self.l, b, self.m)])
            one_element = z3.And([step == 0 for step in _steps(held, self.p, wanted, self.q)])
            if self.solver.check(one_lane, z3.Not(one_element)) != z3.unsat:
                return False
        return True

    def copied(self) -> list[str]:
        """The operands in which elements are not as far apart as in the tensor."""
        return [
            name
            for (name, a, held, _), (_, b, wanted, _) in self.shared
            if a != b and not self._in_step(a, b, held, wanted)
        ]

    def _in_step(self, a: Access, b: Access, held: Access, wanted: Access) -> bool:
        lanes, points = _steps(a, self.l, b, self.m), _steps(held, self.p, wanted, self.q)
        if len(lanes) != len(points):
            return False
        apart = [step != other for step, other in zip(lanes, points, strict=True)]
        return bool(self.solver.check(z3.Or(apart)) == z3.unsat)


def _point(part: Part, name: str, context: z3.Context) -> Point:
    return {x: z3.Int(f"{name} {x}", context) for x in part.g.extents}


def _lanes(part: Part, name: str, context: z3.Context) -> Point:
    return {axis.name: z3.Int(f"{name} {axis.name}", context) for axis in part.g.axes}


def _apart(points: Sequence[z3.ArithRef], lanes: z3.ArithRef) -> z3.BoolRef:
    if len(points) == 1:
        return points[0] == lanes
    return z3.And([point == 0 for point in points]) == (lanes == 0)


def _steps(one: Access, p: Point, other: Access, q: Point) -> list[z3.ArithRef]:
    """How far apart two accesses are, per index."""
    context = next(iter((*p.values(), *q.values()))).ctx
    pairs = zip(one.affine_indices, other.affine_indices, strict=True)
    return [_value(i, p, context) - _value(j, q, context) for i, j in pairs]


def _value(index: Affine, point: Point, context: z3.Context) -> z3.ArithRef:
    total = z3.IntVal(index.constant, context)
    for atom, coefficient in index.terms:
        if isinstance(atom, str):
            part = point[atom]
        else:
            inner = _value(atom.numerator, point, context)
            part = inner / atom.divisor if isinstance(atom, Quotient) else inner % atom.divisor
        total = total + coefficient * part
    return total
