"""A tiling spelled out as tasks: every fetch, fill, computation, drain and store, with slots and what each awaits.

Per visit: pieces that are not resident are fetched into the slot that Belady's rule gives; the output's tile is opened
(fresh, still in place, or filled from its partial sum), computed on, and when it was visited for the last time drained
and stored. A slot's next writer waits until its readers have let go. Deadlines are the visits by which a task's
result, or the slot that it frees, is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


from isamap.errors import Infeasible, Unsupported
from isamap.ir.answers import Buffer, Step, Tiling, sizes
from isamap.ir.binding import Binding, Role, move_extents
from isamap.scheduling.residency import NEVER, Slot, Slots, next_uses, stays
from isamap.scheduling.tasks import OPERANDS, RESULT, Tasks, instruction_cost, transfer_cost
from isamap.scheduling.visits import Cut, Ranges, cut, visits
from isamap.scheduling.written import Written

Waits = list[tuple[int, int]]


@dataclass
class Held:
    """A role's buffer while its einsum is expanded."""

    cut: Cut
    buffer: Buffer
    slots: Slots
    keys: list[Ranges]
    next_use: list[int]  # of the piece, ever
    stays_until: list[int]  # the next use that it stays for


def _buffer(number: int, role: Role, slots: int, slot_bytes: int, piece: dict[str, int], *, staged: bool) -> Buffer:
    memory = role.route.landing if staged else role.route.memory
    alignment = memory.bank_bytes if memory.banks > 1 else memory.alignment_bytes
    name = f"{number}.{role.tensor.name}.{role.operand.name}@{memory.name}"
    return Buffer(name, role.tensor.name, memory.name, slots, slot_bytes, alignment, sizes(piece))


