"""Bindings and nests for tests: a kernel's first match on a machine, and nests drawn at random."""

from __future__ import annotations

from random import Random

from isamap.ir.answers import Schedule, Tiling
from isamap.ir.binding import Binding, bind
from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.workload import Workload
from isamap.lowering import lower
from isamap.mapping import map_workload
from isamap.mapping.pareto import contains
from isamap.plan import place
from isamap.scheduling import list_schedule
from isamap.spec import load_target, load_workload
from isamap.tiling.greedy import tiling_of
from isamap.tiling.nest import Nest, normal

S16: dict[str, object] = {"in": "s16", "acc": "s16"}


def binding_of(
    kernel: str, target: Target | str, settings: dict[str, object] | None = None, *, empty_axes: bool = False
) -> Binding:
    """The first match of the kernel's first einsum that no other contains."""
    return bindings_of(load_workload(kernel, settings or {}), target, empty_axes=empty_axes)[0]


def bindings_of(work: Workload, target: Target | str, *, empty_axes: bool = False) -> list[Binding]:
    """Every match of the first einsum that no other contains."""
    machine = load_target(target) if isinstance(target, str) else target
    found = map_workload(work, machine, empty_axes=empty_axes)[0]
    matches = [match for one in found for match in one.matches]
    largest = (match for match in matches if not any(contains(other, match) for other in matches))
    return [bind(work, match, machine) for match in largest]


def nest_of(binding: Binding, tile: dict[str, int], block: dict[str, int], outer: str = "", inner: str = "") -> Nest:
    """Tiles and blocks (1 and a tile where not said), orders as written, other axes inside."""
    extents = binding.extents
    tiles = dict.fromkeys(extents, 1) | tile
    orders = [[*order.split(), *(x for x in extents if x not in order.split())] for order in (outer, inner)]
    return normal(extents, tiles, tiles | block, *orders)


def tiling_from(
    binding: Binding, tile: dict[str, int], block: dict[str, int], outer: str = "", inner: str = ""
) -> Tiling:
    return tiling_of(binding, nest_of(binding, tile, block, outer, inner))


def random_nest(binding: Binding, rng: Random) -> Nest:
    """Any tile within the instruction's ranges, blocks of a few tiles or of everything, any orders."""
    extents = binding.extents
    tile = dict.fromkeys(extents, 1)
    ranges = {axis.name: axis for axis in binding.instruction.axes}
    for axis, fused in binding.match.axes:
        room = ranges[axis].most
        for x in fused:
            most = min(extents[x], room)
            tile[x] = most if ranges[axis].least > 1 else rng.randint(1, most)
            room //= tile[x]
    block = {x: tile[x] * rng.choice([1, 1, 2, 3, 100]) for x in extents}
    return normal(
        extents, tile, block, rng.sample(list(extents), len(extents)), rng.sample(list(extents), len(extents))
    )


def lowered(work: Workload, binding: Binding, schedule: Schedule) -> Program:
    """The program of a schedule of one einsum."""
    placement = place(schedule, [binding], binding.target)
    return lower(work, [binding], schedule, placement, binding.target)


def scheduled(binding: Binding, tiling: Tiling) -> Schedule:
    return list_schedule([(binding, tiling)], binding.target)
