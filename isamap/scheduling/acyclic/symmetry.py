"""Computations that may change places: values of an axis that can be swapped without anything else changing.

Swapping two values of an axis maps every computation to another one. Where that maps pieces to pieces and tiles to
tiles of equal sizes and costs, which follow each other as they did, what is best before is best after. Where it holds
for each value and the next, it holds for every order of the axis's values; and as each axis moves only its own values,
all axes at once. Einsums that follow each other may have to swap values of an axis each, together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, pairwise, product

from isamap.scheduling.acyclic.body import Body

Ranges = tuple[tuple[int, int], ...]
Domain = tuple[int, Ranges]
"""The einsum of a computation, and (start, size) per axis."""
Axes = tuple[tuple[int, int], ...]
"""(einsum, number of an axis): one axis each of some einsums, which are swapped together."""
_MOST_TOGETHER = 3  # einsums


def alike(body: Body, domains: Sequence[Domain]) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Per axis (or axes of several einsums) whose values may all change places, the computations at each value."""
    found = []
    number = {domain: c for c, domain in enumerate(domains)}
    moved: set[tuple[int, int]] = set()
    for axes in _axes(domains) if len(number) == len(domains) else ():
        if moved.isdisjoint(axes):
            values = [_values(domains, *axis) for axis in axes]
            steps = [dict(zip(axes, pairs, strict=True)) for pairs in zip(*map(pairwise, values), strict=True)]
            if steps and all(_swappable(body, domains, number, step) for step in steps):
                groups = zip(*values, strict=True)
                found.append(tuple(_at(domains, dict(zip(axes, group, strict=True))) for group in groups))
                moved.update(axes)
    return tuple(found)


def _axes(domains: Sequence[Domain]) -> Iterator[Axes]:
    """Axes that might be swapped together, because they have equally many values: first those of one einsum alone."""
    ranks = {einsum: len(ranges) for einsum, ranges in domains}
    for count in range(1, min(_MOST_TOGETHER, len(ranks)) + 1):
        for einsums in combinations(ranks, count):
            for axes in product(*([(einsum, n) for n in range(ranks[einsum])] for einsum in einsums)):
                if len({len(_values(domains, *axis)) for axis in axes}) == 1:
                    yield axes


def _values(domains: Sequence[Domain], einsum: int, axis: int) -> list[tuple[int, int]]:
    return sorted({ranges[axis] for number, ranges in domains if number == einsum})


def _at(domains: Sequence[Domain], values: Mapping[tuple[int, int], tuple[int, int]]) -> tuple[int, ...]:
    """The computations at ``values`` of some axes."""
    return tuple(
        c
        for c, (einsum, ranges) in enumerate(domains)
        if any(number == einsum and ranges[axis] == value for (number, axis), value in values.items())
    )


def _swappable(
    body: Body,
    domains: Sequence[Domain],
    number: Mapping[Domain, int],
    swapped: Mapping[tuple[int, int], tuple[tuple[int, int], tuple[int, int]]],
) -> bool:
    """Does nothing change when the two values of every axis in ``swapped`` change places?"""
    images = []
    for einsum, ranges in domains:
        new = list(ranges)
        for (of, axis), (one, other) in swapped.items():
            if of == einsum:
                new[axis] = {one: other, other: one}.get(ranges[axis], ranges[axis])
        image = number.get((einsum, tuple(new)))
        if image is None:
            return False
        images.append(image)
    pieces: dict[int, int] = {}
    tiles: dict[int, int] = {}
    for c, image in enumerate(images):
        mine, theirs = body.computations[c], body.computations[image]
        if replace(theirs, tile=mine.tile, pieces=mine.pieces, tiles=mine.tiles) != mine:
            return False
        if tiles.setdefault(mine.tile, theirs.tile) != theirs.tile:
            return False
        for piece, there in zip(mine.pieces, theirs.pieces, strict=True):
            if pieces.setdefault(piece, there) != there:
                return False
    if len(set(pieces.values())) < len(pieces) or len(set(tiles.values())) < len(tiles):
        return False
    return _same(body, images, pieces, tiles)


def _same(body: Body, images: Sequence[int], pieces: Mapping[int, int], tiles: Mapping[int, int]) -> bool:
    """Are pieces, tiles and the order of computations what they were, at the places where they are now?"""
    for c, image in enumerate(images):
        if {tiles[t] for t in body.computations[c].tiles} != set(body.computations[image].tiles):
            return False
    for p, q in pieces.items():
        mine, theirs = body.pieces[p], body.pieces[q]
        if replace(mine, tiles=theirs.tiles) != theirs or {tiles[t] for t in mine.tiles} != set(theirs.tiles):
            return False
    if any(body.tiles[t] != body.tiles[u] for t, u in tiles.items()):
        return False
    ordered = [(t, u) for t, u in tiles.items() if body.tiles[t].ordered]
    return all([images[c] for c in body.of_tile(t)] == body.of_tile(u) for t, u in ordered)
