"""What a blocked loop nest brings into each cache.

From the innermost loop outwards, what a tensor brings in is multiplied by the turns of every loop that steps through
the tensor, and of every other loop whose body touches more than the cache keeps. (M. E. Wolf and M. S. Lam, "A data
locality optimizing algorithm", PLDI 1991.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, gcd, prod

from isamap.ir.blocking import Blocking
from isamap.ir.contraction import Contraction, Strided
from isamap.ir.cpu import Cache
from isamap.ir.panels import size_at

_KEPT = 0.75  # of a cache, for what comes again; the rest passes through


@dataclass(frozen=True)
class Rows:
    """A block of a tensor: ``count`` rows of ``bytes`` next to each other, ``apart`` bytes from row to row."""

    count: int
    bytes: int
    apart: int

    def lines(self, line_bytes: int) -> int:
        """Cache lines that it touches, where rows begin anywhere."""
        if self.count == 1 or self.apart == self.bytes:
            return ceil(self.count * self.bytes / line_bytes)
        return self.count * ceil((self.bytes + line_bytes - 4) / line_bytes)

    def fits(self, cache: Cache) -> bool:
        """May all its rows lie in the cache at once? Rows a multiple of many sets apart fall into few of them."""
        if self.count == 1 or self.apart == self.bytes:
            return True
        period = cache.sets * cache.line_bytes
        places = period // gcd(period, self.apart) if self.apart % cache.line_bytes == 0 else cache.sets
        per_row = ceil(self.bytes / cache.line_bytes)
        return ceil(self.count / max(1, places)) * min(per_row, places) <= cache.ways * max(1, min(per_row, places))


def rows(tensor: Strided, sizes: Mapping[str, int], is_panel: bool) -> Rows:
    """The block of ``sizes`` of a tensor; of panels everything lies together."""
    own = {axis: (sizes[axis], abs(stride)) for axis, stride in tensor.strides.items() if sizes[axis] > 1}
    size = tensor.dtype.size_bytes
    if is_panel or not own:
        return Rows(1, prod(extent for extent, _ in own.values()) * size, 0)
    length, apart = 1, 0
    for extent, stride in sorted(own.values(), key=lambda each: each[1]):
        if stride > length:
            apart = stride
            break
        length = max(length, stride * extent)
    count = ceil(prod(extent for extent, _ in own.values()) / length)
    return Rows(max(1, count), length * size, (apart or length) * size)


def brought_bytes(what: Contraction, how: Blocking, cache: Cache) -> dict[str, float]:
    """Bytes of each tensor that come into ``cache`` from outside of it while the whole kernel runs."""
    panels = {each.tensor: each.depth for each in how.panels}
    tensors = (what.output, *what.factors)

    def block(tensor: Strided, depth: int) -> Rows:
        sizes = {axis: size_at(what, how, axis, depth) for axis in what.extents}
        return rows(tensor, sizes, tensor.tensor in panels and depth >= panels[tensor.tensor])

    touched = [
        sum(block(tensor, depth).lines(cache.line_bytes) * cache.line_bytes for tensor in tensors)
        for depth in range(len(how.loops) + 1)
    ]
    found: dict[str, float] = {}
    for tensor in tensors:
        amount = float(block(tensor, len(how.loops)).lines(cache.line_bytes) * cache.line_bytes)
        for depth in range(len(how.loops) - 1, -1, -1):
            loop = how.loops[depth]
            turns = ceil(size_at(what, how, loop.axis, depth) / loop.step)
            inside = block(tensor, depth + 1)
            keeps = touched[depth + 1] <= _KEPT * cache.capacity_bytes and inside.fits(cache)
            if loop.axis in tensor.strides or not keeps:
                amount *= turns
        found[tensor.tensor] = amount
    return found
