"""Tilings that go strip by strip, so that tensors may pass on chip from the einsum that writes them to the next.

The search is that of every tiling (``greedy``), over nests that step through the strips in their outermost loop, with
tiles that meet one strip and one block of what passes. Where the windows of an input slide from strip to strip, nests
that cut them into pieces which the next strip shares are looked at, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import gcd

from isamap.ir.answers import Sizes, Tiling, sizes
from isamap.ir.binding import Binding, Role
from isamap.ir.einsum import Axis
from isamap.tiling.greedy import best_tilings
from isamap.tiling.neighbourhood import Search
from isamap.tiling.nest import Nest
from isamap.tiling.options import tile_options


@dataclass(frozen=True)
class Slide:
    """Windows of ``role`` in pieces of ``size`` values of ``axis``, which the next strip finds where the last left
    them; along the axes ``whole`` the pieces are not cut."""

    role: Role
    axis: str
    size: int
    whole: tuple[str, ...]


class _InStrips(Search):
    """The neighbourhood of nests that go strip by strip, with windows cut as ``slide`` says."""

    def __init__(self, binding: Binding, objective: str, slide: Slide | None) -> None:
        super().__init__(binding, objective)
        assert binding.strip is not None
        self.strip, self.slide = binding.strip, slide
        self.options = tile_options(_one_strip(binding))
        ones = dict.fromkeys(self.extents, 1)
        for axis, fused in binding.match.axes:
            choices = (dict(zip(fused, choice, strict=True)) for choice in self.options[axis])
            fitting = [tuple(choice.values()) for choice in choices if not self._crosses(ones | choice)]
            self.options[axis] = fitting or [(1,) * len(fused)]

    def nest(self, tile: dict[str, int], block: dict[str, int], outer: Iterable[str], inner: Iterable[str]) -> Nest:
        axis, step = self.strip
        if self.slide is not None:
            tile[self.slide.axis] = block[self.slide.axis] = self.slide.size
            block |= {x: self.extents[x] for x in self.slide.whole}
        found = super().nest(tile, block, (axis, *(x for x in outer if x != axis)), inner)
        return replace(found, block=tuple({**dict(found.block), axis: step}.items()))

    def neighbours(self, nest: Nest) -> Iterator[Nest]:
        for found in super().neighbours(nest):
            yield self.nest(dict(found.tile), dict(found.block), found.outer, found.inner)

    def value(self, nest: Nest) -> float:
        return float("inf") if self._crosses(dict(nest.tile)) else super().value(nest)

    def _crosses(self, tile: dict[str, int]) -> bool:
        """Would a tile have other strides in what passes than its operand or drain can step by?"""
        return any(_crosses(role, tile, self.extents) for role in self.binding.roles)


def _crosses(role: Role, tile: Mapping[str, int], extents: Mapping[str, int]) -> bool:
    home, rule = role.home, role.operand.strides
    if home is None:
        return False
    if role.route.drain is not None:
        rule = next(operand.strides for operand in role.route.drain.operands if operand.memory == home.memory.name)
    fused = [dict(role.fused)[axis] for axis in role.operand.axes]
    return home.crosses(tile, extents) or isinstance(rule, tuple) or not home.obeys(rule, fused, tile)


def _one_strip(binding: Binding) -> Binding:
    """The einsum with extents that no tile may exceed: those of a strip, and of a block of what passes."""
    extents = binding.extents | dict([binding.strip] if binding.strip else [])
    for dimension in (d for role in binding.roles if role.home is not None for d in role.home.dimensions):
        for axis in dimension.index.axes:
            if dimension.index.coefficient(axis) % dimension.size:
                extents[axis] = min(extents[axis], dimension.size)
    axes = tuple(Axis(axis, extent, extent) for axis, extent in extents.items())
    return replace(binding, einsum=replace(binding.einsum, axes=axes))


def tilings_in_strips(
    binding: Binding,
    slide: Slide | None = None,
    *,
    objective: str = "latency",
    most: int = 2,
    time_limit_s: float = 5.0,
) -> list[Tiling]:
    """The best ``most`` tilings found that go strip by strip, best first; raises Infeasible where none fits."""
    found = best_tilings(_InStrips(binding, objective, slide), most, time_limit_s)
    return [_with_strips(binding, tiling) for tiling in found]


def _with_strips(binding: Binding, tiling: Tiling) -> Tiling:
    """``tiling``, whose pieces of what passes are strips."""
    outer, inner = tiling.levels
    strips = dict([binding.strip] if binding.strip else [])
    passing = [role.label for role in binding.roles if role.home is not None and role.home.strip]

    def cut(label: str, piece: Sizes) -> Sizes:
        return sizes({x: strips.get(x, size) for x, size in piece}) if label in passing else piece

    pieces = tuple((label, cut(label, piece)) for label, piece in outer.pieces)
    return replace(tiling, levels=(replace(outer, pieces=pieces), inner))


def slides(binding: Binding) -> Iterator[Slide]:
    """The inputs whose windows the strips share: ``a`` rows further per strip, and longer than that."""
    if binding.strip is None or binding.strip[1] != 1:
        return
    axis = binding.strip[0]
    for role in binding.fetched:
        coupled = [index for index in role.access.affine_indices if len(index.axes) > 1]
        for index in coupled:
            others = [x for x in index.axes if x != axis]
            shift, along = index.coefficient(axis), index.coefficient(others[0])
            if len(others) != 1 or shift <= 0 or along <= 0 or shift % along:
                continue
            extent = binding.extents[others[0]]
            size = gcd(shift // along, extent)
            if shift // along < extent:
                whole = dict.fromkeys(x for i in coupled for x in i.axes if x not in index.axes)
                yield Slide(role, others[0], size, tuple(whole))


def with_slots(tiling: Tiling, label: str, held: int, slots: int) -> Tiling:
    """``tiling`` with ``slots`` places for the pieces of one input, ``held`` of them for pieces that come again."""
    outer = tiling.levels[0]

    def put(table: Sizes, count: int) -> Sizes:
        return tuple((name, count if name == label else n) for name, n in table)

    changed = replace(outer, buffers=put(outer.buffers, slots), held=put(outer.held, held))
    return replace(tiling, levels=(changed, *tiling.levels[1:]))
