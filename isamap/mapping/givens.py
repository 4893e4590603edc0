"""What the matcher is given: one einsum of a kernel and one instruction, side by side.

Accesses are numbered on both sides: 0 is the output, then the reads from left to right.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from isamap.ir.affine import Affine
from isamap.ir.einsum import Axis, Einsum
from isamap.ir.hardware import Instruction, Operand, Target
from isamap.ir.scalar import Access, without_identity_casts
from isamap.ir.workload import Tensor, Workload, is_copy
from isamap.mapping.direction import forward
from isamap.mapping.lemma.allowed import is_limited
from isamap.mapping.lemma.reach import Reach, reaches
from isamap.mapping.orientation import Numbers, immediates_of, laid, pairings, without_casts
from isamap.mapping.windows import greatest, lane_windows

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
    """One einsum (its backward axes turned, see ``direction``) and one instruction. ``orientations`` are the ways to
    lay the kernel's accesses on the instruction's (per instruction access the kernel's number), casts aside; ``agree``
    says which of them also agree in every type, ``in_place`` which accesses of the instruction only move elements from
    or to where the tensor lies, so that no copy can help them. ``reach`` is what each access of the kernel may meet,
    where the instruction may be used for some values only."""

    number: int
    einsum: Einsum
    tensors: tuple[Tensor, ...]
    instruction: Instruction
    meaning: Einsum
    axes: tuple[Axis, ...]
    orientations: tuple[tuple[int, ...], ...]
    agree: tuple[bool, ...]
    in_place: tuple[bool, ...]
    reach: tuple[Reach, ...]

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
    def windows(self) -> tuple[tuple[Affine, ...], ...]:
        """The indices of each access of the instruction in which several lanes meet."""
        most = greatest(self.instruction)
        return tuple(lane_windows(access, most) or () for access in self.accesses)

    @cached_property
    def needed(self) -> tuple[Axis, ...]:
        """The instruction's axes that kernel axes must feed: where an einsum without reduction starts an accumulator
        afresh, those that are summed over have nothing to take and stay at their least extent."""
        if self.einsum.operator == self.meaning.operator:
            return self.axes
        return tuple(axis for axis in self.axes if axis.name in self.dependence[0])

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

    def may_feed(self, orientation: int, kernel_axis: str, axis: str, replicate: bool) -> bool:
        """Are they of one kind, and does each operand depend on them alike?"""
        return self.same_kind(kernel_axis, axis) and self.fits(orientation, kernel_axis, axis, replicate)


def givens(workload: Workload, number: int, instruction: Instruction, target: Target | None = None) -> Givens:
    """The two side by side, where ``refusals`` has nothing to say; raises Unsupported on a symbolic extent.

    ``target`` says where tensors lie; without one they may lie wherever the instruction's operands do."""
    einsum, (meaning,) = forward(workload.einsums[number]), instruction.meaning
    types = {operand.name: operand.dtype for operand in instruction.operands}
    ways = laid(einsum, meaning)
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
    in_place = tuple(is_copy(meaning) and _tensors_lie_in(o.memory, target) for o in operands)
    reach = reaches(workload, number) if is_limited(instruction) else ()
    found = Givens(number, einsum, tensors, instruction, meaning, axes, ways, agree, in_place, reach)
    assert all(extent > 0 for extent in found.extents.values())  # and none is symbolic
    return found


def _tensors_lie_in(memory: str, target: Target | None) -> bool:
    """In the outermost memory, or in a cache of it."""
    return target is None or memory == target.outermost.name or target.memory(memory).kind == "cache"
