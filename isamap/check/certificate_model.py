"""The model of a cut that a solver was given, from the cut alone: its lines as ``ir.cut_model`` has them.

Every piece and tile lies somewhere, rounded up to the memory's alignment (in a banked one to a bank, whose count such a
memory's alignment is). In a memory with room for everything side by side a piece comes in once; in others as often as
it is read. Floating-point sums, and those that do not commute, keep their order: block by block, a block being as large
as the largest piece along each axis.
"""

from __future__ import annotations

from collections.abc import Iterator

from isamap.check.certificate_bound import outgoing, piece_box, piece_name, tile_boxes
from isamap.check.certificate_cuts import Pieces
from isamap.check.certificate_tasks import Box, Sizes, Task, boxes, computation, lengths, loads
from isamap.errors import Unsupported
from isamap.ir import cut_model
from isamap.ir.binding import Binding, Role
from isamap.ir.hardware import Memory

_COMMUTES = ("=", "+=", "*=", "min=", "max=")


def model_hash(binding: Binding, tile: Sizes, pieces: Pieces) -> str:
    """The hash of the model's lines; raises Unsupported for what they cannot say."""
    instruction = binding.instruction
    if instruction.initialise == "never" and instruction.meaning[0].operator != "=":
        raise Unsupported("check", f"the tasks of {instruction.name}, which never starts its sum afresh")
    if any(role.route.fetch is None for role in binding.fetched):
        raise Unsupported("check", f"the tasks of {instruction.name}, whose operands do not come in pieces")
    return cut_model.model_hash(_lines(binding, tile, pieces))


def _lines(binding: Binding, tile: Sizes, pieces: Pieces) -> Iterator[str]:
    target, issues = binding.target, list(boxes(binding.extents, tile))
    yield from (cut_model.memory_line(m.name, m.capacity_bytes, m.banks) for m in target.memories)
    yield from (cut_model.queue_line(queue.name, queue.count) for queue in target.queues)
    yield from (cut_model.resource_line(one.name, one.bytes_per_cycle) for one in target.resources)
    read = [_reads(binding, box, pieces) for box in issues]
    first: dict[object, tuple[Role, Box, int]] = {}
    for role in binding.fetched:
        for found in read:
            name = (role.label, piece_name(role, found[role.label]))
            _, box, readers = first.get(name, (role, found[role.label], 0))
            first[name] = (role, box, readers + 1)
    tiles = tile_boxes(binding, tile).values()
    room = _with_room(binding, [(role, box) for role, box, _ in first.values()], list(tiles))
    for role, box, readers in first.values():
        copies = 1 if role.route.memory.name in room else readers
        where = cut_model.stay(*_stay(role, box, staged=False))
        yield cut_model.piece_line(_named(role, box), where, map(_task, loads(role, box)), copies)
    for box in tiles:
        yield _tile(binding, box)
        if binding.output.tensor.dtype.is_float or binding.einsum.operator not in _COMMUTES:
            yield cut_model.order_line(_order(binding, box, issues, tile, pieces))
    for box, found in zip(issues, read, strict=True):
        own = (_named(role, found[role.label]) for role in binding.fetched)
        fresh, more = (_task(computation(binding, box, fresh=first)) for first in _modes(binding))
        yield cut_model.computation_line(cut_model.box(box), _output(binding, box), own, fresh, more)


def _reads(binding: Binding, box: Box, pieces: Pieces) -> dict[str, Box]:
    """The pieces that an issue reads, by label."""
    return {role.label: piece_box(binding.extents, role, box, pieces[role.label]) for role in binding.fetched}


def _modes(binding: Binding) -> tuple[bool, bool]:
    """Does the first issue of a tile initialise it, and do later ones?"""
    return binding.instruction.meaning[0].operator != "=" and not binding.continues, False


def _with_room(binding: Binding, pieces: list[tuple[Role, Box]], tiles: list[Box]) -> set[str]:
    """The memories in which all pieces and tiles fit side by side."""
    taken = {memory.name: 0 for memory in binding.target.memories}
    stays = [_stay(role, box, staged=False) for role, box in pieces]
    for memory, size, alignment in (*stays, *(stay for box in tiles for stay in _stays(binding, box))):
        taken[memory] += -(-size // alignment) * alignment
    return {memory.name for memory in binding.target.memories if taken[memory.name] <= memory.capacity_bytes}


def _stays(binding: Binding, box: Box) -> list[tuple[str, int, int]]:
    """Where a tile of the output lies, and where on its way out."""
    staged = [] if binding.output.route.drain is None else [_stay(binding.output, box, staged=True)]
    return [_stay(binding.output, box, staged=False), *staged]


def _stay(role: Role, box: Box, *, staged: bool) -> tuple[str, int, int]:
    """(memory, bytes, alignment)."""
    memory = role.route.landing if staged else role.route.memory
    size = role.staged_slot_bytes(lengths(box)) if staged else role.slot_bytes(lengths(box))
    alignment = _alignment(memory)
    return memory.name, -(-size // alignment) * alignment, alignment


def _alignment(memory: Memory) -> int:
    return memory.bank_bytes if memory.banks > 1 else memory.alignment_bytes


def _tile(binding: Binding, box: Box) -> str:
    moves, stores = outgoing(binding, box)
    where = [cut_model.stay(*stay) for stay in _stays(binding, box)]
    ways = [[], list(map(_task, stores)), *([_task(move)] for move in moves)]
    return cut_model.tile_line(_output(binding, box), where, ways)


def _order(binding: Binding, tile: Box, issues: list[Box], sizes: Sizes, pieces: Pieces) -> list[str]:
    """The issues of ``tile`` in the order of their sum."""
    own, summed = binding.output.access.axes, binding.einsum.reduction_axes
    block = {x: max(sizes[x], *(piece.get(x, 1) for piece in pieces.values()), 1) for x in sizes}
    mine = [box for box in issues if all(box[x] == tile[x] for x in own)]
    mine.sort(key=lambda box: ([box[x][0] // block[x] for x in summed], [box[x][0] for x in summed]))
    return list(map(cut_model.box, mine))


def _named(role: Role, box: Box) -> str:
    start = {axis: low for axis, (low, _) in box.items()}
    first = [index.evaluate(start) for index in role.access.affine_indices]
    size = {axis: length for axis, length in lengths(box).items() if axis in role.access.axes}
    return cut_model.piece(role.label, first, size)


def _output(binding: Binding, box: Box) -> str:
    own = binding.output.access.axes
    return cut_model.box({axis: range_ for axis, range_ in box.items() if axis in own})


def _task(task: Task) -> str:
    return cut_model.task(task.queue, task.interval, task.occupancy, task.latency, task.uses)
