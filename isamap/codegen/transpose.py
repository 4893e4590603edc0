"""A square of vectors turned over in registers: rows that lie next to each other in memory become columns.

In log2(n) rounds neighbours at distance 1, 2, 4, ... exchange halves, as in the transposition of a matrix of blocks;
each exchange is one shuffle of two registers.
"""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import ir

from isamap.codegen.vectors import I32, Vectors


def transposed(vectors: Vectors, rows: Sequence[ir.Value]) -> list[ir.Value]:
    """Vector i of the answer holds lane i of every row, ``lanes`` rows of ``lanes`` elements each (a power of two)."""
    values, distance = list(rows), 1
    while distance < vectors.lanes:
        for low in (n for n in range(vectors.lanes) if not n & distance):
            values[low], values[low + distance] = _exchanged(vectors, values[low], values[low + distance], distance)
        distance *= 2
    return values


def _exchanged(vectors: Vectors, one: ir.Value, other: ir.Value, distance: int) -> tuple[ir.Value, ir.Value]:
    """The blocks of ``distance`` lanes at even places of both, and those at odd places of both."""
    lanes = range(vectors.lanes)
    even = [n if not n & distance else n - distance + vectors.lanes for n in lanes]
    odd = [n + distance if not n & distance else n + vectors.lanes for n in lanes]
    return _shuffled(vectors, one, other, even), _shuffled(vectors, one, other, odd)


def _shuffled(vectors: Vectors, one: ir.Value, other: ir.Value, lanes: Sequence[int]) -> ir.Value:
    mask = ir.Constant(ir.VectorType(I32, vectors.lanes), list(lanes))
    return vectors.builder.shuffle_vector(one, other, mask)
