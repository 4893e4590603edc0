"""A match with everything it names looked up, or what it names that does not exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from isamap.ir.affine import Affine
from isamap.ir.answers import Match, Violation
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Instruction, Target
from isamap.ir.scalar import Access
from isamap.ir.workload import Workload


@dataclass(frozen=True)
class Case:
    """The match with what it names looked up; ``held`` gives the kernel's access for each operand."""

    match: Match
    workload: Workload
    einsum: Einsum
    instruction: Instruction
    meaning: Einsum
    held: dict[str, Access]
    outside: frozenset[str]

    def lies_outside(self, memory: str) -> bool:
        """Is ``memory`` where tensors lie: the outermost one, or a cache of it?"""
        return memory in self.outside

    def at(self, point: Mapping[str, int]) -> dict[str, int]:
        """``point``, 0 along axes that it does not name; axes that every index counts down begin at their end."""
        extents = self.einsum.extents
        return {x: extents[x] - 1 - point.get(x, 0) if x in self.backward else point.get(x, 0) for x in extents}

    @cached_property
    def backward(self) -> frozenset[str]:
        """The axes that every index which has them counts down: the other end is as good a start."""
        indices = [i for access in self.held.values() for i in access.indices if isinstance(i, Affine)]
        origin = dict.fromkeys(self.einsum.extents, 0)

        def steps(axis: str) -> list[int]:
            having = [index for index in indices if axis in index.axes]
            return [index.evaluate(origin | {axis: 1}) - index.evaluate(origin) for index in having]

        return frozenset(x for x in origin if max(steps(x), default=0) < 0)

    @property
    def fused(self) -> dict[str, tuple[str, ...]]:
        return dict(self.match.axes)

    @property
    def own(self) -> dict[str, Access]:
        """The instruction's access for each operand."""
        return {access.tensor: access for access in (*self.meaning.reads, self.meaning.output)}


def look_up(match: Match, workload: Workload, target: Target) -> Case:
    """The case of a match that ``name_faults`` has nothing against."""
    einsum, instruction = workload.einsums[match.einsum], target.instruction(match.instruction)
    accesses = (einsum.output, *einsum.reads)
    held = {operand: accesses[number] for operand, _, number in match.operands}
    instruction = instruction.under(match.modes)
    meaning = instruction.meaning[0].given(dict(match.immediates))
    outside = frozenset(m.name for m in target.memories if m.kind == "cache") | {target.outermost.name}
    return Case(match, workload, einsum, instruction, meaning, held, outside)


def name_faults(match: Match, workload: Workload, target: Target) -> Iterator[Violation]:
    """Rules einsum, instruction, modes, immediates, axes, operands and utilisation."""
    if not 0 <= match.einsum < len(workload.einsums):
        yield Violation("einsum", str(match.einsum), f"the workload has {len(workload.einsums)} einsums")
        return
    if match.instruction not in [one.name for one in target.instructions]:
        yield Violation("instruction", match.instruction, f"{target.name} has no such instruction")
        return
    einsum, instruction = workload.einsums[match.einsum], target.instruction(match.instruction)
    if len(instruction.meaning) != 1 or len(einsum.outputs) != 1 or len(instruction.meaning[0].outputs) != 1:
        yield Violation("instruction", match.instruction, "one einsum with one output on each side can be checked")
        return
    meaning = instruction.meaning[0]
    if match.modes not in instruction.combinations:
        yield Violation("modes", match.instruction, f"{dict(match.modes)} is no legal choice of its modes")
    if sorted(instruction.immediates) != sorted(name for name, _ in match.immediates):
        yield Violation("immediates", match.instruction, f"{dict(match.immediates)}, not {instruction.immediates}")
    if sorted(d for d, _ in match.axes) != sorted(axis.name for axis in meaning.axes):
        yield Violation("axes", match.instruction, f"each of {[axis.name for axis in meaning.axes]} exactly once")
    unknown = [x for x in match.mapped_axes if x not in [axis.name for axis in einsum.axes]]
    if unknown:
        yield Violation("axes", " ".join(unknown), "no axis of the kernel")
    yield from _operand_faults(match, einsum, meaning)
    if not 0 < match.utilisation <= 1:
        yield Violation("utilisation", match.instruction, f"{match.utilisation} is not in (0, 1]")


def _operand_faults(match: Match, einsum: Einsum, meaning: Einsum) -> Iterator[Violation]:
    accesses = (einsum.output, *einsum.reads)
    wanted = {access.tensor for access in (meaning.output, *meaning.reads)}
    for listed in ([o for o, _, _ in match.operands], [o for o, _ in match.realisation]):
        if sorted(listed) != sorted(wanted):
            yield Violation("operands", match.instruction, f"each of {sorted(wanted)} exactly once, not {listed}")
    for operand, tensor, number in match.operands:
        if not 0 <= number < len(accesses) or accesses[number].tensor != tensor:
            yield Violation("operands", operand, f"access {number} of the kernel is not one of {tensor}")
        if (number == 0) != (operand == meaning.output.tensor):
            yield Violation("operands", operand, "the output holds access 0, and nothing else does")
