"""How long the tasks of a schedule last, and whether the predicted starts go with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import prod

from isamap.check.task import RESULT, Task
from isamap.ir.answers import Schedule, Violation
from isamap.ir.binding import Binding, Role
from isamap.ir.block import block, rows
from isamap.ir.hardware import Instruction, Target, Transfer, Use, cycles


@dataclass(frozen=True)
class Duration:
    """A task's queue, the cycles from its start to each event, and what it holds until its operands are free."""

    queue: str
    interval: int
    operands: int
    result: int
    uses: tuple[Use, ...]

    def after(self, event: int) -> int:
        return self.result if event == RESULT else self.operands


def roles_of(bindings: Mapping[int, Binding], schedule: Schedule) -> dict[str, Role]:
    """Buffer -> the operand that it holds; a buffer that no computation names is on the output's way."""
    found: dict[str, Role] = {}
    for step in schedule.steps:
        binding = bindings[step.einsum]
        by_operand = {role.operand.name: role for role in binding.roles}
        if step.performs == binding.instruction.name:
            operands = [operand.name for operand in binding.instruction.operands]
            found |= {name: by_operand[o] for o, name in zip(operands, step.buffers, strict=False)}
    for step in schedule.steps:
        for name in step.buffers:
            if name:
                found.setdefault(name, bindings[step.einsum].output)
    return found


def durations(
    tasks: Sequence[Task], bindings: Mapping[int, Binding], schedule: Schedule, target: Target
) -> list[Duration]:
    """Of every task, from the machine's own costs."""
    transfers = {transfer.name: transfer for transfer in target.transfers}
    roles = roles_of(bindings, schedule)
    banks = _banks(schedule, target)
    known: dict[object, Duration] = {}
    found = []
    for task in tasks:
        step = task.step
        held = tuple(Use(banks[at]) for at in zip(step.buffers, task.slots, strict=True) if at in banks)
        role = roles[next(name for name in step.buffers if name)]
        edge = step.performs in transfers and role.tensor.border is not None
        key = (id(step), held, tuple(task.tile.items()) if edge else ())
        if key not in known:
            if step.performs in transfers:
                known[key] = _transfer(task, transfers[step.performs], role)
            else:
                known[key] = _instruction(task, target.instruction(step.performs), bindings[step.einsum], held)
        found.append(known[key])
    return found


def _banks(schedule: Schedule, target: Target) -> dict[tuple[str, int], str]:
    """The bank of every slot in a banked memory: by its address where the schedule brings one, else its own."""
    address = {life.name: address for life, address in schedule.placed}
    found = {}
    for buffer in schedule.buffers:
        memory = target.memory(buffer.memory)
        for slot in range(buffer.slots if memory.banks > 1 else 0):
            name = buffer.slot_name(slot)
            known = name in address
            found[buffer.name, slot] = f"{memory.name} bank {address[name] // memory.bank_bytes}" if known else name
    return found


def _transfer(task: Task, transfer: Transfer, role: Role) -> Duration:
    """By the elements of the part that lie inside the tensor."""
    extent = {axis: high - low for axis, (low, high) in task.tile.items()}
    start = {axis: low for axis, (low, _) in task.tile.items()}
    piece, _ = block(transfer, role.staged_layout(extent), task.step.part)
    inside = piece.inside(piece.first(role.access, start), role.tensor.shape)
    bytes_for = role.tensor.dtype.bytes_for
    values = {"bytes": bytes_for(inside), "border_bytes": bytes_for(piece.points - inside), "rows": rows(piece)}
    busy = cycles(transfer.cost_cycles, values)
    return Duration(transfer.channel, busy, busy, busy + cycles(transfer.latency_cycles, values), transfer.uses)


def _instruction(task: Task, instruction: Instruction, binding: Binding, held: tuple[Use, ...]) -> Duration:
    extent = {axis: high - low for axis, (low, high) in task.tile.items()}
    fused = dict(binding.match.axes)
    if instruction.name == binding.instruction.name:
        axes = {axis: prod(extent[x] for x in factors) for axis, factors in fused.items()}
    else:  # a move of the output tile: its axes are those of the output operand, by position
        ours = binding.output.operand.axes
        axes = {m: prod(extent[x] for x in fused[o]) for m, o in zip(instruction.axis_names, ours, strict=True)}
    values = axes | {"initialise": int(task.step.mode == "initialise")}
    return Duration(
        instruction.unit,
        cycles(instruction.initiation_interval_cycles, values),
        cycles(instruction.occupancy_cycles, values),
        cycles(instruction.latency_cycles, values),
        instruction.uses + held,
    )


def check_times(tasks: Sequence[Task], lasting: Sequence[Duration], target: Target) -> Iterator[Violation]:
    """The rules start, queue and resource."""
    running: dict[str, list[int]] = {queue.name: [] for queue in target.queues}
    counts = {queue.name: queue.count for queue in target.queues}
    latest = dict.fromkeys(running, 0)
    for task, one in zip(tasks, lasting, strict=True):
        where = f"task {task.number} ({task.step.performs})"
        ready = max((tasks[on].start + lasting[on].after(event) for on, event in task.waits), default=0)
        if task.start < ready:
            yield Violation("start", where, f"at {task.start}, what it awaits ends at {ready}")
        if task.start < latest[one.queue]:
            yield Violation("queue", where, f"at {task.start}, the one before it at {latest[one.queue]}")
        latest[one.queue] = max(latest[one.queue], task.start)
        ends = running[one.queue]
        while ends and ends[0] <= task.start:
            heappop(ends)
        heappush(ends, task.start + one.interval)
        if len(ends) > counts[one.queue]:
            yield Violation("queue", where, f"{len(ends)} at once on {one.queue}, which has {counts[one.queue]}")
    yield from _check_resources(tasks, lasting, target)


def _check_resources(tasks: Sequence[Task], lasting: Sequence[Duration], target: Target) -> Iterator[Violation]:
    whole = {resource.name: resource.bytes_per_cycle for resource in target.resources}
    changes: dict[str, list[tuple[int, int, int]]] = {}  # resource -> (cycle, share taken or given back, task)
    for task, one in zip(tasks, lasting, strict=True):
        for use in one.uses if one.operands else ():
            share = whole.get(use.resource, 1) if use.bytes_per_cycle is None else use.bytes_per_cycle
            taken = changes.setdefault(use.resource, [])
            taken += [(task.start, share, task.number), (task.start + one.operands, -share, task.number)]
    for name, taken in changes.items():
        held = 0
        for cycle, share, number in sorted(taken):  # shares given back come first in a cycle
            held += share
            if held > whole.get(name, 1) and share > 0:
                yield Violation("resource", f"task {number}", f"{name} is overbooked at {cycle}")
