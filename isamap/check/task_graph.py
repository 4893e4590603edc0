"""Is a schedule of a task graph sound? Every arc, and every cycle at which something begins."""

from __future__ import annotations

from collections.abc import Iterator

from isamap.ir.answers import Violation
from isamap.ir.task_graph import TaskGraph, TaskSchedule

RULES: dict[str, str] = {
    "columns": "There is a start for every job.",
    "negative": "No job starts before cycle 0.",
    "precedence": "No job starts sooner after another one than their arc allows.",
    "capacity": "The jobs that run at a moment hold no more of a resource than there is.",
    "end": "The schedule ends when the last job is over.",
}


def check_task_graph(schedule: TaskSchedule, graph: TaskGraph) -> list[Violation]:
    """Every violation of ``RULES``; O(n^2) per resource. The others are looked at where there is a start per job."""
    start = schedule.start
    if len(start) != len(graph.jobs):
        return [Violation("columns", "start", f"{len(start)} numbers instead of {len(graph.jobs)}")]
    found = [Violation("negative", f"job {job}", f"starts at {at}") for job, at in enumerate(start) if at < 0]
    for earlier, later, lag in graph.arcs:
        if start[later] - start[earlier] < lag:
            detail = f"starts at {start[later]}, job {earlier} at {start[earlier]} and {lag} cycles before it"
            found.append(Violation("precedence", f"job {later}", detail))
    found += _check_capacities(schedule, graph)
    last = max((at + job.end_cycles for at, job in zip(start, graph.jobs, strict=True)), default=0)
    if last != schedule.end_cycles:
        found.append(Violation("end", "end_cycles", f"{schedule.end_cycles}, the last job is over at {last}"))
    return found


def _check_capacities(schedule: TaskSchedule, graph: TaskGraph) -> Iterator[Violation]:
    """What is held grows only where a hold begins: it is enough to look there. Holds of no cycles take nothing."""
    for name, capacity in graph.capacities:
        held = [
            (at, at + hold.cycles, hold.amount)
            for at, job in zip(schedule.start, graph.jobs, strict=True)
            for hold in job.holds
            if hold.resource == name
        ]
        for moment in sorted({begin for begin, _, _ in held}):
            amount = sum(amount for begin, end, amount in held if begin <= moment < end)
            if amount > capacity:
                yield Violation("capacity", name, f"{amount} of {capacity} held at cycle {moment}")
                break
