"""(Match, Target) -> Tiling: sizes, order, pieces and buffers of the loops left over."""

from isamap.tiling.exact import tile_exactly
from isamap.tiling.greedy import tilings
from isamap.tiling.homes import Alone, passing_homes
from isamap.tiling.random_keys import NestKeys
from isamap.tiling.strips import Slide, slides, tilings_in_strips, with_slots
from isamap.tiling.under import tilings_under

__all__ = ["Alone", "NestKeys", "Slide", "passing_homes", "slides", "tile_exactly", "tilings", "tilings_in_strips",
           "tilings_under", "with_slots"]  # fmt: skip
