"""What lies in every slot, task by task: is what is read there, whole and in time, and is nothing lost?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from isamap.check.schedule_home import Home
from isamap.check.schedule_order import Order
from isamap.check.schedule_times import roles_of
from isamap.check.task import OPERANDS, RESULT, Range, Task
from isamap.ir.answers import Schedule, Violation
from isamap.ir.binding import Binding, Role
from isamap.ir.block import blocks


@dataclass
class Content:
    """A piece in a slot: the ranges of its axes, who wrote it (and which parts), who reads it, what lay there before;
    of an output tile, how many points of the domain have gone into it."""

    tile: dict[str, Range]
    writers: list[int]
    parts: set[int] = field(default_factory=set)
    wanted_parts: int = 1
    readers: list[int] = field(default_factory=list)
    old: tuple[Content, ...] = ()
    points: int = 0


@dataclass
class _Walk:
    bindings: Mapping[int, Binding]
    roles: Mapping[str, Role]
    order: Order
    shared: Mapping[tuple[str, int], Sequence[tuple[str, int]]]  # slot -> other slots that have some of its bytes
    homes: dict[str, Home]
    whole: Mapping[str, Mapping[str, int]]  # buffer -> the size of a piece before edges make it smaller
    slots: dict[tuple[str, int], Content] = field(default_factory=dict)
    stored: dict[tuple[str, tuple[Range, ...]], set[int]] = field(default_factory=dict)

    def at(self, task: Task, position: int) -> tuple[str, int]:
        return task.step.buffers[position], task.slots[position]

    def read(self, task: Task, position: int) -> Iterator[Violation]:
        """The rule content: the slot holds the task's range of every axis of the operand, all parts complete."""
        where, place = f"task {task.number} ({task.step.performs})", self.at(task, position)
        held, axes = self.slots.get(place), self.roles[place[0]].access.axes
        if held is None or not self._holds(held, task, position):
            there = "nothing" if held is None else {axis: held.tile[axis] for axis in axes}
            wanted = {axis: task.tile[axis] for axis in axes}
            yield Violation("content", where, f"{place[0]}[{place[1]}] holds {there}, read for {wanted}")
            return
        if len(held.parts) != held.wanted_parts:
            yield Violation(
                "content", where, f"{len(held.parts)} of {held.wanted_parts} parts of {place[0]}[{place[1]}]"
            )
        for writer in held.writers:
            if not self.order.over(writer, RESULT, task.number):
                yield Violation("content", where, f"task {writer} may still write {place[0]}[{place[1]}]")
        held.readers.append(task.number)

    def _holds(self, held: Content, task: Task, position: int) -> bool:
        """Does the slot hold the task's range of every axis, or a piece of the same shape that begins with the same
        element, as windows do that slide over each other?"""
        access = self.roles[task.step.buffers[position]].access
        if all(_within(task.tile[axis], held.tile[axis]) for axis in access.axes):
            return True
        if len(task.step.pieces) <= position or any(len(i.axes) > 1 and not i.is_linear for i in access.affine_indices):
            return False
        size, wanted = dict(task.step.pieces[position]), dict[str, Range]()
        for axis in access.axes:
            low, high = task.tile[axis]
            first = low if high - low == size[axis] else low - low % self.whole[task.step.buffers[position]][axis]
            wanted[axis] = (first, first + size[axis])
        alike = all(b - a == d - c for (a, b), (c, d) in ((wanted[x], held.tile[x]) for x in access.axes))
        starts = [{axis: low for axis, (low, _) in tile.items()} for tile in (wanted, held.tile)]
        begins = [tuple(index.evaluate(start) for index in access.affine_indices) for start in starts]
        return alike and begins[0] == begins[1] and all(_within(task.tile[x], wanted[x]) for x in access.axes)

    def write(self, task: Task, position: int, points: int, wanted_parts: int = 1) -> Iterator[Violation]:
        """The rule overwrite: readers and writers of the old piece are done; then the new piece lies there."""
        where, place = f"task {task.number} ({task.step.performs})", self.at(task, position)
        held = self.slots.get(place)
        if held is None or held.tile != task.tile or held.readers or task.step.part in held.parts:
            gone = [self.slots.pop(at) for at in (place, *self.shared.get(place, ())) if at in self.slots]
            for content in gone:
                content.old = ()
            held = Content(task.tile, [], old=tuple(gone), wanted_parts=wanted_parts, points=points)
            self.slots[place] = held
        for old in held.old:
            before = [(n, OPERANDS) for n in old.readers] or [(n, RESULT) for n in old.writers]
            for number, event in before:
                if not self.order.over(number, event, task.number):
                    yield Violation("overwrite", where, f"task {number} may still use {place[0]}[{place[1]}]")
        held.writers.append(task.number)
        held.parts.add(task.step.part)

    def compute(self, task: Task) -> Iterator[Violation]:
        binding = self.bindings[task.step.einsum]
        volume = prod(high - low for low, high in task.tile.values())
        position, names = 0, [operand.name for operand in binding.instruction.operands]
        for n, (name, axis) in enumerate(task.step.second, len(names)):
            low, high = task.tile[axis]
            yield from self.read(replace(task, tile=task.tile | {axis: (low, low + 1)}), names.index(name))
            yield from self.read(replace(task, tile=task.tile | {axis: (low + 1, high)}), n)
        apart = [name for name, _ in task.step.second]
        for n, operand in enumerate(binding.instruction.operands):
            if operand.name == binding.output.operand.name:
                position = n
            elif task.step.buffers[n] in self.homes:
                access = next(role.access for role in binding.inputs if role.operand.name == operand.name)
                home = self.homes[task.step.buffers[n]]
                yield from home.read(task, access, self.contributions(home.tensor))
            elif operand.name not in apart:
                yield from self.read(task, n)
        if task.step.buffers[position] in self.homes:
            home, access = self.homes[task.step.buffers[position]], binding.output.access
            add = home.add if task.step.mode == "accumulate" else home.write
            yield from add(task, access, volume)
        elif task.step.mode == "accumulate":
            yield from self.read(task, position)
            held = self.slots.get(self.at(task, position))
            if held is not None:
                held.writers, held.readers, held.points = [task.number], [], held.points + volume
        else:
            yield from self.write(task, position, volume)

    def move(self, task: Task) -> Iterator[Violation]:
        """From the slot of one operand to that of the other."""
        instruction = self.bindings[task.step.einsum].target.instruction(task.step.performs)
        ends = [operand.name in instruction.written for operand in instruction.operands]
        source, goal = ends.index(False), ends.index(True)
        yield from self.read(task, source)
        held = self.slots.get(self.at(task, source))
        points = held.points if held is not None else 0
        if task.step.buffers[goal] in self.homes:
            access = self.bindings[task.step.einsum].output.access
            yield from self.homes[task.step.buffers[goal]].write(task, access, points)
        else:
            yield from self.write(task, goal, points)

    def contributions(self, tensor: str) -> int:
        """Points of the domain that go into one element of a tensor that stays on chip."""
        binding = next(b for b in self.bindings.values() if b.output.tensor.name == tensor)
        return prod(extent for axis, extent in binding.extents.items() if axis not in binding.output.access.axes)

    def store(self, task: Task) -> Iterator[Violation]:
        yield from self.read(task, 0)
        held = self.slots.get(self.at(task, 0))
        binding = self.bindings[task.step.einsum]
        axes = binding.output.access.axes
        ranges = tuple(task.tile[axis] for axis in axes)
        wanted = prod(high - low for low, high in ranges)
        wanted *= prod(extent for axis, extent in binding.extents.items() if axis not in axes)
        where = f"task {task.number} ({task.step.performs})"
        if held is not None and held.points != wanted:
            yield Violation("complete", where, f"stores {held.points} of {wanted} contributions")
        parts = self.stored.setdefault((f"einsum {task.step.einsum}", ranges), set())
        if task.step.part in parts:
            yield Violation("complete", where, f"stores {dict(zip(axes, ranges, strict=True))} again")
        parts.add(task.step.part)

    def ends(self) -> Iterator[Violation]:
        for number, binding in self.bindings.items():
            if binding.output.home is not None:
                continue  # whoever reads it sees that it is all there
            done = sum(
                prod(high - low for low, high in ranges) for name, ranges in self.stored if name == f"einsum {number}"
            )
            wanted = prod(binding.extents[axis] for axis in binding.output.access.axes)
            if done != wanted:
                yield Violation("complete", f"einsum {number}", f"{done} of {wanted} elements are stored")


