"""The tasks of a schedule before they have an order: what each occupies, awaits, and by when it is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from isamap.ir.answers import Step
from isamap.ir.hardware import Instruction, Target, Transfer, Use, cycles
from isamap.scheduling.residency import NEVER

RESULT, OPERANDS = 0, 1


@dataclass(frozen=True)
class Cost:
    """What an issue holds and for how many cycles. ``uses`` are (resource, share; None: all of it)."""

    queue: str
    interval: int
    occupancy: int
    latency: int
    uses: tuple[Use, ...]


def transfer_cost(transfer: Transfer, size_bytes: int, border_bytes: int, rows: int = 1) -> Cost:
    values = {"bytes": size_bytes, "border_bytes": border_bytes, "rows": rows}
    busy = cycles(transfer.cost_cycles, values)
    return Cost(transfer.channel, busy, busy, busy + cycles(transfer.latency_cycles, values), transfer.uses)


def instruction_cost(instruction: Instruction, extents: dict[str, int], initialise: bool, banks: Iterable[str]) -> Cost:
    values = extents | {"initialise": int(initialise)}
    held = tuple(Use(bank) for bank in banks)
    return Cost(
        instruction.unit,
        cycles(instruction.initiation_interval_cycles, values),
        cycles(instruction.occupancy_cycles, values),
        cycles(instruction.latency_cycles, values),
        instruction.uses + held,
    )


class Tasks:
    """Columns, one entry per task, in the order in which they were thought of (a task awaits earlier ones only)."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.counts = {queue.name: queue.count for queue in target.queues}
        self.steps: dict[Step, int] = {}
        self.step: list[int] = []
        self.origin: list[tuple[int, ...]] = []
        self.slot: list[tuple[int, ...]] = []
        self.cost: list[Cost] = []
        self.waits: list[list[tuple[int, int]]] = []
        self.deadline: list[int] = []
        self._costs: dict[tuple[object, ...], Cost] = {}

    def __len__(self) -> int:
        return len(self.step)

    def transfer_cost(self, transfer: Transfer, size_bytes: int, border_bytes: int, rows: int = 1) -> Cost:
        """What a transfer of so many bytes costs; worked out once."""
        key = (transfer.name, size_bytes, border_bytes, rows)
        if key not in self._costs:
            self._costs[key] = transfer_cost(transfer, size_bytes, border_bytes, rows)
        return self._costs[key]

    def instruction_cost(
        self, instruction: Instruction, extents: dict[str, int], banks: tuple[str, ...], *, initialise: bool = False
    ) -> Cost:
        """What an issue over ``extents`` that holds ``banks`` costs; worked out once."""
        key = (instruction.name, *extents.values(), banks, initialise)
        if key not in self._costs:
            self._costs[key] = instruction_cost(instruction, extents, initialise, banks)
        return self._costs[key]

    def add(
        self,
        step: Step,
        origin: tuple[int, ...],
        slots: tuple[int, ...],
        cost: Cost,
        waits: Iterable[tuple[int, int]],
        deadline: int = NEVER,
    ) -> int:
        """A new task; its number."""
        self.step.append(self.steps.setdefault(step, len(self.steps)))
        self.origin.append(origin)
        self.slot.append(slots)
        self.cost.append(cost)
        self.waits.append(list(dict.fromkeys(waits)))
        self.deadline.append(deadline)
        return len(self.step) - 1

    def joined(self, readers: tuple[int, ...], task: int) -> tuple[int, ...]:
        """Readers of a slot after computation ``task`` joined them.

        Computations keep their order, so the last one's start tells that the operands of those before it on a unit
        that is held through its occupancy are free.
        """
        queue = self.cost[task].queue
        if self.counts[queue] == 1:
            told = [
                r for r in readers if self.cost[r].queue == queue and self.cost[r].occupancy <= self.cost[r].interval
            ]
            readers = tuple(r for r in readers if r not in told)
        return (*readers, task)
