"""How the data of an instruction's operands travel between the outermost memory and the operand's own.

A route is one hop (a transfer) or two, through a staging memory: a transfer and a *move*, an instruction that only
copies (an accumulator's drain and fill).
"""

from __future__ import annotations

from dataclasses import dataclass

from isamap.errors import Unsupported
from isamap.ir.hardware import Instruction, Memory, Operand, Target, Transfer
from isamap.ir.workload import is_copy


@dataclass(frozen=True)
class Route:
    """The hops of an operand. ``fetch`` and ``store`` are transfers from and to the outermost memory; ``fill`` and
    ``drain`` are moves between ``staging`` and the operand's memory, where there is a staging memory."""

    operand: Operand
    memory: Memory
    fetch: Transfer | None
    store: Transfer | None
    staging: Memory | None = None
    fill: Instruction | None = None
    drain: Instruction | None = None

    @property
    def landing(self) -> Memory:
        """Where a fetch ends and a store begins."""
        return self.staging or self.memory


def is_move(instruction: Instruction) -> bool:
    """Does the instruction only copy from one memory to another?"""
    return (
        len(instruction.meaning) == 1
        and is_copy(instruction.meaning[0])
        and len({operand.memory for operand in instruction.operands}) == 2
    )


def computing(target: Target) -> tuple[Instruction, ...]:
    """The instructions that are not moves, in the machine's order."""
    return tuple(instruction for instruction in target.instructions if not is_move(instruction))


def route(target: Target, operand: Operand, *, written: bool) -> Route:
    """The shortest route of ``operand``; raises Unsupported where it takes more than a transfer and a move."""
    home, outer = operand.memory, target.outermost.name
    memory = target.memory(home)
    if home == outer:
        return Route(operand, memory, None, None)
    fetch, store = _transfer(target, outer, home), _transfer(target, home, outer)
    if (store if written else fetch) is not None:
        return Route(operand, memory, fetch, store)
    for staging in target.memories:
        fetch, store = _transfer(target, outer, staging.name), _transfer(target, staging.name, outer)
        fill, drain = _move(target, staging.name, home), _move(target, home, staging.name)
        if (store and drain) if written else (fetch and fill):
            return Route(operand, memory, fetch, store, staging, fill, drain)
    way = f"from {home} to {outer}" if written else f"from {outer} to {home}"
    raise Unsupported("scheduling", f"a way {way} longer than a transfer and a move (operand {operand.name})")


def _transfer(target: Target, start: str, end: str) -> Transfer | None:
    """The first that only copies."""
    ends = (start, end)
    return next(
        (t for t in target.transfers if (t.source_memory, t.destination_memory) == ends and not t.meaning), None
    )


def _move(target: Target, start: str, end: str) -> Instruction | None:
    for instruction in filter(is_move, target.instructions):
        goal = instruction.operand(instruction.written[0])
        source = next(operand for operand in instruction.operands if operand.name != goal.name)
        if (source.memory, goal.memory) == (start, end):
            return instruction
    return None
