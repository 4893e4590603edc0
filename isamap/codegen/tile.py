"""The register tile: sums in vector registers while the reduced axes are run through.

The lanes lie along a parallel axis, where each lane has a sum of its own, or along a reduced one, where each sum is in
parts, one per lane, that are added up in the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from llvmlite import ir

from isamap.codegen.early import Early
from isamap.codegen.loops import Place, Values, nest
from isamap.codegen.operand import Operand
from isamap.codegen.products import Product
from isamap.codegen.vectors import Vectors

Point = dict[str, int]
Started = tuple[Operand, ir.Value]
"""How a tensor lies, and the address where its tile begins."""


@dataclass(frozen=True)
class Prefetched:
    """The tile of a tensor is fetched ``ahead`` steps early to the cache of ``level``."""

    tensor: Started
    ahead: int
    level: int


@dataclass(frozen=True)
class Tile:
    """``parallel`` and ``reduced``: sizes of the tile along its axes; ``vector`` is the one along the lanes."""

    vectors: Vectors
    product: Product
    parallel: Mapping[str, int]
    reduced: Mapping[str, int]
    vector: str
    unroll: int
    prefetched: tuple[Prefetched, ...] = ()
    early: tuple[Early, ...] = ()

    @property
    def is_dot(self) -> bool:
        """Do the lanes lie along a reduced axis?"""
        return self.vector in self.reduced

    @property
    def group(self) -> int:
        """Steps of the innermost reduced axis that one multiply-add makes in a lane."""
        return self.product.instruction.group

    @cached_property
    def points(self) -> list[tuple[Point, int]]:
        """Of each sum of the tile the point where it begins, and along how many elements it lies."""
        steps = {axis: self.vectors.lanes if axis == self.vector else 1 for axis in self.parallel}
        ranges = [range(0, size, steps[axis]) for axis, size in self.parallel.items()]
        places = [dict(zip(self.parallel, at, strict=True)) for at in product(*ranges)]
        if self.is_dot:
            return [(place, 1) for place in places]
        return [(place, min(self.vectors.lanes, self.parallel[self.vector] - place[self.vector])) for place in places]

    def zeros(self) -> Values:
        return [self.vectors.zero] * len(self.points)

    def loaded(self, output: Started) -> Values:
        """What the output holds, as sums; of a sum in parts its first lane."""
        operand, start = output
        return [self.vectors.load(self.vectors.at(start, operand.inside(p)), width) for p, width in self.points]

    def totals(self, sums: Values) -> list[tuple[Point, int, ir.Value]]:
        """Each sum beside its point and its width; of a sum in parts the scalar that they come to."""
        whole = [self.vectors.added_up(total) for total in sums] if self.is_dot else sums
        return [(point, width, total) for (point, width), total in zip(self.points, whole, strict=True)]

    def store(self, output: Started, sums: Values) -> None:
        operand, start = output
        for point, width, total in self.totals(sums):
            pointer = self.vectors.at(start, operand.inside(point))
            if self.is_dot:
                self.vectors.store_scalar(total, pointer)
            else:
                self.vectors.store(total, pointer, width)

    def sums(self, factors: Sequence[Started], sums: Values) -> Values:
        """``sums`` with the products of both factors added over the reduced axes."""
        reduced = {axis: size for axis, size in self.reduced.items() if axis != self.vector}
        if self.is_dot:
            reduced[self.vector] = self.reduced[self.vector]
        step = self.vectors.lanes if self.is_dot else self.group

        def body(at: Place, width: int, sums: Values) -> Values:
            return self._step(at, width, factors, sums)

        return nest(self.vectors.builder, reduced, step, self.unroll, body, sums)

    def _step(self, at: Place, width: int, factors: Sequence[Started], sums: Values) -> Values:
        """One step of the reduced axes: every sum gets its product."""
        for each in self.prefetched:
            self._prefetch(each, at)
        for block in self.early:
            block.fetch(self.vectors, at)
        starts = [(operand, operand.moved(self.vectors, start, at)) for operand, start in factors]
        known: dict[tuple[int, int, int], ir.Value] = {}

        def factor(which: int, point: Point, own: int) -> ir.Value:
            operand, start = starts[which]
            lanes = (width if self.is_dot else own) if operand.within.get(self.vector, 0) else 0
            key = which, operand.inside(point), lanes
            if key not in known:
                pointer = self.vectors.at(start, key[1], operand.element)
                if lanes:
                    known[key] = self.vectors.load(pointer, lanes)
                else:
                    known[key] = self.product.splat(which, operand, pointer, self._apart(operand), width)
            return known[key]

        return [
            self.product.added(factor(0, point, own), factor(1, point, own), total)
            for (point, own), total in zip(self.points, sums, strict=True)
        ]

    def _prefetch(self, each: Prefetched, at: Place) -> None:
        """Every line of the tile, as it lies so many steps later."""
        operand, start = each.tensor
        ahead = self._apart(operand) * each.ahead * self.group
        lines = {operand.inside(point) // operand.line * operand.line for point, _ in self.points}
        here = operand.moved(self.vectors, start, at)
        for line in sorted(lines):
            self.vectors.prefetch(self.vectors.at(here, line + ahead, operand.element), each.level)

    def _apart(self, operand: Operand) -> int:
        """How far apart neighbours along the innermost reduced axis lie."""
        return sum(operand.within.get(axis, 0) for axis in [*self.reduced][-1:])
