"""Instructions that mean several einsums: each done with an einsum of the kernel, all in one issue.

``C += A*B; D = max(C + b, 0)`` takes a product and what follows it, ``D0[i] = S[2*i]; D1[i] = S[2*i+1]`` two reads of
one tensor. A group takes for every einsum of the instruction one of the kernel's and a match of the two as if the
instruction meant nothing else. Rules, beside those of a match:
    order       where one of them writes what another meets, they stand in the kernel in the instruction's order, and no
                other einsum between them meets what they write or writes what they meet
    holder      an operand holds one tensor; a tensor that one writes is in one operand in all, and has one writer
    whole       what is written and met by another is summed up in the issue: every summed axis is fed and fits; an axis
                of the instruction that not all its einsums have fits too, or the others would be done again
    unpadded    who sums over what another writes has no lanes to fill up
    start       an issue starts all its sums afresh or none: where there are several, or all issues do, each is summed
                up in the issue and held nothing before
    numbers     an immediate is one number in all
    together    the axes of the parts can be laid on each other so that what they share is shared (``together``)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import prod

from isamap.ir.answers import Match
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Instruction, Target
from isamap.ir.workload import Workload
from isamap.mapping.givens import Freedom, givens
from isamap.mapping.match import match
from isamap.mapping.prove import fills, prover
from isamap.mapping.refusals import refusals
from isamap.mapping.solutions import solutions
from isamap.mapping.together import Part, lie_together


@dataclass(frozen=True)
class Group:
    """``instruction`` does the einsums of ``matches``, one per einsum of its meaning, in each issue."""

    instruction: str
    matches: tuple[Match, ...]
    proved: bool

    @property
    def einsums(self) -> tuple[int, ...]:
        return tuple(one.einsum for one in self.matches)


def groups(work: Workload, target: Target, time_limit_s: float = 60.0) -> tuple[Group, ...]:
    """Every group of einsums that an instruction of ``target`` does at once; raises NotFound as ``map_einsum`` does."""
    return tuple(
        group
        for instruction in target.instructions
        if len(instruction.meaning) > 1 and work.repeat is None
        for group in _on(work, instruction, target, time_limit_s)
    )


def _on(work: Workload, instruction: Instruction, target: Target, time_limit_s: float) -> Iterator[Group]:
    alone = [replace(instruction, meaning=(meaning,), implementation=None) for meaning in instruction.meaning]
    common = set.intersection(*({axis.name for axis in meaning.axes} for meaning in instruction.meaning))
    for numbers in permutations(range(len(work.einsums)), len(alone)):
        pairs = list(zip(numbers, alone, strict=True))
        if any(refusals(work, n, one) for n, one in pairs) or not _in_order(work, numbers):
            continue
        found: list[tuple[Part, ...]] = [()]
        for n, one in pairs:
            g = givens(work, n, one, target)
            ways = [Part(g, solution) for solution in solutions(g, Freedom(), time_limit_s)]
            ways = [part for part in ways if _fits(part, {axis.name for axis in g.axes} - common)]
            found = [more for parts in found for part in ways if _fit(more := (*parts, part))]
        for parts in found:
            copied = lie_together(parts) if _start_alike(work, instruction, parts) else None
            if copied is not None:
                matches = tuple(_match(part, copied) for part in parts)
                proved = instruction.implementation is None and all(one.proved for one in matches)
                yield Group(instruction.name, matches, proved)


def _match(part: Part, copied: Sequence[str]) -> Match:
    """The part's own match, operands marked that only a copy can fill for all parts at once."""
    alone = match(part.g, part.solution, prover(part.g))
    needs = tuple((name, "gather" if name in copied else need) for name, need in alone.realisation)
    return replace(alone, realisation=needs)


def _in_order(work: Workload, numbers: Sequence[int]) -> bool:
    """order: the einsums ``numbers``, as the instruction does them, and those between."""
    einsums = [work.einsums[n] for n in numbers]
    turned = ((a, b) for n, b in enumerate(numbers) for a in numbers[:n] if a > b)
    if any(_conflict(work.einsums[a], work.einsums[b]) for a, b in turned):
        return False
    between = [work.einsums[n] for n in range(min(numbers), max(numbers)) if n not in numbers]
    return not any(_conflict(one, other) for one in between for other in einsums)


def _conflict(one: Einsum, other: Einsum) -> bool:
    """Does one of them write what the other meets?"""
    return not (_written(one).isdisjoint(_met(other)) and _written(other).isdisjoint(_met(one)))


def _written(einsum: Einsum) -> set[str]:
    return {output.tensor for output in einsum.outputs}


def _met(einsum: Einsum) -> set[str]:
    return {access.tensor for access in (*einsum.outputs, *einsum.reads)}


def _fit(parts: Sequence[Part]) -> bool:
    """holder, whole, unpadded and numbers."""
    held: dict[str, str] = {}
    numbers: dict[str, int | float] = {}
    for part in parts:
        for operand, _, access, _ in part.held:
            if held.setdefault(operand, access.tensor) != access.tensor:
                return False
        for name, number in part.g.immediates(part.solution.orientation):
            if numbers.setdefault(name, number) != number:
                return False
    return all(_meets_what_is_written(one, other) for one in parts for other in parts if one is not other)


def _meets_what_is_written(writer: Part, other: Part) -> bool:
    """Does ``other`` meet what ``writer`` writes in the same operand, by the same access, read only, and complete?"""
    ((_, own, written, _),) = [entry for entry in writer.held if entry[3]]
    for _, access, kernel, writes in other.held:
        if kernel.tensor == written.tensor and (access != own or writes):
            return False
    if written.tensor not in [kernel.tensor for _, _, kernel, _ in other.held]:
        return True
    if not _sums_up(writer):
        return False
    taken = {axis.name: axis for axis in other.g.axes}
    return all(fills(taken[d], [other.g.extents[x] for x in other.fused[d]]) for d in _reduced(other))


def _start_alike(work: Workload, instruction: Instruction, parts: Sequence[Part]) -> bool:
    """start."""
    sums = [part for part in parts if part.g.meaning.operator != "="]
    if instruction.initialise == "never" or (instruction.initialise == "optional" and len(sums) < 2):
        return True
    return all(_sums_up(part) and not _is_begun(work, part) for part in sums)


def _is_begun(work: Workload, part: Part) -> bool:
    """Does the output hold something before?"""
    before = [output.tensor for einsum in work.einsums[: part.g.number] for output in einsum.outputs]
    return part.g.einsum.output.tensor in (*work.inputs, *before)


def _sums_up(part: Part) -> bool:
    """Is all that is summed done in one issue?"""
    return all(map(part.g.is_parallel, part.outside)) and _fits(part, _reduced(part))


def _reduced(part: Part) -> set[str]:
    """The instruction's axes that are summed over."""
    return {axis.name for axis in part.g.axes if axis.name not in part.g.dependence[0]}


def _fits(part: Part, names: set[str]) -> bool:
    """Is all that feeds these axes of the instruction done in one issue?"""
    most = {axis.name: axis.most for axis in part.g.axes}
    return all(prod(part.g.extents[x] for x in part.fused[d]) <= most[d] for d in names)
