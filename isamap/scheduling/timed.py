"""A schedule read back as issues: what each costs, reads and writes, and what it awaits for the data's sake.

A place is a slot of a buffer. Waits follow from what lies there: a reader awaits the results of those who wrote it, a
new writer awaits the operands of those who read what lay there before. Waits that only keep queues apart on a resource
are not among them, nor is the order of a queue taken for granted: tasks are free to come in another order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from isamap.ir.answers import Schedule, Step
from isamap.ir.binding import Binding, Role, move_extents
from isamap.ir.block import block, rows
from isamap.ir.hardware import Target
from isamap.scheduling.tasks import OPERANDS, RESULT, Cost, instruction_cost, transfer_cost

Place = tuple[str, int]
Waits = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Issue:
    """One task of a schedule. ``reads`` and ``writes`` are places; an accumulation does both to one of them."""

    step: Step
    origin: tuple[int, ...]
    slots: tuple[int, ...]
    cost: Cost
    reads: tuple[Place, ...]
    writes: tuple[Place, ...]
    waits: Waits = ()
    start: int = 0

    @property
    def stores(self) -> bool:
        """Does it bring data to the outermost memory?"""
        return self.step.buffers[-1] == ""


def roles_by_buffer(steps: Sequence[Step], bindings: Mapping[int, Binding]) -> dict[tuple[int, str], Role]:
    """(einsum, buffer) -> the operand whose pieces lie there; a buffer that no computation of the einsum names is on
    the output's way."""
    found: dict[tuple[int, str], Role] = {}
    for step in steps:
        binding = bindings[step.einsum]
        by_operand = {role.operand.name: role for role in binding.roles}
        if step.performs == binding.instruction.name:
            for operand, name in zip(binding.instruction.operands, step.buffers, strict=False):
                found[step.einsum, name] = by_operand[operand.name]
    for step in steps:
        for name in filter(None, step.buffers):
            found.setdefault((step.einsum, name), bindings[step.einsum].output)
    return found


def read_issues(schedule: Schedule, bindings: Sequence[Binding], target: Target) -> list[Issue]:
    """Every task in program order, with the waits of the schedule."""
    by_number = {binding.number: binding for binding in bindings}
    costs = Costs(by_number, roles_by_buffer(schedule.steps, by_number), banked(schedule, target))
    found, origin_at, slot_at, wait_at = [], 0, 0, 0
    for number, index in enumerate(schedule.step):
        step = schedule.steps[index]
        ends = origin_at + len(by_number[step.einsum].extents), slot_at + len(step.buffers)
        origin, slots = tuple(schedule.origin[origin_at : ends[0]]), tuple(schedule.slot[slot_at : ends[1]])
        last = wait_at + schedule.wait_count[number]
        waits = tuple(zip(schedule.wait_on[wait_at:last], schedule.wait_event[wait_at:last], strict=True))
        issue = costs.issue(step, origin, slots)
        found.append(replace(issue, waits=waits, start=schedule.start[number]))
        origin_at, slot_at, wait_at = *ends, last
    return found


def banked(schedule: Schedule, target: Target) -> dict[Place, str]:
    """The bank of every place in a banked memory, as a resource: by address where the schedule has any; else every
    slot of a buffer is a bank."""
    address = {life.name: address for life, address in schedule.placed}
    found = {}
    for buffer in schedule.buffers:
        memory = target.memory(buffer.memory)
        for slot in range(buffer.slots) if memory.banks > 1 else ():
            at = address.get(buffer.slot_name(slot))
            found[buffer.name, slot] = (
                buffer.slot_name(slot) if at is None else f"{memory.name}[{at // memory.bank_bytes}]"
            )
    return found


