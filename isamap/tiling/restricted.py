"""Local search among the nests that pins leave: sizes, orders and directions are put into every nest that comes up,
slots and held pieces into its estimate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import ceil

from isamap.ir.binding import Binding
from isamap.ir.einsum import Axis
from isamap.ir.fixed import FixedLevel
from isamap.tiling.estimate import Estimate, estimate
from isamap.tiling.fitting import Pins
from isamap.tiling.neighbourhood import Search
from isamap.tiling.nest import Nest, piece
from isamap.tiling.options import tile_options


class Restricted(Search):
    """The neighbourhood of the nests of ``binding`` that ``blocks`` and ``issues`` allow."""

    def __init__(self, binding: Binding, objective: str, blocks: FixedLevel, issues: FixedLevel) -> None:
        super().__init__(binding, objective)
        self.blocks, self.issues = blocks, issues
        self.pins = pins_of(binding, blocks, issues)
        self.options = self._options()

    def _options(self) -> dict[str, list[tuple[int, ...]]]:
        """The sizes that the axes of one issue may take: those that are pinned, and none beyond a block that is."""
        fixed = dict(self.issues.tile)
        most = {x: min(e, fixed.get(x, e), pinned_block(x, e, self.blocks) or e) for x, e in self.extents.items()}
        axes = tuple(Axis(x, size, size) for x, size in most.items())
        found = tile_options(replace(self.binding, einsum=replace(self.binding.einsum, axes=axes)))
        for axis, fused in self.binding.match.axes:
            pairs = [(choice, zip(fused, choice, strict=True)) for choice in found[axis]]
            able = [choice for choice, sizes in pairs if all(fixed.get(x, size) == size for x, size in sizes)]
            found[axis] = able or [tuple(fixed.get(x, 1) for x in fused)]
        return found

    def nest(self, tile: dict[str, int], block: dict[str, int], outer: Iterable[str], inner: Iterable[str]) -> Nest:
        return self.pinned(super().nest(tile, block, outer, inner))

    def neighbours(self, nest: Nest) -> Iterator[Nest]:
        return (self.pinned(found) for found in super().neighbours(nest))

    def hope(self, nest: Nest) -> float:
        return super().hope(nest) if self.pinned(nest) == nest else float("inf")

    def estimated(self, nest: Nest, *, patient: bool = True) -> Estimate | None:
        if self._in_other_pieces(nest) or self._begins_otherwise(nest):
            return None
        return estimate(self.binding, nest, patient=patient, pins=self.pins)

    def pinned(self, nest: Nest) -> Nest:
        """The nest with all that is pinned of its loops put in; one that is allowed stays as it is."""
        blocks, issues = self.blocks, self.issues
        known, block = dict(nest.tile), dict(nest.block)
        both = {x: self._cut(x, known[x], block[x]) for x in self.extents}
        return replace(
            nest,
            tile=tuple((x, tile) for x, (tile, _) in both.items()),
            block=tuple((x, size) for x, (_, size) in both.items()),
            outer=_ordered(nest.outer, blocks.order),
            inner=_ordered(nest.inner, issues.order),
            turning=next(one for one in (blocks.turning, issues.turning, nest.turning) if one is not None),
            backward=self._backward(nest),
        )

    def _cut(self, x: str, tile: int, block: int) -> tuple[int, int]:
        """The tile and the block of axis ``x`` nearest to those given; an axis that an order does not name has no loop
        there."""
        given = pinned_block(x, self.extents[x], self.blocks)
        tile = dict(self.issues.tile).get(x, tile)
        tile = min(tile, given or tile)
        if self.issues.order is not None and x not in self.issues.order:
            tile = given if given and x in self.binding.match.mapped_axes else tile
            return tile, given or tile
        return tile, given or min(self.extents[x], ceil(max(block, tile) / tile) * tile)

    def _backward(self, nest: Nest) -> tuple[str, ...]:
        """The axes whose loops begin at the far end, which is the same on both levels: where something is said of one,
        those that are said."""
        if self.blocks.backward is None and self.issues.backward is None:
            return nest.backward
        return tuple(x for x in self.extents if x in {*(self.blocks.backward or ()), *(self.issues.backward or ())})

    def _begins_otherwise(self, nest: Nest) -> bool:
        """Does a loop begin at the far end on a level of which that is not said?"""
        tile, block = dict(nest.tile), dict(nest.block)
        outer = {x for x in nest.backward if block[x] < self.extents[x]}
        inner = {x for x in nest.backward if tile[x] < block[x]}
        levels = ((self.blocks.backward, outer), (self.issues.backward, inner))
        return any(said is not None and not loops <= {*said} for said, loops in levels)

    def _in_other_pieces(self, nest: Nest) -> bool:
        """Are an input's pieces of other sizes than those that are pinned?"""
        given = dict(self.blocks.pieces)
        roles = [role for role in self.binding.fetched if role.label in given]
        return any(piece(role, nest)[x] != size for role in roles for x, size in given[role.label])


def pins_of(binding: Binding, blocks: FixedLevel, issues: FixedLevel) -> Pins:
    """The slots and held pieces that two levels give, by operand."""
    output, operands = binding.output, {role.label: role.operand.name for role in binding.fetched}
    slots, held = (
        {operands[label]: count for label, count in table if label in operands}
        | ({output.operand.name: dict(inner)[output.label]} if output.label in dict(inner) else {})
        for table, inner in ((blocks.buffers, issues.buffers), (blocks.held, issues.held))
    )
    return Pins(slots, held, dict(blocks.buffers).get(output.label))


def _ordered(order: tuple[str, ...], given: tuple[str, ...] | None) -> tuple[str, ...]:
    """``order`` with the axes of ``given`` outside, in their order."""
    return order if given is None else (*given, *(x for x in order if x not in given))


def pinned_block(x: str, extent: int, blocks: FixedLevel) -> int | None:
    """The size of axis ``x`` in a block, where it is said: also by an order without ``x``, which has one block then."""
    known = dict(blocks.tile).get(x)
    return extent if known is None and blocks.order is not None and x not in blocks.order else known
