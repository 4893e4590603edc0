"""Addresses for the slots of a schedule that has none: side by side, einsum after einsum in the same bytes."""

from __future__ import annotations

from isamap.errors import Unsupported
from isamap.ir.answers import Buffer, Schedule
from isamap.ir.hardware import Target
from isamap.ir.region import rounded_up
from isamap.scheduling.timed import Place


def slot_addresses(schedule: Schedule, target: Target) -> dict[Place, int]:
    """The schedule's own addresses. Else tensors that stay on chip lie first, and above them the slots of each einsum,
    which awaits those that had the memory before; raises Unsupported where that does not fit."""
    if schedule.placed:
        given = {life.name: address for life, address in schedule.placed}
        return {(b.name, n): given[b.slot_name(n)] for b in schedule.buffers for n in range(b.slots)}
    user = {name: step.einsum for step in schedule.steps for name in filter(None, step.buffers)}
    whole = [buffer for buffer in schedule.buffers if buffer.home is not None]
    rest = [buffer for buffer in schedule.buffers if buffer.home is None]
    found: dict[Place, int] = {}
    staying = dict.fromkeys((memory.name for memory in target.memories), 0)
    _stack(whole, staying, found, target)
    for einsum in sorted({user[buffer.name] for buffer in rest}):
        _stack([buffer for buffer in rest if user[buffer.name] == einsum], dict(staying), found, target)
    return found


def _stack(buffers: list[Buffer], top: dict[str, int], found: dict[Place, int], target: Target) -> None:
    """Put all slots of ``buffers`` above ``top``, which moves up."""
    for buffer in sorted(buffers, key=lambda b: (-b.alignment_bytes, -b.slot_bytes)):
        for slot in range(buffer.slots):
            found[buffer.name, slot] = rounded_up(top[buffer.memory], buffer.alignment_bytes)
            top[buffer.memory] = found[buffer.name, slot] + buffer.slot_bytes
    for memory in target.memories:
        if top[memory.name] > memory.capacity_bytes:
            raise Unsupported("scheduling", f"slots that do not fit {memory.name} side by side")
