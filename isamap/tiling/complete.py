"""A tiling of which everything is said, taken as it is: both tiles, both orders, the buffers of every operand.

What such a tiling leaves out is as a ``Level`` leaves it out: loops that do not turn and begin at the near end, pieces
of one tile, all but one of them held.
"""

from __future__ import annotations

from isamap.ir.answers import Level, Sizes, Tiling, sizes
from isamap.ir.binding import Binding, Role
from isamap.ir.fixed import FixedLevel
from isamap.tiling.estimate import Busy, estimate
from isamap.tiling.greedy import whole_at_home
from isamap.tiling.nest import Nest
from isamap.tiling.restricted import pins_of


def complete(binding: Binding, blocks: FixedLevel, issues: FixedLevel, objective: str) -> Tiling | None:
    """The tiling that two levels say; None where something is left open. Its modelled cost is that of its loops with
    the pieces of the model; where those do not fit, what the unit alone is busy with."""
    if not is_complete(binding, blocks, issues):
        return None
    levels = _blocks(binding, blocks, issues), _issues(binding, issues)
    nest = _nest(binding, *levels)
    found = estimate(binding, nest, pins=pins_of(binding, blocks, issues))
    if found is not None:
        return Tiling(binding.match, levels, round(found.cycles), found.value(objective))
    busy = Busy(binding)
    busy.issues(nest)
    return Tiling(binding.match, levels, round(busy.latency()), busy.latency())


def is_complete(binding: Binding, blocks: FixedLevel, issues: FixedLevel) -> bool:
    """Is nothing left open?"""
    every = {x for x, extent in binding.extents.items() if extent > 1}
    levels = tuple(zip((blocks, issues), labels(binding), strict=True))
    return all(level.order is not None and every <= dict(level.tile).keys() for level, _ in levels) and all(
        names <= dict(level.buffers).keys() for level, names in levels
    )


def labels(binding: Binding) -> tuple[set[str], set[str]]:
    """Who has buffers on each of the two levels: what is fetched and an output on its way out; the output."""
    output = binding.output
    leaving = [output] if output.route.staging is not None and output.home is None else []
    return {role.label for role in (*binding.fetched, *leaving)}, {output.label}


def cut_in(role: Role, blocks: FixedLevel, tile: Sizes) -> Sizes:
    """The sizes of ``role``'s piece: of a tile, but for those that are said."""
    return sizes(dict(tile) | dict(dict(blocks.pieces).get(role.label, ()))) if not role.written else tile


def _blocks(binding: Binding, said: FixedLevel, issues: FixedLevel) -> Level:
    tile = _sizes(binding, issues)
    at_home, whole = whole_at_home(binding)
    pieces = {role.label: cut_in(role, said, tile) for role in binding.fetched}
    counts, held = dict(said.buffers), dict(said.held)
    return Level(
        (*binding.fetched, binding.output)[0].route.landing.name,
        _sizes(binding, said),
        said.order or (),
        sizes({label: n for label, n in counts.items() if label in labels(binding)[0]} | at_home),
        (*pieces.items(), *whole.items()),
        tuple((role.label, held.get(role.label, max(1, counts[role.label] - 1))) for role in binding.fetched),
        said.turning or False,
        said.backward or (),
    )


def _issues(binding: Binding, said: FixedLevel) -> Level:
    label = binding.output.label
    count = dict(said.buffers)[label]
    held = dict(said.held).get(label, max(1, count - 1))
    return Level(
        binding.output.route.memory.name,
        _sizes(binding, said),
        said.order or (),
        ((label, count),),
        held=((label, held),),
        turning=said.turning or False,
        backward=said.backward or (),
    )


def _sizes(binding: Binding, said: FixedLevel) -> Sizes:
    return sizes({x: dict(said.tile).get(x, 1) for x in binding.extents})


def _nest(binding: Binding, blocks: Level, issues: Level) -> Nest:
    """The loops as the model knows them."""
    outer, inner = ((*lv.order, *(x for x in binding.extents if x not in lv.order)) for lv in (blocks, issues))
    backward = tuple(x for x in binding.extents if x in (*blocks.backward, *issues.backward))
    return Nest(issues.tile, blocks.tile, outer, inner, blocks.turning, backward)
