"""The closed-form bound of a cut, by writing all of it down: every issue, every piece once, every tile once.

    unit     the fewest cycles until some issue's pieces are all there + all issues one after the other
             + the fewest cycles from the last issue's end to the last byte of a tile in the outermost memory
    queue    for every queue the sum of what it is given

Nothing is added up in a cleverer way than task by task; what issues of one size take is worked out once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from math import ceil

from isamap.check.certificate_cuts import Pieces
from isamap.check.certificate_tasks import Box, Sizes, Task, boxes, computation, drain, lengths, loads, ranges, stores
from isamap.ir.binding import Binding, Role

Name = tuple[object, ...]
WayOut = tuple[list[Task], list[Task]]
"""A tile's moves, then its stores."""
Known = dict[Name, WayOut]
"""Tasks worked out before, for other tiles of the same match."""


class Issues:
    """All issues of ``binding`` in tiles of ``tile``, and what follows from them whatever the pieces."""

    def __init__(self, binding: Binding, tile: Sizes, known: Known | None = None) -> None:
        self.binding, self.tile = binding, tile
        self._known: Known = {} if known is None else known
        self.servers = {queue.name: queue.count for queue in binding.target.queues}
        kinds = kinds_of(binding.extents, tile).items()
        self._issues = [(self._issue(dict(of_axes)), count) for of_axes, count in kinds]
        self._unit = sum(count * min(task.interval for task in pair) for pair, count in self._issues)
        self._pieces: dict[Name, tuple[list[Name], dict[Name, list[Task]]]] = {}

    @cached_property
    def boxes(self) -> list[Box]:
        return list(boxes(self.binding.extents, self.tile))

    @cached_property
    def outputs(self) -> list[WayOut]:
        return [self._outgoing(box) for box in tile_boxes(self.binding, self.tile).values()]

    @property
    def unit_cycles(self) -> int:
        """The unit's work alone."""
        return ceil(self._unit / self.servers[self.binding.instruction.unit])

    @cached_property
    def least_cycles(self) -> int:
        """The unit's work and what comes after it: a bound for every choice of pieces."""
        after = min(task.latency - task.interval for pair, _ in self._issues for task in pair)
        return self.unit_cycles + after + min(map(self._way_out, self.outputs))

    def bound_cycles(self, pieces: Pieces) -> int:
        """The bound of the cut with ``pieces``."""
        written = [self._of(role, pieces[role.label]) for role in self.binding.fetched]
        given: dict[str, int] = {self.binding.instruction.unit: self._unit}
        every = [task for _, known in written for tasks in known.values() for task in tasks]
        for task in [*every, *(task for moves, kept in self.outputs for task in (*moves, *kept))]:
            given[task.queue] = given.get(task.queue, 0) + task.interval
        ready = 0
        if written:
            turns = set(zip(*(names for names, _ in written), strict=True))
            ready = min(self._together(self._all(written, turn)) for turn in turns)
        queues = [ceil(cycles / self.servers[name]) for name, cycles in given.items()]
        return max(ready + self.least_cycles, *queues)

    def _of(self, role: Role, sizes: Sizes) -> tuple[list[Name], dict[Name, list[Task]]]:
        """The piece of every issue by name, and the loads of every piece."""
        key = (role.label, *sizes.items())
        if key not in self._pieces:
            names, known = list[Name](), dict[Name, list[Task]]()
            for box in self.boxes:
                piece = piece_box(self.binding.extents, role, box, sizes)
                names.append(piece_name(role, piece))
                if names[-1] not in known:
                    known[names[-1]] = loads(role, piece)
            self._pieces[key] = names, known
        return self._pieces[key]

    def _issue(self, sizes: Sizes) -> tuple[Task, Task]:
        """An issue of such sizes, as the first of its tile and as a later one."""
        key = ("issue", *sizes.values())
        if key not in self._known:
            box = {axis: (0, size) for axis, size in sizes.items()}
            first, later = (computation(self.binding, box, fresh=fresh) for fresh in (True, False))
            self._known[key] = [first], [later]
        return self._known[key][0][0], self._known[key][1][0]

    def _outgoing(self, box: Box) -> WayOut:
        """The way out of a tile, which is the same for all of its size."""
        key = ("out", *lengths(box).values(), *(() if self.binding.output.tensor.border is None else box.values()))
        if key not in self._known:
            self._known[key] = outgoing(self.binding, box)
        return self._known[key]

    def _way_out(self, way: WayOut) -> int:
        """From the result of a tile's last issue to its last byte in the outermost memory, at least."""
        moves, kept = way
        latest = max((task.latency for task in kept), default=0)
        return max(latest + sum(task.latency for task in moves), self._together([*moves, *kept]))

    def _all(self, written: list[tuple[list[Name], dict[Name, list[Task]]]], turn: tuple[Name, ...]) -> list[Task]:
        return [task for (_, known), name in zip(written, turn, strict=True) for task in known[name]]

    def _together(self, tasks: Iterable[Task]) -> int:
        """Cycles until all are complete, begun at once: the longest one, or the work of a queue."""
        given: dict[str, int] = {}
        latest = 0
        for task in tasks:
            given[task.queue] = given.get(task.queue, 0) + task.interval
            latest = max(latest, task.latency)
        return max([latest, *(ceil(cycles / self.servers[name]) for name, cycles in given.items())])


def kinds_of(extents: Mapping[str, int], tile: Sizes) -> Counter[tuple[tuple[str, int], ...]]:
    """How many issues have which sizes."""
    found: Counter[tuple[tuple[str, int], ...]] = Counter({(): 1})
    for axis, extent in extents.items():
        along = Counter(high - low for low, high in ranges(extent, tile[axis]))
        found = Counter(
            {(*sizes, (axis, size)): n * more for sizes, n in found.items() for size, more in along.items()}
        )
    return found


def piece_box(extents: Mapping[str, int], role: Role, box: Box, sizes: Sizes) -> Box:
    """The piece, of ``sizes`` along the axes of the access, in which the operand of the issue on ``box`` lies."""
    found = {}
    for axis, extent in extents.items():
        found[axis] = (0, 1)
        if axis in role.access.axes:
            low = box[axis][0] // sizes[axis] * sizes[axis]
            found[axis] = (low, min(low + sizes[axis], extent))
    return found


def piece_name(role: Role, piece: Box) -> Name:
    """Windows of one size that begin with the same element are one piece."""
    start = {axis: low for axis, (low, _) in piece.items()}
    first = tuple(index.evaluate(start) for index in role.access.affine_indices)
    return (first, *lengths(piece).values())


def tile_boxes(binding: Binding, tile: Sizes) -> dict[Name, Box]:
    """Every tile of the output, by its ranges; 0:1 along axes that are summed over."""
    own = binding.output.access.axes
    extents = {axis: extent if axis in own else 1 for axis, extent in binding.extents.items()}
    return {tuple(box.values()): box for box in boxes(extents, tile)}


def outgoing(binding: Binding, box: Box) -> WayOut:
    """The drain of a tile, where there is one, and the stores that follow it."""
    first = drain(binding, box)
    return [] if first is None else [first], stores(binding, box)
