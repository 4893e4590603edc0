"""One view of an operation, flattened: which bytes of which space it touches, from an origin on.

A *space* is an addressed memory, or the bytes of a tensor in the outermost memory (of the tensor that it is a view of,
where it is an alias). Either way byte = ``base_byte`` + sum of origin number * ``strides``; a tensor's coordinates must
besides lie inside its shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from isamap.ir.dtype import DType
from isamap.ir.workload import Tensor

Integers = NDArray[np.int64]
Steps = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Layout:
    """``extents`` and ``steps`` (one tuple of origin numbers per factor) list all factors in operand axis order;
    ``shape`` holds the extents of the operand's axes, their factors multiplied."""

    operand: str
    memory: str
    space: str
    dtype: DType
    shape: tuple[int, ...]
    extents: tuple[int, ...]
    steps: Steps
    strides: tuple[int, ...]
    base_byte: int
    reads: bool
    writes: bool
    tensor: Tensor | None = None
    border: int | float | None = None

    @property
    def points(self) -> int:
        return prod(self.extents)

    @cached_property
    def byte_steps(self) -> tuple[int, ...]:
        return tuple(sum(s * b for s, b in zip(step, self.strides, strict=True)) for step in self.steps)

    @cached_property
    def byte_range(self) -> tuple[int, int]:
        """The lowest byte and the end of the highest, relative to the origin's byte."""
        reach = [(e - 1) * s for e, s in zip(self.extents, self.byte_steps, strict=True)]
        return sum(r for r in reach if r < 0), sum(r for r in reach if r > 0) + self.dtype.size_bytes

    @cached_property
    def coordinate_ranges(self) -> tuple[tuple[int, int], ...]:
        """Per coordinate, the lowest and highest relative to the origin, both included."""
        rank = len(self.strides)
        reach = [[(e - 1) * step[d] for e, step in zip(self.extents, self.steps, strict=True)] for d in range(rank)]
        return tuple((sum(r for r in along if r < 0), sum(r for r in along if r > 0)) for along in reach)

    @cached_property
    def byte_offsets(self) -> Integers:
        """Each element's byte relative to the origin's, in the order of the extents, flat."""
        return grid_sum(self.extents, self.byte_steps)

    @cached_property
    def coordinate_offsets(self) -> Integers:
        """Each element's coordinates relative to the origin: one row per coordinate."""
        rank = len(self.strides)
        rows = [grid_sum(self.extents, tuple(step[d] for step in self.steps)) for d in range(rank)]
        return np.array(rows, dtype=np.int64).reshape(rank, self.points)

    @cached_property
    def runs(self) -> tuple[Integers, Integers]:
        """Starts and ends of the maximal runs of bytes touched, relative to the origin's byte."""
        return merged_runs(self.byte_offsets, self.dtype.size_bytes)

    @cached_property
    def bytes_touched(self) -> int:
        starts, ends = self.runs
        return int((ends - starts).sum())

    def base(self, origins: Integers) -> Integers:
        """The origin's byte, for rows of origin numbers."""
        return np.asarray(self.base_byte + origins @ np.asarray(self.strides, dtype=np.int64))

    def outside(self, origins: Integers) -> NDArray[np.bool_]:
        """Rows of origin numbers at which some coordinate lies outside the tensor."""
        found = np.zeros(len(origins), dtype=np.bool_)
        if self.tensor is not None:
            for d, ((low, high), extent) in enumerate(zip(self.coordinate_ranges, self.tensor.shape, strict=True)):
                found |= (origins[:, d] + low < 0) | (origins[:, d] + high >= extent)
        return found

    def inside_mask(self, origin: Integers) -> NDArray[np.bool_]:
        """Which elements lie inside the tensor, from one origin on."""
        assert self.tensor is not None
        places = self.coordinate_offsets + origin[:, None]
        shape = np.asarray(self.tensor.shape, dtype=np.int64)[:, None]
        return np.asarray(((places >= 0) & (places < shape)).all(axis=0))


def grid_sum(extents: tuple[int, ...], steps: tuple[int, ...]) -> Integers:
    """The sum of index * step over every point of the extents, flat, row-major."""
    total = np.zeros(1, dtype=np.int64)
    for extent, step in zip(extents, steps, strict=True):
        total = np.add.outer(total, np.arange(extent, dtype=np.int64) * step).reshape(-1)
    return total


def merged_runs(offsets: Integers, size: int) -> tuple[Integers, Integers]:
    """Starts and ends of the runs of bytes that elements of ``size`` bytes at ``offsets`` cover together."""
    placed = distinct(offsets)
    if not len(placed):
        return placed, placed
    breaks = np.flatnonzero(np.diff(placed) > size)
    starts = placed[np.concatenate(([0], breaks + 1))]
    ends = placed[np.concatenate((breaks, [len(placed) - 1]))] + size
    return starts, ends


def distinct(values: NDArray[np.int64]) -> Integers:
    """The distinct values, ascending (numpy's own way through hashes is slow on regular numbers)."""
    ordered = np.sort(values, kind="stable")
    return ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))] if len(ordered) else ordered
