"""Is a schedule sound: columns, waits, tiles, slots, data, and predicted starts? Task by task, in program order.

Which bytes a slot has, and whether einsums meet in the outermost memory, only the simulator sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isamap.check.schedule_order import Order
from isamap.check.schedule_slots import check_slots
from isamap.check.schedule_times import Duration, check_times, durations
from isamap.check.task import Task, read_tasks
from isamap.ir.answers import Match, Schedule, Violation
from isamap.ir.binding import bind_all
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload

RULES: dict[str, str] = {
    "columns": "The columns fit together: a step, an origin per axis, a slot per buffer, waits and a start per task.",
    "performs": "A step names an einsum with a match, a transfer or instruction of the target, and known buffers.",
    "origin": "A tile lies within the domain of its einsum.",
    "slot": "A slot number is one of its buffer's; an operand in the outermost memory has none.",
    "wait": "A task waits for earlier tasks only.",
    "content": "A task finds the piece that it reads in its slot, whole, and known to be complete.",
    "overwrite": "A slot is written again only when whoever used its old piece is known to be done with it.",
    "complete": "Every output tile is stored once, with all its contributions.",
    "start": "No task is predicted to start before what it awaits.",
    "queue": "The tasks of a queue start in order, at most so many at a time as it has servers.",
    "resource": "The holders of a port, a bus or a banked slot never take more than it has.",
}


def check_schedule(schedule: Schedule, matches: Sequence[Match], work: Workload, target: Target) -> list[Violation]:
    """Every violation of ``RULES``; what needs sound columns is looked at only where they are."""
    found = list(_check_columns(schedule, matches, work, target))
    if found:
        return found
    tasks = read_tasks(schedule, work)
    found = [violation for task in tasks for violation in _check_task(task, schedule)]
    if found:
        return found
    homes = {buffer.tensor: buffer.home for buffer in schedule.buffers if buffer.home is not None}
    bindings = {binding.number: binding for binding in bind_all(work, matches, target, homes)}
    lasting: list[Duration] = durations(tasks, bindings, schedule, target)
    order = Order(tasks, lasting, {queue.name: queue.count for queue in target.queues})
    return [*check_slots(tasks, bindings, schedule, order), *check_times(tasks, lasting, target)]


def _check_columns(schedule: Schedule, matches: Sequence[Match], work: Workload, target: Target) -> Iterator[Violation]:
    matched, buffers = {match.einsum for match in matches}, {buffer.name for buffer in schedule.buffers}
    names = {transfer.name for transfer in target.transfers} | {each.name for each in target.instructions}
    for number, step in enumerate(schedule.steps):
        if step.einsum not in matched or step.performs not in names or not set(step.buffers) - {""} <= buffers:
            what = f"{step.performs} of einsum {step.einsum} on {' '.join(step.buffers)}"
            yield Violation("performs", f"step {number}", what)
            return
    count, steps = len(schedule.step), schedule.steps
    if count and not 0 <= min(schedule.step) <= max(schedule.step) < len(steps):
        yield Violation("columns", "step", f"{min(schedule.step)}..{max(schedule.step)} of {len(steps)} steps")
        return
    wanted = {
        "origin": (len(schedule.origin), sum(len(work.einsums[steps[n].einsum].axes) for n in schedule.step)),
        "slot": (len(schedule.slot), sum(len(steps[n].buffers) for n in schedule.step)),
        "wait_count": (len(schedule.wait_count), count),
        "wait_on": (len(schedule.wait_on), sum(schedule.wait_count)),
        "wait_event": (len(schedule.wait_event), sum(schedule.wait_count)),
        "start": (len(schedule.start), count),
    }
    for column, (given, right) in wanted.items():
        if given != right:
            yield Violation("columns", column, f"{given} numbers instead of {right}")


def _check_task(task: Task, schedule: Schedule) -> Iterator[Violation]:
    where = f"task {task.number} ({task.step.performs})"
    slots = {buffer.name: buffer.slots for buffer in schedule.buffers}
    for axis, (low, high) in task.tile.items():
        if not 0 <= low < high <= task.extents[axis]:
            yield Violation("origin", where, f"{axis} in {low}..{high - 1} of {task.extents[axis]}")
    for name, slot in zip(task.step.buffers, task.slots, strict=True):
        if not (0 <= slot < slots[name] if name else slot == -1):
            yield Violation("slot", where, f"slot {slot} of {name or 'the outermost memory'}")
    for on, event in task.waits:
        if not (0 <= on < task.number and event in (0, 1)):
            yield Violation("wait", where, f"waits for event {event} of task {on}")
