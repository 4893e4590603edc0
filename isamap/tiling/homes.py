"""Which tensors may pass on chip from the einsum that writes them to those that read them, and how they lie there.

A tensor is cut along one dimension into strips that its writer and its readers each do in one piece: the index of that
dimension is ``a*x + rest`` with ``rest`` < ``a`` in all of them, so that rows and ranges of ``x`` correspond. It lies
in the blocks that the writer's indices make (``4*x + lane``: blocks of 4), so that a tile can be drained in one go.
Readers that are passed on by a tensor along the same axis carry the strips on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, lcm, prod

from isamap.ir.affine import Affine
from isamap.ir.answers import Home
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Memory, Target
from isamap.ir.workload import Tensor, Workload

_FULL = 0.6  # of a memory that strips may take
_TRIED = 4  # sizes of strips


@dataclass(frozen=True)
class Alone:
    """How an einsum is done where nothing passes: on which unit, in tiles of which sizes."""

    unit: str
    tile: Mapping[str, int]


@dataclass(frozen=True)
class _Passing:
    """A tensor between einsums: who writes it, who reads it."""

    tensor: Tensor
    writer: Einsum
    readers: tuple[Einsum, ...]


def passing_homes(work: Workload, target: Target, alone: Mapping[Einsum, Alone]) -> Iterator[dict[str, Home]]:
    """Homes to try, tensor by tensor: each alone, then along with those that carry its strips on."""
    between = [one for one in _between(work) if all(einsum in alone for einsum in (one.writer, *one.readers))]
    for memory in target.memories[1:]:
        for one in between:
            for dimension in range(len(one.tensor.shape)):
                for rows in _rows(one, dimension, memory, alone):
                    single = {one.tensor.name: _home(one, dimension, rows, memory, alone)}
                    yield single
                    chain = single | _carried_on(one, dimension, rows, memory, between, alone)
                    if len(chain) > 1:
                        yield chain


def _between(work: Workload) -> Iterator[_Passing]:
    """Tensors that one einsum writes and others read, and nobody else is given."""
    for tensor in work.tensors:
        writers = [e for e in work.einsums if tensor.name in [output.tensor for output in e.outputs]]
        readers = [e for e in work.einsums if tensor.name in [access.tensor for access in e.reads]]
        if len(writers) == 1 and readers and tensor.name not in (*work.inputs, *work.outputs):
            yield _Passing(tensor, writers[0], tuple(readers))


def _home(one: _Passing, dimension: int, rows: int, memory: Memory, alone: Mapping[Einsum, Alone]) -> Home:
    """Strips of ``rows``, two at once where there is plenty of room, or where they are written on one unit and read on
    another, which can then work at the same time."""
    apart = {alone[reader].unit for reader in one.readers} != {alone[one.writer].unit}
    room = (_FULL if apart else _FULL / 2) * memory.capacity_bytes
    turns = 2 if 2 * rows * _row_bits(one, dimension) <= 8 * room else 1
    return Home(memory.name, _blocks(one), dimension, rows, turns)


def _blocks(one: _Passing) -> tuple[int, ...]:
    return tuple(_outermost(index)[1] for index in one.writer.output.affine_indices)


def _outermost(index: Affine) -> tuple[str, int]:
    """The axis with the largest coefficient, and that; ("", 1) where there is none."""
    axis = max(index.axes, key=index.coefficient, default="")
    return axis, max(1, index.coefficient(axis)) if axis else 1


def _rows(one: _Passing, dimension: int, memory: Memory, alone: Mapping[Einsum, Alone]) -> list[int]:
    """How many coordinates of ``dimension`` a strip may have: whole tiles of writer and readers, from as many as fit
    downwards, and as few as they can do apart."""
    accesses = [(e, access) for e in one.readers for access in e.reads if access.tensor == one.tensor.name]
    unit = tiles = 1
    for einsum, access in ((one.writer, one.writer.output), *accesses):
        axis, step = _outermost(access.affine_indices[dimension])
        unit, tiles = lcm(unit, step), lcm(tiles, step * alone[einsum].tile.get(axis, 1))
    most = int(_FULL * memory.capacity_bytes * 8) // _row_bits(one, dimension)
    most = min(most, one.tensor.shape[dimension] - 1)
    whole = [tiles << n for n in range(most.bit_length()) if tiles << n <= most]
    found = [most // tiles * tiles, *reversed(whole), most // unit * unit, unit]
    return [rows for rows in dict.fromkeys(found) if 0 < rows <= most][:_TRIED]


def _row_bits(one: _Passing, dimension: int) -> int:
    """What one coordinate of ``dimension`` takes, blocks filled up."""
    others = [(e, b) for n, (e, b) in enumerate(zip(one.tensor.shape, _blocks(one), strict=True)) if n != dimension]
    return one.tensor.dtype.bits * prod(ceil(extent / block) * block for extent, block in others)


def _carried_on(
    one: _Passing,
    dimension: int,
    rows: int,
    memory: Memory,
    between: list[_Passing],
    alone: Mapping[Einsum, Alone],
) -> dict[str, Home]:
    """Homes of the tensors that ``one``'s reader writes along the strips' axis, and so on."""
    if len(one.readers) != 1:
        return {}
    reader = one.readers[0]
    access = next(access for access in reader.reads if access.tensor == one.tensor.name)
    axis, step = _outermost(access.affine_indices[dimension])
    for other in between:
        if other.writer != reader:
            continue
        for along, index in enumerate(other.writer.output.affine_indices):
            if _outermost(index)[0] == axis and rows % step == 0:
                more = rows // step * _outermost(index)[1]
                further = _carried_on(other, along, more, memory, between, alone)
                return {other.tensor.name: _home(other, along, more, memory, alone)} | further
    return {}
