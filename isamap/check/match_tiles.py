"""A small version of a kernel, walked issue by issue and lane by lane as a match says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod

from isamap.ir.affine import Affine
from isamap.ir.answers import Match
from isamap.ir.scalar import Access

Point = dict[str, int]
Lane = tuple[Point, Point]  # (instruction axis -> index, kernel axis -> coordinate)
_POINTS = 3000


def small_extents(extents: dict[str, int], mapped: tuple[str, ...]) -> dict[str, int]:
    """At most 3 per axis (tiles of 2 then have ragged edges), fewer where that is more than a few thousand points."""
    small = {x: min(extent, 3) for x, extent in extents.items()}
    outside = [x for x in small if x not in mapped]
    for size, axes in ((2, outside), (1, outside), (2, list(mapped))):
        for x in axes:
            if prod(small.values()) > _POINTS:
                small[x] = min(small[x], size)
    return small


def issues(match: Match, extents: dict[str, int], most: dict[str, int]) -> Iterator[list[Lane]]:
    """The lanes of each issue: loops over tiles outside, then one index per instruction axis."""
    tiles = dict.fromkeys(extents, 1)
    for d, fused in match.axes:
        for x in reversed(fused):
            grown = prod(tiles[y] for y in fused) * 2
            tiles[x] = 2 if grown <= most[d] else 1
    for corner in product(*(range(0, extent, tiles[x]) for x, extent in extents.items())):
        origin = dict(zip(extents, corner, strict=True))
        size = {x: min(tiles[x], extents[x] - start) for x, start in origin.items()}
        yield list(_lanes(match, origin, size))


def _lanes(match: Match, origin: Point, size: Point) -> Iterator[Lane]:
    names = [d for d, _ in match.axes]
    counts = [prod(size[x] for x in fused) for _, fused in match.axes]
    for lane in product(*map(range, counts)):
        point = dict(origin)
        for index, (_, fused) in zip(lane, match.axes, strict=True):
            rest = index
            for x in reversed(fused):  # the inner axis runs fastest
                rest, step = divmod(rest, size[x])
                point[x] += step
        yield dict(zip(names, lane, strict=True)), point


def element(access: Access, point: Point) -> str:
    """The element that ``access`` means at ``point``, as text."""
    inner = (str(i.evaluate(point)) if isinstance(i, Affine) else element(i, point) for i in access.indices)
    return f"{access.tensor}[{','.join(inner)}]"
