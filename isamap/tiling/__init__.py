"""(Match, Target) -> Tiling: sizes, order, pieces and buffers of the loops left over."""

from isamap.tiling.exact import tile_exactly
from isamap.tiling.greedy import tilings

__all__ = ["tile_exactly", "tilings"]
