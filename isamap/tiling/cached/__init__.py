"""Tiling for a core with caches: the register tile, blocks for each cache, panels, prefetches."""

from isamap.tiling.cached.choose import blockings
from isamap.tiling.cached.machine import core_of

__all__ = ["blockings", "core_of"]
