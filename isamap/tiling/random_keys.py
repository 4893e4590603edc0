"""Nests from random keys: numbers from 0 up to 1 of which every vector says a nest, for searches that know no nests.

The space is that of local search (``neighbourhood``): the sizes of an issue are those of ``tile_options``, or with
reductions in smaller equal parts, blocks any number of tiles, loops in any order at both levels, slots, directions and
rolling windows as a nest may have them.

    a key per instruction axis    which sizes its kernel axes have in a tile
    a key per kernel axis         how many tiles long a block is, on a logarithmic scale
    two keys per kernel axis      where its loop stands among the loops over blocks, and over tiles: in the keys' order
    five keys                     which windows roll, how often inputs are held across more loops, a slot to load ahead,
                                  turning loops, reductions from the far end

What these keys say may be illegal or too large. Then the nest is mended, always in the same way: without rolling
windows, with fewer slots, with reductions inside of the loops over the output, with shorter blocks, at last with the
next sizes of a tile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil, prod

from isamap.errors import Infeasible
from isamap.ir.answers import Tiling
from isamap.ir.binding import Binding
from isamap.tiling.greedy import tiling_as_estimated
from isamap.tiling.neighbourhood import Search
from isamap.tiling.nest import MOST_UPGRADES, Nest
from isamap.tiling.rolling import rolls

_SWITCHES = 5
_OTHER_TILES = 12
_MOST_TIMES = 16
_FEW = 8
_MOST_SIZES = 64
_SHORTER = (1.0, 0.5, 0.25, 0.0)  # shares of the key of a block's length


class NestKeys:
    """The nests of one binding. Those of too many issues are left out: of more than ``most_issues``, and more than
    ``_MOST_TIMES`` as many as there are computations in the largest tiles."""

    def __init__(self, binding: Binding, objective: str, most_issues: float) -> None:
        self.binding, self.objective = binding, objective
        self._search = Search(binding, objective)
        self.most_issues = max(most_issues, _MOST_TIMES * self._fewest_computations())
        self._rolls = (None, *rolls(binding))
        self._options = {axis: self._with_pieces(axis, fused) for axis, fused in binding.match.axes}

    @property
    def count(self) -> int:
        """How many keys say a nest."""
        return len(self._options) + 3 * len(self._search.extents) + _SWITCHES

    def _with_pieces(self, axis: str, fused: Sequence[str]) -> list[tuple[int, ...]]:
        """The sizes that an issue may have along an axis, largest first, and those with a reduction in smaller equal
        parts; where there are many sizes, the parts are among them."""
        whole, reduced = self._search.options[axis], self.binding.einsum.reduction_axes
        found = dict.fromkeys(whole)
        for sizes in whole if len(whole) <= _FEW else ():
            for n, x in enumerate(fused):
                extent = self._search.extents[x]
                parts = range(ceil(extent / sizes[n]) + 1, extent + 1) if x in reduced else ()
                found |= dict.fromkeys((*sizes[:n], ceil(extent / count), *sizes[n + 1 :]) for count in parts)
        return list(found)[:_MOST_SIZES]

    def _fewest_computations(self) -> int:
        extents, left = self._search.extents, dict(self._search.extents)
        total = 1
        for axis, fused in self.binding.match.axes:
            lengths = [left.pop(x) for x in fused]
            total *= min(
                prod(ceil(e / s) for e, s in zip(lengths, sizes, strict=True)) for sizes in self._search.options[axis]
            )
        return total * prod(extents[x] for x in left)

    def tiling(self, keys: Sequence[float]) -> Tiling:
        """The tiling that ``keys`` say; raises Infeasible where none near it is legal, fits, and is short enough."""
        search = self._search
        for nest in self._mended(keys):
            search.hope(nest)
            hoped = search.hoped[nest]
            if hoped is not None and hoped.issues <= self.most_issues:
                search.value(nest)
                found = search.seen[nest]
                if found is not None:
                    return tiling_as_estimated(self.binding, nest, found, self.objective)
        raise Infeasible(f"no nest of {self.binding.instruction.name} near these keys is legal and fits")

    def _mended(self, keys: Sequence[float]) -> Iterator[Nest]:
        for later in range(_OTHER_TILES):
            for share in _SHORTER:
                nest = self._nest(keys, later, share)
                yield nest
                yield replace(nest, roll=None)
                yield (frugal := replace(nest, roll=None, upgrades=0, ahead=False))
                yield replace(frugal, outer=self._reduced_last(nest.outer), inner=self._reduced_last(nest.inner))

    def _reduced_last(self, order: Sequence[str]) -> tuple[str, ...]:
        return tuple(sorted(order, key=self.binding.einsum.reduction_axes.__contains__))

    def _nest(self, keys: Sequence[float], later: int, share: float) -> Nest:
        """The nest of ``keys``, with tiles so much ``later`` in their lists and blocks shortened to a ``share``."""
        search, extents = self._search, self._search.extents
        axes, sizes = list(extents), len(self._options)
        tiles, lengths, outer, inner, switches = _parts(keys, (sizes, len(axes), len(axes), len(axes), _SWITCHES))
        choice = {
            axis: options[(_pick(key, len(options)) + later) % len(options)]
            for (axis, options), key in zip(self._options.items(), tiles, strict=True)
        }
        roll = self._rolls[_pick(switches[0], len(self._rolls))]
        tile = search.tiles(choice) if roll is None else roll.tile(search.tiles(choice))
        block = {
            x: tile[x] * round(ceil(extents[x] / tile[x]) ** (key * share))
            for x, key in zip(axes, lengths, strict=True)
        }
        nest = search.nest(tile, block, _ranked(axes, outer), _ranked(axes, inner))
        upgrades = (0, 1, 2, MOST_UPGRADES)[_pick(switches[1], 4)]
        nest = replace(nest, roll=roll, upgrades=upgrades, ahead=switches[2] < 0.75)
        if roll is not None or self.binding.strip is not None:
            return nest
        nest = replace(nest, turning=switches[3] < 0.5)
        return search.mirrored(nest) if switches[4] < 0.25 else nest


def _parts(keys: Sequence[float], lengths: Sequence[int]) -> Iterator[Sequence[float]]:
    begin = 0
    for length in lengths:
        yield keys[begin : begin + length]
        begin += length


def _pick(key: float, count: int) -> int:
    return min(int(key * count), count - 1)


def _ranked(axes: Sequence[str], keys: Sequence[float]) -> list[str]:
    return [x for _, x in sorted(zip(keys, axes, strict=True))]
