"""Blockings of a contraction for a core with caches, the best by the model first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import merge

from isamap.errors import Unsupported
from isamap.ir.blocking import Blocking
from isamap.ir.contraction import Contraction
from isamap.ir.cpu import Core
from isamap.tiling.cached.cost import cycles
from isamap.tiling.cached.options import Options, options
from isamap.tiling.cached.pipes import pipes
from isamap.tiling.cached.roles import roles

_SECONDS = 5.0  # for one choice; it takes hundredths
_NEAR = 1.3  # tiles whose pipes take longer than this times the best are not offered
_TILES = 10


def blockings(
    what: Contraction, core: Core, most: int = 16, before: Iterable[str] = ()
) -> list[tuple[Blocking, float]]:
    """The ``most`` best blockings, each with the cycles that it is thought to take, the factors ``before`` in panels
    already. Raises Unsupported where no axis can lie along the lanes."""
    in_groups = core.multiply_add(what).group > 1  # lanes then lie along a parallel axis
    usable = [each for each in roles(what) if not (each.is_dot and in_groups)]
    ways = [few_tiles(options(each, core, frozenset(before)), core) for each in usable]
    if not ways:
        raise Unsupported("tiling", "a contraction of which no axis lies next to each other in its output")
    found = merge(*(_best_first(way, core, most) for way in ways), key=lambda each: each[1])
    return [entry for entry, _ in zip(found, range(most), strict=False)]


def few_tiles(every: Options, core: Core) -> Options:
    """The options with the best register tiles only."""
    deep = every.roles.extent(every.roles.depth)
    costs = {tile: pipes(every, core, tile, deep) for tile in every.values["tile"]}  # type: ignore[arg-type]
    best = min(costs.values())
    kept = sorted((tile for tile in costs if costs[tile] <= _NEAR * best), key=lambda tile: costs[tile])[:_TILES]
    return replace(every, values={**every.values, "tile": tuple(kept)})


def _best_first(way: Options, core: Core, most: int) -> Iterator[tuple[Blocking, float]]:
    """The best choices of one way to lay the lanes, each proved best of those that are left."""
    from isamap.tiling.cached.formulation import Formulation

    form = Formulation(way, core)
    for _ in range(most):
        choice = form.best(_SECONDS)
        if choice is None:
            return
        yield way.blocking(choice), cycles(way, core, choice).total
        form.forbid(choice)
