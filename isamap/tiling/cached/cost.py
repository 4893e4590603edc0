"""How many cycles a kernel is thought to take on a core with caches.

busy     the pipes                                                    (pipes)
waiting  every tensor's lines                                         (memory)
copies   panels, made before the tiles that read them                 (copies)
total    copies + max(busy, waiting) + EXPOSED * min(busy, waiting)
"""

from __future__ import annotations

from dataclasses import dataclass

from isamap.ir.cpu import Core
from isamap.tiling.cached.copies import copies
from isamap.tiling.cached.memory import columns_factor, output, rows_factor
from isamap.tiling.cached.options import Choice, Options
from isamap.tiling.cached.pipes import pipes

EXPOSED = 0.25  # of what could be done beside the rest: out-of-order execution hides the other part


@dataclass(frozen=True)
class Cycles:
    """Where the cycles go."""

    busy: float
    waiting: float
    copies: float

    @property
    def total(self) -> float:
        most, least = max(self.busy, self.waiting), min(self.busy, self.waiting)
        return self.copies + most + EXPOSED * least


def cycles(options: Options, core: Core, choice: Choice) -> Cycles:
    """The cycles of one choice."""
    waiting = sum(each(options, core, choice) for each in (columns_factor, rows_factor, output))
    return Cycles(pipes(options, core, choice.tile, choice.depth, choice.ahead), waiting, copies(options, core, choice))
