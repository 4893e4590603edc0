"""What a body cannot say of a schedule, by name."""

from __future__ import annotations

from collections.abc import Sequence

from isamap.errors import Unsupported
from isamap.ir.answers import Schedule
from isamap.ir.binding import Binding
from isamap.ir.hardware import Target


def refuse(schedule: Schedule, bindings: Sequence[Binding], target: Target) -> None:
    """Raises Unsupported, with the reason."""
    _refuse_rewritten(bindings)
    for binding in bindings:
        _refuse(schedule, binding, target)


def _refuse_rewritten(bindings: Sequence[Binding]) -> None:
    """Raise Unsupported where an element has several values in turn, or lies in strips that take each other's place."""
    seen: set[str] = set()
    for binding in bindings:
        written = binding.output.tensor.name
        if written in seen:
            raise Unsupported(
                "scheduling", f"{written}, which an einsum before einsum {binding.number} reads or writes"
            )
        seen |= {role.tensor.name for role in binding.roles}
        for role in binding.roles:
            if role.home is not None and 0 < role.home.home.rows < role.tensor.shape[role.home.home.dimension]:
                raise Unsupported("scheduling", f"{role.tensor.name}, which passes on chip in strips")


def _refuse(schedule: Schedule, binding: Binding, target: Target) -> None:
    memories = {buffer.name: target.memory(buffer.memory) for buffer in schedule.buffers}
    for role in binding.roles:
        if role.home is not None and role.home.memory.banks > 1:
            raise Unsupported("scheduling", f"{role.tensor.name}, which stays in the banks of {role.home.memory.name}")
    for step in (step for step in schedule.steps if step.einsum == binding.number):
        if step.second:
            raise Unsupported("scheduling", f"operand {step.second[0][0]} of {step.performs} in two pieces")
        many = [name for name in step.buffers if name and memories[name].banks > 1]
        if len(many) > 1 or (many and "" in step.buffers):
            raise Unsupported("scheduling", f"{step.performs}, which touches a banked memory beside its output tile")
        if step.performs == binding.instruction.name and many and many != [_output(binding, step.buffers)]:
            raise Unsupported("scheduling", f"inputs of {step.performs} in a banked memory")
    if binding.instruction.initialise == "always":
        raise Unsupported("scheduling", f"an order of its own for {binding.instruction.name}, which always initialises")


def _output(binding: Binding, names: Sequence[str]) -> str:
    operands = [operand.name for operand in binding.instruction.operands]
    return names[operands.index(binding.output.operand.name)]
