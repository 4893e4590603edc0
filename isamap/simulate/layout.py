"""One view of an operation, flattened: which bytes of which space it touches, from an origin on.

A *space* is an addressed memory, or the bytes of a tensor in the outermost memory (of the tensor that it is a view of,
where it is an alias). Either way address = ``base_address`` + sum of origin number * ``strides``; a tensor's
coordinates must besides lie inside its shape. Addresses count bytes, or elements where these are narrower: which bytes
a view of such touches depends on its *phase*, how many elements after the beginning of a byte it begins.

Bytes are the *grains* in which accesses are compared: who touches any part of a byte touches the byte. Finer grains
serve to tell which parts of a byte were ever written.
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
    base_address: int
    reads: bool
    writes: bool
    tensor: Tensor | None = None
    border: int | float | None = None

    @property
    def points(self) -> int:
        return prod(self.extents)

    @property
    def phases(self) -> int:
        """How many addresses a byte has."""
        return 8 // self.dtype.address_bits

    @cached_property
    def address_steps(self) -> tuple[int, ...]:
        return tuple(sum(s * b for s, b in zip(step, self.strides, strict=True)) for step in self.steps)

    @cached_property
    def reach(self) -> tuple[int, int]:
        """The addresses of the lowest element and of the end of the highest, relative to the origin's."""
        reach = [(e - 1) * s for e, s in zip(self.extents, self.address_steps, strict=True)]
        return sum(r for r in reach if r < 0), sum(r for r in reach if r > 0) + self.dtype.pitch

    @cached_property
    def coordinate_ranges(self) -> tuple[tuple[int, int], ...]:
        """Per coordinate, the lowest and highest relative to the origin, both included."""
        rank = len(self.strides)
        reach = [[(e - 1) * step[d] for e, step in zip(self.extents, self.steps, strict=True)] for d in range(rank)]
        return tuple((sum(r for r in along if r < 0), sum(r for r in along if r > 0)) for along in reach)

    @cached_property
    def address_offsets(self) -> Integers:
        """Each element's address relative to the origin's, in the order of the extents, flat."""
        return grid_sum(self.extents, self.address_steps)

    @cached_property
    def coordinate_offsets(self) -> Integers:
        """Each element's coordinates relative to the origin: one row per coordinate."""
        rank = len(self.strides)
        rows = [grid_sum(self.extents, tuple(step[d] for step in self.steps)) for d in range(rank)]
        return np.array(rows, dtype=np.int64).reshape(rank, self.points)

    def runs_in(self, grain_bits: int, phase: int) -> tuple[Integers, Integers]:
        """The maximal runs of grains touched by a view that begins ``phase`` addresses after a grain does, relative to
        that grain."""
        if (grain_bits, phase) not in self._runs:
            self._runs[grain_bits, phase] = covered(self.address_offsets + phase, self.dtype, grain_bits)
        return self._runs[grain_bits, phase]

    @cached_property
    def _runs(self) -> dict[tuple[int, int], tuple[Integers, Integers]]:
        return {}

    @cached_property
    def meets_itself(self) -> bool:
        """Do two of its elements share an address?"""
        starts, ends = self.runs_in(self.dtype.address_bits, 0)
        return int((ends - starts).sum()) != self.points * self.dtype.pitch

    def address(self, origins: Integers) -> Integers:
        """The origin's address, for rows of origin numbers."""
        return np.asarray(self.base_address + origins @ np.asarray(self.strides, dtype=np.int64))

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


def covered(addresses: Integers, dtype: DType, grain_bits: int) -> tuple[Integers, Integers]:
    """Starts and ends of the runs of grains that elements of ``dtype`` touch."""
    return merged_runs(addresses * dtype.address_bits // grain_bits, max(1, dtype.bits // grain_bits))


def merged_runs(offsets: Integers, size: int) -> tuple[Integers, Integers]:
    """Starts and ends of the runs of grains that elements of ``size`` grains at ``offsets`` cover together."""
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
