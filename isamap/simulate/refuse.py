"""What the language can say of a machine and the simulator cannot do yet, refused by name rather than ignored."""

from __future__ import annotations

from collections.abc import Iterator

from isamap.errors import Unsupported
from isamap.ir.hardware import Target
from isamap.ir.program import Issue, Program, Segment


def refuse_unbuilt(program: Program, target: Target) -> None:
    """Raises Unsupported where what ``program`` performs has a feature that no cycle or byte here would reflect."""
    performed = set(_performed(program))
    for instruction in target.instructions:
        if instruction.name not in performed:
            continue
        if instruction.operand_latency_cycles:
            raise Unsupported("simulate", f"the per-operand latency of {instruction.name}")
        for access in (item for einsum in instruction.meaning for item in einsum.reads):
            if any(len(index.axes) > 1 for index in access.indices):
                raise Unsupported("simulate", f"lanes of {instruction.name} that share elements ({access})")
        if instruction.issue_slots:
            raise Unsupported("simulate", f"the issue slots of {instruction.name}")
        memories = {operand.memory for operand in instruction.operands}
        for memory in target.memories:
            if memory.name in memories and memory.kind == "cache":
                raise Unsupported("simulate", f"the cache {memory.name}")
            if memory.name in memories and memory.count > 1:
                raise Unsupported("simulate", f"the {memory.count} private copies of {memory.name}")
    for transfer in target.transfers:
        if transfer.name in performed and transfer.multicast > 1:
            raise Unsupported("simulate", f"the multicast of {transfer.name}")


def _performed(program: Program) -> Iterator[str]:
    for node in program.walk():
        if isinstance(node, Segment):
            yield from (operation.performs for operation in node.operations)
        elif isinstance(node, Issue):
            yield node.operation.performs
