"""Copies a block of a tensor into panels of groups, as instructions take them that add several products at once.

Where the source's rows lie along the panel, the rows of a group are interleaved; where they lie along the group's axis,
blocks of four groups are transposed; otherwise elements are moved one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llvmlite import ir

from isamap.codegen.groups import Groups
from isamap.codegen.loops import Place, Values, cover, nest
from isamap.codegen.operand import Blocks, Operand
from isamap.codegen.products import Product
from isamap.codegen.vectors import Vectors
from isamap.ir.panels import Layout

_AT_ONCE = 4  # groups that are transposed together


@dataclass(frozen=True)
class Interleave:
    """From ``source`` to ``target``, panels that lie as ``layout`` says."""

    vectors: Vectors
    product: Product
    source: Operand
    target: Operand
    layout: Layout

    def block(self, blocks: Blocks) -> None:
        """Every element of the block, panel by panel, and the sums behind them where they are wanted."""
        start, size = blocks[self.layout.along]

        def panel(at: ir.Value, width: int) -> None:
            self._panel({**blocks, self.layout.along: (self.vectors.builder.add(start, at), width)})

        cover(self.vectors.builder, size, self.layout.tile, panel)

    def _panel(self, blocks: Blocks) -> None:
        read, write = self.source.start(self.vectors, blocks), self.target.start(self.vectors, blocks)
        sizes = {axis: blocks[axis][1] for axis in self.layout.others}
        width = blocks[self.layout.along][1]
        summed = range(0, width, self.vectors.lanes) if self.layout.sums else range(0)

        def point(at: Place, deep: int, carried: Values) -> Values:
            here, there = (each.moved(self.vectors, start, at) for each, start in moves)
            self._groups(here, there, width, deep)
            for row in range(-(-deep // self._group)):
                carried = [self._added(there, row, at, width, total) for at, total in zip(summed, carried, strict=True)]
            return carried

        moves = (self.source, read), (self.target, write)
        step = self._group * (_AT_ONCE if self._is_along_group else 1)
        sums = nest(self.vectors.builder, sizes, step, 1, point, [self.vectors.zero] * len(summed))
        if self.layout.sums:
            self._store(summed, sums, width, blocks)

    def _groups(self, read: ir.Value, write: ir.Value, width: int, deep: int) -> None:
        """The groups of ``deep`` elements, ``width`` of each."""
        apart, across = self.source.within[self._axis], self.source.within[self.layout.along]
        for at, lanes in _pieces(width, self.vectors.lanes):
            from_here = self._read_at(read, at * across)
            if across == 1 and not self._is_along_group:
                self._write(self._made.rows(from_here, apart, deep, lanes), write, 0, at)
            elif deep == _AT_ONCE * self._group and lanes >= _AT_ONCE:
                for row, value in enumerate(self._made.columns(from_here, across, lanes)):
                    self._write(value, write, row, at)
            else:
                self._one_by_one(read, write, range(at, at + lanes), deep)

    def _one_by_one(self, read: ir.Value, write: ir.Value, columns: range, deep: int) -> None:
        apart, across = self.source.within[self._axis], self.source.within[self.layout.along]
        for n in columns:
            for k in range(0, deep, self._group):
                group = self._made.one(self._read_at(read, n * across + k * apart), apart, min(self._group, deep - k))
                self._write(group, write, k // self._group, n)

    def _added(self, write: ir.Value, row: int, at: int, width: int, total: ir.Value) -> ir.Value:
        """``total`` with 128 times the groups that were just written."""
        place = self.vectors.at(write, row * self.layout.tile + at)
        return self.product.shifted(self.vectors.load(place, min(self.vectors.lanes, width - at)), total)

    def _store(self, summed: range, sums: Values, width: int, blocks: Blocks) -> None:
        """What is taken away from the sums, behind the panels."""
        vectors, along = self.vectors, self.layout.along
        start = vectors.at(self.target.sums, self.target.distance(vectors, blocks, along))
        for at, total in zip(summed, sums, strict=True):
            taken_away = vectors.builder.sub(vectors.zero, total)
            vectors.store(taken_away, vectors.at(start, at), min(vectors.lanes, width - at))

    def _write(self, value: ir.Value, write: ir.Value, row: int, column: int) -> None:
        """A group or several, as wide as a sum each."""
        place = self.vectors.at(write, row * self.layout.tile + column)
        self.vectors.builder.store(value, place, align=4)

    def _read_at(self, read: ir.Value, offset: int) -> ir.Value:
        return self.vectors.at(read, offset, self.source.element)

    @property
    def _made(self) -> Groups:
        return Groups(self.vectors, self.source.dtype, self.layout.dtype, self._group)

    @property
    def _group(self) -> int:
        return self.layout.group

    @property
    def _axis(self) -> str:
        """The axis whose neighbours make up a group."""
        return [*self.layout.others][-1]

    @property
    def _is_along_group(self) -> bool:
        return self.source.within[self._axis] == 1 and self.source.within[self.layout.along] != 1


def _pieces(width: int, lanes: int) -> Iterator[tuple[int, int]]:
    """Whole vectors, then half of one, a quarter .. of what is left: where each begins, and its lanes."""
    at = 0
    while at < width:
        while lanes > width - at:
            lanes //= 2
        yield at, lanes
        at += lanes
