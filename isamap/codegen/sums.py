"""How the sums of a register tile begin and end where the reduced axes are cut into blocks: they go on from what memory
holds, and are finished once they are whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llvmlite import ir

from isamap.codegen.finish import Finished
from isamap.codegen.loops import Values
from isamap.codegen.operand import Blocks
from isamap.codegen.tile import Started, Tile
from isamap.codegen.vectors import I1, Vectors, number
from isamap.ir.contraction import Contraction


@dataclass(frozen=True)
class Sums:
    """Of ``what``, whose reduced axes ``cut`` are run through in blocks; ``finished``: what is stored of whole ones."""

    what: Contraction
    vectors: Vectors
    cut: Sequence[str]
    finished: Finished | None

    def begun(self, blocks: Blocks, tile: Tile, output: Started) -> Values:
        """The sums so far: what memory holds, or 0 where nothing was added yet."""
        if self.what.continues:
            return tile.loaded(output)
        builder = self.vectors.builder
        if not self.cut:
            return tile.zeros()
        later = builder.icmp_signed("!=", blocks[self.cut[0]][0], number(0))
        for axis in self.cut[1:]:
            later = builder.or_(later, builder.icmp_signed("!=", blocks[axis][0], number(0)))
        first, again, go = builder.block, builder.append_basic_block("again"), builder.append_basic_block("go")
        builder.cbranch(later, again, go)
        builder.position_at_end(again)
        values = tile.loaded(output)
        builder.branch(go)
        last = builder.block
        builder.position_at_end(go)
        sums = [builder.phi(self.vectors.type) for _ in values]
        for total, value in zip(sums, values, strict=True):
            total.add_incoming(self.vectors.zero, first)
            total.add_incoming(value, last)
        return sums

    def store(self, blocks: Blocks, tile: Tile, output: Started, sums: Values) -> None:
        """Stores them, or what is made of them."""
        if self.finished is None:
            tile.store(output, sums)
        elif not self.cut:
            self.finished.store(self.vectors, tile, blocks, sums)
        else:
            with self.vectors.builder.if_else(self._are_whole(blocks)) as (then, otherwise):
                with then:
                    self.finished.store(self.vectors, tile, blocks, sums)
                with otherwise:
                    tile.store(output, sums)

    def _are_whole(self, blocks: Blocks) -> ir.Value:
        """Does the block of every axis end where the axis does?"""
        builder, are_whole = self.vectors.builder, ir.Constant(I1, 1)
        for axis in self.cut:
            start, size = blocks[axis]
            ends = builder.icmp_signed("==", start, number(self.what.extents[axis] - size))
            are_whole = builder.and_(are_whole, ends)
        return are_whole
