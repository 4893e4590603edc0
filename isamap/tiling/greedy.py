"""Tilings by local search over nests: climb from a few seeds, rank by the closed-form estimate.

Every integer size may come up, ragged edges included: tiles of a range-limited instruction axis are the maximal
factorisations of its greatest extent; reduction tiles and blocks are cut into equal parts. Deterministic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice, permutations, product
from math import ceil
from time import monotonic

from isamap.errors import Infeasible
from isamap.ir.answers import Level, Tiling, sizes
from isamap.ir.binding import Binding
from isamap.tiling.ahead import slots_ahead
from isamap.tiling.estimate import Estimate, estimate
from isamap.tiling.nest import Nest, normal, piece
from isamap.tiling.options import MOST_OPTIONS, tile_options
from isamap.tiling.refusal import why_nothing_fits

_MOST_COMBINATIONS = 10_000


class _Search:
    """The neighbourhood of nests of one binding."""

    def __init__(self, binding: Binding, objective: str) -> None:
        self.binding, self.objective = binding, objective
        self.extents = binding.extents
        self.options = tile_options(binding)
        self.seen: dict[Nest, Estimate | None] = {}

    def nest(self, tile: dict[str, int], block: dict[str, int], outer: Iterable[str], inner: Iterable[str]) -> Nest:
        return normal(self.extents, tile, block, outer, inner)

    def value(self, nest: Nest) -> float:
        if nest not in self.seen:
            self.seen[nest] = estimate(self.binding, nest)
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
                    yield self.nest(
                        changed, {x: max(1, block[x] // tile[x]) * changed[x] for x in block}, nest.outer, nest.inner
                    )
        for x, extent in self.extents.items():
            count = ceil(block[x] / tile[x])
            for multiple in sorted(
                {count - 1, count + 1, count * 2, ceil(count / 2), 1, ceil(extent / tile[x])} - {0, count}
            ):
                yield self.nest(dict(tile), block | {x: tile[x] * multiple}, nest.outer, nest.inner)
        for outer in _swaps(nest.outer):
            yield replace(nest, outer=outer)
        for inner in _swaps(nest.inner):
            yield replace(nest, inner=inner)

    def climb(self, nest: Nest, deadline: float) -> None:
        """Steepest ascent from ``nest``, every nest seen on the way kept in ``seen``."""
        best = self.value(nest)
        while monotonic() < deadline:
            found = min(self.neighbours(nest), key=self.value, default=nest)
            if self.value(found) >= best:
                return
            nest, best = found, self.value(found)


def _swaps(order: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if len(order) <= 3:
        yield from (p for p in permutations(order) if p != order)
        return
    for n in range(len(order)):
        for m in range(n + 1, len(order)):
            changed = list(order)
            changed[n], changed[m] = changed[m], changed[n]
            yield tuple(changed)


def tilings(binding: Binding, *, objective: str = "latency", most: int = 6, time_limit_s: float = 20.0) -> list[Tiling]:
    """The best ``most`` tilings found, best first, with modelled cycles; raises Infeasible where none fits."""
    search = _Search(binding, objective)
    deadline = monotonic() + time_limit_s
    for goal in dict.fromkeys(("latency", objective)):  # what is fast is a good place to begin for other goals too
        search.objective = goal
        seeds = sorted(dict.fromkeys(search.seeds()), key=search.value)
        for seed in dict.fromkeys([*seeds[:4], *sorted(search.seen, key=search.value)[:1]]):
            if search.value(seed) < float("inf"):
                search.climb(seed, deadline)
    if all(found is None for found in search.seen.values()):
        fitting = (nest for nest in _last_resorts(search) if search.value(nest) < float("inf"))
        search.climb(next(fitting, _smallest(search)), deadline)
    ranked = sorted((nest for nest, found in search.seen.items() if found), key=search.value)
    if not ranked:
        raise Infeasible(why_nothing_fits(binding, _smallest(search)))
    return [tiling_of(binding, nest, objective) for nest in _different(search, ranked, most)]


def _different(search: _Search, ranked: list[Nest], most: int) -> list[Nest]:
    """The best nests that differ in more than the order of loops that make one trip."""
    kept: dict[float, Nest] = {}
    for nest in ranked:
        kept.setdefault(search.value(nest), nest)
        if len(kept) == most:
            break
    return list(kept.values())


def _smallest(search: _Search) -> Nest:
    least = {}
    for axis, fused in search.binding.match.axes:
        found = next(a for a in search.binding.instruction.axes if a.name == axis)
        least[axis] = (1,) * len(fused)
        if fused and found.least > 1:
            least[axis] = search.options[axis][0]
    tile = search.tiles(least)
    order = tuple(search.binding.einsum.parallel_axes) + tuple(search.binding.einsum.reduction_axes)
    return search.nest(dict(tile), dict(tile), order, order)


def _last_resorts(search: _Search) -> Iterator[Nest]:
    """One tile per block: the smallest tile, then every combination of the sizes that an issue may take."""
    yield _smallest(search)
    order = (*search.binding.einsum.parallel_axes, *search.binding.einsum.reduction_axes)
    for choices in islice(product(*search.options.values()), _MOST_COMBINATIONS):
        tile = search.tiles(dict(zip(search.options, choices, strict=True)))
        yield search.nest(dict(tile), dict(tile), order, order)


def tiling_of(binding: Binding, nest: Nest, objective: str = "latency") -> Tiling:
    """``nest`` with its pieces, slots and modelled cost; raises Infeasible where it is not legal or does not fit."""
    found = estimate(binding, nest)
    if found is None:
        raise Infeasible(f"tiles {dict(nest.tile)} in blocks {dict(nest.block)} do not fit {binding.instruction.name}")
    return tiling_as_estimated(binding, nest, found, objective)


def tiling_as_estimated(binding: Binding, nest: Nest, found: Estimate, objective: str) -> Tiling:
    """``nest`` with the slots that ``found`` assumes."""
    tile, block, extents = dict(nest.tile), dict(nest.block), binding.extents
    output = binding.output
    slots, held = dict(found.slots), dict(found.held)
    for name, more in slots_ahead(binding, nest, found).items():
        slots[name] += more
    landing = (*binding.fetched, output)[0].route.landing.name
    buffers = {role.label: slots[role.operand.name] for role in binding.fetched}
    if output.route.staging is not None and output.home is None:
        buffers[output.label] = found.staging_slots
    staying = [role for role in binding.roles if role.home is not None]  # one place, as large as the tensor
    in_place = output.home is not None and output.route.staging is None
    whole = {role.label: sizes({x: extents[x] for x in role.access.axes}) for role in staying}
    buffers |= {label: 1 for label in whole if not (in_place and label == output.label)}
    blocks = Level(
        landing, sizes(block), tuple(x for x in nest.outer if block[x] < extents[x]), sizes(buffers),
        (*((role.label, sizes(piece(role, nest))) for role in binding.fetched), *whole.items()),
        tuple((role.label, held[role.operand.name]) for role in binding.fetched),
    )  # fmt: skip
    issue = Level(
        output.route.memory.name,
        sizes(tile),
        tuple(x for x in nest.inner if tile[x] < block[x]),
        ((output.label, slots[output.operand.name] or 1),),
        held=((output.label, held[output.operand.name] or 1),),
    )
    return Tiling(binding.match, (blocks, issue), round(found.cycles), found.value(objective))
