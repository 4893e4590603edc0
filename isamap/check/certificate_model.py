"""The model of cuts that a solver was given, from the cuts alone: its lines as ``ir.cut_model`` has them.

Every piece and tile lies somewhere, rounded up to the memory's alignment (in a banked one to a bank, whose count such a
memory's alignment is). In a memory with room for everything side by side a piece comes in once; in others as often as
it is read. Floating-point sums, and those that do not commute, keep their order: block by block, a block being as large
as the largest piece along each axis. A tensor that stays on chip takes no bytes there: what is proved then holds in
whichever way it passes; but where there is no room for it, there is not room for everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from isamap.check.certificate_bound import outgoing, piece_box, piece_name, tile_boxes
from isamap.check.certificate_cuts import Pieces
from isamap.check.certificate_following import Written, output_name, staying_bytes
from isamap.check.certificate_tasks import Box, Sizes, Task, boxes, computation, lengths, loads
from isamap.errors import Unsupported
from isamap.ir import cut_model
from isamap.ir.binding import Binding, Role
from isamap.ir.hardware import Memory, Target

_COMMUTES = ("=", "+=", "*=", "min=", "max=")


Cut = tuple[Binding, Sizes, Pieces]


def model_hash(cuts: Sequence[Cut]) -> str:
    """The hash of the model's lines for one cut of every einsum; raises Unsupported for what they cannot say."""
    for binding, _, _ in cuts:
        instruction = binding.instruction
        if instruction.initialise == "never" and instruction.meaning[0].operator != "=":
            raise Unsupported("check", f"the tasks of {instruction.name}, which never starts its sum afresh")
        if any(role.route.fetch is None for role in binding.fetched):
            raise Unsupported("check", f"the tasks of {instruction.name}, whose operands do not come in pieces")
    target = cuts[0][0].target
    lines = [cut_model.memory_line(m.name, m.capacity_bytes, m.banks) for m in target.memories]
    lines += [cut_model.queue_line(queue.name, queue.count) for queue in target.queues]
    lines += [cut_model.resource_line(one.name, one.bytes_per_cycle) for one in target.resources]
    taken = [stay for cut in cuts for stay in _every_stay(*cut)]
    room = _with_room(target, [*taken, *staying_bytes([binding for binding, _, _ in cuts])])
    written = Written()
    for cut in cuts:
        lines += _lines(*cut, room, written)
        written.write(*cut[:2])
    return cut_model.model_hash(lines)


def _lines(binding: Binding, tile: Sizes, pieces: Pieces, room: set[str], written: Written) -> Iterator[str]:
    issues = list(boxes(binding.extents, tile))
    read = [_reads(binding, box, pieces) for box in issues]
    for role, box, readers in _pieces_of(binding, read):
        copies = 1 if role.route.memory.name in room else readers
        where, before = cut_model.stay(*_stay(role, box, staged=False)), written.of_piece(role, box)
        yield cut_model.piece_line(_named(binding, role, box), where, map(_task, loads(role, box)), copies, before)
    for box in tile_boxes(binding, tile).values():
        yield _tile(binding, box)
        if binding.output.tensor.dtype.is_float or binding.einsum.operator not in _COMMUTES:
            yield cut_model.order_line(_order(binding, box, issues, tile, pieces))
    for box, found in zip(issues, read, strict=True):
        own = (_named(binding, role, found[role.label]) for role in binding.fetched)
        fresh, more = (_task(computation(binding, box, fresh=first)) for first in _modes(binding))
        issue, met = cut_model.box(binding.number, box), written.of_issue(binding, box)
        yield cut_model.computation_line(issue, output_name(binding, box), own, met, fresh, more)


def _pieces_of(binding: Binding, read: Sequence[Mapping[str, Box]]) -> list[tuple[Role, Box, int]]:
    """Every piece once, with how many issues read it."""
    first: dict[object, tuple[Role, Box, int]] = {}
    for role in binding.fetched:
        for found in read:
            name = (role.label, piece_name(role, found[role.label]))
            _, box, readers = first.get(name, (role, found[role.label], 0))
            first[name] = (role, box, readers + 1)
    return list(first.values())


def _every_stay(binding: Binding, tile: Sizes, pieces: Pieces) -> Iterator[tuple[str, int, int]]:
    """What every piece and tile takes, each once."""
    read = [_reads(binding, box, pieces) for box in boxes(binding.extents, tile)]
    yield from (_stay(role, box, staged=False) for role, box, _ in _pieces_of(binding, read))
    for box in tile_boxes(binding, tile).values():
        yield from _stays(binding, box)


def _reads(binding: Binding, box: Box, pieces: Pieces) -> dict[str, Box]:
    """The pieces that an issue reads, by label."""
    return {role.label: piece_box(binding.extents, role, box, pieces[role.label]) for role in binding.fetched}


def _modes(binding: Binding) -> tuple[bool, bool]:
    """Does the first issue of a tile initialise it, and do later ones?"""
    return binding.instruction.meaning[0].operator != "=" and not binding.continues, False


def _with_room(target: Target, stays: Iterable[tuple[str, int, int]]) -> set[str]:
    """The memories in which all ``stays`` fit side by side."""
    taken = {memory.name: 0 for memory in target.memories}
    for memory, size, alignment in stays:
        taken[memory] += -(-size // alignment) * alignment
    return {memory.name for memory in target.memories if taken[memory.name] <= memory.capacity_bytes}


def _stays(binding: Binding, box: Box) -> list[tuple[str, int, int]]:
    """Where a tile of the output lies, and where on its way out; what grows in the place where it stays has neither."""
    role = binding.output
    own = [] if role.home is not None and role.route.drain is None else [_stay(role, box, staged=False)]
    return own if role.home is not None or role.route.drain is None else [*own, _stay(role, box, staged=True)]


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
    tensor = "" if binding.output.home is None else binding.output.tensor.name
    return cut_model.tile_line(output_name(binding, box), where, ways, tensor)


def _order(binding: Binding, tile: Box, issues: list[Box], sizes: Sizes, pieces: Pieces) -> list[str]:
    """The issues of ``tile`` in the order of their sum."""
    own, summed = binding.output.access.axes, binding.einsum.reduction_axes
    block = {x: max(sizes[x], *(piece.get(x, 1) for piece in pieces.values()), 1) for x in sizes}
    mine = [box for box in issues if all(box[x] == tile[x] for x in own)]
    mine.sort(key=lambda box: ([box[x][0] // block[x] for x in summed], [box[x][0] for x in summed]))
    return [cut_model.box(binding.number, box) for box in mine]


def _named(binding: Binding, role: Role, box: Box) -> str:
    start = {axis: low for axis, (low, _) in box.items()}
    first = [index.evaluate(start) for index in role.access.affine_indices]
    size = {axis: length for axis, length in lengths(box).items() if axis in role.access.axes}
    return cut_model.piece(binding.number, role.label, first, size)


def _task(task: Task) -> str:
    return cut_model.task(task.queue, task.interval, task.occupancy, task.latency, task.uses)
