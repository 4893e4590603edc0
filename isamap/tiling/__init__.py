"""(Match, Target) -> Tiling: sizes, order, pieces and buffers of the loops left over."""

from isamap.tiling.exact import tile_exactly
from isamap.tiling.greedy import tilings
from isamap.tiling.homes import Alone, passing_homes
from isamap.tiling.strips import Slide, slides, tilings_in_strips, with_slots

__all__ = ["Alone", "Slide", "passing_homes", "slides", "tile_exactly", "tilings", "tilings_in_strips", "with_slots"]
