"""Where local search over nests begins, where it goes from a nest, and how it climbs.

Every integer size may come up, ragged edges included: tiles of a range-limited instruction axis are the maximal
factorisations of its greatest extent; reductions are cut into equal chunks of equal pieces, or with a short one at one
end. Deterministic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice, permutations, product
from math import ceil, prod
from time import monotonic

from isamap.bounds.latency import cycles_per_point
from isamap.ir.binding import Binding
from isamap.tiling.estimate import Estimate, estimate
from isamap.tiling.nest import MOST_UPGRADES, Nest, normal
from isamap.tiling.options import MOST_OPTIONS, tile_options

_WORTH_CYCLES = 20_000  # from so many on, other shapes are tried beside what was found
_NEAR = 1.01  # of the array's own time
_MOST_ROUNDS = 2
_MOST_TRIES = 100
_COUNTS = (2, 3, 4, 5, 6, 8)  # tiles each way of the blocks that are tried then


class Search:
    """The neighbourhood of nests of one binding."""

    def __init__(self, binding: Binding, objective: str) -> None:
        self.binding, self.objective = binding, objective
        self.extents = binding.extents
        self.options = tile_options(binding)
        self.seen: dict[Nest, Estimate | None] = {}
        self.hoped: dict[Nest, Estimate | None] = {}

    def nest(self, tile: dict[str, int], block: dict[str, int], outer: Iterable[str], inner: Iterable[str]) -> Nest:
        return normal(self.extents, tile, block, outer, inner)

    def recut(self, nest: Nest, tile: dict[str, int], block: dict[str, int]) -> Nest:
        """``nest`` with other sizes."""
        tile = tile if nest.roll is None else nest.roll.tile(tile)
        found = self.nest(tile, block, nest.outer, nest.inner)
        return replace(nest, tile=found.tile, block=found.block)

    def estimated(self, nest: Nest, *, patient: bool = True) -> Estimate | None:
        return estimate(self.binding, nest, patient=patient)

    def hope(self, nest: Nest) -> float:
        """At most its value: that of a machine that never waits."""
        if nest not in self.hoped:
            self.hoped[nest] = self.estimated(nest, patient=False)
        found = self.hoped[nest]
        return float("inf") if found is None else found.value(self.objective)

    def value(self, nest: Nest) -> float:
        if nest not in self.seen:
            self.seen[nest] = self.estimated(nest) if self.hope(nest) < float("inf") else None
        found = self.seen[nest]
        return float("inf") if found is None else found.value(self.objective)

    def tiles(self, choice: dict[str, tuple[int, ...]]) -> dict[str, int]:
        tile = dict.fromkeys(self.extents, 1)
        for axis, fused in self.binding.match.axes:
            tile.update(zip(fused, choice[axis], strict=True))
        return tile

    def seeds(self) -> Iterator[Nest]:
        """Output blocks of a few sizes, reductions inside or just outside of the tiles of a block."""
        parallel, reduced = list(self.binding.einsum.parallel_axes), list(self.binding.einsum.reduction_axes)
        first = {axis: choices[0] for axis, choices in self.options.items()}
        reduction_axes = [axis for axis, fused in self.binding.match.axes if fused and fused[0] in reduced]
        for deeper in range(0, MOST_OPTIONS, 6):
            choice = dict(first)
            for axis in reduction_axes:
                choice[axis] = self.options[axis][min(deeper, len(self.options[axis]) - 1)]
            tile = self.tiles(choice)
            for multiple in (1, 2, 4, 8):
                block = {x: tile[x] * (multiple if x in parallel else 1) for x in tile}
                for order in (parallel + reduced, parallel[::-1] + reduced, reduced + parallel):
                    yield self.nest(dict(tile), dict(block), order, parallel + reduced)
            if deeper >= max((len(self.options[axis]) for axis in reduction_axes), default=0):
                break

    def neighbours(self, nest: Nest) -> Iterator[Nest]:
        tile, block = dict(nest.tile), dict(nest.block)
        for axis, fused in self.binding.match.axes:
            for choice in self.options[axis]:
                changed = tile | dict(zip(fused, choice, strict=True))
                if changed != tile:
                    yield self.recut(nest, changed, {x: max(1, block[x] // tile[x]) * changed[x] for x in block})
        for x, extent in self.extents.items():
            count = ceil(block[x] / tile[x])
            for multiple in sorted(
                {count - 1, count + 1, count * 2, ceil(count / 2), 1, ceil(extent / tile[x])} - {0, count}
            ):
                yield self.recut(nest, dict(tile), block | {x: tile[x] * multiple})
        for outer in _swaps(nest.outer):
            yield replace(nest, outer=outer)
        for inner in _swaps(nest.inner):
            yield replace(nest, inner=inner)
        yield from self._other_chunks(nest)
        for upgrades in {*range(3), MOST_UPGRADES} - {nest.upgrades}:
            yield replace(nest, upgrades=upgrades)
        yield replace(nest, ahead=not nest.ahead)
        if self.binding.strip is None and nest.roll is None:
            yield replace(nest, turning=not nest.turning)
            yield self.mirrored(nest)

    def mirrored(self, nest: Nest) -> Nest:
        """``nest`` with its reductions begun at the other end."""
        reduced = tuple(x for x in self.binding.einsum.reduction_axes if self.extents[x] > 1)
        return replace(nest, backward=() if nest.backward else reduced)

    def _other_chunks(self, nest: Nest, *, thorough: bool = True) -> Iterator[Nest]:
        """Nests with a reduction in other chunks (blocks), or in other pieces per chunk (tiles): of equal sizes, or
        with a short one at one end. Not ``thorough``: along the longest axis only."""
        tile, block = dict(nest.tile), dict(nest.block)
        mapped = (x for x in self.binding.match.mapped_axes if x in self.binding.einsum.reduction_axes)
        axes = sorted(mapped, key=lambda x: -self.extents[x])
        for x in axes if thorough else axes[:1]:
            extent = self.extents[x]
            chunks, pieces = ceil(extent / block[x]), ceil(block[x] / tile[x])
            short = {chunks - 0.25, chunks - 0.5, chunks - 0.75} if nest.backward else set()
            for n in {chunks, chunks + 1, chunks - 1} | short:
                for p in {pieces, 2 * pieces} | ({pieces + 1, pieces - 1, 1} if thorough else set()):
                    if n >= 1 and 1 <= p <= extent / n:
                        size = ceil(extent / n / p)
                        yield self.recut(nest, tile | {x: size}, block | {x: size * p})

    def climb(self, nest: Nest, deadline: float) -> None:
        """Descent from ``nest`` to the first neighbour that is better, the most hopeful ones tried first; every nest
        that was tried is kept in ``seen``."""
        best = self.value(nest)
        while monotonic() < deadline:
            hopeful = sorted(dict.fromkeys(self.neighbours(nest)), key=self.hope)
            better = (n for n in hopeful if self.hope(n) < best and self.value(n) < best)
            if (found := next(better, None)) is None:
                return
            nest, best = found, self.value(found)

    def look_further(self, deadline: float) -> None:
        """Try blocks of other shapes together with other chunks around the best nest, where there is much to win."""
        for _ in range(_MOST_ROUNDS):
            best = min(self.seen, key=self.value)
            if not self.worth_while(best):
                return
            hopeful = sorted(dict.fromkeys(self._shapes(best)), key=self.hope)
            tried = (nest for nest in hopeful if monotonic() < deadline and self.hope(nest) < self.value(best))
            better = min(islice(tried, _MOST_TRIES), key=self.value, default=best)
            if self.value(better) >= self.value(best):
                return
            self.climb(better, deadline)

    def worth_while(self, nest: Nest) -> bool:
        """Is there much to win on what takes so long?"""
        found, points = self.seen[nest], prod(self.extents.values())
        if found is None or found.cycles < _WORTH_CYCLES:
            return False
        least = points * cycles_per_point(self.binding.instruction)
        return self.objective != "latency" or found.cycles > _NEAR * least

    def _shapes(self, nest: Nest) -> Iterator[Nest]:
        """Nests with blocks of a few tiles each way along the two longest axes of the output, in other chunks."""
        tile = dict(nest.tile)
        longest = sorted(self.binding.einsum.parallel_axes, key=lambda x: -ceil(self.extents[x] / tile[x]))[:2]
        for counts in product(_COUNTS, repeat=len(longest)):
            block = dict(nest.block) | {x: tile[x] * count for x, count in zip(longest, counts, strict=True)}
            for inner in (nest.inner, _exchanged(nest.inner, longest)):
                one = replace(self.recut(nest, dict(tile), block), inner=inner)
                yield one
                yield from self._other_chunks(one, thorough=False)


def _exchanged(order: tuple[str, ...], pair: list[str]) -> tuple[str, ...]:
    """``order`` with the two axes of ``pair`` in each other's place."""
    other = dict(zip(pair, reversed(pair), strict=True))
    return tuple(other.get(x, x) for x in order)


def _swaps(order: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(order) <= 3:
        yield from (p for p in permutations(order) if p != order)
        return
    for n in range(len(order)):
        for m in range(n + 1, len(order)):
            changed = list(order)
            changed[n], changed[m] = changed[m], changed[n]
            yield tuple(changed)
