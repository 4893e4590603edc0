"""Einsums that work in turns, strip by strip, so that what one writes is read by the next without leaving the chip.

Parts whose bindings name a strip (``Binding.strip``) and that follow each other through tensors that pass in strips are
a *group*: every part does its first strip, then every part its second one. Their buffers lie side by side; where a
memory is too small for that, each part has all of it during its turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isamap.ir.answers import Buffer, Schedule
from isamap.ir.binding import Binding
from isamap.ir.hardware import Target
from isamap.scheduling.tasks import OPERANDS, Tasks
from isamap.scheduling.written import Waits


def groups(bindings: Sequence[Binding]) -> list[list[int]]:
    """Positions of the parts that work in turns, a list per group; a part without strips is a group by itself."""
    found: list[list[int]] = []
    passing: set[str] = set()
    for position, binding in enumerate(bindings):
        mine = {role.tensor.name for role in binding.roles if role.home is not None and role.home.strip}
        read = {role.tensor.name for role in binding.inputs} & mine
        if found and read & passing:
            found[-1].append(position)
            passing |= mine
        else:
            found.append([position])
            passing = mine
    return found


def alike(buffers: Iterable[Buffer]) -> bool:
    """Are all of one shape, so that slot n of one can be slot n of another?"""
    return len({(buffer.slots, buffer.slot_bytes, buffer.alignment_bytes) for buffer in buffers}) == 1


def depths(bindings: Sequence[Binding]) -> list[int]:
    """By how many strips each part of a group may lag behind the first: behind who writes what it reads, where there is
    room for two strips; all by none where there is not for some."""
    found: list[int] = []
    written: dict[str, int] = {}
    for binding in bindings:
        homes = [(role, role.home.home) for role in binding.inputs if role.home is not None and role.home.strip]
        found.append(
            max((written[role.tensor.name] + 1 for role, _ in homes if role.tensor.name in written), default=0)
        )
        if any(found[-1] - written.get(role.tensor.name, found[-1]) >= home.turns for role, home in homes):
            return [0] * len(bindings)
        written[binding.output.tensor.name] = found[-1]
    return found


def turns(bindings: Sequence[Binding], schedule: Schedule, target: Target) -> dict[str, range]:
    """Buffer -> the parts, by position, during whose work its bytes are its own."""
    position = {binding.number: n for n, binding in enumerate(bindings)}
    users: dict[str, list[int]] = {}
    for step in schedule.steps:
        for name in filter(None, step.buffers):
            users.setdefault(name, []).append(position[step.einsum])
    found: dict[str, range] = {}
    for group in groups(bindings):
        mine = _of(group, bindings, schedule)
        shared = in_turn(mine, target)
        for buffer in mine:
            ends = users[buffer.name] if buffer.memory in shared or len(group) == 1 else [*users[buffer.name], *group]
            found[buffer.name] = range(min(ends), max(ends) + 1)
    return found


def same_places(bindings: Sequence[Binding], schedule: Schedule, target: Target) -> dict[str, str]:
    """Buffer -> another whose slots, one by one, must have the addresses of its own: parts of a group hand them on."""
    found: dict[str, str] = {}
    for group in groups(bindings):
        mine = _of(group, bindings, schedule)
        for memory in in_turn(mine, target) if len(group) > 1 else ():
            rotating = [buffer for buffer in mine if buffer.memory == memory]
            if len(rotating) == len(group) and alike(rotating):
                found |= {buffer.name: rotating[0].name for buffer in rotating[1:]}
    return found


def _of(group: Sequence[int], bindings: Sequence[Binding], schedule: Schedule) -> list[Buffer]:
    """The buffers that the parts of a group use."""
    numbers = {bindings[position].number for position in group}
    names = {name for step in schedule.steps if step.einsum in numbers for name in step.buffers}
    return [buffer for buffer in schedule.buffers if buffer.name in names]


def in_turn(buffers: Iterable[Buffer], target: Target) -> frozenset[str]:
    """The memories that are too small for all ``buffers`` side by side."""
    needed: dict[str, int] = {}
    for buffer in dict.fromkeys(buffers):
        size = -(-buffer.slot_bytes // buffer.alignment_bytes) * buffer.alignment_bytes
        needed[buffer.memory] = needed.get(buffer.memory, 0) + buffer.slots * size
    return frozenset(name for name, size in needed.items() if size > target.memory(name).capacity_bytes)


class Readers:
    """Who reads each strip of the tensors that stay on chip; a tensor that is there whole is one strip."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, int], tuple[int, ...]] = {}

    def join(self, tensor: str, strip: int, tasks: Tasks, task: int) -> None:
        self._of[tensor, strip] = tasks.joined(self._of.get((tensor, strip), ()), task)

    def of(self, tensor: str, strip: int) -> Waits:
        """What whoever takes the strip's place awaits."""
        return [(task, OPERANDS) for task in self._of.get((tensor, strip), ())]

    def all_of(self, tensor: str) -> Waits:
        return [(task, OPERANDS) for (name, _), tasks in self._of.items() if name == tensor for task in tasks]
