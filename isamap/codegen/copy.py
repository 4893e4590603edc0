"""Copies a block of a tensor into panels, one element per lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from llvmlite import ir

from isamap.codegen.loops import Place, Values, cover, nest
from isamap.codegen.operand import Blocks, Operand
from isamap.codegen.transpose import transposed
from isamap.codegen.vectors import Vectors
from isamap.ir.panels import Layout


def copy(vectors: Vectors, source: Operand, target: Operand, layout: Layout, blocks: Blocks) -> None:
    """Every element of the block, panel by panel, in the order of the panels."""
    builder = vectors.builder
    start, size = blocks[layout.along]

    def panel(at: ir.Value, width: int) -> None:
        here = {**blocks, layout.along: (builder.add(start, at), width)}
        _panel(vectors, source, target, replace(layout, extent=width), here)

    cover(builder, size, layout.tile, panel)


def _panel(vectors: Vectors, source: Operand, target: Operand, layout: Layout, blocks: Blocks) -> None:
    read, write = source.start(vectors, blocks), target.start(vectors, blocks)
    sizes = {axis: blocks[axis][1] for axis in layout.others}
    if source.within[layout.along] != 1 and sizes and source.within[list(sizes)[-1]] == 1:
        _turned(vectors, (source, read), (target, write), layout, sizes)
        return

    def point(at: Place, _: int, carried: Values) -> Values:
        here, there = source.moved(vectors, read, at), target.moved(vectors, write, at)
        _row(vectors, here, there, source.within[layout.along], layout.extent)
        return carried

    nest(vectors.builder, sizes, 1, 1, point, ())


def _turned(
    vectors: Vectors,
    source: tuple[Operand, ir.Value],
    target: tuple[Operand, ir.Value],
    layout: Layout,
    sizes: Mapping[str, int],
) -> None:
    """A panel whose rows lie across those of the source: squares of vectors are turned over."""
    deep = list(sizes)[-1]
    (read, read_start), (write, write_start) = source, target

    def square(at: Place, depth: int, carried: Values) -> Values:
        here, there = read.moved(vectors, read_start, at), write.moved(vectors, write_start, at)
        for along in range(0, layout.extent, vectors.lanes):
            width = min(vectors.lanes, layout.extent - along)
            rows = [vectors.at(here, (along + n) * read.within[layout.along]) for n in range(width)]
            loaded = [vectors.load(row, depth) for row in rows] + [vectors.zero] * (vectors.lanes - width)
            for n, column in enumerate(transposed(vectors, loaded)[:depth]):
                vectors.store(column, vectors.at(there, along + n * write.within[deep]), width)
        return carried

    nest(vectors.builder, sizes, vectors.lanes, 1, square, ())


def _row(vectors: Vectors, read: ir.Value, write: ir.Value, apart: int, width: int) -> None:
    """``width`` elements that lie ``apart`` in the source."""
    for at in range(0, width, vectors.lanes):
        lanes = min(vectors.lanes, width - at)
        if apart == 1:
            vectors.store(vectors.load(vectors.at(read, at), lanes), vectors.at(write, at), lanes)
            continue
        for n in range(at, at + lanes):
            vectors.store_scalar(vectors.scalar(vectors.at(read, n * apart)), vectors.at(write, n))
