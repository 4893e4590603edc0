"""Issues in another order: the task graph that says which orders are right, and the schedule of one of them.

The resources of the graph are the machine's: a unit or channel is held for the initiation interval, in program order;
ports, buses and banks until the operands are free.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isamap.ir.answers import Buffer, Lifetime, Schedule, Step
from isamap.ir.hardware import Target
from isamap.ir.loop_body import Hold
from isamap.ir.task_graph import Job, TaskGraph
from isamap.scheduling.tasks import OPERANDS, RESULT, Cost
from isamap.scheduling.timed import Issue, Place
from isamap.scheduling.timetable import Timetable

Arc = tuple[int, int, int]


def graph_of(issues: Sequence[Issue], target: Target, order: Iterable[Arc] = ()) -> TaskGraph:
    """The jobs of ``issues`` with an arc for every wait and those of ``order``; what is stored last ends it all."""
    capacities = {queue.name: queue.count for queue in target.queues}
    whole = {resource.name: resource.bytes_per_cycle for resource in target.resources}
    jobs, arcs = [], list(order)
    for number, issue in enumerate(issues):
        cost, holds = issue.cost, [Hold(issue.cost.queue, 1, issue.cost.interval)]
        for use in cost.uses:
            amount = whole.setdefault(use.resource, 1) if use.bytes_per_cycle is None else use.bytes_per_cycle
            holds.append(Hold(use.resource, amount, cost.occupancy))
        jobs.append(Job(tuple(holds), max(cost.latency, cost.occupancy) if issue.stores else 0))
        arcs += [(earlier, number, after(issues[earlier].cost, event)) for earlier, event in issue.waits]
    names = frozenset(queue.name for queue in target.queues)
    return TaskGraph(tuple(jobs), tuple(dict.fromkeys(arcs)), (*capacities.items(), *whole.items()), names)


def after(cost: Cost, event: int) -> int:
    """Cycles from a task's start to one of its events."""
    return cost.latency if event == RESULT else cost.occupancy


def schedule_of(
    issues: Sequence[Issue],
    table: Timetable,
    target: Target,
    buffers: Sequence[Buffer],
    placed: tuple[tuple[Lifetime, int], ...] = (),
) -> Schedule:
    """The schedule of ``issues`` in the order of ``table``. Besides its own waits, a task awaits whoever had a port,
    bus or bank before it, so that the machine derives the same starts."""
    queues = {queue.name: queue.count for queue in target.queues}
    tells = telling(issues, target)
    number = {issue: position for position, issue in enumerate(table.order)}
    steps: dict[Step, int] = {}
    columns = Schedule((), ())
    for job in table.order:
        issue = issues[job]
        yielded = [(before, OPERANDS) for before, resource in table.gives_way[job] if resource not in queues]
        waits = _needed([*issue.waits, *yielded], job, issues, tells, number)
        columns.step.append(steps.setdefault(issue.step, len(steps)))
        columns.origin.extend(issue.origin)
        columns.slot.extend(issue.slots)
        columns.start.append(table.start[job])
        columns.wait_count.append(len(waits))
        columns.wait_on.extend(number[earlier] for earlier, _ in waits)
        columns.wait_event.extend(event for _, event in waits)
    return Schedule(
        tuple(steps), tuple(buffers), columns.step, columns.origin, columns.slot, columns.wait_count, columns.wait_on,
        columns.wait_event, columns.start, table.end_cycles, placed,
    )  # fmt: skip


def telling(issues: Sequence[Issue], target: Target) -> frozenset[str]:
    """The queues in which a task's start tells that the operands of those before it are free."""
    names = {queue.name for queue in target.queues if queue.count == 1}
    return frozenset(names - {i.cost.queue for i in issues if i.cost.occupancy > i.cost.interval})


def _needed(
    waits: Sequence[tuple[int, int]], job: int, issues: Sequence[Issue], tells: frozenset[str], number: dict[int, int]
) -> list[tuple[int, int]]:
    """``waits`` without those for operands that another wait, or the order of a queue, tells as well."""
    kept = dict.fromkeys(wait for wait in waits if wait[1] == RESULT)
    latest: dict[str, int] = {}
    for earlier, _ in kept:
        cost = issues[earlier].cost
        told = number[earlier] + (cost.latency >= cost.occupancy)  # the first in the queue that may still be read from
        latest[cost.queue] = max(latest.get(cost.queue, 0), told)
    free = [earlier for earlier, event in waits if event == OPERANDS]
    for earlier in sorted(set(free), key=lambda n: -number[n]):
        queue = issues[earlier].cost.queue
        if queue not in tells:
            if (earlier, RESULT) not in kept or issues[earlier].cost.latency < issues[earlier].cost.occupancy:
                kept[earlier, OPERANDS] = None
        elif queue != issues[job].cost.queue and number[earlier] >= latest.get(queue, 0):
            kept[earlier, OPERANDS] = None
            latest[queue] = number[earlier] + 1
    return list(kept)


def lifetimes(
    issues: Sequence[Issue], start: Sequence[int], homes: dict[Place, tuple[str, str, int, int, int]]
) -> tuple[tuple[Lifetime, int], ...]:
    """For each place (name, memory, bytes, alignment, address) how long it is used, from the start of its first writer
    until the last reader's operands are free, and its address."""
    first: dict[Place, int] = {}
    last: dict[Place, int] = {}
    for number, issue in enumerate(issues):
        for place in issue.writes:
            first[place] = min(first.get(place, start[number]), start[number])
        for place in set(issue.reads) - set(issue.writes):
            last[place] = max(last.get(place, 0), start[number] + issue.cost.occupancy)
    return tuple(
        (Lifetime(name, memory, first[at], max(last.get(at, 0), first[at] + 1), size, alignment), address)
        for at, (name, memory, size, alignment, address) in homes.items()
    )
