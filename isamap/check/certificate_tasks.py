"""What the issues and transfers of a cut hold: one function per kind of task, from the machine's own expressions.

A *box* is a half-open range per axis of the einsum. Tasks are known by their boxes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from isamap.ir.binding import Binding, Role, move_extents
from isamap.ir.block import block, blocks, rows
from isamap.ir.hardware import Instruction, Transfer, Use, cycles

Box = dict[str, tuple[int, int]]
Sizes = Mapping[str, int]


@dataclass(frozen=True)
class Task:
    """Cycles from its start: until its queue is free, its operands are free, its result can be read."""

    queue: str
    interval: int
    occupancy: int
    latency: int
    uses: tuple[Use, ...]


def ranges(extent: int, size: int) -> list[tuple[int, int]]:
    """``extent`` in parts of ``size``, the last one as long as what is left."""
    return [(low, min(low + size, extent)) for low in range(0, extent, size)]


def boxes(extents: Mapping[str, int], sizes: Sizes) -> Iterator[Box]:
    """Every part of the einsum's domain, axes in its order, the last one fastest."""
    for corner in product(*(ranges(extent, sizes[axis]) for axis, extent in extents.items())):
        yield dict(zip(extents, corner, strict=True))


def lengths(box: Box) -> dict[str, int]:
    return {axis: high - low for axis, (low, high) in box.items()}


def computation(binding: Binding, box: Box, *, fresh: bool) -> Task:
    """The issue on ``box``; ``fresh``: it initialises its tile."""
    extents = binding.extents_of_issue(lengths(box))
    return _of_instruction(binding.instruction, extents | {"initialise": int(fresh)})


def loads(role: Role, box: Box) -> list[Task]:
    """The transfers that bring in the piece of ``role`` with the range ``box`` along the axes of its access."""
    return _carried(role, role.route.fetch, box)


def stores(binding: Binding, box: Box) -> list[Task]:
    """The transfers that bring out the output's tile; none where it stays on chip."""
    if binding.output.home is not None:
        return []
    return _carried(binding.output, binding.output.route.store, box)


def drain(binding: Binding, box: Box) -> Task | None:
    """The move between a tile's memory and where stores begin, where there is one."""
    move = binding.output.route.drain
    if move is None:
        return None
    extents = dict(zip(move.axis_names, move_extents(binding, lengths(box)), strict=True))
    return _of_instruction(move, extents | {"initialise": 0})


def _of_instruction(instruction: Instruction, values: Mapping[str, int]) -> Task:
    interval, occupancy, latency = (
        cycles(cost, values)
        for cost in (
            instruction.initiation_interval_cycles,
            instruction.occupancy_cycles,
            instruction.latency_cycles,
        )
    )
    return Task(instruction.unit, interval, occupancy, latency, instruction.uses)


def _carried(role: Role, transfer: Transfer | None, box: Box) -> list[Task]:
    if transfer is None:
        return []
    layout, found = role.staged_layout(lengths(box)), []
    start = {axis: low for axis, (low, _) in box.items()}
    for number in range(blocks(transfer, layout)):
        part, _ = block(transfer, layout, number)
        inside = part.inside(part.first(role.access, start), role.tensor.shape)
        inside = inside if role.tensor.border is not None else part.points
        sizes = [role.tensor.dtype.bytes_for(count) for count in (inside, part.points - inside)]
        values = {"bytes": sizes[0], "border_bytes": sizes[1], "rows": rows(part)}
        cost = cycles(transfer.cost_cycles, values)
        latency = cost + cycles(transfer.latency_cycles, values)
        found.append(Task(transfer.channel, cost, cost, latency, transfer.uses))
    return found
