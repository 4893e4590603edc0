"""A nest and what is held across which of its loops: the noun that the model finds and that plain Python prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from isamap.tiling.nest import Nest

SUMS, ACCUMULATORS = "+sums", "+accumulators"
"""Holders beside the inputs' operands: output tiles still being added to, and those of them in accumulators."""


def run(operand: str) -> str:
    """The loops for which one piece of an input after the other is used, before the first one's turn comes again."""
    return f"{operand}+run"


Side = Literal["outer", "inner"]
LoopName = tuple[Side, str]
SIDES: tuple[Side, Side] = ("outer", "inner")


@dataclass(frozen=True)
class Plan:
    """``nest`` with, for each holder, how many of its loops (outermost first, all axes, outer then inner) stand outside
    of what it holds; ``spare``: is there a slot to load the next piece into? ``slots``: how many an input has."""

    nest: Nest
    depth: tuple[tuple[str, int], ...]
    spare: bool
    slots: tuple[tuple[str, int], ...] = ()

    @property
    def loops(self) -> list[LoopName]:
        """Every loop, outer to inner, those of one trip too."""
        return [*(("outer", x) for x in self.nest.outer), *(("inner", x) for x in self.nest.inner)]

    def inside(self, holder: str) -> set[LoopName]:
        """The loops across which ``holder`` keeps what it has."""
        return set(self.loops[dict(self.depth)[holder] :])


def plan_of(
    nest: Nest,
    inside: Mapping[str, set[LoopName]],
    spare: bool,
    slots: tuple[tuple[str, int], ...],
    last: tuple[str, ...],
) -> Plan:
    """A plan whose loops are ordered so that every set of ``inside`` is a suffix; the sets contain each other. Among
    loops that no set tells apart those of the axes ``last`` come last."""

    def rank(loop: LoopName) -> tuple[int, bool]:
        return sum(loop in held for held in inside.values()), loop[1] in last

    axes = [x for x, _ in nest.tile]
    outer, inner = (tuple(sorted(axes, key=lambda x: rank((side, x)))) for side in SIDES)
    ordered = Nest(nest.tile, nest.block, outer, inner)
    count = 2 * len(nest.tile)
    return Plan(ordered, tuple((holder, count - len(held)) for holder, held in inside.items()), spare, slots)