@dataclass
class Costs:
    """What issues cost and touch; worked out once per kind."""

    bindings: Mapping[int, Binding]
    roles: Mapping[tuple[int, str], Role]
    banks: Mapping[Place, str]
    _known: dict[object, Cost] = field(default_factory=dict)

    def issue(self, step: Step, origin: tuple[int, ...], slots: tuple[int, ...]) -> Issue:
        """The issue of ``step`` on a tile, without waits."""
        binding = self.bindings[step.einsum]
        places = list(zip(step.buffers, slots, strict=True))
        if "" in step.buffers:
            role = self.roles[step.einsum, next(filter(None, step.buffers))]
            cost = self._transfer(step, binding, role, origin)
            reads, writes = tuple(p for p in places[:1] if p[0]), tuple(p for p in places[1:] if p[0])
            return Issue(step, origin, slots, cost, reads, writes)
        instruction = binding.target.instruction(step.performs)
        written = instruction.written
        names = [*(operand.name for operand in instruction.operands), *(name for name, _ in step.second)]
        writes = tuple(p for p, name in zip(places, names, strict=True) if name in written)
        held = tuple(dict.fromkeys(self.banks[p] for p in places if p in self.banks))
        reads = tuple(p for p, n in zip(places, names, strict=True) if n not in written or step.mode == "accumulate")
        return Issue(step, origin, slots, self._instruction(step, binding, held), reads, writes)

    def _transfer(self, step: Step, binding: Binding, role: Role, origin: tuple[int, ...]) -> Cost:
        bordered = role.tensor.border is not None
        key = (step, origin if bordered else ())
        if key not in self._known:
            transfer = binding.target.transfer(step.performs)
            piece, _ = block(transfer, role.staged_layout(dict(step.sizes)), step.part)
            start = dict(zip(binding.extents, origin, strict=True))
            inside = piece.inside(piece.first(role.access, start), role.tensor.shape) if bordered else piece.points
            bytes_for = role.tensor.dtype.bytes_for
            outside = bytes_for(piece.points - inside)
            self._known[key] = transfer_cost(transfer, bytes_for(inside), outside, rows(piece))
        return self._known[key]

    def _instruction(self, step: Step, binding: Binding, held: tuple[str, ...]) -> Cost:
        key = (step, held)
        if key not in self._known:
            instruction, extent = binding.target.instruction(step.performs), dict(step.sizes)
            if instruction.name == binding.instruction.name:
                fused = dict(binding.match.axes)
                extents = {axis: prod(extent[x] for x in factors) for axis, factors in fused.items()}
            else:
                extents = dict(zip(instruction.axis_names, move_extents(binding, extent), strict=True))
            self._known[key] = instruction_cost(instruction, extents, step.mode == "initialise", held)
        return self._known[key]


@dataclass
class _Content:
    """What lies in a place: who wrote it, who reads it, and what those who wrote it had to await."""

    kind: object
    writers: list[int]
    parts: set[int]
    before: Waits
    readers: list[int] = field(default_factory=list)


def true_waits(issues: Sequence[Issue]) -> list[Waits]:
    """What each issue awaits because of the places that it reads and writes."""
    places: dict[Place, _Content] = {}
    return [tuple(dict.fromkeys(_waits(places, number, issue))) for number, issue in enumerate(issues)]


def _waits(places: dict[Place, _Content], number: int, issue: Issue) -> Iterator[tuple[int, int]]:
    for place in issue.reads:
        if place in places:
            yield from ((writer, RESULT) for writer in places[place].writers)
            if place not in issue.writes:
                places[place].readers.append(number)
    for place in issue.writes:
        old, step = places.get(place), issue.step
        if old is not None and place in issue.reads:
            yield from ((reader, OPERANDS) for reader in old.readers)
            old.writers, old.readers, old.kind = [number], [], None
            continue
        kind = (replace(step, part=0), issue.origin)
        if old is not None and old.kind == kind and not old.readers and step.part not in old.parts:
            old.writers.append(number)
            old.parts.add(step.part)
            yield from old.before
            continue
        before: Waits = ()
        if old is not None:
            before = tuple((reader, OPERANDS) for reader in old.readers)
            before = before or tuple((writer, RESULT) for writer in old.writers)
        places[place] = _Content(kind, [number], {step.part}, before)
        yield from before
