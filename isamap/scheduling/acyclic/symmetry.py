"""Computations that may change places: values of an axis that can be swapped without anything else changing.

Swapping two values of an axis maps every computation to another one. Where that maps pieces to pieces and tiles to
tiles of equal sizes and costs, what is best before is best after. Where it holds for each value and the next, it holds
for every order of the axis's values; and as each axis moves only its own values, all axes at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from isamap.scheduling.acyclic.body import Body

Ranges = tuple[tuple[int, int], ...]


def alike(body: Body, ranges: Sequence[Ranges]) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Per axis whose values may all change places, the computations at each value; ``ranges`` are their tiles."""
    found = []
    number = {tile: c for c, tile in enumerate(ranges)}
    for axis in range(len(ranges[0]) if ranges and len(number) == len(ranges) else 0):
        values = sorted({tile[axis] for tile in ranges})
        pairs = list(pairwise(values))
        if pairs and all(_swappable(body, ranges, number, axis, one, other) for one, other in pairs):
            found.append(tuple(tuple(c for c, tile in enumerate(ranges) if tile[axis] == v) for v in values))
    return tuple(found)


def _swappable(
    body: Body,
    ranges: Sequence[Ranges],
    number: dict[Ranges, int],
    axis: int,
    one: tuple[int, int],
    other: tuple[int, int],
) -> bool:
    """Does nothing change when values ``one`` and ``other`` of ``axis`` change places?"""
    swapped = {one: other, other: one}
    images = []
    for tile in ranges:
        image = number.get((*tile[:axis], swapped.get(tile[axis], tile[axis]), *tile[axis + 1 :]))
        if image is None:
            return False
        images.append(image)
    pieces: dict[int, int] = {}
    tiles: dict[int, int] = {}
    for c, image in enumerate(images):
        mine, theirs = body.computations[c], body.computations[image]
        if replace(theirs, tile=mine.tile, pieces=mine.pieces) != mine:
            return False
        if tiles.setdefault(mine.tile, theirs.tile) != theirs.tile:
            return False
        for piece, there in zip(mine.pieces, theirs.pieces, strict=True):
            if pieces.setdefault(piece, there) != there:
                return False
    if len(set(pieces.values())) < len(pieces) or len(set(tiles.values())) < len(tiles):
        return False
    if any(body.pieces[p] != body.pieces[q] for p, q in pieces.items()):
        return False
    if any(body.tiles[t] != body.tiles[u] for t, u in tiles.items()):
        return False
    if not body.ordered:
        return True
    return all([images[c] for c in body.of_tile(t)] == body.of_tile(u) for t, u in tiles.items())
