"""Nests whose windows roll, for local search to begin from: the moving axis steps just outside of what is used again
at each of its steps, the window's pieces follow each other innermost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice, product
from math import ceil, prod

from isamap.ir.binding import Binding
from isamap.tiling.neighbourhood import Search
from isamap.tiling.nest import Nest
from isamap.tiling.rolling import MOST_AT_ONCE, Roll, rolls

_TRIED = 4  # in how many blocks an axis may be cut
_TILES = 3  # sizes of issues along each axis of the instruction
_CLIMBED = 2
_NEAR = 1.1  # times the best value, to look around
_MOST = 600  # nests of one roll


def roll_further(search: Search, deadline: float) -> None:
    """Look around the most hopeful nests whose windows roll, where they may be better than the best one."""
    if not search.seen or search.binding.strip is not None:
        return
    found = min(search.seen, key=search.value)
    if search.objective == "latency" and not search.worth_while(found):
        return
    best = search.value(found)
    nests = (nest for roll in rolls(search.binding) for nest in islice(rolled(search, roll), _MOST))
    hopeful = sorted((nest for nest in dict.fromkeys(nests) if search.hope(nest) < best), key=search.hope)
    for nest in hopeful[:_CLIMBED]:
        if search.value(nest) < _NEAR * best:
            search.climb(nest, deadline)


def rolled(search: Search, roll: Roll) -> Iterator[Nest]:
    """Nests in which the windows of ``roll`` roll: issues and blocks of a few sizes."""
    binding, extents = search.binding, search.extents
    parallel = [x for x in binding.einsum.parallel_axes if x != roll.moving]
    reduced = [x for x in binding.einsum.reduction_axes if x != roll.window]
    own = next(role.access.axes for role in binding.fetched if role.operand.name == roll.operand)
    outer = (*(x for x in parallel if x not in own), *(x for x in parallel if x in own), roll.moving, *reduced)
    inner = (*parallel, roll.moving, *reduced, roll.window)
    for tile in _tiles(binding, search.options, roll):
        counts = [range(1, min(_TRIED, ceil(extents[x] / tile[x])) + 1) for x in parallel]
        for parts in product(*counts):
            block = extents | {x: ceil(extents[x] / part) for x, part in zip(parallel, parts, strict=True)}
            nest = search.nest(dict(tile), block | {roll.moving: tile[roll.moving]}, (*outer, roll.window), inner)
            yield replace(nest, roll=roll)
            yield replace(nest, roll=roll, ahead=False)


def _tiles(binding: Binding, options: Mapping[str, list[tuple[int, ...]]], roll: Roll) -> Iterator[dict[str, int]]:
    """Sizes of an issue: for each axis of the instruction the few that take fewest issues while the windows roll."""
    ways = []
    for axis, fused in binding.match.axes:
        choices = [dict(zip(fused, choice, strict=True)) for choice in options[axis]]
        kept = [roll.tile(choice) for choice in choices if choice.get(roll.moving, 1) <= MOST_AT_ONCE]
        kept.sort(key=lambda choice: prod(ceil(binding.extents[x] / size) for x, size in choice.items()))
        ways.append([dict(one) for one in dict.fromkeys(tuple(choice.items()) for choice in kept)][:_TILES])
    for chosen in product(*ways):
        yield dict.fromkeys(binding.extents, 1) | {x: size for choice in chosen for x, size in choice.items()}
