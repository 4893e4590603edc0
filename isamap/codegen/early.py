"""What the next panels are made of, fetched near while tiles work on these: their copying then waits for no memory.

At each step of a tile's reduction come the lines of the same step in the next block. Where a line holds several steps,
each of them fetches those of other columns, so that all have come by the line's end. An address beside the tensor
fetches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from llvmlite import ir

from isamap.codegen.loops import Place
from isamap.codegen.operand import Operand
from isamap.codegen.vectors import Vectors, number

_LEVEL = 2  # blocks are larger than the cache next to the core


@dataclass(frozen=True)
class Early:
    """A tile's part of the next block of ``source``, which begins at ``start``: ``width`` elements along ``along``,
    in steps of ``group`` along the reduced axis ``axis``."""

    source: Operand
    start: ir.Value
    along: str
    width: int
    axis: str
    group: int

    def fetch(self, vectors: Vectors, at: Place) -> None:
        """The share of the step at ``at``."""
        apart, across = (self.source.within.get(axis, 0) for axis in (self.axis, self.along))
        here = self.source.moved(vectors, self.start, at)
        if apart == 1 and across != 1:
            self._columns(vectors, here, at[self.axis], across)
            return
        for row in range(self.group):
            for column in self._lines() if across == 1 else range(self.width):
                self._prefetch(vectors, here, row * apart + column * across)

    def _lines(self) -> list[int]:
        """The last element of each line's worth: the first ones lie where another tile's last ones do."""
        return [min(n + self.source.line, self.width) - 1 for n in range(0, self.width, self.source.line)]

    def _columns(self, vectors: Vectors, here: ir.Value, at: ir.Value | int, across: int) -> None:
        """Columns whose lines hold several steps, each ``across`` from the next."""
        builder, steps = vectors.builder, max(1, self.source.line // self.group)
        share = ceil(self.width / steps)
        if isinstance(at, int):
            here = vectors.at(here, at // self.group % steps * share * across, self.source.element)
        else:
            turn = builder.urem(builder.udiv(at, number(self.group)), number(steps))
            here = vectors.at(here, builder.mul(turn, number(share * across)), self.source.element)
        for column in range(share):
            self._prefetch(vectors, here, column * across)

    def _prefetch(self, vectors: Vectors, here: ir.Value, offset: int) -> None:
        vectors.prefetch(vectors.at(here, offset, self.source.element), _LEVEL)
