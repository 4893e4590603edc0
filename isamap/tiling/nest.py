"""A candidate nest of loops, and a closed-form estimate of what it costs.

A nest has two levels. *Blocks* step through the einsum (``outer`` order), *tiles* step through a block (``inner``
order); one tile is one issue. A tensor lives in its memory in pieces: of tile size along an axis, or of block size
along axes that share a coordinate with another one (``p + r``), so that a window's halo is loaded once per block.

Holding the pieces touched by the loops from position h inwards takes ``distinct(h)`` slots and fetches each of them
once per iteration of the loops outside h, except trailing ones that the tensor does not depend on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil, prod

from isamap.errors import InvalidNoun
from isamap.ir.binding import Binding, Role, move_cycles, move_extents, transfer_cycles
from isamap.ir.expression import Expression, evaluate
from isamap.ir.hardware import Instruction, Transfer, Use


@dataclass(frozen=True)
class Nest:
    """Sizes per axis of a tile and of a block (multiples of tiles, or the whole extent), and the loop orders."""

    tile: tuple[tuple[str, int], ...]
    block: tuple[tuple[str, int], ...]
    outer: tuple[str, ...]
    inner: tuple[str, ...]


@dataclass(frozen=True)
class Loop:
    """``trips`` iterations of ``axis`` by ``step``; ``turns`` is the extent over the step, ragged part included."""

    axis: str
    step: int
    trips: int
    turns: float


@dataclass(frozen=True)
class Estimate:
    """What a nest would cost, and the slots per tensor role that the estimate assumes."""

    cycles: float
    energy_pj: float
    traffic_bytes: float
    issues: float
    slots: tuple[tuple[str, int], ...]
    held: tuple[tuple[str, int], ...]
    staging_slots: int

    def value(self, objective: str) -> float:
        """The quantity to minimise. An issue counts as a quarter of a cycle, so that coarser tiles win ties."""
        cycles = self.cycles + self.issues / 4
        values = {"latency": cycles, "energy": self.energy_pj, "traffic": self.traffic_bytes}
        return cycles * self.energy_pj if objective == "edp" else values[objective] * (1 + self.issues * 1e-9)


def loops(nest: Nest, extents: Mapping[str, int]) -> list[Loop]:
    """The loops that make more than one trip, outer to inner."""
    tile, block = dict(nest.tile), dict(nest.block)
    found = [Loop(x, block[x], ceil(extents[x] / block[x]), extents[x] / block[x]) for x in nest.outer]
    found += [Loop(x, tile[x], ceil(block[x] / tile[x]), block[x] / tile[x]) for x in nest.inner]
    return [loop for loop in found if loop.trips > 1]


def piece(role: Role, nest: Nest) -> dict[str, int]:
    """Sizes of the pieces in which ``role``'s tensor is kept."""
    tile, block = dict(nest.tile), dict(nest.block)
    shared: set[str] = set()
    for index in role.access.affine_indices:
        if len(index.terms) > 1:
            shared.update(index.axes)
    return {x: block[x] if x in shared and not role.written else tile[x] for x in tile}


@dataclass(frozen=True)
class Hold:
    """``slots`` of ``pieces`` held, ``fetches`` pieces brought in over the whole run (fractional at ragged edges);
    ``sweep`` visits use each piece held once."""

    slots: int
    fetches: float
    pieces: int
    sweep: int

    @property
    def least_slots(self) -> int:
        """Slots it takes with one spare to load ahead; none is needed where every piece stays."""
        return min(self.slots + 1, self.pieces)


