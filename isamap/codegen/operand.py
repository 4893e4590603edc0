"""Where the elements of a tensor lie, as the kernel reads them: in the tensor itself, or copied into panels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from llvmlite import ir

from isamap.codegen.vectors import Vectors, number

Blocks = Mapping[str, tuple[ir.Value, int]]
"""Of each axis the block that the loops are at: its start and its size."""


@dataclass(frozen=True)
class Operand:
    """``pointer`` is to the element where every axis is at its ``origin`` (0 where none is given); ``between`` says how
    far apart blocks lie, ``within`` elements of a block, in elements."""

    pointer: ir.Value
    between: Mapping[str, int]
    within: Mapping[str, int]
    origin: Mapping[str, ir.Value] = field(default_factory=dict)

    def start(self, vectors: Vectors, blocks: Blocks) -> ir.Value:
        """The address of the first element of a block."""
        builder, pointer = vectors.builder, self.pointer
        for axis, stride in self.between.items():
            at = blocks[axis][0]
            if axis in self.origin:
                at = builder.sub(at, self.origin[axis])
            pointer = vectors.at(pointer, builder.mul(at, number(stride)))
        return pointer

    def inside(self, point: Mapping[str, int]) -> int:
        """How far the element at ``point`` of a block is from its first."""
        return sum(self.within.get(axis, 0) * n for axis, n in point.items())
