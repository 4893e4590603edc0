"""Tensors that stay on chip: who reads them awaits who wrote those elements, and nothing is fetched or stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isamap.ir.answers import Buffer
from isamap.ir.binding import Role
from isamap.ir.region import box
from isamap.ir.resident import home_bytes
from isamap.scheduling.carry import Carrier
from isamap.scheduling.modes import Mode, first_mode, next_mode
from isamap.scheduling.residency import NEVER, Slot
from isamap.scheduling.tasks import RESULT, Tasks
from isamap.scheduling.visits import Ranges
from isamap.scheduling.written import Box, Waits, bounds


def home_buffer(role: Role) -> Buffer:
    """The one place of the tensor, the same for every einsum that has it."""
    assert role.home is not None
    memory, home = role.home.memory, role.home.home
    alignment = memory.bank_bytes if memory.banks > 1 else memory.alignment_bytes
    name = f"{role.tensor.name}@{memory.name}"
    return Buffer(name, role.tensor.name, memory.name, 1, home_bytes(role.tensor, home, memory), alignment, home=home)


def strip_at(carrier: Carrier, role: Role, tile: Ranges) -> int:
    """The number of the strip in which a tile lies."""
    assert role.home is not None
    return role.home.strip_of(carrier.tile(tile)[0])


def place_freed(carrier: Carrier, role: Role, tile: Ranges) -> Waits:
    """What the first to write a tile in its place awaits: whoever had the memory before, and the readers of the strip
    that lay there."""
    assert role.home is not None
    before = carrier.barrier.get(role.home.memory.name, ())
    gone = strip_at(carrier, role, tile) - role.home.home.turns
    return [*before, *carrier.readers.of(role.tensor.name, gone)]


def home_box(carrier: Carrier, role: Role, tile: Ranges) -> Box:
    """The elements of the tensor that a tile meets."""
    start, extent = carrier.tile(tile)
    layout = box(role.access, extent)
    return bounds(layout, layout.first(role.access, start))


class ReadAtHome:
    """An input that is read where it stays."""

    def __init__(self, carrier: Carrier, role: Role) -> None:
        self.carrier, self.role, self.buffer, self.slot = carrier, role, home_buffer(role), Slot(0)

    def waits(self, tile: Ranges) -> Waits:
        """The results of all who wrote what this tile reads."""
        return self.carrier.written.before(
            self.role.tensor.name, home_box(self.carrier, self.role, tile), storing=False
        )

    def read(self, tasks: Tasks, task: int, tile: Ranges) -> None:
        """``task`` reads it; who gets the bytes afterwards awaits that."""
        self.carrier.readers.join(self.role.tensor.name, strip_at(self.carrier, self.role, tile), tasks, task)

    def leftovers(self) -> Iterable[tuple[str, Waits]]:
        """What the next user of the bytes awaits."""
        yield self.buffer.memory, self.carrier.readers.all_of(self.role.tensor.name)


class WrittenAtHome:
    """An output whose tiles grow in their place in the whole tensor: it is opened and computed on as ``Sessions`` are,
    and never leaves."""

    def __init__(self, carrier: Carrier, role: Role, keys: Sequence[Ranges], next_use: Sequence[int]) -> None:
        self.carrier, self.role, self.buffer = carrier, role, home_buffer(role)
        self.keys, self.next_use = keys, next_use
        self.latest: dict[Ranges, int] = {}  # tile -> its latest contribution
        self.slot = Slot(0)

    def open(self, visit: int) -> tuple[Slot, Mode, Waits]:
        """The place, the mode to compute in, and what the computation awaits."""
        before = self.latest.get(self.keys[visit])
        if before is not None:
            return self.slot, next_mode(self.carrier.binding), [(before, RESULT)]
        waits = place_freed(self.carrier, self.role, self.keys[visit])
        return self.slot, first_mode(self.carrier.binding), waits

    def computed(self, slot: Slot, task: int, visit: int) -> None:
        """``task`` made this visit's contribution; after the last one the tile may be read."""
        key = self.keys[visit]
        self.latest[key] = task
        if self.next_use[visit] == NEVER:
            box = home_box(self.carrier, self.role, key)
            self.carrier.written.note(self.role.tensor.name, box, [task], stored=True)

    def leftovers(self) -> Iterable[tuple[str, Waits]]:
        """Those who read the tensor tell when its bytes are free."""
        return ()
