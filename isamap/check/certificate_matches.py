"""Every match of an einsum on a machine, by trying all: which access each operand holds, which axis of the instruction
each kernel axis feeds. ``check_match`` says which of them are right.

Axes fused into one follow each other as in the output, those that are summed over as in the reads. Of matches that
differ only in that one feeds fewer axes the larger stays: tiles of 1 make the smaller of it. Where the machine has
modes a match takes the first legal combination in which transfers bring full issues; where only an illegal one would
do it is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import prod

from isamap.check.match import check_match
from isamap.errors import Unsupported
from isamap.ir.answers import Match, Realisation
from isamap.ir.binding import Binding, bind
from isamap.ir.carried import why_not_carried
from isamap.ir.einsum import Einsum
from isamap.ir.hardware import Instruction, Target
from isamap.ir.scalar import Apply, Cast, Literal, Scalar
from isamap.ir.workload import Workload, is_copy

Axes = tuple[tuple[str, tuple[str, ...]], ...]
Operands = tuple[tuple[str, str, int], ...]
Numbers = tuple[tuple[str, int | float], ...]
MOST_ASSIGNMENTS = 20_000  # of accesses to operands and of axes to axes, per einsum and instruction
_OUR_WORD = ("realisation", "utilisation")  # what a match says of itself, which is not asked here


def every_match(work: Workload, number: int, target: Target, instruction: str | None = None) -> list[Match]:
    """All of einsum ``number``, on every instruction or on the one named; with every axis of the instruction fed, or,
    where there is none, with axes left empty. Raises Unsupported where there is too much to try."""
    able = [one for one in target.instructions if _is_of_a_kind(one, work.einsums[number])]
    able = [one for one in able if instruction in (None, one.name)]
    fed = [match for one in able for match in _on(work, number, target, one, empty=False)]
    found = fed or [match for one in able for match in _on(work, number, target, one, empty=True)]
    return [match for match in found if not any(_includes(other, match) for other in found)]


def same(match: Match) -> tuple[object, ...]:
    """What makes a match this one: not what is said of it."""
    return match.einsum, match.instruction, match.axes, match.operands, match.modes, match.immediates


def _is_of_a_kind(instruction: Instruction, einsum: Einsum) -> bool:
    """Do both copy, or both compute?"""
    return len(instruction.meaning) == 1 and is_copy(instruction.meaning[0]) == is_copy(einsum)


def _on(work: Workload, number: int, target: Target, instruction: Instruction, *, empty: bool) -> list[Match]:
    (meaning,), einsum = instruction.meaning, work.einsums[number]
    if len(einsum.outputs) != 1 or len(meaning.outputs) != 1:
        return []
    wanted = [axis.name for axis in meaning.axes]
    if einsum.operator != meaning.operator:  # what is summed over takes nothing
        wanted = list(meaning.output.axes)
    tried = [
        _match(number, instruction, axes, operands, numbers)
        for operands in _assignments_of_operands(work, einsum, meaning)
        for numbers in _assignments_of_immediates(einsum, instruction)
        for axes in _assignments_of_axes(einsum, meaning, instruction, operands)
        if (empty or all(dict(axes)[d] for d in wanted)) and (any(fed for _, fed in axes) or not wanted)
    ]
    found: list[Match] = []
    for one in sorted(tried, key=lambda one: -len(one.mapped_axes)):
        match = _in_mode(work, target, instruction, one)
        if match is None or any(_includes(other, match) for other in found):
            continue
        if not [wrong for wrong in check_match(match, work, target) if wrong.rule not in _OUR_WORD]:
            found.append(match)
    if found and instruction.implementation is not None:
        raise Unsupported("check", f"a certificate on {instruction.name}, whose implementation limits what it takes")
    return found


def _assignments_of_operands(work: Workload, einsum: Einsum, meaning: Einsum) -> Iterator[Operands]:
    """(operand, tensor, access) for each operand; the output holds access 0."""
    names = list(dict.fromkeys(access.tensor for access in meaning.reads if access.tensor != meaning.output.tensor))
    accesses = (einsum.output, *einsum.reads)
    if len(einsum.reads) ** len(names) > MOST_ASSIGNMENTS:
        raise Unsupported("check", f"a certificate with {len(einsum.reads)} accesses for {len(names)} operands")
    for choice in product(range(1, len(accesses)), repeat=len(names)):
        held = {meaning.output.tensor: 0} | dict(zip(names, choice, strict=True))
        if set(held.values()) == set(range(len(accesses))) or len(set(map(str, einsum.reads))) < len(einsum.reads):
            yield tuple((name, accesses[n].tensor, n) for name, n in held.items())


def _assignments_of_immediates(einsum: Einsum, instruction: Instruction) -> Iterator[Numbers]:
    """A number of the kernel for each one that the instruction's meaning leaves open."""
    numbers = dict.fromkeys(_literals(einsum.value))
    for choice in product(numbers, repeat=len(instruction.immediates)):
        yield tuple(zip(instruction.immediates, choice, strict=True))