def check_slots(
    tasks: Sequence[Task], bindings: Mapping[int, Binding], schedule: Schedule, order: Order
) -> Iterator[Violation]:
    """The rules content, overwrite and complete."""
    homes = {b.name: Home(b.name, b.tensor, order, b.home) for b in schedule.buffers if b.home is not None}
    whole = {buffer.name: dict(buffer.piece) for buffer in schedule.buffers}
    walk = _Walk(bindings, roles_of(bindings, schedule), order, _shared(schedule), homes, whole)
    for task in tasks:
        binding, buffers = bindings[task.step.einsum], task.step.buffers
        if task.step.performs == binding.instruction.name:
            yield from walk.compute(task)
        elif buffers[0] == "":
            role = walk.roles[buffers[1]]
            transfer = binding.target.transfer(task.step.performs)
            extent = {axis: high - low for axis, (low, high) in task.tile.items()}
            yield from walk.write(task, 1, 0, blocks(transfer, role.staged_layout(extent)))
        elif buffers[1] == "":
            yield from walk.store(task)
        else:
            yield from walk.move(task)
    yield from walk.ends()


def _shared(schedule: Schedule) -> dict[tuple[str, int], list[tuple[str, int]]]:
    """Of a schedule that brings its addresses: each slot's others that meet it in memory."""
    slots = {buffer.slot_name(n): (buffer.name, n) for buffer in schedule.buffers for n in range(buffer.slots)}
    found: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for one, at in schedule.placed:
        for other, there in schedule.placed:
            meet = at < there + other.size_bytes and there < at + one.size_bytes
            if one.name != other.name and one.memory == other.memory and meet:
                found.setdefault(slots[one.name], []).append(slots[other.name])
    return found


def _within(inner: Range, outer: Range) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]
