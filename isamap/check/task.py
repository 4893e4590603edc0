"""The tasks of a schedule as objects, read from its columns."""

from __future__ import annotations

from dataclasses import dataclass

from isamap.ir.answers import Schedule, Step
from isamap.ir.workload import Workload

Range = tuple[int, int]
RESULT, OPERANDS = 0, 1


@dataclass(frozen=True)
class Task:
    """Task ``number`` in program order: its half-open range per axis of the einsum, its slots, waits and start."""

    number: int
    step: Step
    tile: dict[str, Range]
    extents: dict[str, int]
    slots: tuple[int, ...]
    waits: tuple[tuple[int, int], ...]
    start: int


def read_tasks(schedule: Schedule, work: Workload) -> list[Task]:
    """Every task, in order."""
    extents = [einsum.extents for einsum in work.einsums]
    sizes = [dict(step.sizes) for step in schedule.steps]
    tasks, origin_at, slot_at, wait_at = [], 0, 0, 0
    for number, index in enumerate(schedule.step):
        step, axes = schedule.steps[index], extents[schedule.steps[index].einsum]
        tile = {
            x: (low, low + sizes[index].get(x, 1))
            for x, low in zip(axes, schedule.origin[origin_at : origin_at + len(axes)], strict=True)
        }
        ends = slot_at + len(step.buffers), wait_at + schedule.wait_count[number]
        waits = tuple(zip(schedule.wait_on[wait_at : ends[1]], schedule.wait_event[wait_at : ends[1]], strict=True))
        slots = tuple(schedule.slot[slot_at : ends[0]])
        tasks.append(Task(number, step, tile, axes, slots, waits, schedule.start[number]))
        origin_at, slot_at, wait_at = origin_at + len(axes), *ends
    return tasks
