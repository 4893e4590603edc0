"""A tiling spelled out as tasks: every fetch, fill, computation, drain and store, with slots and what each awaits.

Per visit: pieces that are not resident are fetched into the slot that Belady's rule gives (``carry``); the output's
tile is opened, computed on, and when it was visited for the last time brought out (``sessions``). A slot's next writer
waits until its readers have let go. Deadlines are the visits by which a task's result, or the slot that it frees, is
wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from isamap.errors import Unsupported
from isamap.ir.answers import Buffer, Step, Tiling, sizes
from isamap.ir.binding import Binding, Role
from isamap.scheduling.at_home import ReadAtHome, WrittenAtHome
from isamap.scheduling.carry import Carrier, buffer_of, left_in
from isamap.scheduling.modes import Mode
from isamap.scheduling.passing import Readers
from isamap.scheduling.residency import Slot, Slots, next_uses, stays
from isamap.scheduling.sessions import Sessions
from isamap.scheduling.tasks import Tasks
from isamap.scheduling.visits import Ranges, cut, same_elements, visits
from isamap.scheduling.written import Waits, Written


@dataclass
class Held:
    """A role's buffer while its einsum is expanded: which pieces the visits use, and how long they stay."""

    role: Role
    buffer: Buffer
    keys: list[Ranges]  # the piece of every use
    first: Sequence[int]  # the number of every visit's first use
    next_use: list[int]  # of the piece, ever
    stays_until: list[int]  # the next use that it stays for
    slots: Slots
    moving: str = ""  # the axis of which a visit may use two values, each in a piece

    def uses(self, visit: int) -> range:
        return range(self.first[visit], self.first[visit + 1])

    def place(self, use: int, slot: Slot, visit: int) -> _Place:
        second = self.moving if use > self.first[visit] else ""
        return _Place(self.role.operand.name, self.buffer.name, self.keys[use], slot, second)


@dataclass(frozen=True)
class _Place:
    """Where an operand of a computation lies; ``second``: the axis whose second value lies there."""

    operand: str
    buffer: str
    piece: Ranges
    slot: Slot
    second: str = ""


