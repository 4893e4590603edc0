"""Where tensors between einsums may pass, and the bindings of matches then, by code that the search has no part in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from isamap.errors import Unsupported
from isamap.ir.answers import Home, Match
from isamap.ir.binding import Binding, bind
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload

Staying = tuple[tuple[str, str], ...]
_MOST_POINTS = 100_000


def passing(work: Workload) -> list[str]:
    """The tensors between einsums, in the order in which they are written; raises Unsupported where the einsums do not
    simply follow each other."""
    values = set(work.inputs)
    found = []
    for number, einsum in enumerate(work.einsums):
        written = [access.tensor for access in einsum.outputs]
        if len(written) != 1 or written[0] in values:
            raise Unsupported(
                "check", f"a search over several einsums, of which {einsum.statement} writes a tensor again"
            )
        later = work.einsums[number + 1 :]
        if any(access.tensor == written[0] for other in later for access in other.reads):
            found.append(written[0])
        values |= {*written, *(access.tensor for access in einsum.reads)}
    for name in found:
        if work.tensor(name).border is not None or not (name in work.outputs or _is_read_whole(work, name)):
            raise Unsupported("check", f"a search over several einsums, of whose {name} not every element is read")
    return found


def _is_read_whole(work: Workload, name: str) -> bool:
    missing = set(product(*(range(extent) for extent in work.tensor(name).shape)))
    for einsum in work.einsums:
        for access in (access for access in einsum.reads if access.tensor == name):
            extents = [range(einsum.extents[axis]) for axis in access.axes]
            for number, point in enumerate(product(*extents)):
                if number > _MOST_POINTS:
                    raise Unsupported("check", f"a search over several einsums, of which one reads {name} so often")
                at = dict(zip(access.axes, point, strict=True))
                missing.discard(tuple(index.evaluate(at) for index in access.affine_indices))
    return not missing


def every_staying(work: Workload, target: Target) -> Iterator[Staying]:
    """Each tensor between einsums, if it is not asked for, through one of the memories on chip or through none."""
    on_chip = [memory.name for memory in target.memories if memory.name != target.outermost.name]
    choices = []
    for name in sorted(passing(work)):
        kept = [(name, memory) for memory in on_chip] if name not in work.outputs else []
        choices.append([None, *kept])
    for choice in product(*choices):
        yield tuple(one for one in choice if one is not None)


def bound(work: Workload, match: Match, target: Target, staying: Staying) -> Binding | None:
    """``match`` with tensors on chip, at the strides that they have there or, where the machine has none such, at any;
    None where they cannot be met there."""
    homes = {tensor: Home(memory) for tensor, memory in staying}
    mine = {operand for operand, tensor, _ in match.operands if tensor in homes}
    if any(target.memory(memory).banks > 1 for _, memory in staying):
        raise Unsupported("check", "a search over several einsums on a machine whose memories on chip have banks")
    if not mine:
        return bind(work, match, target, homes=homes)
    memories = [memory for _, memory in staying]
    free = []
    for instruction in target.instructions:
        own = instruction.name == match.instruction
        operands = [
            replace(operand, strides="per_kernel_axis")
            if (operand.name in mine if own else operand.memory in memories)
            else operand
            for operand in instruction.operands
        ]
        free.append(replace(instruction, operands=tuple(operands)))
    for machine in (target, replace(target, instructions=tuple(free))):
        try:
            return bind(work, match, machine, homes=homes)
        except Unsupported:
            continue
    return None
