"""Which input is held across which loops, within the capacities, and in how many slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from isamap.ir.binding import Binding, Role
from isamap.tiling.border import inside
from isamap.tiling.hold import Hold, OutputSlots, bringing, found_again, holds, rolling_holds
from isamap.tiling.nest import Loop, Nest, piece


@dataclass
class Kept:
    """How an input is held, and in how many slots; of its pieces the share ``inside`` has to be carried."""

    role: Role
    hold: Hold
    slots: int
    slot_bytes: int
    inside: float = 1.0


@dataclass(frozen=True)
class Pins:
    """Slots, and pieces held in them, that are given, by operand; ``staging`` slots of the output on its way."""

    slots: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    staging: int | None = None

    def way(self, name: str, ways: Sequence[Hold], spare: int) -> Sequence[Hold]:
        """Of ``ways``, fewest slots first, those that remain: where something is given of ``name``, the one that holds
        as much as that allows."""
        if name not in self.slots and name not in self.held:
            return ways
        most = min(self.held.get(name, 1 << 60), self.slots.get(name, 1 << 60))
        able = [way for way in ways if way.slots <= most and way.least_slots(spare) <= self.slots.get(name, 1 << 60)]
        return able[-1:]

    def output(self, name: str, out: OutputSlots) -> OutputSlots | None:
        """``out`` in the slots that are given; None where they are too few for tiles that have to stay."""
        slots = self.slots.get(name, max(out.slots, self.held.get(name, 0)))
        held = self.held.get(name, min(out.held, slots))
        if held > slots or (held < out.held and not out.staging):
            return None
        return replace(out, slots=slots, held=held, staging=out.staging if self.staging is None else self.staging)


def fetches(nest: Nest, nest_loops: Sequence[Loop], one: Kept) -> float:
    """Pieces that come in over the whole run; where loops turn, old ones may still lie in slots to load ahead."""
    if not nest.turning:
        return one.hold.fetches
    relevant = bringing(nest_loops, one.role.access.axes, piece(one.role, nest))
    fewest = prod(loop.turns for loop, mine in zip(nest_loops, relevant, strict=True) if mine)
    return max(fewest, one.hold.fetches - found_again(nest_loops, relevant, one.hold, one.slots))


def fit(
    binding: Binding, nest: Nest, nest_loops: list[Loop], output: OutputSlots, spare: int, pins: Pins
) -> dict[str, Kept] | None:
    """Hold and slots of every input within the capacities: those given in ``pins``; of the others upgrades by fetches
    saved per byte, then spare slots.

    None where not even the least hold with ``spare`` slots fits.
    """
    room = binding.room()
    tile, role = dict(nest.tile), binding.output
    room[role.route.memory.name] -= output.slots * role.slot_bytes(tile)
    if role.route.staging is not None:
        room[role.route.staging.name] -= output.staging * role.staged_slot_bytes(tile)
    kept: dict[str, Kept] = {}
    ways: dict[str, Sequence[Hold]] = {}
    for role in binding.fetched:
        name, sizes = role.operand.name, piece(role, nest)
        ways[name] = pins.way(name, _holds(binding, nest, nest_loops, role), spare)
        if not ways[name]:
            return None
        slots = pins.slots.get(name, max(ways[name][0].least_slots(spare), pins.held.get(name, 0)))
        kept[name] = Kept(role, ways[name][0], slots, role.slot_bytes(sizes))
        kept[name].inside = inside(binding, nest, role)
        room[role.route.memory.name] -= kept[name].slot_bytes * kept[name].slots
    if min(room.values()) < 0:
        return None
    for _ in range(nest.upgrades):
        if not _upgrade(kept, ways, room, spare):
            break
    while more_slots({name: one for name, one in kept.items() if name not in pins.slots}, room):
        pass
    return kept


def _holds(binding: Binding, nest: Nest, nest_loops: list[Loop], role: Role) -> list[Hold]:
    """The worthwhile ways to hold an input's pieces, fewest slots first."""
    if nest.roll is not None and nest.rolls(role):
        return rolling_holds(binding, nest, role, nest.roll)
    return holds(nest_loops, role.access.axes, piece(role, nest), nest.turning)


def _upgrade(kept: Mapping[str, Kept], ways: Mapping[str, Sequence[Hold]], room: dict[str, int], spare: int) -> bool:
    """Give the next larger hold to the tensor that saves most fetched bytes per byte of room; False where none fits."""
    best: tuple[Kept, Hold] | None = None
    best_gain = 0.0
    for name, one in kept.items():
        for better in ways[name][ways[name].index(one.hold) + 1 :]:
            more = better.least_slots(spare) - one.slots
            gain = (one.hold.fetches - better.fetches) / max(1, more)
            if one.slot_bytes * more <= room[one.role.route.memory.name] and gain > best_gain:
                best, best_gain = (one, better), gain
    if best is None:
        return False
    one, better = best
    room[one.role.route.memory.name] -= one.slot_bytes * (better.least_slots(spare) - one.slots)
    one.hold, one.slots = better, better.least_slots(spare)
    return True


def more_slots(kept: Mapping[str, Kept], room: dict[str, int]) -> bool:
    """One more slot for every tensor that still fetches, up to twice what it holds; False where none fits."""
    grown = False
    for one in kept.values():
        memory = one.role.route.memory.name
        if one.slots < min(2 * one.hold.slots + 1, one.hold.pieces) and one.slot_bytes <= room[memory]:
            room[memory] -= one.slot_bytes
            one.slots += 1
            grown = True
    return grown
