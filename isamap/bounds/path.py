"""How long an element is on its way at least, from memory to memory.

An edge leads from a memory to another: a transfer takes the cost of its smallest block and its latency, an instruction
the latency of its shortest issue. No element arrives sooner than by the shortest path over all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, inf, prod

from isamap.bounds.rate import least_value
from isamap.ir.expression import Call, Expression
from isamap.ir.hardware import Instruction, Target, Transfer
from isamap.ir.workload import Tensor

Edge = tuple[str, str, int]


def arrival_cycles(target: Target, tensor: Tensor) -> Mapping[str, float]:
    """From the outermost memory, where ``tensor`` lies, to each memory."""
    return _shortest(_edges(target, tensor), target.outermost.name)


def departure_cycles(target: Target, tensor: Tensor) -> Mapping[str, float]:
    """From each memory to the outermost one, where ``tensor`` must go."""
    return _shortest([(end, start, cycles) for start, end, cycles in _edges(target, tensor)], target.outermost.name)


def block_cycles(transfer: Transfer, target: Target, tensor: Tensor | None) -> tuple[int, int]:
    """(cost, latency) of its smallest block with an element of ``tensor`` (None: of anything). What is read of a fixed
    block may lie beside the tensor but for one element, what is written may not."""
    whole = transfer.block if transfer.destination_memory == target.outermost.name else None
    least = prod(whole or (1,)) * max(1, tensor.dtype.bits // 8) if tensor is not None else 1
    most = max(least, target.outermost.capacity_bytes)
    ranges = {"bytes": (least, most), "border_bytes": (0, most), "rows": (1, most)}
    cost, latency = (least_value(e, ranges) for e in (transfer.cost_cycles, transfer.latency_cycles))
    return _whole(cost), _whole(latency)


def shortest_issue_cycles(instruction: Instruction) -> int:
    """From the start of its shortest issue to the result."""
    return _whole(_least(instruction, instruction.latency_cycles))


def settled_cycles(instruction: Instruction) -> int | None:
    """From when an issue lets its unit and its resources go to its result, at least; None where that is not known."""
    end, busy = instruction.latency_cycles, (instruction.initiation_interval_cycles, instruction.occupancy_cycles)
    found = [0.0 if cycles == end else _least(instruction, Call("-", (end, cycles))) for cycles in busy]
    known = [ceil(value - 1e-9) for value in found if value is not None]
    return min(known) if len(known) == len(found) else None


def _least(instruction: Instruction, cost: Expression) -> float | None:
    ranges = {axis.name: (axis.least, axis.most) for axis in instruction.axes}
    return least_value(cost, ranges | {"initialise": (0, 1)})


def _whole(cycles: float | None) -> int:
    return max(0, ceil((cycles or 0) - 1e-9))


def _edges(target: Target, tensor: Tensor) -> list[Edge]:
    found: list[Edge] = []
    outer = target.outermost.name
    for transfer in target.transfers:
        start, end = transfer.source_memory, transfer.destination_memory
        found.append((start, end, sum(block_cycles(transfer, target, tensor if outer in (start, end) else None))))
    for instruction in target.instructions:
        ends = {operand.memory for operand in instruction.operands if operand.name in instruction.written}
        starts = {operand.memory for operand in instruction.operands if operand.name not in instruction.written}
        cycles = shortest_issue_cycles(instruction)
        found += [(start, end, cycles) for start in sorted(starts) for end in sorted(ends)]
    return found


def _shortest(edges: Sequence[Edge], start: str) -> Mapping[str, float]:
    """Cycles from ``start`` to every memory that it reaches (Bellman, Ford)."""
    found: dict[str, float] = {start: 0}
    for _ in range(len(edges)):
        before = dict(found)
        for one, other, cycles in edges:
            found[other] = min(found.get(other, inf), found.get(one, inf) + cycles)
        if found == before:
            break
    return found
