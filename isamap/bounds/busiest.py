"""What demands take of queues, ports and buses: the most of any is a lower bound on the cycles of a program.

Of any set of queues: what only those can do, spread over all of them (as in Hall's theorem; one queue is a set too).
Of a port or bus: what every way of a demand holds of it. A demand's ``lead`` and ``tail`` count where all that is added
up has them: the useful operations lie between the least lead and the least tail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import ceil

from isamap.bounds.demand import Demand, Operation, Price
from isamap.ir.expression import Expression
from isamap.ir.hardware import Instruction, Target

_MOST_QUEUES = 10


def queue_of(operation: Operation) -> str:
    """The unit or channel that takes it."""
    return operation.unit if isinstance(operation, Instruction) else operation.channel


def interval(operation: Operation) -> tuple[Expression, float]:
    """What it keeps its queue busy for."""
    if isinstance(operation, Instruction):
        return operation.initiation_interval_cycles, 1.0
    return operation.cost_cycles, 1.0


def held(target: Target, name: str) -> Price:
    """The price of an operation in cycles of all of a resource: nothing where it does not use it."""
    width = next(resource.bytes_per_cycle for resource in target.resources if resource.name == name)

    def price(operation: Operation) -> tuple[Expression, float]:
        parts = [
            1.0 if u.bytes_per_cycle is None else u.bytes_per_cycle / width
            for u in operation.uses
            if u.resource == name
        ]
        cost = operation.occupancy_cycles if isinstance(operation, Instruction) else operation.cost_cycles
        return cost, sum(parts)

    return price


def up(cycles: float) -> int:
    """Whole cycles that are no more than ``cycles`` asks for, whatever the rounding of its last places."""
    return ceil(cycles * (1 - 1e-12) - 1e-9)


def busiest(demands: Sequence[Demand], target: Target, *, resources: bool = True) -> tuple[int, str]:
    """The most cycles that the demands take of any queues (and ``resources``), and of which."""
    return max(_loads(demands, target, resources), key=lambda load: load[0], default=(0, "nothing"))


def _loads(demands: Sequence[Demand], target: Target, resources: bool) -> Iterator[tuple[int, str]]:
    priced = [(frozenset(map(queue_of, d.ways)), d.least(interval), d) for d in demands]
    counts = {queue.name: queue.count for queue in target.queues}
    names = [name for name in counts if any(name in queues for queues, _, _ in priced)]
    for size in range(1, len(names) + 1 if len(names) <= _MOST_QUEUES else 2):
        for chosen in combinations(names, size):
            inside = [(cycles, demand) for queues, cycles, demand in priced if queues <= set(chosen)]
            yield _around(inside, sum(counts[name] for name in chosen)), " and ".join(chosen)
    for resource in target.resources if resources else ():
        price = held(target, resource.name)
        yield _around([(demand.least(price), demand) for demand in demands], 1), resource.name


def _around(parts: Sequence[tuple[float, Demand]], count: int) -> int:
    mine = [(cycles, demand) for cycles, demand in parts if cycles > 0]
    if not mine:
        return 0
    lead, tail = min(d.lead_cycles for _, d in mine), min(d.tail_cycles for _, d in mine)
    return lead + up(sum(cycles for cycles, _ in mine) / count) + tail
