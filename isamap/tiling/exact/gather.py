"""Gathering what the formulation has to know of a binding; refusing what it could not answer exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from itertools import product
from math import floor, prod

from isamap.errors import Unsupported
from isamap.ir.binding import Binding, Role
from isamap.ir.carried import is_choosy, why_not_carried
from isamap.ir.expression import Expression, evaluate, names
from isamap.ir.hardware import Instruction, Transfer, cycles
from isamap.tiling.exact.givens import Carried, Givens, Piece, Reach, Row, Way, Work
from isamap.tiling.exact.pieces import Group, groups
from isamap.tiling.exact.price import ENERGY_UNITS, MOST_PIECES, MOST_ROWS, Term, line, sizes_of, summed
from isamap.tiling.exact.shapes import Choices, Shape, joint, joint_count, shapes, tile_choices, tiles_along


def givens(binding: Binding) -> Givens:
    """Everything that can be worked out before solving; raises Unsupported where scheduling could not follow, or
    where a cost cannot be added up exactly."""
    _refuse(binding)
    choices = tile_choices(binding)
    every = tuple(binding.extents)
    parts = {role.operand.name: groups(role, every) for role in binding.roles}
    output = binding.output
    store, fetch = output.route.store, output.route.fetch if binding.continues else None
    inputs = tuple(
        _carried(binding, choices, role, parts[role.operand.name], [role.route.fetch]) for role in binding.inputs
    )
    out = _carried(binding, choices, output, parts[output.operand.name], [store, fetch])
    compute, drain, fill = (
        _compute(binding, choices),
        *(_move(binding, choices, move) if move else None for move in (output.route.drain, output.route.fill)),
    )
    cut = _shapes(binding, choices, (*inputs, out), [work for work in (compute, drain, fill) if work])
    reaches = {
        (one.name, number): _reach(binding, cut, group)
        for one in (*inputs, out)
        for number, group in enumerate(one.groups)
    }
    return Givens(binding, choices, cut, inputs, out, reaches, compute, drain, fill)


def _reach(binding: Binding, cut: Mapping[str, list[Shape]], group: Group) -> Reach:
    """The rows of a group; raises Unsupported where a window has too many."""
    extents = binding.extents
    axes = tuple(x for x in group.axes if extents[x] > 1)
    combinations = prod(len(cut[x]) for x in group.axes)
    if combinations > MOST_ROWS:
        raise Unsupported("tiling", f"the exact tiling of {group.role.access}, whose windows come in too many sizes")
    rows: dict[Row, None] = {}
    for picked in product(*(cut[x] for x in group.axes)):
        shape = dict(zip(group.axes, picked, strict=True))
        for flags in product((False, True), repeat=len(axes) if group.window else 0):
            inside = dict.fromkeys(group.axes, True) | dict(zip(axes, flags, strict=False))
            found = group.sums(extents, shape, inside)
            sizes = [shape[x].tile for x in axes] + [shape[x].multiple for x in axes if group.window]
            rows[(*sizes, *map(int, flags), found.largest, found.points, found.pieces)] = None
    return Reach(axes, group.window, len(axes) == 1 and _is_plain(binding, group), tuple(rows))


def _shapes(
    binding: Binding, choices: Choices, carried: Iterable[Carried], works: Iterable[Work]
) -> dict[str, list[Shape]]:
    """The shapes of every axis, without those that others are at least as good as."""
    windows = {x for one in carried for group in one.groups if group.window for x in group.axes}
    priced = windows | {x for one in carried if one.tabled for x in one.axes}
    priced |= {x for work in works for term in (*work.cycles, *work.energy, *work.single) for x in term.axes}
    priced |= {x for one in carried for group in one.groups if not _is_plain(binding, group) for x in group.axes}
    return {
        x: shapes(extent, tiles_along(binding, choices, x), every_tile=x in priced, every_block=x in windows)
        for x, extent in binding.extents.items()
    }


def _is_plain(binding: Binding, group: Group) -> bool:
    return len(group.axes) == 1 and group.is_plain(binding.extents[group.axes[0]])


def _refuse(binding: Binding) -> None:
    """What scheduling cannot follow, or the model does not count, is refused here, before it is optimised."""
    for role in binding.roles:
        if role.home is not None:
            raise Unsupported("tiling", f"the exact tiling of a tensor that stays on chip ({role.tensor.name})")
        if role.operand.dtype.is_packed or role.tensor.dtype.is_packed:
            raise Unsupported("tiling", f"the exact tiling of {role.tensor.name}, whose elements share bytes")
        _refuse_rows(role)
    for role in binding.inputs:
        if role.route.fetch is None or role.route.staging is not None:
            raise Unsupported("tiling", f"the exact tiling of an input ({role.operand.name}) not fetched in one hop")
    route = binding.output.route
    if route.store is None:
        raise Unsupported("tiling", "the exact tiling of an output that no transfer stores")
    if binding.continues and (route.fetch is None or (route.drain is not None and route.fill is None)):
        raise Unsupported("tiling", "the exact tiling of an output that continues without a way in")
    accumulates = binding.instruction.meaning[0].operator != "="
    if accumulates and not binding.continues and binding.instruction.initialise == "never":
        raise Unsupported("tiling", f"the exact tiling of sums that {binding.instruction.name} cannot begin")


def _refuse_rows(role: Role) -> None:
    """What a transfer costs must follow from its bytes, not from the rows in which they lie."""
    for transfer in (hop for hop in (role.route.fetch, role.route.store) if hop is not None):
        for cost in (transfer.cost_cycles, transfer.energy_pj):
            if cost is not None and not names(cost) <= {"bytes", "border_bytes"}:
                raise Unsupported("tiling", f"the exact tiling of pieces whose {transfer.name} costs {cost}")


def _carried(
    binding: Binding, choices: Choices, role: Role, parts: list[Group], hops: list[Transfer | None]
) -> Carried:
    axes = tuple(x for x in binding.extents if x in role.access.axes)
    transfers = [hop for hop in hops if hop is not None]
    memory, size = role.route.landing, role.tensor.dtype.size_bytes
    ways = tuple(
        Way(
            t,
            line(t.cost_cycles, size, memory.capacity_bytes, whole=True),
            line(t.energy_pj, size, memory.capacity_bytes, whole=False),
        )
        for t in transfers
    )
    window = any(group.window for group in parts)
    if window or joint_count(binding, choices, axes) > MOST_PIECES:
        _refuse_untabled(role, transfers)
        return Carried(role, axes, tuple(parts), ways, (), False)
    rows = tuple(
        (tuple(tile[x] for x in axes), _piece(binding, role, parts, ways, tile))
        for tile in joint(binding, choices, axes)
        if not why_not_carried(role, tile)
    )
    return Carried(role, axes, tuple(parts), ways, rows, True)


def _refuse_untabled(role: Role, transfers: list[Transfer]) -> None:
    if role.written or isinstance(role.operand.strides, tuple) or any(is_choosy(t) for t in transfers):
        raise Unsupported("tiling", f"the exact tiling of {role.tensor.name}, whose pieces come in too many sizes")


def _piece(binding: Binding, role: Role, parts: list[Group], ways: tuple[Way, ...], tile: Mapping[str, int]) -> Piece:
    size = role.tensor.dtype.size_bytes
    counts: dict[int, int] = {1: 1}
    largest = 1
    for group in parts:
        largest *= group.points(tuple(tile[x] for x in group.axes))
        merged: dict[int, int] = {}
        cuts = [sizes_of(binding.extents[x], tile[x]) for x in group.axes]
        for (points, many), *cut in product(counts.items(), *cuts):
            key = points * group.points(tuple(size for size, _ in cut))
            merged[key] = merged.get(key, 0) + many * prod(count for _, count in cut)
        counts = merged
    first, sweep, energy = [], [], []
    for way in ways:
        first.append(_cycles(way.transfer, largest * size))
        sweep.append(sum(n * _cycles(way.transfer, points * size) for points, n in counts.items()))
        energy.append(floor(sum(n * _energy(way.transfer.energy_pj, p * size) for p, n in counts.items())))
    return Piece(role.slot_bytes(tile), role.staged_slot_bytes(tile), tuple(first), tuple(sweep), tuple(energy))


@cache
def _cycles(transfer: Transfer, size_bytes: int) -> int:
    return cycles(transfer.cost_cycles, {"bytes": size_bytes, "border_bytes": 0})


@cache
def _energy(cost: Expression | None, size_bytes: int) -> Fraction:
    if cost is None:
        return Fraction(0)
    return Fraction(evaluate(cost, {"bytes": size_bytes, "border_bytes": 0})) * ENERGY_UNITS


def _compute(binding: Binding, choices: Choices) -> Work:
    fused = dict(binding.match.axes)
    others = [x for x in binding.extents if x not in binding.match.mapped_axes]
    instruction = binding.instruction
    found = summed(instruction.initiation_interval_cycles, fused, binding.extents, others, choices)
    energy = instruction.energy_pj
    terms = summed(energy, fused, binding.extents, others, choices, ENERGY_UNITS) if energy else []
    return Work(instruction, tuple(found), tuple(terms), ())


def _move(binding: Binding, choices: Choices, move: Instruction) -> Work:
    """A drain or fill of every output tile; its axes are the operand's by position."""
    fused = dict(binding.match.axes)
    names = dict(zip(binding.output.operand.axes, move.axis_names, strict=True))
    axes = {names[a]: fused[a] for a in binding.output.operand.axes}
    own = {names[a]: choices[a] for a in binding.output.operand.axes}
    mapped = {x for factors in axes.values() for x in factors}
    others = [x for x in binding.output.access.axes if x not in mapped]
    cost, energy = move.initiation_interval_cycles, move.energy_pj
    whole = dict.fromkeys(binding.extents, 1)
    rows = []
    for tile in joint(binding, choices, mapped):
        values = {a: prod(tile[x] for x in factors) for a, factors in axes.items()} | {"initialise": 0}
        rows.append((tuple(tile[x] for x in whole if x in mapped), cycles(cost, values)))
    single = Term(tuple(x for x in whole if x in mapped), tuple(rows), ())
    terms = summed(energy, axes, binding.extents, others, own, ENERGY_UNITS) if energy else []
    return Work(move, tuple(summed(cost, axes, binding.extents, others, own)), tuple(terms), (single,))
