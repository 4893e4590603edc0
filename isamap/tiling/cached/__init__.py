"""Tiling for a core with caches: the register tile, blocks for each cache, panels, prefetches."""

from isamap.tiling.cached.choose import blockings
from isamap.tiling.cached.machine import core_of
from isamap.tiling.cached.shares import shares

__all__ = ["blockings", "core_of", "shares"]
