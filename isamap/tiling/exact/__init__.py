"""Tilings by CP-SAT: the best of all nests, holds and buffers in a stated model, or how far from it."""

from isamap.tiling.exact.solve import tile_exactly

__all__ = ["tile_exactly"]
