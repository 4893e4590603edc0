"""What sums start with where one factor is shifted by 128: -128 times the other's sums, which lie behind its panels."""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import ir

from isamap.codegen.loops import Values
from isamap.codegen.operand import Blocks, Operand
from isamap.codegen.tile import Tile
from isamap.codegen.vectors import number


def corrected(tile: Tile, operand: Operand, blocks: Blocks, cut: Sequence[str], sums: Values) -> Values:
    """``sums`` with what the panels of ``operand`` take away, once: at the first of the blocks into which the reduced
    axes ``cut`` divide a panel."""
    vectors, builder = tile.vectors, tile.vectors.builder
    start = vectors.at(operand.sums, operand.distance(vectors, blocks, operand.along))
    is_first = None
    for axis in cut:
        begins = builder.icmp_signed("==", operand.distance(vectors, blocks, axis), number(0))
        is_first = begins if is_first is None else builder.and_(is_first, begins)

    def taken_away(place: int, width: int) -> ir.Value:
        value = vectors.load(vectors.at(start, place), width)
        return value if is_first is None else builder.select(is_first, value, vectors.zero)

    known: dict[tuple[int, int], ir.Value] = {}
    for point, width in tile.points:
        key = point[operand.along], width
        if key not in known:
            known[key] = taken_away(*key)
    return [
        builder.add(total, known[point[operand.along], width])
        for (point, width), total in zip(tile.points, sums, strict=True)
    ]
