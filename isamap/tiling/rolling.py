"""Windows that roll: an input in pieces which the next window finds where the last one left them.

Windows slide over each other where an index is ``a*x + b*w`` with ``a`` a multiple of ``b``. Cut into one value of
``x`` (*moving*) and ``size`` values of ``w`` (*window*) each, the pieces of one window are those of the next ones,
``shift`` pieces further: rows of an image that stay for the next rows of outputs, whatever the reduction steps through
in between. A tile may take two values of ``x`` at once; its elements then lie in two pieces, wherever those are, since
two places are always one stride apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import gcd

from isamap.ir.binding import Binding, Role

MOST_AT_ONCE = 2  # values of the moving axis in a tile


@dataclass(frozen=True)
class Roll:
    """The operand whose windows roll, the axis along which they do, and how they are cut."""

    operand: str
    moving: str
    window: str
    size: int
    shift: int

    def cut(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """``sizes`` with those of a piece."""
        return dict(sizes) | {self.moving: 1, self.window: self.size}

    def tile(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """``sizes`` of an issue that reads one piece of a window."""
        return {x: self.size if x == self.window else size for x, size in sizes.items()}

    def touched(self, values: int, parts: int) -> int:
        """How many pieces so many ``values`` of the moving axis next to each other meet, of ``parts`` pieces each."""
        return (values - 1) * min(self.shift, parts) + parts

    def fits(self, tile: Mapping[str, int]) -> bool:
        return tile[self.moving] <= MOST_AT_ONCE and tile[self.window] == self.size


def rolls(binding: Binding) -> Iterator[Roll]:
    """Every way in which windows of the inputs may roll."""
    for role in binding.fetched:
        if role.operand.strides not in ("per_kernel_axis", "any") or role.operand.dtype.is_packed:
            continue
        for moving in binding.einsum.parallel_axes:
            for window in binding.einsum.reduction_axes:
                if (shift := _shift(role, moving, window)) is not None:
                    extent = binding.extents[window]
                    size = gcd(shift, extent)
                    if shift < extent:
                        yield Roll(role.operand.name, moving, window, size, shift // size)


def _shift(role: Role, moving: str, window: str) -> int | None:
    """By how many values of ``window`` the next value of ``moving`` is further; None where only other indices tell."""
    mine = [index for index in role.access.affine_indices if moving in index.axes or window in index.axes]
    if len(mine) != 1 or set(mine[0].axes) != {moving, window} or not mine[0].is_linear:
        return None
    step, along = mine[0].coefficient(moving), mine[0].coefficient(window)
    return step // along if step > 0 and along > 0 and step % along == 0 else None
