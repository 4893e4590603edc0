"""Shares of a contraction for several threads: blocks of one parallel axis, so that no thread waits for another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil

from isamap.ir.contraction import Contraction, Strided
from isamap.ir.cpu import Core


def shares(what: Contraction, core: Core, threads: int) -> tuple[Contraction, ...]:
    """At most ``threads`` contractions that make up ``what``, along its longest parallel axis: each reads the factor
    with that axis in part, and the other whole. Blocks along which the output lies side by side are whole vectors."""
    axes = [axis for axis in what.parallel if what.extents[axis] > 1]
    if threads == 1 or not axes:
        return (what,)
    axis = max(axes, key=lambda each: (what.extents[each], what.output.strides[each] == 1))
    whole = core.multiply_add(what).lanes if what.output.strides[axis] == 1 else 1
    size = ceil(ceil(what.extents[axis] / threads) / whole) * whole
    starts = range(0, what.extents[axis], size)
    return tuple(_share(what, axis, start, min(size, what.extents[axis] - start)) for start in starts)


def _share(what: Contraction, axis: str, start: int, extent: int) -> Contraction:
    def moved(tensor: Strided) -> Strided:
        return replace(tensor, constant=tensor.constant + start * tensor.strides.get(axis, 0))

    extents: Mapping[str, int] = {**what.extents, axis: extent}
    finish = what.finish
    if finish is not None:
        finish = replace(finish, others=tuple(map(moved, finish.others)))
    one, other = map(moved, what.factors)
    return replace(what, extents=extents, output=moved(what.output), factors=(one, other), finish=finish)
