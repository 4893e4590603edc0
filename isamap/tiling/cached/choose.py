"""Blockings of a contraction for a core with caches, the best by the model first."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from isamap.errors import Unsupported
from isamap.ir.blocking import Blocking, Loop, Panels
from isamap.ir.contraction import Contraction, Strided
from isamap.ir.cpu import Core
from isamap.tiling.cached.cost import cycles


def blockings(what: Contraction, core: Core, most: int = 16) -> list[tuple[Blocking, float]]:
    """The ``most`` best blockings, each with the cycles that it is thought to take. Raises Unsupported where no axis
    can lie along the lanes."""
    found = {how: cycles(what, how, core).total for how in _every(what, core)}
    if not found:
        raise Unsupported("tiling", "a contraction of which no axis lies next to each other in its output")
    return sorted(found.items(), key=lambda entry: entry[1])[:most]


def _every(what: Contraction, core: Core) -> Iterator[Blocking]:
    for vector in what.extents:
        if vector in what.parallel and what.output.strides[vector] == 1:
            yield from _outer(what, core, vector)
        elif vector in what.reduced and all(factor.strides.get(vector) == 1 for factor in what.factors):
            yield from _dot(what, core, vector)


def _outer(what: Contraction, core: Core, vector: str) -> Iterator[Blocking]:
    """Lanes along a parallel axis: sums of ``rows`` x ``vectors`` registers."""
    along, across = _factors(what, vector)
    rows = [axis for axis in what.parallel if axis != vector and axis not in along.strides]
    shared = [axis for axis in what.parallel if axis != vector and axis in along.strides]
    row, reduced = (rows[-1] if rows else None), (what.reduced[-1] if what.reduced else None)
    lanes = core.vector_bytes // what.sums.size_bytes
    outside = [Loop(axis, 1) for axis in (*shared, *rows[:-1])]
    for vectors in range(1, min(4, ceil(what.extents[vector] / lanes)) + 1):
        for height in _heights(what.extents[row] if row else 1, (core.registers - vectors - 1) // vectors):
            for depth in _depths(what, reduced) if reduced else [1]:
                wide = min(vectors * lanes, what.extents[vector])
                for width in _widths(what.extents[vector], wide):
                    loops = [*outside, Loop(vector, width), *([Loop(reduced, depth)] if reduced else [])]
                    at = len(loops)
                    loops += [Loop(vector, wide), *([Loop(row, height)] if row else [])]
                    for panels in _panels(what, along, across, vector, at, row):
                        yield Blocking(vector, tuple(loops), panels)


def _dot(what: Contraction, core: Core, vector: str) -> Iterator[Blocking]:
    """Lanes along a reduced axis: every sum in parts."""
    tiled = [axis for axis in what.parallel[-2:] if what.extents[axis] > 1]
    outside = [Loop(axis, 1) for axis in what.parallel if axis not in tiled]
    for sizes in ((8, 1), (1, 8), (4, 2), (2, 4), (4, 4), (6, 2)):
        loops = [Loop(axis, min(size, what.extents[axis])) for axis, size in zip(tiled, sizes, strict=False)]
        yield Blocking(vector, (*outside, *loops))


def _factors(what: Contraction, vector: str) -> tuple[Strided, Strided]:
    """(the factor with the vector axis, the other)."""
    one, other = what.factors
    return (one, other) if vector in one.strides else (other, one)


def _heights(extent: int, most: int) -> list[int]:
    """Rows of a register tile: those that divide the extent into equal tiles, and the most that fit."""
    sizes = {ceil(extent / count) for count in range(ceil(extent / most), ceil(extent / most) + 3)}
    return sorted(sizes | {min(extent, most)}, reverse=True)


def _depths(what: Contraction, reduced: str) -> list[int]:
    extent = what.extents[reduced]
    if what.finish:
        return [extent]  # sums are finished once they are whole
    return sorted({ceil(extent / ceil(extent / size)) for size in (128, 256, 384, 512, 1024, extent)})


def _widths(extent: int, tile: int) -> list[int]:
    return sorted({min(extent, ceil(size / tile) * tile) for size in (tile, 512, 2048, extent)})


def _panels(
    what: Contraction, along: Strided, across: Strided, vector: str, depth: int, row: str | None
) -> list[tuple[Panels, ...]]:
    """No panels, where the lanes lie next to each other; panels of the factor along them, and of the other too."""
    packed = Panels(along.tensor, depth)
    choices: list[tuple[Panels, ...]] = [(packed,)] if along.strides[vector] != 1 else [(), (packed,)]
    if row is not None and row in across.strides:
        choices.append((packed, Panels(across.tensor, depth)))
    return choices