def holds(nest_loops: list[Loop], axes: Iterable[str], sizes: Mapping[str, int]) -> list[Hold]:
    """The worthwhile ways to hold a tensor's pieces, fewest slots first."""
    own = set(axes)
    relevant = [loop.axis in own and loop.step >= sizes[loop.axis] for loop in nest_loops]
    pieces = prod(loop.trips for loop, mine in zip(nest_loops, relevant, strict=True) if mine)
    found: list[Hold] = []
    slots, inside = 1, 1.0
    for h in range(len(nest_loops), -1, -1):
        if h < len(nest_loops) and relevant[h]:
            slots, inside = slots * nest_loops[h].trips, inside * nest_loops[h].turns
        last = h
        while last > 0 and not relevant[last - 1]:
            last -= 1
        outside = prod(lp.turns if r else lp.trips for lp, r in zip(nest_loops[:last], relevant[:last], strict=True))
        if not found or outside * inside < found[-1].fetches * 0.999:
            sweep = prod(loop.trips for loop in nest_loops[h + 1 :])
            found.append(Hold(slots, outside * inside, pieces, sweep))
    return found


def histogram(extent: int, block: int, tile: int) -> dict[int, int]:
    """How many tiles of each size an axis is cut into, ragged blocks and tiles included."""
    counts: dict[int, int] = {}
    for size, repeats in ((block, extent // block), (extent % block, 1)):
        for part, times in ((tile, size // tile), (size % tile, 1)):
            if part and times and repeats:
                counts[part] = counts.get(part, 0) + times * repeats
    return counts


def legal(binding: Binding, nest: Nest) -> bool:
    """Every tile, ragged ones too, lies within the instruction's ranges."""
    tile, block, extents = dict(nest.tile), dict(nest.block), binding.extents
    for axis, fused in binding.match.axes:
        found = next(a for a in binding.instruction.axes if a.name == axis)
        ends = [histogram(extents[x], block[x], tile[x]) for x in fused]
        if prod(max(h) for h in ends) > found.most or prod(min(h) for h in ends) < found.least:
            return False
    return True


class Busy:
    """Cycles that each queue and each exclusively used resource is kept busy, and energy and traffic on the way."""

    def __init__(self, binding: Binding) -> None:
        self.binding = binding
        self.cycles: dict[str, float] = {}
        self.energy_pj = 0.0
        self.traffic_bytes = 0.0
        self.count = 0.0

    def add(self, queue: str, uses: Iterable[Use], cycles: float, times: float) -> None:
        self.count += times
        cycles *= times
        for name in (queue, *(use.resource for use in uses if use.bytes_per_cycle is None)):
            self.cycles[name] = self.cycles.get(name, 0.0) + cycles

    def transfer(self, transfer: Transfer, size_bytes: int, times: float) -> None:
        self.add(transfer.channel, transfer.uses, transfer_cycles(transfer, size_bytes), times)
        self.energy_pj += _energy(transfer.energy_pj, {"bytes": size_bytes, "border_bytes": 0}) * times
        self.traffic_bytes += size_bytes * times

    def move(self, move: Instruction, extents: tuple[int, ...], times: float) -> None:
        self.add(move.unit, move.uses, move_cycles(move, extents), times)
        values = dict(zip(move.axis_names, extents, strict=True)) | {"initialise": 0}
        self.energy_pj += _energy(move.energy_pj, values) * times

    def issues(self, nest: Nest) -> None:
        """Every issue of the computing instruction, by the sizes that ragged edges give it."""
        binding, tile, block = self.binding, dict(nest.tile), dict(nest.block)
        tables = [histogram(e, block[x], tile[x]).items() for x, e in binding.extents.items()]
        for combination in product(*tables):
            sizes = {x: size for x, (size, _) in zip(binding.extents, combination, strict=True)}
            times = prod(count for _, count in combination)
            self.add(binding.instruction.unit, binding.instruction.uses, binding.issue_cycles(sizes, False), times)
            values = binding.extents_of_issue(sizes) | {"initialise": 0}
            self.energy_pj += _energy(binding.instruction.energy_pj, values) * times

    def latency(self) -> float:
        """Cycles of the busiest queue or resource."""
        counts = {queue.name: queue.count for queue in self.binding.target.queues}
        return max(cycles / counts.get(name, 1) for name, cycles in self.cycles.items())


def _energy(cost: Expression | None, values: Mapping[str, int]) -> float:
    return 0.0 if cost is None else float(evaluate(cost, values))


def estimate(binding: Binding, nest: Nest) -> Estimate | None:
    """The estimate of ``nest``; None where it is not legal or does not fit."""
    if not legal(binding, nest):
        return None
    try:
        return _estimate(binding, nest)
    except InvalidNoun:
        return None


def _estimate(binding: Binding, nest: Nest) -> Estimate | None:
    nest_loops, tile = loops(nest, binding.extents), dict(nest.tile)
    sessions, slots_out, held_out, staging_slots = output_slots(binding, nest_loops, tile)
    held = fit(binding, nest, nest_loops, slots_out, staging_slots)
    if held is None:
        return None
    busy, output = Busy(binding), binding.output
    busy.issues(nest)
    for role, hold, _ in held.values():
        if role.route.fetch is not None:
            size = role.staged_layout(piece(role, nest)).elements * role.tensor.dtype.size_bytes
            busy.transfer(role.route.fetch, size, hold.fetches)
    tiles = prod(binding.extents[x] / tile[x] for x in output.access.axes)
    fills = sessions * tiles - (0 if binding.continues else tiles)
    out_bytes = output.staged_layout(tile).elements * output.tensor.dtype.size_bytes
    move = move_extents(binding, tile)
    if output.route.drain is not None:
        busy.move(output.route.drain, move, sessions * tiles)
    if output.route.fill is not None and fills > 0:
        busy.move(output.route.fill, move, fills)
    if output.route.store is not None:
        busy.transfer(output.route.store, out_bytes, tiles)
    ends = _ends(binding, nest, out_bytes)
    slots = tuple((name, count) for name, (_, _, count) in held.items()) + ((output.operand.name, slots_out),)
    kept = tuple((name, hold.slots) for name, (_, hold, _) in held.items()) + ((output.operand.name, held_out),)
    visits = prod(loop.trips for loop in nest_loops)
    total = busy.latency() + ends + _stalls(held, nest, busy, visits)
    return Estimate(total, busy.energy_pj, busy.traffic_bytes, busy.count, slots, kept, staging_slots)


def _ends(binding: Binding, nest: Nest, out_bytes: int) -> float:
    """Prologue and epilogue: the first piece of every input in, the last tile out."""
    total = 0.0
    for role in binding.inputs:
        if role.route.fetch is not None:
            size = role.staged_layout(piece(role, nest)).elements * role.tensor.dtype.size_bytes
            total += transfer_cycles(role.route.fetch, size)
    way = binding.output.route
    if way.drain is not None:
        total += move_cycles(way.drain, move_extents(binding, dict(nest.tile)))
    return total + (transfer_cycles(way.store, out_bytes) if way.store is not None else 0)


def _stalls(held: Mapping[str, tuple[Role, Hold, int]], nest: Nest, busy: Busy, visits: int) -> float:
    """Cycles in which the held pieces of a tensor turn over too slowly.

    During its last sweep a set of D pieces frees slot after slot, W spare slots are loaded before. The last of the
    D - W others is wanted (2 - 1/D) sweeps after the first could begin; the channel also serves the other tensors.
    """
    steady, stalled = busy.latency(), 0.0
    for role, hold, slots in held.values():
        if role.route.fetch is None or slots >= hold.pieces:
            continue
        size = role.staged_layout(piece(role, nest)).elements * role.tensor.dtype.size_bytes
        alone = transfer_cycles(role.route.fetch, size)
        others = max(0.0, busy.cycles[role.route.fetch.channel] - alone * hold.fetches) / steady
        late = alone / (1 - min(0.8, others)) * (2 * hold.slots - slots)
        sweep = hold.sweep * steady / visits
        stalled += max(0.0, late - sweep * (2 - 1 / hold.slots)) * max(0.0, hold.fetches / hold.slots - 1)
    return stalled


def output_slots(binding: Binding, nest_loops: list[Loop], tile: Mapping[str, int]) -> tuple[float, int, int, int]:
    """(sessions per output tile in the operand's memory, slots there, tiles kept there, slots in the staging memory)."""
    axes, output = binding.output.access.axes, binding.output
    ways = holds(nest_loops, axes, tile)
    tiles = ways[-1].fetches
    first_reduction = next((n for n, loop in enumerate(nest_loops) if loop.axis not in axes), len(nest_loops))
    alive = prod(loop.trips for loop in nest_loops[first_reduction:] if loop.axis in axes)
    if output.route.drain is None:
        return 1.0, alive + (1 if alive < ceil(tiles) else 0), alive, 0
    memory = output.route.memory
    places = max(1, memory.capacity_bytes // output.slot_bytes(tile))
    hold = next((way for way in reversed(ways) if way.slots <= max(1, places - 1)), ways[0])
    hold = next((way for way in reversed(ways) if way.slots <= places and way.fetches < hold.fetches), hold)
    sessions = hold.fetches / tiles
    return sessions, places, hold.slots, (alive + 2 if sessions > 1 else 3)


def fit(
    binding: Binding, nest: Nest, nest_loops: list[Loop], slots_out: int, staging_slots: int
) -> dict[str, tuple[Role, Hold, int]] | None:
    """Hold and slots of every input within the capacities: upgrades by fetches saved per byte, then spare slots.

    None where not even two slots each fit (one where a tensor is a single piece).
    """
    room = {memory.name: memory.capacity_bytes for memory in binding.target.memories}
    tile, output = dict(nest.tile), binding.output
    room[output.route.memory.name] -= slots_out * output.slot_bytes(tile)
    if output.route.staging is not None:
        room[output.route.staging.name] -= staging_slots * output.staged_slot_bytes(tile)
    if min(room.values()) < 0:
        return None
    held: dict[str, tuple[Role, Hold, int]] = {}
    ways: dict[str, list[Hold]] = {}
    size: dict[str, int] = {}
    for role in binding.inputs:
        name, sizes = role.operand.name, piece(role, nest)
        ways[name], size[name] = holds(nest_loops, role.access.axes, sizes), role.slot_bytes(sizes)
        held[name] = (role, ways[name][0], ways[name][0].least_slots)
        room[role.route.memory.name] -= size[name] * held[name][2]
        if room[role.route.memory.name] < 0:
            return None
    while _upgrade(held, ways, size, room):
        pass
    while _spare(held, size, room):
        pass
    return held


def _upgrade(
    held: dict[str, tuple[Role, Hold, int]], ways: Mapping[str, list[Hold]], size: Mapping[str, int], room: dict[str, int]
) -> bool:
    """Give the next larger hold to the tensor that saves most fetched bytes per byte of room; False where none fits."""
    best, best_gain = None, 0.0
    for name, (role, hold, slots) in held.items():
        for better in ways[name][ways[name].index(hold) + 1 :]:
            more = better.least_slots - slots
            gain = (hold.fetches - better.fetches) / max(1, more)
            if size[name] * more <= room[role.route.memory.name] and gain > best_gain:
                best, best_gain = (name, better), gain
    if best is None:
        return False
    name, better = best
    role, _, slots = held[name]
    room[role.route.memory.name] -= size[name] * (better.least_slots - slots)
    held[name] = (role, better, better.least_slots)
    return True


def _spare(held: dict[str, tuple[Role, Hold, int]], size: Mapping[str, int], room: dict[str, int]) -> bool:
    """One more slot for every tensor that still fetches, up to twice what it holds; False where none fits."""
    grown = False
    for name, (role, hold, slots) in held.items():
        if slots < min(2 * hold.slots + 1, hold.pieces) and size[name] <= room[role.route.memory.name]:
            room[role.route.memory.name] -= size[name]
            held[name] = (role, hold, slots + 1)
            grown = True
    return grown
