"""(Match, Target) -> Tiling: sizes, order, pieces and buffers of the loops left over."""

from isamap.tiling.greedy import tilings

__all__ = ["tilings"]
