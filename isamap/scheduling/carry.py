"""Pieces on their way between the outermost memory and a slot, and what the next writer of a slot awaits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from isamap.ir.answers import Buffer, Step, sizes
from isamap.ir.binding import Binding, Role
from isamap.ir.block import block, blocks, rows
from isamap.ir.hardware import Transfer
from isamap.ir.region import Layout
from isamap.scheduling.passing import Readers
from isamap.scheduling.residency import Slot, Slots
from isamap.scheduling.tasks import OPERANDS, RESULT, Tasks
from isamap.scheduling.visits import Ranges
from isamap.scheduling.written import Waits, Written, bounds


def buffer_of(
    number: int, role: Role, slots: int, slot_bytes: int, piece: Mapping[str, int], *, staged: bool
) -> Buffer:
    """The buffer of ``role`` in its operand's memory, or (``staged``) where fetches end and stores begin."""
    memory = role.route.landing if staged else role.route.memory
    alignment = memory.bank_bytes if memory.banks > 1 else memory.alignment_bytes
    name = f"{number}.{role.tensor.name}.{role.operand.name}@{memory.name}"
    return Buffer(name, role.tensor.name, memory.name, slots, slot_bytes, alignment, sizes(piece))


class Carrier:
    """Fetches and stores of one einsum. ``barrier`` lists, per memory, what earlier einsums' buffers still await;
    ``written`` knows the transfers of earlier einsums, ``readers`` who reads what stays on chip."""

    def __init__(
        self, binding: Binding, tasks: Tasks, barrier: Mapping[str, Waits], written: Written, readers: Readers
    ) -> None:
        self.binding, self.tasks, self.written, self.readers = binding, tasks, written, readers
        self.barrier = {memory: tuple(waits) for memory, waits in barrier.items()}
        self.first_visit = 0  # what the visits' numbers begin with, so that deadlines go by the order of all einsums
        self.axes = list(binding.extents)
        self._parts: dict[int, tuple[int, ...]] = {}  # last task of a fetch -> all of it

    def tile(self, ranges: Ranges) -> tuple[dict[str, int], dict[str, int]]:
        """(start, size) of each axis."""
        start = {x: low for x, (low, _) in zip(self.axes, ranges, strict=True)}
        return start, {x: high - low for x, (low, high) in zip(self.axes, ranges, strict=True)}

    def arrived(self, slot: Slot) -> Waits:
        """What a reader of the piece that was fetched into ``slot`` awaits."""
        return [(task, RESULT) for task in self._parts[slot.writer]]

    def freed(self, slot: Slot, memory: str) -> Waits:
        """What the next writer of ``slot`` awaits: its readers, or at its first use whoever had the memory before."""
        if slot.writer < 0:
            return list(self.barrier.get(memory, ()))
        return [(reader, OPERANDS) for reader in slot.readers] or [(slot.writer, RESULT)]

    def wanted(self, tasks: Sequence[int], visit: int) -> None:
        """``tasks`` are wanted by this visit."""
        for task in tasks:
            self.tasks.deadline[task] = min(self.tasks.deadline[task], self.first_visit + visit)

    def fetch(self, role: Role, buffer: Buffer, key: Ranges, slot: Slot, waits: Waits, visit: int) -> None:
        """The transfers that bring a piece in, one per part."""
        transfer = role.route.fetch
        assert transfer is not None
        start, extent = self.tile(key)
        layout = role.staged_layout(extent)
        first = layout.first(role.access, start)
        box = bounds(layout, first)
        waits = waits + self.written.before(role.tensor.name, box, storing=False)
        places = (("", -1), (buffer.name, slot.number))
        tasks = self._transfers(role, transfer, key, layout, places, waits)
        self.wanted(tasks, visit)
        self.written.note(role.tensor.name, box, tasks, stored=False)
        slot.writer, slot.readers = tasks[-1], ()
        self._parts[tasks[-1]] = tasks

    def store(self, role: Role, buffer: Buffer, key: Ranges, slot: Slot) -> None:
        """The transfers that bring a complete output tile out."""
        transfer = role.route.store
        assert transfer is not None
        start, extent = self.tile(key)
        layout = role.staged_layout(extent)
        box = bounds(layout, layout.first(role.access, start))
        waits = [(slot.writer, RESULT), *self.written.before(role.tensor.name, box, storing=True)]
        places = ((buffer.name, slot.number), ("", -1))
        tasks = self._transfers(role, transfer, key, layout, places, waits)
        self.written.note(role.tensor.name, box, tasks, stored=True)
        slot.readers = tasks

    def _transfers(
        self,
        role: Role,
        transfer: Transfer,
        key: Ranges,
        layout: Layout,
        places: Sequence[tuple[str, int]],
        waits: Waits,
    ) -> tuple[int, ...]:
        """One task per part; what lies in a border moves no bytes."""
        tasks, bytes_for = [], role.tensor.dtype.bytes_for
        start, bordered = self.tile(key)[0], role.tensor.border is not None
        names, slots = tuple(name for name, _ in places), tuple(slot for _, slot in places)
        extent, origin = sizes(self.tile(key)[1]), tuple(low for low, _ in key)
        for part in range(blocks(transfer, layout)):
            piece, _ = block(transfer, layout, part)
            inside = piece.inside(piece.first(role.access, start), role.tensor.shape) if bordered else piece.points
            outside = bytes_for(piece.points - inside)
            cost = self.tasks.transfer_cost(transfer, bytes_for(inside), outside, rows(piece))
            step = Step(transfer.name, self.binding.number, extent, names, role.tensor.name, "", part)
            tasks.append(self.tasks.add(step, origin, slots, cost, waits))
        return tuple(tasks)


def left_in(memory: str, slots: Slots) -> Iterator[tuple[str, Waits]]:
    """What a later user of each slot awaits: those who read it, else who wrote it."""
    for slot in slots.slots:
        if slot.writer >= 0:
            yield memory, [(reader, OPERANDS) for reader in slot.readers] or [(slot.writer, RESULT)]
