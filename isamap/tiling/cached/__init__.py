"""Tiling for a core with caches: the register tile, blocks for each cache, panels, prefetches."""

from isamap.tiling.cached.choose import blockings

__all__ = ["blockings"]
