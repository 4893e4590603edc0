"""Copies a block of a tensor into panels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from llvmlite import ir

from isamap.codegen.loops import Place, Values, cover, nest
from isamap.codegen.operand import Blocks, Operand
from isamap.codegen.vectors import Vectors, number
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

    def point(at: Place, _: int, carried: Values) -> Values:
        here, there = moved(vectors, read, source.within, at), moved(vectors, write, target.within, at)
        _row(vectors, here, there, source.within[layout.along], layout.extent)
        return carried

    nest(vectors.builder, sizes, 1, 1, point, ())


def _row(vectors: Vectors, read: ir.Value, write: ir.Value, apart: int, width: int) -> None:
    """``width`` elements that lie ``apart`` in the source."""
    for at in range(0, width, vectors.lanes):
        lanes = min(vectors.lanes, width - at)
        if apart == 1:
            vectors.store(vectors.load(vectors.at(read, at), lanes), vectors.at(write, at), lanes)
            continue
        for n in range(at, at + lanes):
            vectors.store_scalar(vectors.scalar(vectors.at(read, n * apart)), vectors.at(write, n))


def moved(vectors: Vectors, start: ir.Value, strides: Mapping[str, int], at: Place) -> ir.Value:
    """The address ``at`` so many elements along each axis from ``start``."""
    fixed = 0
    for axis, place in at.items():
        stride = strides.get(axis, 0)
        if isinstance(place, int):
            fixed += stride * place
        elif stride:
            start = vectors.at(start, vectors.builder.mul(place, number(stride)))
    return vectors.at(start, fixed)
