"""How many slots a value's buffer needs once its operations have their times, and what all buffers take."""

from __future__ import annotations

from collections.abc import Sequence

from isamap.ir.loop_body import LoopBody, LoopBuffer, ModuloSchedule


def lifetime_cycles(body: LoopBody, buffer: LoopBuffer, start: Sequence[int], interval: int) -> int:
    """From the first writer's start until the last reader's release; 0 for what stays for the whole loop."""
    if not buffer.writers:
        return 0
    ends = [start[o] + interval * distance + body.operations[o].occupancy_cycles for o, distance in buffer.readers]
    return max(ends) - min(start[o] for o in buffer.writers)


def modulo_schedule(body: LoopBody, start: Sequence[int], interval: int) -> ModuloSchedule:
    """The schedule of these starts, moved so that its first stage is 0: every buffer as deep as its value's lifetime,
    ceil(lifetime / interval)."""
    first = min(start) // interval
    depth = [max(1, -(-lifetime_cycles(body, buffer, start, interval) // interval)) for buffer in body.buffers]
    return ModuloSchedule(
        interval,
        tuple(one % interval for one in start),
        tuple(one // interval - first for one in start),
        tuple(depth),
    )


def taken_bytes(body: LoopBody, depth: Sequence[int]) -> dict[str, int]:
    """Bytes of each memory that buffers of such depths take."""
    taken = dict.fromkeys((name for name, _ in body.memories), 0)
    for slots, buffer in zip(depth, body.buffers, strict=True):
        taken[buffer.memory] += slots * buffer.slot_bytes
    return taken


def fits(body: LoopBody, depth: Sequence[int]) -> bool:
    """Does every memory hold its buffers?"""
    taken = taken_bytes(body, depth)
    return all(taken[name] <= size for name, size in body.memories)
