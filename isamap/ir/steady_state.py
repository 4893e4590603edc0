"""A loop over tiles in its steady state: the body to schedule, and what each of its operations does."""

from __future__ import annotations

from dataclasses import dataclass

from isamap.ir.answers import Sizes, Step
from isamap.ir.loop_body import LoopBody


@dataclass(frozen=True)
class LoopTask:
    """What an operation of a body does: ``step``, whose buffers are the body's, on the tile that lies so many tiles per
    axis from the first of its trip."""

    step: Step
    tile: tuple[int, ...]


@dataclass(frozen=True)
class SteadyState:
    """Trips over axis ``loop``, one tile each; a trip covers ``block`` tiles per axis, of ``tile`` values each.
    ``tasks`` are the operations of ``body``, in its order."""

    body: LoopBody
    tasks: tuple[LoopTask, ...]
    loop: str
    tile: Sizes
    block: Sizes
