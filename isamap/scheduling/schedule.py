"""(Tilings, Target) -> Schedule, by heuristics: residency by Belady's rule, order and times by list scheduling."""

from __future__ import annotations

from collections.abc import Sequence

from isamap.errors import Infeasible, Unsupported
from isamap.ir.answers import Buffer, Schedule, Tiling
from isamap.ir.binding import Binding
from isamap.ir.hardware import Target
from isamap.scheduling.expand import Expansion
from isamap.scheduling.list_scheduling import ListScheduler
from isamap.scheduling.tasks import Tasks
from isamap.scheduling.visits import visit_count
from isamap.scheduling.written import Waits, Written

MOST_VISITS = 2_000_000


def list_schedule(parts: Sequence[tuple[Binding, Tiling]], target: Target) -> Schedule:
    """The schedule of a workload's einsums one after the other, each with its tiling.

    Raises Infeasible where a tiling's buffers cannot hold what is alive at once, Unsupported where a part of the
    language is not handled here yet.
    """
    _refuse_endless(parts)
    tasks, barrier, written = Tasks(target), dict[str, Waits](), Written()
    buffers: list[Buffer] = []
    for binding, tiling in parts:
        expansion = Expansion(binding, tiling, tasks, barrier, written)
        expansion.run()
        written.next_einsum()
        buffers += [buffer for buffer in expansion.buffers if buffer not in buffers]
        for memory, waits in expansion.leftovers():
            barrier.setdefault(memory, []).extend(waits)
    scheduler = ListScheduler(tasks, {binding.instruction.unit for binding, _ in parts})
    scheduler.run()
    if len(scheduler.order) < len(tasks):
        raise Infeasible("the tasks await each other in a circle: too few slots for this order")
    return _columns(tasks, scheduler, buffers)


def _refuse_endless(parts: Sequence[tuple[Binding, Tiling]]) -> None:
    """Raise Unsupported where the program would have more issues than can be written down one by one."""
    count = sum(visit_count(binding, tiling) for binding, tiling in parts)
    if count > MOST_VISITS:
        what = f"a program of {count:,} issues of {' and '.join(sorted({b.instruction.name for b, _ in parts}))}"
        hint = f"at most {MOST_VISITS:,} are written down one by one; make the kernel smaller or the instruction larger"
        raise Unsupported("scheduling", what, hint)


def _columns(tasks: Tasks, scheduler: ListScheduler, buffers: list[Buffer]) -> Schedule:
    """The tasks in the order in which they start, numbered anew."""
    number = [0] * len(tasks)
    for position, task in enumerate(scheduler.order):
        number[task] = position
    found = Schedule(tuple(tasks.steps), tuple(buffers), latency_cycles=scheduler.end_cycle)
    for task in scheduler.order:
        waits = tasks.waits[task] + scheduler.extra[task]
        found.step.append(tasks.step[task])
        found.origin.extend(tasks.origin[task])
        found.slot.extend(tasks.slot[task])
        found.start.append(scheduler.start[task])
        found.wait_count.append(len(waits))
        found.wait_on.extend(number[earlier] for earlier, _ in waits)
        found.wait_event.extend(event for _, event in waits)
    return found
