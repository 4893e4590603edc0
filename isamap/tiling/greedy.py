"""Tilings by local search over nests: climb from a few seeds, rank by the estimate. Deterministic."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from time import monotonic

from isamap.errors import Infeasible
from isamap.ir.answers import Level, Sizes, Tiling, sizes
from isamap.ir.binding import Binding
from isamap.tiling.ahead import slots_ahead
from isamap.tiling.estimate import Estimate, estimate
from isamap.tiling.neighbourhood import Search
from isamap.tiling.nest import Nest, piece
from isamap.tiling.refusal import why_nothing_fits
from isamap.tiling.rolled import roll_further

_MOST_COMBINATIONS = 10_000
_SEEDS = 24
_FEW = 6  # tilings
_NESTS_PER_TILING = 3  # at most; nests may differ in the order of loops that make one trip
_MOST_ISSUES = 600_000
_HOPELESS = 8  # times what the best is estimated to cost: no estimate is so far off


def tilings(binding: Binding, *, objective: str = "latency", most: int = 6, time_limit_s: float = 20.0) -> list[Tiling]:
    """The best ``most`` tilings found, best first, with modelled cycles; raises Infeasible where none fits."""
    return best_tilings(Search(binding, objective), most, time_limit_s)


def best_tilings(search: Search, most: int, time_limit_s: float) -> list[Tiling]:
    """The best ``most`` tilings that ``search`` finds, best first; raises Infeasible where none fits."""
    binding, objective = search.binding, search.objective
    goals = list(dict.fromkeys(("latency", objective)))  # what is fast is a good place to begin for other goals too
    began = monotonic()
    for turn, goal in enumerate(goals, 1):
        search.objective, deadline = goal, began + time_limit_s * turn / len(goals)
        seeds = sorted(sorted(dict.fromkeys(search.seeds()), key=search.hope)[:_SEEDS], key=search.value)
        known = search.seen if goal == "latency" else search.hoped
        for seed in dict.fromkeys(
            [*seeds[:4], *sorted(known, key=search.hope)[:1], min(search.seen, key=search.value)]
        ):
            if search.value(seed) < float("inf"):
                search.climb(seed, deadline)
        search.look_further(deadline)
    roll_further(search, deadline)
    if all(found is None for found in search.seen.values()):
        fitting = (nest for nest in _last_resorts(search) if search.value(nest) < float("inf"))
        search.climb(next(fitting, _smallest(search)), deadline)
    best = min(search.seen, key=search.value, default=None)
    if binding.strip is None and best and best.roll is None:  # the estimate does not know which end is met again
        search.value(search.mirrored(best))
    ranked = sorted((nest for nest, found in search.seen.items() if found), key=search.value)
    if not ranked:
        raise Infeasible(why_nothing_fits(binding, _smallest(search)))
    several = most if most <= _FEW else _NESTS_PER_TILING * most
    chosen = ((nest, search.seen[nest]) for nest in _different(search, ranked, several))
    made = (tiling_as_estimated(binding, nest, found, objective) for nest, found in chosen if found is not None)
    return list(dict.fromkeys(made))[:most]


def _different(search: Search, ranked: list[Nest], most: int) -> list[Nest]:
    """The best nests of three tiles, and the best of other values or begun at the other end; as many as are quickly
    scheduled. Where more than a few are asked for, hopeless ones and those of one value too."""
    of_tile: dict[object, Nest] = {}
    of_value: dict[object, Nest] = {}
    for nest in ranked:
        of_tile.setdefault(nest.tile, nest)
        of_value.setdefault((search.value(nest), nest.turning, nest.turning and nest.backward), nest)
    chosen = dict.fromkeys([*list(of_tile.values())[:3], *of_value.values(), *(ranked if most > _FEW else ())])
    kept: list[Nest] = []
    issues = 0.0
    for nest in chosen:
        found = search.seen[nest]
        if len(kept) == most or found is None or issues > _MOST_ISSUES:
            break
        if most <= _FEW and kept and search.value(nest) > _HOPELESS * search.value(kept[0]):
            continue
        kept, issues = [*kept, nest], issues + found.issues
    return sorted(kept, key=search.value)


def _smallest(search: Search) -> Nest:
    least = {}
    for axis, fused in search.binding.match.axes:
        found = next(a for a in search.binding.instruction.axes if a.name == axis)
        least[axis] = (1,) * len(fused)
        if fused and found.least > 1:
            least[axis] = search.options[axis][0]
    tile = search.tiles(least)
    order = tuple(search.binding.einsum.parallel_axes) + tuple(search.binding.einsum.reduction_axes)
    return search.nest(dict(tile), dict(tile), order, order)


def _last_resorts(search: Search) -> Iterator[Nest]:
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
    tile, block, extents, output = dict(nest.tile), dict(nest.block), binding.extents, binding.output
    slots, held = dict(found.slots), dict(found.held)
    for name, more in slots_ahead(binding, nest, found).items():
        slots[name] += more
    landing = (*binding.fetched, output)[0].route.landing.name
    buffers = {role.label: slots[role.operand.name] for role in binding.fetched}
    if output.route.staging is not None and output.home is None:
        buffers[output.label] = found.staging_slots
    at_home, whole = whole_at_home(binding)
    buffers |= at_home
    blocks = Level(
        landing, sizes(block), tuple(x for x in nest.outer if block[x] < extents[x]), sizes(buffers),
        (*((role.label, sizes(piece(role, nest))) for role in binding.fetched), *whole.items()),
        tuple((role.label, held[role.operand.name]) for role in binding.fetched),
        nest.turning, tuple(x for x in nest.outer if x in nest.backward and block[x] < extents[x]),
    )  # fmt: skip
    issue = Level(
        output.route.memory.name,
        sizes(tile),
        tuple(x for x in nest.inner if tile[x] < block[x]),
        ((output.label, slots[output.operand.name] or 1),),
        held=((output.label, held[output.operand.name] or 1),),
        turning=nest.turning,
        backward=tuple(x for x in nest.inner if x in nest.backward and tile[x] < block[x]),
    )
    return Tiling(binding.match, (blocks, issue), round(found.cycles), found.value(objective))


def whole_at_home(binding: Binding) -> tuple[dict[str, int], dict[str, Sizes]]:
    """Of the tensors that stay on chip: one place each (an output's own is the issue's), as large as the tensor."""
    staying, output = [role for role in binding.roles if role.home is not None], binding.output
    in_place = output.home is not None and output.route.staging is None
    whole = {role.label: sizes({x: binding.extents[x] for x in role.access.axes}) for role in staying}
    return {label: 1 for label in whole if not (in_place and label == output.label)}, whole
