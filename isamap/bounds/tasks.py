"""What one issue or transfer holds, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from isamap.ir.binding import Role
from isamap.ir.block import block, blocks, rows
from isamap.ir.hardware import Instruction, Transfer, Use, cycles


@dataclass(frozen=True)
class Task:
    """Cycles from its start until its queue is free, until it lets go of ports and buses, and to its result."""

    queue: str
    interval: int
    occupancy: int
    latency: int
    uses: tuple[Use, ...]


def issue(instruction: Instruction, values: Mapping[str, int]) -> Task:
    interval, occupancy, latency = (
        cycles(cost, values)
        for cost in (instruction.initiation_interval_cycles, instruction.occupancy_cycles, instruction.latency_cycles)
    )
    return Task(instruction.unit, interval, occupancy, latency, instruction.uses)


def moved(
    role: Role, transfer: Transfer | None, origin: Mapping[str, int], extent: Mapping[str, int]
) -> Iterator[Task]:
    """The tasks that bring a piece in or out by ``transfer``; ``origin`` and ``extent`` per axis of the einsum."""
    if transfer is None:
        return
    layout, bytes_for = role.staged_layout(extent), role.tensor.dtype.bytes_for
    for number in range(blocks(transfer, layout)):
        part, _ = block(transfer, layout, number)
        inside = part.points
        if role.tensor.border is not None:
            inside = part.inside(part.first(role.access, origin), role.tensor.shape)
        values = {"bytes": bytes_for(inside), "border_bytes": bytes_for(part.points - inside), "rows": rows(part)}
        cost = cycles(transfer.cost_cycles, values)
        yield Task(transfer.channel, cost, cost, cost + cycles(transfer.latency_cycles, values), transfer.uses)