class Expansion:
    """The tasks of one einsum, appended to those before it. ``barrier`` lists, per memory, what earlier einsums'
    buffers still await; ``written`` the stores that made tensors of earlier einsums."""

    def __init__(
        self, binding: Binding, tiling: Tiling, tasks: Tasks, barrier: dict[str, Waits], written: dict[str, Written]
    ) -> None:
        self.binding, self.tiling, self.tasks, self.written = binding, tiling, tasks, written
        self.barrier = {memory: tuple(waits) for memory, waits in barrier.items()}
        self.first_visit = max((d for d in tasks.deadline if d < NEVER), default=-1) + 1
        self.walk = list(visits(binding, tiling))
        self.axes = list(binding.extents)
        largest = dict(tiling.levels[-1].tile)
        self.inputs = [self._held(role, largest) for role in binding.inputs]
        self.output = self._held(binding.output, largest)
        self.partial: dict[Ranges, Slot] = {}
        self.open_until: dict[int, int] = {}  # output slot -> next visit of the tile in it, NEVER where complete
        self._parts: dict[int, tuple[int, ...]] = {}  # last task of a fetch -> all of it
        self.staging: Slots | None = None
        self.staging_buffer: Buffer | None = None
        if binding.output.route.staging is not None:
            count = dict(tiling.levels[0].buffers)[binding.output.label]
            size = binding.output.staged_slot_bytes(largest)
            self.staging_buffer = _buffer(binding.number, binding.output, count, size, largest, staged=True)
            self.staging = Slots(count)
        self._refuse()

    def _refuse(self) -> None:
        for role in self.binding.inputs:
            if role.route.staging is not None:
                raise Unsupported("scheduling", f"an input ({role.operand.name}) that takes more than one hop")
            if role.route.fetch is None:
                raise Unsupported("scheduling", f"operand {role.operand.name} in {role.operand.memory}, never fetched")
        if self.binding.output.route.store is None:
            raise Unsupported("scheduling", "an output that is not stored by a transfer")

    def _held(self, role: Role, largest: dict[str, int]) -> Held:
        level = self.tiling.levels[-1 if role.written else 0]
        pieces = dict(dict(level.pieces).get(role.label, sizes(largest)))
        role_cut = cut(self.binding, role, self.tiling)
        keys = [role_cut.piece(block, tile) for block, tile in self.walk]
        count = min(dict(level.buffers)[role.label], len(set(keys)))
        buffer = _buffer(self.binding.number, role, count, role.slot_bytes(pieces), pieces, staged=False)
        kept = min(count, dict(level.held).get(role.label, max(1, count - 1)))
        return Held(role_cut, buffer, Slots(count), keys, next_uses(keys), stays(keys, kept))

    @property
    def buffers(self) -> list[Buffer]:
        """Every buffer of this einsum."""
        staging = [self.staging_buffer] if self.staging_buffer else []
        return [held.buffer for held in (*self.inputs, self.output)] + staging

    def run(self) -> None:
        """Append the tasks of every visit."""
        for visit, (_, tile) in enumerate(self.walk):
            read = [(held, self._resident(held, visit)) for held in self.inputs]
            slot, mode, opening = self._open(visit)
            operands = {held.cut.role.operand.name: s for held, s in read} | {self.binding.output.operand.name: slot}
            waits = [(w, RESULT) for _, s in read for w in self._parts[s.writer]] + opening
            task = self._compute(tile, mode, operands, waits, visit)
            for held, s in read:
                s.readers = self.tasks.joined(s.readers, task)
                held.slots.used(s, visit, held.stays_until[visit])
            slot.writer, slot.readers = task, ()
            self.output.slots.used(slot, visit, self.output.stays_until[visit])
            self.open_until[slot.number] = self.output.next_use[visit]
            if self.output.next_use[visit] == NEVER:
                self._close(self.output.keys[visit], slot, visit)

    # -- inputs ------------------------------------------------------------------------------------------------------

    def _resident(self, held: Held, visit: int) -> Slot:
        """The slot in which the visit's piece lies, fetched if need be."""
        key = held.keys[visit]
        slot = held.slots.find(key)
        if slot is None:
            slot = held.slots.victim()
            waits = self._freed(slot, held.buffer.memory)
            held.slots.give(slot, key)
            self._fetch(held.cut.role, held.buffer, key, slot, waits, visit)
        return slot

    def _freed(self, slot: Slot, memory: str) -> Waits:
        """What the next writer of ``slot`` awaits: its readers, or at its first use whoever had the memory before."""
        if slot.writer < 0:
            return list(self.barrier.get(memory, ()))
        return [(reader, OPERANDS) for reader in slot.readers] or [(slot.writer, RESULT)]

    def _fetch(self, role: Role, buffer: Buffer, key: Ranges, slot: Slot, waits: Waits, visit: int) -> None:
        """The transfers that bring a piece in, one per part."""
        transfer = role.route.fetch
        assert transfer is not None
        start, extent = self._tile(key)
        layout = role.staged_layout(extent)
        first = layout.first(role.access, start)
        if role.tensor.name in self.written:
            waits = waits + self.written[role.tensor.name].touched(layout, first)
        parts, total = layout.parts(transfer.dimensions), 0
        inside = layout.inside(first, role.tensor.shape) if role.tensor.border is not None else layout.points
        tasks = []
        for part in range(parts):
            share = inside * (part + 1) // parts - total  # parts differ only where a border cuts them; cost of the mean
            total += share
            size = role.tensor.dtype.size_bytes
            cost = transfer_cost(transfer, share * size, (layout.points // parts - share) * size)
            step = Step(transfer.name, self.binding.number, sizes(extent), ("", buffer.name), role.tensor.name, "", part)
            origin = tuple(low for low, _ in key)
            tasks.append(self.tasks.add(step, origin, (-1, slot.number), cost, waits, self.first_visit + visit))
        slot.writer, slot.readers = tasks[-1], ()
        self._parts[tasks[-1]] = tuple(tasks)

    # -- the output --------------------------------------------------------------------------------------------------

    def _open(self, visit: int) -> tuple[Slot, str, Waits]:
        """The output tile's slot, the mode to compute in, and what the computation awaits."""
        held, key = self.output, self.output.keys[visit]
        accumulates = self.binding.einsum.operator != "="
        slot = held.slots.find(key)
        if slot is not None:
            if not accumulates:
                raise Unsupported("scheduling", f"{self.binding.einsum.statement} computed in parts")
            return slot, "accumulate", [(slot.writer, RESULT)]
        slot = held.slots.victim()
        if slot.key is not None and self.open_until[slot.number] < NEVER:
            self._set_aside(slot, visit)
        self._wanted(slot, visit)
        waits = self._freed(slot, held.buffer.memory)
        held.slots.give(slot, key)
        if key in self.partial:
            return slot, "accumulate", self._fill(key, self.partial[key], slot, waits, visit)
        if self.binding.continues:
            return slot, "accumulate", self._continue(key, slot, waits, visit)
        if not accumulates:
            return slot, "", waits
        if self.binding.instruction.initialise == "never":
            raise Unsupported("scheduling", f"zeroing the accumulator of {self.binding.instruction.name}")
        return slot, "initialise", waits

    def _wanted(self, slot: Slot, visit: int) -> None:
        """The tasks that free ``slot`` are wanted by this visit."""
        for reader in slot.readers:
            self.tasks.deadline[reader] = min(self.tasks.deadline[reader], self.first_visit + visit)

    def _compute(self, tile: Ranges, mode: str, operands: dict[str, Slot], waits: Waits, visit: int) -> int:
        binding = self.binding
        _, extent = self._tile(tile)
        names = {held.cut.role.operand.name: held.buffer.name for held in (*self.inputs, self.output)}
        pieces = {held.cut.role.operand.name: self._tile(held.keys[visit])[1] for held in (*self.inputs, self.output)}
        order = [operand.name for operand in binding.instruction.operands]
        memory = binding.output.route.memory
        banks = [f"{memory.name}[{operands[binding.output.operand.name].number}]"] if memory.banks > 1 else []
        step = Step(
            binding.instruction.name, binding.number, sizes(extent), tuple(names[o] for o in order),
            mode="initialise" if mode == "initialise" else "accumulate" if mode == "accumulate" else "",
            pieces=tuple(sizes(pieces[o]) for o in order),
        )  # fmt: skip
        cost = instruction_cost(binding.instruction, binding.extents_of_issue(extent), mode == "initialise", banks)
        slots = tuple(operands[o].number for o in order)
        origin = tuple(low for low, _ in tile)
        return self.tasks.add(step, origin, slots, cost, waits, self.first_visit + visit)

    def _move(self, key: Ranges, home: Slot, staged: Slot, waits: Waits, *, out: bool) -> int:
        """A drain (``out``) or a fill between the slots of an output tile."""
        binding, route = self.binding, self.binding.output.route
        move = route.drain if out else route.fill
        if move is None or self.staging_buffer is None:
            raise Unsupported("scheduling", "partial sums without a way back into the accumulator")
        _, extent = self._tile(key)
        extents = dict(zip(move.axis_names, move_extents(binding, extent), strict=True))
        banks = [f"{route.memory.name}[{home.number}]"] if route.memory.banks > 1 else []
        where = {route.memory.name: (self.output.buffer.name, home.number)}
        where[route.landing.name] = (self.staging_buffer.name, staged.number)
        places = [where[operand.memory] for operand in move.operands]
        names, numbers = tuple(name for name, _ in places), tuple(number for _, number in places)
        step = Step(move.name, binding.number, sizes(extent), names, binding.output.tensor.name)
        origin = tuple(low for low, _ in key)
        return self.tasks.add(step, origin, numbers, instruction_cost(move, extents, False, banks), waits)

    def _fill(self, key: Ranges, staged: Slot, slot: Slot, waits: Waits, visit: int) -> Waits:
        """Bring a partial sum back; what the computation awaits."""
        task = self._move(key, slot, staged, [*waits, (staged.writer, RESULT)], out=False)
        self.tasks.deadline[task] = self.first_visit + visit
        staged.readers = (task,)
        return [(task, RESULT)]

    def _continue(self, key: Ranges, slot: Slot, waits: Waits, visit: int) -> Waits:
        """The output is also an input: bring its given value in before the first contribution."""
        role = self.binding.output
        if role.route.fetch is None:
            raise Unsupported("scheduling", f"an output that continues from {role.tensor.name} without a way in")
        if self.staging is None or self.staging_buffer is None:
            self._fetch(role, self.output.buffer, key, slot, waits, visit)
            return [(task, RESULT) for task in self._parts[slot.writer]]
        staged = self._staged(key, visit)
        self._fetch(role, self.staging_buffer, key, staged, self._freed(staged, self.staging_buffer.memory), visit)
        self.partial[key] = staged
        fetched = [(task, RESULT) for task in self._parts[staged.writer]]
        return self._fill(key, staged, slot, [*waits, *fetched], visit)

    def _staged(self, key: Ranges, visit: int) -> Slot:
        """A free slot in the staging memory for an output tile; raises Infeasible where all hold partial sums."""
        assert self.staging is not None
        slot = self.staging.victim()
        if slot.key is not None and slot.next_use < NEVER:
            raise Infeasible(f"{len(self.staging.slots)} slots are too few for the partial sums of {key}")
        self._wanted(slot, visit)
        return slot

    def _drain(self, key: Ranges, slot: Slot, visit: int, next_use: int) -> Slot:
        """Copy an output tile to its place in the staging memory."""
        assert self.staging is not None and self.staging_buffer is not None
        staged = self.partial.get(key)
        if staged is None:
            staged = self._staged(key, visit)
            before = self._freed(staged, self.staging_buffer.memory)
            self.staging.give(staged, key)
        else:
            before = [(reader, OPERANDS) for reader in staged.readers]
        task = self._move(key, slot, staged, [(slot.writer, RESULT), *before], out=True)
        staged.writer, staged.readers = task, ()
        self.staging.used(staged, visit, next_use)
        slot.readers = (task,)
        return staged

    def _set_aside(self, slot: Slot, visit: int) -> None:
        """Make room: the tile in ``slot`` will be visited again, so its partial sum waits in the staging memory."""
        if self.staging is None:
            held = len(self.output.slots.slots)
            raise Infeasible(f"{held} slots are too few for the output tiles that are still being added to")
        assert isinstance(slot.key, tuple)
        self.partial[slot.key] = self._drain(slot.key, slot, visit, self.open_until[slot.number])

    def _close(self, key: Ranges, slot: Slot, visit: int) -> None:
        """The tile is complete: bring it out to the outermost memory."""
        role, source, buffer = self.binding.output, slot, self.output.buffer
        if self.staging is not None and self.staging_buffer is not None:
            source, buffer = self._drain(key, slot, visit, NEVER), self.staging_buffer
            self.partial.pop(key, None)
        transfer = role.route.store
        assert transfer is not None
        start, extent = self._tile(key)
        layout = role.staged_layout(extent)
        parts = layout.parts(transfer.dimensions)
        size = layout.points // parts * role.tensor.dtype.size_bytes
        tasks = []
        for part in range(parts):
            step = Step(transfer.name, self.binding.number, sizes(extent), (buffer.name, ""), role.tensor.name, "", part)
            origin = tuple(low for low, _ in key)
            cost = transfer_cost(transfer, size, 0)
            tasks.append(self.tasks.add(step, origin, (source.number, -1), cost, [(source.writer, RESULT)]))
        source.readers = tuple(tasks)
        written = self.written.setdefault(role.tensor.name, Written())
        written.add(layout, layout.first(role.access, start), tasks)

    # -- all ---------------------------------------------------------------------------------------------------------

    def _tile(self, ranges: Ranges) -> tuple[dict[str, int], dict[str, int]]:
        """(start, size) of each axis."""
        start = {x: low for x, (low, _) in zip(self.axes, ranges, strict=True)}
        return start, {x: high - low for x, (low, high) in zip(self.axes, ranges, strict=True)}

    def leftovers(self) -> Iterable[tuple[str, Waits]]:
        """Per memory, what a later user of this einsum's slots has to await."""
        groups = [(held.buffer.memory, held.slots) for held in (*self.inputs, self.output)]
        if self.staging is not None and self.staging_buffer is not None:
            groups.append((self.staging_buffer.memory, self.staging))
        for memory, slots in groups:
            for slot in slots.slots:
                if slot.writer >= 0:
                    yield memory, [(r, OPERANDS) for r in slot.readers] or [(slot.writer, RESULT)]


