"""What one einsum's cut takes, by writing down all of its tasks: for a bound of cuts of several einsums together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from isamap.check.certificate_bound import Name, WayOut, outgoing, piece_box, piece_name, tile_boxes
from isamap.check.certificate_cuts import Pieces
from isamap.check.certificate_tasks import Box, Sizes, Task, boxes, computation, lengths, loads
from isamap.ir.binding import Binding
from isamap.ir.hardware import Target

Held = tuple[str, str, int, int]
"""A queue, port or bus; of which tasks; what they take of it; from when one lets go of it to its result, at least."""


@dataclass(frozen=True)
class Taken:
    """What is held by tasks of each kind ("issue", "drain", "store" or the tensor that is brought in); and the fewest
    cycles from the first load until an issue may begin, of all issues of a tile, of one, of a drain, of the stores of a
    tile, of its way out, and of bringing in a piece of each tensor."""

    held: tuple[Held, ...]
    begin: int
    tile: int
    issue: int
    drain: int
    store: int
    way_out: int
    bring: tuple[tuple[str, int], ...]


class TakenBy:
    """What cuts of ``binding`` in issues of ``tile`` take."""

    def __init__(self, binding: Binding, tile: Sizes) -> None:
        self.binding, self.tile = binding, tile
        self.room = room(binding.target)
        self.boxes = list(boxes(binding.extents, tile))
        known: dict[tuple[int, ...], tuple[Task, Task]] = {}
        for box in self.boxes:
            known.setdefault(tuple(lengths(box).values()), self._ways(box))
        self.ways = [known[tuple(lengths(box).values())] for box in self.boxes]
        self.issues = sum(min(task.interval for task in ways) for ways in self.ways)
        self._loads: dict[object, tuple[list[Name], dict[Name, list[Task]]]] = {}
        self._outgoing: list[WayOut] = []
        self._own: list[Held] = []
        self._brought: dict[object, tuple[list[Held], int]] = {}

    @property
    def unit_cycles(self) -> int:
        return ceil(self.issues / self.room[self.binding.instruction.unit])

    def _ways(self, box: Box) -> tuple[Task, Task]:
        return computation(self.binding, box, fresh=True), computation(self.binding, box, fresh=False)

    def _outputs(self) -> list[WayOut]:
        """The tasks that bring out each tile."""
        if not self._outgoing:
            every = tile_boxes(self.binding, self.tile).values()
            self._outgoing = [outgoing(self.binding, box) for box in every]
        return self._outgoing

    def _of(self, label: str, pieces: Pieces) -> tuple[list[Name], dict[Name, list[Task]]]:
        """The name of every issue's piece, and the loads of every piece."""
        role = next(role for role in self.binding.fetched if role.label == label)
        key = (label, *pieces[label].items())
        if key not in self._loads:
            names, known = list[Name](), dict[Name, list[Task]]()
            for box in self.boxes:
                piece = piece_box(self.binding.extents, role, box, pieces[label])
                names.append(piece_name(role, piece))
                if names[-1] not in known:
                    known[names[-1]] = loads(role, piece)
            self._loads[key] = names, known
        return self._loads[key]

    def taken(self, pieces: Pieces) -> Taken:
        """With the inputs in ``pieces``."""
        read = [self._of(role.label, pieces) for role in self.binding.fetched]
        moves, stores = zip(*self._outputs(), strict=True)
        held = [
            *self._held("issue", self.ways),
            *self._held("drain", _alone(moves)),
            *self._held("store", _alone(stores)),
        ]
        bring: dict[str, int] = {}
        for role, (_, known) in zip(self.binding.fetched, read, strict=True):
            key = (role.label, *pieces[role.label].items())
            if key not in self._brought:
                shortest = min(self._together(tasks) for tasks in known.values())
                self._brought[key] = list(self._held(f"of {role.tensor.name}", _alone(known.values()))), shortest
            held += self._brought[key][0]
            shortest = self._brought[key][1]
            bring[role.tensor.name] = max(shortest, bring.get(role.tensor.name, 0))
        begin = 0
        if read:
            turns = zip(*(names for names, _ in read), strict=True)
            begin = min(
                self._together([task for (_, known), name in zip(read, turn, strict=True) for task in known[name]])
                for turn in set(turns)
            )
        issue = min(task.latency for ways in self.ways for task in ways)
        return Taken(
            tuple(held),
            begin,
            issue * (len(self.ways) // len(moves)),
            issue,
            min(sum(task.latency for task in tasks) for tasks in moves),
            min(map(self._together, stores)),
            min(sum(task.latency for task in a) + self._together(b) for a, b in zip(moves, stores, strict=True)),
            tuple(sorted(bring.items())),
        )

    def _held(self, kind: str, tasks: Iterable[Sequence[Task]]) -> Iterator[Held]:
        """``tasks``, each in the one of its ways that takes least."""
        amounts: Counter[str] = Counter()
        slack: dict[str, int] = {}
        for ways in tasks:
            each: dict[str, list[int]] = {}
            for task in ways:
                shares = [(task.queue, 1, task.interval)]
                for use in task.uses:
                    rate = self.room[use.resource] if use.bytes_per_cycle is None else use.bytes_per_cycle
                    shares.append((use.resource, rate, task.occupancy))
                for name, rate, length in shares:
                    each.setdefault(name, []).append(rate * length)
                    slack[name] = min(slack.get(name, task.latency), task.latency - length)
            for name, every in each.items():
                amounts[name] += min(every)
        return ((name, kind, amount, slack[name]) for name, amount in sorted(amounts.items()))

    def _together(self, tasks: Sequence[Task]) -> int:
        """Until all are complete, begun at once."""
        given: Counter[str] = Counter()
        for task in tasks:
            given[task.queue] += task.interval
        longest = max((task.latency for task in tasks), default=0)
        return max([longest, *(ceil(cycles / self.room[queue]) for queue, cycles in given.items())])


def _alone(groups: Iterable[Sequence[Task]]) -> list[tuple[Task]]:
    """Tasks with one way each."""
    return [(task,) for tasks in groups for task in tasks]


def room(target: Target) -> dict[str, int]:
    """What there is of everything that tasks hold: servers, and bytes per cycle."""
    return {one.name: one.bytes_per_cycle for one in target.resources} | {one.name: one.count for one in target.queues}