def _literals(value: Scalar) -> Iterator[int | float]:
    if isinstance(value, Literal):
        yield value.value
    parts = value.arguments if isinstance(value, Apply) else (value.argument,) if isinstance(value, Cast) else ()
    for part in parts:
        yield from _literals(part)


def _assignments_of_axes(
    einsum: Einsum, meaning: Einsum, instruction: Instruction, operands: Operands
) -> Iterator[Axes]:
    """Each kernel axis feeds one axis of the instruction, or none, of those that it may: both parallel or both summed
    over, and operands depend on the one where what they hold depends on the other."""
    accesses, own = (einsum.output, *einsum.reads), {a.tensor: a for a in (*meaning.reads, meaning.output)}
    used = [axis.name for axis in instruction.axes if axis.name in {axis.name for axis in meaning.axes}]

    def may_feed(x: str, d: str) -> bool:
        return (x in einsum.parallel_axes) == (d in meaning.parallel_axes) and all(
            (x in accesses[n].axes) == (d in own[name].axes) for name, _, n in operands
        )

    choices = [["", *(d for d in used if may_feed(x, d))] for x in einsum.extents]
    if prod(map(len, choices)) > MOST_ASSIGNMENTS:
        raise Unsupported("check", f"a certificate of {prod(map(len, choices)):,} assignments of axes", _LIMIT)
    appearance = list(dict.fromkeys(x for access in accesses for x in access.axes))
    for choice in product(*choices):
        feeds = dict(zip(einsum.extents, choice, strict=True))
        yield tuple((d, tuple(x for x in appearance if feeds[x] == d)) for d in used)


_LIMIT = f"at most {MOST_ASSIGNMENTS:,} can be tried"


def _match(
    number: int,
    instruction: Instruction,
    axes: Axes,
    operands: Operands,
    immediates: Numbers,
) -> Match:
    order = {operand.name: place for place, operand in enumerate(instruction.operands)}
    listed = tuple(sorted(operands, key=lambda one: order[one[0]]))
    needs: tuple[tuple[str, Realisation], ...] = tuple((name, "direct") for name, _, _ in listed)
    modes = next(iter(instruction.combinations), ())
    return Match(number, instruction.name, axes, listed, needs, 1.0, False, modes, immediates)


def _in_mode(work: Workload, target: Target, instruction: Instruction, match: Match) -> Match | None:
    """The match in the mode that it takes; None where it needs an illegal one."""
    if not instruction.modes:
        return match
    every = product(*([(name, choice) for choice in choices] for name, choices in instruction.modes))
    legal = (modes for modes in instruction.combinations if _brings_full_issues(work, target, match, modes))
    first = next(legal, None)
    if first is not None:
        return replace(match, modes=first)
    illegal = (modes for modes in every if modes not in instruction.combinations)
    return None if any(_brings_full_issues(work, target, match, modes) for modes in illegal) else match


def _brings_full_issues(work: Workload, target: Target, match: Match, modes: tuple[tuple[str, str], ...]) -> bool:
    try:
        binding = bind(work, replace(match, modes=modes), target)
        return not any(why_not_carried(role, _full_issue(binding)) for role in binding.roles)
    except Unsupported:
        return True  # for another reason than modes


def _full_issue(binding: Binding) -> dict[str, int]:
    """As much of every kernel axis as an issue takes, the inner ones first."""
    sizes = dict.fromkeys(binding.extents, 1)
    most = {axis.name: axis.most for axis in binding.instruction.axes}
    for d, fused in binding.match.axes:
        for x in reversed(fused):
            sizes[x] = min(binding.extents[x], most[d])
            most[d] //= sizes[x]
    return sizes


def _includes(one: Match, other: Match) -> bool:
    """Does ``one`` feed all that ``other`` feeds, in the same places, and more?"""
    mine, theirs = dict(one.axes), dict(other.axes)
    alike = replace(one, axes=()) == replace(other, axes=())
    return alike and mine != theirs and all(set(theirs[d]) <= set(mine[d]) for d in mine)
