"""(Match, Target) -> Tiling: sizes, order, pieces and buffers of the loops left over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isamap.tiling.greedy import tilings
from isamap.tiling.homes import Alone, passing_homes
from isamap.tiling.random_keys import NestKeys
from isamap.tiling.strips import Slide, slides, tilings_in_strips, with_slots
from isamap.tiling.under import tilings_under

if TYPE_CHECKING:
    from isamap.tiling.exact import tile_exactly as tile_exactly

__all__ = ["Alone", "NestKeys", "Slide", "passing_homes", "slides", "tile_exactly", "tilings", "tilings_in_strips",
           "tilings_under", "with_slots"]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The solver is loaded when it is first asked for."""
    if name != "tile_exactly":
        raise AttributeError(f"isamap.tiling has no {name!r}; it has {', '.join(__all__)}")
    from isamap.tiling.exact import tile_exactly

    return tile_exactly
