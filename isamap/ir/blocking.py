"""How a matrix kernel is cut for a CPU: loops over blocks, a register tile, and which operands are copied into panels.

The loops go from outer to inner. Each steps through the block of its axis that the loops around it left, the last block
as large as what is left. What the last loops leave of the parallel axes is the register tile: its sums stay in vector
registers while the reduced axes, as far as they are left, are run through. Sizes are elements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isamap.errors import Fault, InvalidNoun


@dataclass(frozen=True)
class Loop:
    """Blocks of ``step`` along ``axis``."""

    axis: str
    step: int


@dataclass(frozen=True)
class Panels:
    """Tensor ``tensor`` is copied, inside the first ``depth`` loops, so that what a register tile reads lies together;
    ``before``: this was done once, by whoever brings the tensor."""

    tensor: str
    depth: int
    before: bool = False


@dataclass(frozen=True)
class Prefetch:
    """While a tile runs through its reduction, ``tensor`` is fetched ``ahead`` steps of the innermost reduced axis
    early, to the cache of ``level`` (1 is next to the core)."""

    tensor: str
    ahead: int
    level: int = 1


@dataclass(frozen=True)
class Blocking:
    """Loops, panels and prefetches; ``vector`` is the axis whose elements lie side by side in a register, ``unroll``
    says how many steps of the innermost reduced axis make up the loop's body. ``early``: tensors of which a tile
    fetches what their next panels are made of."""

    vector: str
    loops: tuple[Loop, ...]
    panels: tuple[Panels, ...] = ()
    prefetches: tuple[Prefetch, ...] = ()
    unroll: int = 4
    early: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults = [
            Fault(("loops", n, "step"), "at least 1", str(loop.step))
            for n, loop in enumerate(self.loops)
            if loop.step < 1
        ]
        least: dict[str, int] = {}
        for n, loop in enumerate(self.loops):
            if loop.step > least.get(loop.axis, loop.step):
                faults.append(
                    Fault(("loops", n, "step"), f"at most {least[loop.axis]}, the block around it", str(loop.step))
                )
            least[loop.axis] = loop.step
        faults += [
            Fault(("panels", n, "depth"), f"0 to {len(self.loops)} loops", str(each.depth))
            for n, each in enumerate(self.panels)
            if not 0 <= each.depth <= len(self.loops)
        ]
        made = [each.tensor for each in self.panels if not each.before and each.depth]
        faults += [
            Fault(("early", n), "a tensor whose panels are made inside a loop", tensor, f"these are: {' '.join(made)}")
            for n, tensor in enumerate(self.early)
            if tensor not in made
        ]
        if self.unroll < 1:
            faults.append(Fault(("unroll",), "at least 1", str(self.unroll)))
        if faults:
            raise InvalidNoun(faults)

    def tile(self, extents: Mapping[str, int]) -> dict[str, int]:
        """The block that the loops leave of every axis."""
        return {
            x: min([extent, *(loop.step for loop in self.loops if loop.axis == x)]) for x, extent in extents.items()
        }
