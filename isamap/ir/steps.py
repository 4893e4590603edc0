"""The order in which a level's loops step through a domain: axis by axis, forwards, backwards, or turning round.

A loop that turns goes the other way every time it is entered again (boustrophedon, as the ox ploughs): what was used
last is used first. A loop that begins at the far end meets the ragged part of its axis first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Range = tuple[int, int]
Ranges = tuple[Range, ...]
"""Half-open range per axis of the einsum, in the order of its axes."""


@dataclass(frozen=True)
class Stepping:
    """A loop over the axis of this number."""

    axis: int
    step: int
    turning: bool = False
    backward: bool = False


class Walk:
    """Loops, outer to inner, that remember which way they went last."""

    def __init__(self, loops: Sequence[Stepping]) -> None:
        self.loops = loops
        self._back = [loop.backward for loop in loops]

    def over(self, ranges: Ranges, depth: int = 0) -> Iterator[Ranges]:
        """The parts of ``ranges``, in order."""
        if depth == len(self.loops):
            yield ranges
            return
        loop, back = self.loops[depth], self._back[depth]
        self._back[depth] = back != loop.turning
        low, high = ranges[loop.axis]
        starts = range(low, high, loop.step)
        for start in reversed(starts) if back else starts:
            part = (start, min(start + loop.step, high))
            yield from self.over((*ranges[: loop.axis], part, *ranges[loop.axis + 1 :]), depth + 1)
