"""Where sums lie that go on in a later block of a reduced axis, and are no output yet: they are finished in the last.

All that are under way inside the first cut loop along a reduced axis lie row-major in scratch memory, the axis of the
lanes innermost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isamap.ir.blocking import Blocking
from isamap.ir.contraction import Contraction
from isamap.ir.cpu import MultiplyAdd
from isamap.ir.panels import ALIGNMENT_BYTES, layout, size_at


@dataclass(frozen=True)
class Partial:
    """Inside the first ``depth`` loops: how far apart the sums lie along each axis, in elements, and what they take."""

    depth: int
    strides: Mapping[str, int]
    bytes: int


def cut_axes(what: Contraction, how: Blocking, depth: int = 0) -> list[str]:
    """The reduced axes along which a block inside the first ``depth`` loops is more than a tile."""
    tile = how.tile(what.extents)
    return [axis for axis in what.reduced if tile[axis] < size_at(what, how, axis, depth)]


def partial_sums(what: Contraction, how: Blocking) -> Partial | None:
    """The sums that are kept apart from the output; None where all are finished at once, or just stored."""
    cut = cut_axes(what, how)
    if what.finish is None or not cut:
        return None
    depth = next(n for n, loop in enumerate(how.loops) if loop.axis in cut)
    order = sorted(what.parallel, key=lambda axis: axis == how.vector)
    strides, step = dict[str, int](), 1
    for axis in reversed(order):
        strides[axis] = step
        step *= size_at(what, how, axis, depth)
    return Partial(depth, strides, -(-step * what.sums.size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES)


def scratch_bytes(what: Contraction, how: Blocking, product: MultiplyAdd) -> int:
    """How much memory the kernel needs for panels that it makes, and partial sums; it begins at a multiple of
    ALIGNMENT_BYTES."""
    partial = partial_sums(what, how)
    panels = sum(layout(what, how, panels, product).bytes for panels in how.panels if not panels.before)
    return panels + (partial.bytes if partial else 0)
