"""The life of an output tile: opened (fresh, still in place, or filled from its partial sum), computed on, set aside
when its slot is wanted for another, and when it was visited for the last time brought out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isamap.errors import Infeasible, Unsupported
from isamap.ir.answers import Buffer, Step, sizes
from isamap.ir.binding import move_extents
from isamap.scheduling.at_home import home_box, home_buffer, place_freed
from isamap.scheduling.carry import Carrier, left_in
from isamap.scheduling.modes import Mode, first_mode, next_mode
from isamap.scheduling.residency import NEVER, Slot, Slots
from isamap.scheduling.tasks import OPERANDS, RESULT
from isamap.scheduling.visits import Ranges
from isamap.scheduling.written import Waits


class Sessions:
    """The output tiles of one einsum in the slots of ``buffer``, and on their way through those of ``staging``.

    ``keys`` names the tile of every visit; ``next_use`` when it is next visited, ``stays_until`` the next visit that it
    stays in its slot for.
    """

    def __init__(
        self,
        carrier: Carrier,
        buffer: Buffer,
        staging: Buffer | None,
        keys: Sequence[Ranges],
        next_use: Sequence[int],
        stays_until: Sequence[int],
    ) -> None:
        self.carrier, self.binding, self.tasks = carrier, carrier.binding, carrier.tasks
        self.buffer, self.staging_buffer = buffer, staging
        self.keys, self.next_use, self.stays_until = keys, next_use, stays_until
        self.slots = Slots(buffer.slots)
        self.staging = Slots(staging.slots) if staging is not None else None
        role = self.binding.output
        self.home = home_buffer(role) if role.home is not None else None
        self.landing = staging or self.home
        self.partial: dict[Ranges, Slot] = {}  # tile -> its place in the staging memory
        self.open_until: dict[int, int] = {}  # slot -> next visit of the tile in it, NEVER where complete

    def open(self, visit: int) -> tuple[Slot, Mode, Waits]:
        """The tile's slot, the mode to compute in, and what the computation awaits."""
        key = self.keys[visit]
        slot = self.slots.find(key)
        if slot is not None:
            return slot, next_mode(self.binding), [(slot.writer, RESULT)]
        slot = self.slots.victim()
        if slot.key is not None and self.open_until[slot.number] < NEVER:
            self._set_aside(slot, visit)
        self.carrier.wanted(slot.readers, visit)
        waits = self.carrier.freed(slot, self.buffer.memory)
        self.slots.give(slot, key)
        if key in self.partial:
            return slot, "accumulate", self._fill(key, self.partial[key], slot, waits, visit)
        if self.binding.continues:
            return slot, "accumulate", self._continue(key, slot, waits, visit)
        return slot, first_mode(self.binding), waits

    def computed(self, slot: Slot, task: int, visit: int) -> None:
        """``task`` has added this visit's contribution to the tile in ``slot``; a complete tile is brought out."""
        slot.writer, slot.readers = task, ()
        self.slots.used(slot, visit, self.stays_until[visit])
        self.open_until[slot.number] = self.next_use[visit]
        if self.next_use[visit] < NEVER:
            return
        key, source, buffer = self.keys[visit], slot, self.buffer
        if self.home is not None:
            self._bring_home(key, slot)
            return
        if self.staging_buffer is not None:
            source, buffer = self._drain(key, slot, visit, NEVER), self.staging_buffer
            self.partial.pop(key, None)
        self.carrier.store(self.binding.output, buffer, key, source)

    def _bring_home(self, key: Ranges, slot: Slot) -> None:
        """Copy a complete tile to its place in the tensor that stays on chip."""
        assert self.home is not None
        role = self.binding.output
        before = place_freed(self.carrier, role, key)
        task = self._move(key, slot, Slot(0), [(slot.writer, RESULT), *before], out=True)
        slot.readers = (task,)
        self.carrier.written.note(role.tensor.name, home_box(self.carrier, role, key), [task], stored=True)

    def _set_aside(self, slot: Slot, visit: int) -> None:
        """Make room: the tile in ``slot`` will be visited again, so its partial sum waits in the staging memory."""
        if self.staging is None:
            count = len(self.slots.slots)
            raise Infeasible(f"{count} slots are too few for the output tiles that are still being added to")
        assert isinstance(slot.key, tuple)
        self.partial[slot.key] = self._drain(slot.key, slot, visit, self.open_until[slot.number])

    def _fill(self, key: Ranges, staged: Slot, slot: Slot, waits: Waits, visit: int) -> Waits:
        """Bring a partial sum back; what the computation awaits."""
        task = self._move(key, slot, staged, [*waits, (staged.writer, RESULT)], out=False)
        self.carrier.wanted([task], visit)
        staged.readers = (task,)
        return [(task, RESULT)]

    def _continue(self, key: Ranges, slot: Slot, waits: Waits, visit: int) -> Waits:
        """The output is also an input: bring its given value in before the first contribution."""
        role = self.binding.output
        if role.route.fetch is None:
            raise Unsupported("scheduling", f"an output that continues from {role.tensor.name} without a way in")
        if self.staging_buffer is None:
            self.carrier.fetch(role, self.buffer, key, slot, waits, visit)
            return self.carrier.arrived(slot)
        staged, before = self._staged(key, visit, self.next_use[visit])
        self.carrier.fetch(role, self.staging_buffer, key, staged, before, visit)
        self.partial[key] = staged
        return self._fill(key, staged, slot, [*waits, *self.carrier.arrived(staged)], visit)

    def _staged(self, key: Ranges, visit: int, next_use: int) -> tuple[Slot, Waits]:
        """A slot in the staging memory for a tile until it is complete, and what its next writer awaits.

        Raises Infeasible where all slots hold partial sums.
        """
        assert self.staging is not None
        assert self.staging_buffer is not None
        slot = self.staging.victim()
        if slot.key is not None and slot.next_use < NEVER:
            raise Infeasible(f"{len(self.staging.slots)} slots are too few for the partial sums of {key}")
        self.carrier.wanted(slot.readers, visit)
        before = self.carrier.freed(slot, self.staging_buffer.memory)
        self.staging.give(slot, key)
        self.staging.used(slot, visit, next_use)
        return slot, before

    def _drain(self, key: Ranges, slot: Slot, visit: int, next_use: int) -> Slot:
        """Copy an output tile to its place in the staging memory."""
        assert self.staging is not None
        staged = self.partial.get(key)
        if staged is None:
            staged, before = self._staged(key, visit, next_use)
        else:
            before = [(reader, OPERANDS) for reader in staged.readers]
        task = self._move(key, slot, staged, [(slot.writer, RESULT), *before], out=True)
        staged.writer, staged.readers = task, ()
        self.staging.used(staged, visit, next_use)
        slot.readers = (task,)
        return staged

    def _move(self, key: Ranges, home: Slot, staged: Slot, waits: Waits, *, out: bool) -> int:
        """A drain (``out``) or a fill between the slots of an output tile."""
        binding, route = self.binding, self.binding.output.route
        move = route.drain if out else route.fill
        if move is None or self.landing is None:
            raise Unsupported("scheduling", "partial sums without a way back into the accumulator")
        _, extent = self.carrier.tile(key)
        extents = dict(zip(move.axis_names, move_extents(binding, extent), strict=True))
        banks = (f"{route.memory.name}[{home.number}]",) if route.memory.banks > 1 else ()
        where = {route.memory.name: (self.buffer.name, home.number)}
        where[route.landing.name] = (self.landing.name, staged.number)
        places = [where[operand.memory] for operand in move.operands]
        names, numbers = tuple(name for name, _ in places), tuple(number for _, number in places)
        step = Step(move.name, binding.number, sizes(extent), names, binding.output.tensor.name)
        origin = tuple(low for low, _ in key)
        return self.tasks.add(step, origin, numbers, self.tasks.instruction_cost(move, extents, banks), waits)

    def leftovers(self) -> Iterable[tuple[str, Waits]]:
        """Per memory, what a later user of these slots awaits."""
        yield from left_in(self.buffer.memory, self.slots)
        if self.staging is not None and self.staging_buffer is not None:
            yield from left_in(self.staging_buffer.memory, self.staging)
