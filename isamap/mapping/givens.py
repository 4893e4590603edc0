"""What the matcher is given: one einsum of a kernel and one instruction, side by side, or why they cannot be compared.

Accesses are numbered on both sides: 0 is the output, then the reads from left to right.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from isamap.ir.einsum import Axis, Einsum
from isamap.ir.hardware import Instruction, Operand
from isamap.ir.scalar import Access, without_identity_casts
from isamap.ir.workload import Tensor, Workload
from isamap.mapping.orientation import Numbers, immediates_of, pairings, uses_index, without_casts
from isamap.mapping.windows import is_injective

Realise = Literal["direct", "view", "gather"]
Axes = tuple[tuple[str, ...], ...]  # the kernel axes fused into each instruction axis, outer to inner


@dataclass(frozen=True)
class Freedom:
    """What a match may do. ``realise``: the most that an operand may need (``direct``: one stride per instruction
    axis; ``view``: each kernel axis its own stride, no element twice; ``gather``: copies). ``replicate``: an input may
    lack an axis that its operand has. ``empty_axes``: instruction axes may stay unfed."""

    realise: Realise = "gather"
    replicate: bool = False
    empty_axes: bool = False


@dataclass(frozen=True)
class Givens:
    """One einsum and one instruction. ``orientations`` are the ways to lay the kernel's accesses on the instruction's
    (per instruction access the kernel's number), casts aside; ``agree`` says which of them also agree in every type."""

    number: int
    einsum: Einsum
    tensors: tuple[Tensor, ...]
    instruction: Instruction
    meaning: Einsum
    axes: tuple[Axis, ...]
    orientations: tuple[tuple[int, ...], ...]
    agree: tuple[bool, ...]

    @cached_property
    def kernel_accesses(self) -> tuple[Access, ...]:
        return (self.einsum.output, *self.einsum.reads)

    @cached_property
    def accesses(self) -> tuple[Access, ...]:
        """The instruction's."""
        return (self.meaning.output, *self.meaning.reads)

    @cached_property
    def extents(self) -> dict[str, int]:
        """Of the kernel's axes."""
        return self.einsum.extents

    @cached_property
    def operands(self) -> tuple[Operand, ...]:
        """The instruction's operand behind each of its accesses."""
        return tuple(self.instruction.operand(access.tensor) for access in self.accesses)

    @cached_property
    def kernel_dependence(self) -> tuple[frozenset[str], ...]:
        """The axes that each access of the kernel depends on."""
        return tuple(frozenset(access.axes) for access in self.kernel_accesses)

    @cached_property
    def dependence(self) -> tuple[frozenset[str], ...]:
        """The axes that each access of the instruction depends on."""
        return tuple(frozenset(access.axes) for access in self.accesses)

    def immediates(self, orientation: int) -> Numbers:
        """The numbers that the instruction's immediates hold."""
        if not self.meaning.immediates:
            return ()
        way = self.orientations[orientation][1:]
        return immediates_of(without_casts(self.meaning.value), without_casts(self.einsum.value), way)

    def is_parallel(self, kernel_axis: str) -> bool:
        return kernel_axis in self.kernel_dependence[0]

    def same_kind(self, kernel_axis: str, axis: str) -> bool:
        """Both parallel, or both reduced."""
        return self.is_parallel(kernel_axis) == (axis in self.dependence[0])

    def fits(self, orientation: int, kernel_axis: str, axis: str, replicate: bool) -> bool:
        """Does each operand depend on ``axis`` exactly where its tensor depends on ``kernel_axis``? With ``replicate``
        an input may depend on ``axis`` though its tensor does not."""
        for n, held in enumerate(self.orientations[orientation]):
            kernel, own = kernel_axis in self.kernel_dependence[held], axis in self.dependence[n]
            if kernel != own and not (replicate and n > 0 and own):
                return False
        return True


def refusals(workload: Workload, number: int, instruction: Instruction) -> tuple[str, ...]:
    """Why the two cannot be compared at all, in sentences; empty: they can."""
    einsum, name = workload.einsums[number], instruction.name
    if len(instruction.meaning) != 1:
        return (f"{name} means {len(instruction.meaning)} einsums: only instructions of one einsum are matched yet",)
    (meaning,) = instruction.meaning
    for side, what in ((einsum, f"einsum {number}"), (meaning, name)):
        if len(side.outputs) != 1:
            return (f"{what} has two outputs ({side.statement}): these are not matched yet",)
        if uses_index(side.value):
            return (f"{what} uses an index or a tensor's value as an index ({side.value}): not matched yet",)
    windowed = [str(a) for a in (meaning.output, *meaning.reads) if not is_injective(a, _greatest(instruction))]
    if windowed:
        return (f"{name} reads elements of {', '.join(windowed)} in several lanes at once: not matched yet",)
    reasons = []
    if einsum.operator != meaning.operator:
        reasons.append(f"{name} computes {meaning.operator}, the kernel {einsum.operator} ({einsum.statement})")
    if not _orientations(einsum, meaning):
        reasons.append(f"{name} computes {without_casts(meaning.value)}, the kernel {without_casts(einsum.value)}")
    return tuple(reasons)


def givens(workload: Workload, number: int, instruction: Instruction) -> Givens:
    """The two side by side, where ``refusals`` has nothing to say; raises Unsupported on a symbolic extent."""
    einsum, (meaning,) = workload.einsums[number], instruction.meaning
    types = {operand.name: operand.dtype for operand in instruction.operands}
    ways = _orientations(einsum, meaning)
    kernel_value = without_identity_casts(einsum.value, workload.dtype_of)
    exact = set(pairings(without_identity_casts(meaning.value, types), kernel_value))
    tensors = tuple(workload.tensor(access.tensor) for access in (einsum.output, *einsum.reads))
    operands = [instruction.operand(access.tensor) for access in (meaning.output, *meaning.reads)]
    agree = tuple(
        way[1:] in exact and all(o.dtype == tensors[held].dtype for o, held in zip(operands, way, strict=True))
        for way in ways
    )
    used = {axis.name for axis in meaning.axes}
    axes = tuple(axis for axis in instruction.axes if axis.name in used)
    found = Givens(number, einsum, tensors, instruction, meaning, axes, ways, agree)
    assert all(extent > 0 for extent in found.extents.values())  # and none is symbolic
    return found


def _orientations(einsum: Einsum, meaning: Einsum) -> tuple[tuple[int, ...], ...]:
    """Ways to lay the reads on the instruction's, casts aside; one operand read twice must hold one access."""
    kernel, own = (einsum.output, *einsum.reads), (meaning.output, *meaning.reads)
    ways = [(0, *way) for way in pairings(without_casts(meaning.value), without_casts(einsum.value))]
    return tuple(
        way
        for way in ways
        if all(kernel[way[a]] == kernel[way[b]] for a in range(len(own)) for b in range(a) if own[a] == own[b])
    )


def _greatest(instruction: Instruction) -> tuple[tuple[str, int], ...]:
    return tuple((axis.name, axis.most) for axis in instruction.axes)
