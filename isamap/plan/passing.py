"""The tensors that einsums write for each other, and where they may pass: through the outermost memory, or on chip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod

from isamap.bounds.several import Link
from isamap.errors import Unsupported
from isamap.ir.answers import Home, Match
from isamap.ir.binding import Binding, bind
from isamap.ir.hardware import Target
from isamap.ir.scalar import Access
from isamap.ir.workload import Workload

_MOST_ELEMENTS = 10_000  # of a tensor whose readers are looked at element by element

Staying = tuple[tuple[str, str], ...]
"""(tensor, the memory in which it stays), by tensor."""


def between(work: Workload) -> list[str] | None:
    """The tensors that one einsum writes and others read; None where a cut does not say all: where a tensor has several
    values in turn, or some elements that nobody reads, or is read beyond its edges."""
    seen, found = set(work.inputs), dict[str, None]()
    for einsum in work.einsums:
        written = {access.tensor for access in einsum.outputs}
        if len(einsum.outputs) != 1 or written & seen:
            return None
        read = {access.tensor for access in einsum.reads}
        found |= dict.fromkeys(sorted(read - set(work.inputs)))
        seen |= read | written
    if any(work.tensor(name).border is not None or not _is_all_read(work, name) for name in found):
        return None
    return sorted(found)


def _is_all_read(work: Workload, name: str) -> bool:
    """Is every element read, or brought out in the end?"""
    if name in work.outputs:
        return True
    tensor, read = work.tensor(name), set[tuple[int, ...]]()
    if tensor.elements > _MOST_ELEMENTS:
        return False
    for einsum in work.einsums:
        for access in einsum.reads:
            if access.tensor == name:
                read |= set(_elements(access, einsum.extents))
    return len(read) == tensor.elements


def _elements(access: Access, extents: dict[str, int]) -> Iterator[tuple[int, ...]]:
    axes = access.axes
    if prod(extents[axis] for axis in axes) > 10 * _MOST_ELEMENTS:
        return
    for point in product(*(range(extents[axis]) for axis in axes)):
        at = dict(zip(axes, point, strict=True))
        yield tuple(index.evaluate(at) for index in access.affine_indices)


def stayings(work: Workload, target: Target, names: Sequence[str]) -> Iterator[Staying]:
    """Every choice of tensors that pass on chip, and of the memories through which they do; first none."""
    inner = [memory.name for memory in target.memories if memory != target.outermost]
    choices = [["", *(inner if name not in work.outputs else [])] for name in names]
    for choice in product(*choices):
        yield tuple((name, memory) for name, memory in zip(names, choice, strict=True) if memory)


def bound_on_chip(work: Workload, match: Match, target: Target, staying: Staying) -> Binding | None:
    """The binding of ``match`` with the tensors ``staying`` on chip, whole; None where they do not lie where its
    operands do. Where strides forbid that a tensor lies there whole, they are left out of its ``target``: what passes
    in strips may still be done so. Raises Unsupported for what cuts do not say."""
    homes = {tensor: Home(memory) for tensor, memory in staying}
    if any(target.memory(memory).banks > 1 for _, memory in staying):
        raise Unsupported("plan", "a tensor that stays in a memory with banks")
    try:
        return bind(work, match, target, homes=homes)
    except Unsupported:
        if not any(tensor in homes for _, tensor, _ in match.operands):
            raise
    try:
        return bind(work, match, _free(target, match, homes), homes=homes)
    except Unsupported:
        return None


def _free(target: Target, match: Match, homes: Mapping[str, Home]) -> Target:
    """The machine with any strides for the operands that hold tensors in ``homes``, and for moves to them."""
    names = {name for name, tensor, _ in match.operands if tensor in homes}
    memories = {home.memory for home in homes.values()}
    instructions = []
    for one in target.instructions:
        moves = one.name != match.instruction
        operands = tuple(
            replace(o, strides="per_kernel_axis") if (o.memory in memories if moves else o.name in names) else o
            for o in one.operands
        )
        instructions.append(replace(one, operands=operands))
    return replace(target, instructions=tuple(instructions))


def links(work: Workload) -> list[Link]:
    """The einsums as they see each other."""
    return [
        Link(
            einsum.output.tensor,
            frozenset(access.tensor for access in einsum.reads),
            einsum.output.tensor in work.outputs,
        )
        for einsum in work.einsums
    ]