class Expansion:
    """The tasks of one einsum, appended to those before it."""

    def __init__(
        self,
        binding: Binding,
        tiling: Tiling,
        tasks: Tasks,
        barrier: Mapping[str, Waits],
        written: Written,
        readers: Readers,
    ) -> None:
        _refuse(binding)
        self.binding, self.tiling, self.tasks = binding, tiling, tasks
        self.carrier = Carrier(binding, tasks, barrier, written, readers)
        self.walk = list(visits(binding, tiling))
        self.inputs = [self._held(role) for role in binding.fetched]
        self.at_home = [ReadAtHome(self.carrier, role) for role in binding.inputs if role.home is not None]
        self.output = self._output(binding.output)
        self.buffers = [held.buffer for held in self.inputs] + [home.buffer for home in self.at_home]
        self.buffers += self._output_buffers()

    def _output(self, role: Role) -> Sessions | WrittenAtHome:
        keys = [cut(self.binding, role, self.tiling).piece(block, tile) for block, tile in self.walk]
        if role.home is not None and role.route.staging is None:
            return WrittenAtHome(self.carrier, role, keys, next_uses(keys))
        out, largest = self._held(role), dict(self.tiling.levels[-1].tile)
        staging = None
        if role.route.staging is not None and role.home is None:
            count = dict(self.tiling.levels[0].buffers)[role.label]
            size = role.staged_slot_bytes(largest)
            staging = buffer_of(self.binding.number, role, count, size, largest, staged=True)
        return Sessions(self.carrier, out.buffer, staging, out.keys, out.next_use, out.stays_until)

    def _output_buffers(self) -> list[Buffer]:
        out = self.output
        if isinstance(out, WrittenAtHome):
            return [out.buffer]
        return [buffer for buffer in (out.buffer, out.staging_buffer, out.home) if buffer is not None]

    def _held(self, role: Role) -> Held:
        level = self.tiling.levels[-1 if role.written else 0]
        pieces = dict(dict(level.pieces).get(role.label, self.tiling.levels[-1].tile))
        role_cut = cut(self.binding, role, self.tiling)
        used = [role_cut.pieces(block, tile) for block, tile in self.walk]
        keys, first = [key for one in used for key in one], list(accumulate(map(len, used), initial=0))
        keys = keys if role.written else same_elements(role.access, self.carrier.axes, keys)
        count = min(dict(level.buffers)[role.label], len(set(keys)))
        buffer = buffer_of(self.binding.number, role, count, role.slot_bytes(pieces), pieces, staged=False)
        kept = min(count, dict(level.held).get(role.label, max(1, count - 1)))
        moving = "" if role_cut.moving is None else self.carrier.axes[role_cut.moving]
        return Held(role, buffer, keys, first, next_uses(keys), stays(keys, kept), Slots(count), moving)

    def strips(self) -> list[range]:
        """The visits of every strip; raises Unsupported where a tile meets two, or the walk does not go in order."""
        if self.binding.strip is None:
            return [range(len(self.walk))]
        axis, step = self.binding.strip
        number = list(self.binding.extents).index(axis)
        ends = [0]
        for visit, (_, tile) in enumerate(self.walk):
            low, high = tile[number]
            if low // step == len(ends):
                ends.append(visit)
            if not low // step == (high - 1) // step == len(ends) - 1:
                raise Unsupported("scheduling", f"tiles over {axis} that do not go from strip to strip of {step}")
        return [range(*ends) for ends in pairwise([*ends, len(self.walk)])]

    def run(self, visits: range, first: int) -> None:
        """Append the tasks of ``visits``, the first of which is number ``first`` of all einsums'."""
        self.carrier.first_visit = first - visits.start
        for visit in visits:
            tile = self.walk[visit][1]
            read = [(held, use, self._resident(held, use, visit)) for held in self.inputs for use in held.uses(visit)]
            slot, mode, opening = self.output.open(visit)
            places = [held.place(use, s, visit) for held, use, s in read]
            places += [_Place(home.role.operand.name, home.buffer.name, tile, home.slot) for home in self.at_home]
            name, key = self.binding.output.operand.name, self.output.keys[visit]
            places.append(_Place(name, self.output.buffer.name, key, slot))
            waits = [wait for _, _, s in read for wait in self.carrier.arrived(s)] + opening
            waits += [wait for home in self.at_home for wait in home.waits(tile)]
            task = self._compute(tile, mode, places, waits, visit)
            for held, use, s in read:
                s.readers = self.tasks.joined(s.readers, task)
                held.slots.used(s, visit, held.stays_until[use])
            for home in self.at_home:
                home.read(self.tasks, task, tile)
            self.output.computed(slot, task, visit)

    def _resident(self, held: Held, use: int, visit: int) -> Slot:
        """The slot in which a piece lies that the visit uses, fetched if need be."""
        key = held.keys[use]
        slot = held.slots.find(key)
        if slot is None:
            slot = held.slots.victim()
            waits = self.carrier.freed(slot, held.buffer.memory)
            held.slots.give(slot, key)
            self.carrier.fetch(held.role, held.buffer, key, slot, waits, visit)
            held.slots.keep(slot, use)  # not to be given away until it is used
        return slot

    def _compute(self, tile: Ranges, mode: Mode, places: list[_Place], waits: Waits, visit: int) -> int:
        binding, carrier = self.binding, self.carrier
        _, extent = carrier.tile(tile)
        order = [operand.name for operand in binding.instruction.operands]
        places.sort(key=lambda place: (place.second != "", order.index(place.operand)))
        memory, output = binding.output.route.memory, order.index(binding.output.operand.name)
        banks = (f"{memory.name}[{places[output].slot.number}]",) if memory.banks > 1 else ()
        step = Step(
            binding.instruction.name, binding.number, sizes(extent), tuple(place.buffer for place in places),
            mode=mode, pieces=tuple(sizes(carrier.tile(place.piece)[1]) for place in places),
            second=tuple((place.operand, place.second) for place in places[len(order) :]),
        )  # fmt: skip
        issue, initialise = binding.extents_of_issue(extent), mode == "initialise"
        cost = self.tasks.instruction_cost(binding.instruction, issue, banks, initialise=initialise)
        slots = tuple(place.slot.number for place in places)
        origin = tuple(low for low, _ in tile)
        return self.tasks.add(step, origin, slots, cost, waits, carrier.first_visit + visit)

    def rotating(self, memory: str) -> list[tuple[Buffer, Slots]]:
        """The buffers in ``memory`` through which pieces rotate, with their slots."""
        found = [(held.buffer, held.slots) for held in self.inputs]
        if isinstance(self.output, Sessions):
            found.append((self.output.buffer, self.output.slots))
            if self.output.staging_buffer is not None and self.output.staging is not None:
                found.append((self.output.staging_buffer, self.output.staging))
        return [(buffer, slots) for buffer, slots in found if buffer.memory == memory]

    def leftovers(self) -> Iterable[tuple[str, Waits]]:
        """Per memory, what a later user of this einsum's slots has to await."""
        for held in self.inputs:
            yield from left_in(held.buffer.memory, held.slots)
        for user in (*self.at_home, self.output):
            yield from user.leftovers()


def _refuse(binding: Binding) -> None:
    for role in binding.fetched:
        if role.route.staging is not None:
            raise Unsupported("scheduling", f"an input ({role.operand.name}) that takes more than one hop")
        if role.route.fetch is None:
            raise Unsupported("scheduling", f"operand {role.operand.name} in {role.operand.memory}, never fetched")
    if binding.output.route.store is None and binding.output.home is None:
        raise Unsupported("scheduling", "an output that is not stored by a transfer")
