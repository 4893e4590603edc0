"""(Schedule, Placement) -> Program: every task becomes an issue of an operation at addresses and coordinates."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence

from isamap.ir.answers import Buffer, Placement, Schedule, Step
from isamap.ir.binding import Binding
from isamap.ir.hardware import Target
from isamap.ir.program import Operation, Program, Segment
from isamap.ir.workload import Workload
from isamap.lowering.operations import Emitter, emitter

Origin = Callable[[Sequence[int], Sequence[int]], list[int]]


def lower(
    work: Workload, bindings: Sequence[Binding], schedule: Schedule, placement: Placement, target: Target
) -> Program:
    """The program of one column segment that makes the schedule's tasks, in its order, with its waits."""
    address = _slot_addresses(schedule, placement)
    emitters = [_emitter(step, bindings, schedule.buffers, address, target) for step in schedule.steps]
    operations: dict[Operation, int] = {}
    number = [operations.setdefault(emit.operation, len(operations)) for emit in emitters]
    origin, performed = array("q"), array("i")
    at, slot_at = 0, 0
    origins, slots = schedule.origin, schedule.slot
    for step in schedule.step:
        emit = emitters[step]
        rank, count = emit.rank, emit.slots
        mine = slots[slot_at : slot_at + count]
        origin.extend(emit.origin(origins[at : at + rank], mine))
        between = emit.between and emit.between(mine)
        performed.append(operations.setdefault(between, len(operations)) if between else number[step])
        at, slot_at = at + rank, slot_at + count
    segment = Segment(
        tuple(operations),
        performed,
        origin,
        schedule.wait_count,
        schedule.wait_on,
        schedule.wait_event,
        schedule.start,
    )
    return Program(work.name, target.name, work.tensors, work.inputs, work.outputs, (segment,))


def _slot_addresses(schedule: Schedule, placement: Placement) -> dict[str, tuple[int, ...]]:
    """Address of every slot, per buffer."""
    found = {life.name: address for life, address in placement.addresses}
    return {b.name: tuple(found[b.slot_name(n)] for n in range(b.slots)) for b in schedule.buffers}


def _emitter(
    step: Step,
    bindings: Sequence[Binding],
    buffers: Sequence[Buffer],
    address: Mapping[str, tuple[int, ...]],
    target: Target,
) -> Emitter:
    binding = next(binding for binding in bindings if binding.number == step.einsum)
    return emitter(step, binding, {buffer.name: buffer for buffer in buffers}, address, target)
