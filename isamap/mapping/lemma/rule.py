"""The rule ``ranges``: an instruction is used only for values for which it does what it means.

In orientation w every operand with a range holds a tensor whose values (``reach``) lie in it. An accumulator must hold
whatever the sum may reach on its way, over all that the kernel reduces, started from 0 or from what the tensor holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from isamap.ir.dtype import DType
from isamap.mapping.givens import Givens
from isamap.mapping.lemma.allowed import Allowed, allowed
from isamap.mapping.lemma.interval import Ends, Interval, limits, within
from isamap.mapping.lemma.reach import ANY, Reach, after


@dataclass(frozen=True)
class Clash:
    """Access ``number`` of the instruction, whose operand must stay within ``limit`` and may hold ``reach``."""

    number: int
    operand: str
    tensor: str
    limit: Ends
    reach: Reach


def out_of_range(g: Givens, w: int) -> bool:
    """Is there no choice of ranges that the tensors keep in orientation ``w``?"""
    return all(clashes(g, w, dict(choice)) for choice in allowed(g.instruction).choices)


def is_exact(g: Givens) -> bool:
    """Is the instruction proved to do what it means, where it may be used?"""
    return g.instruction.implementation is None or allowed(g.instruction).proved


def unproved(g: Givens) -> tuple[str, ...]:
    """What a user should know of an instruction that is not proved."""
    return () if is_exact(g) else (f"{allowed(g.instruction).lemma}: matches on it are not proved",)


def clashes(g: Givens, w: int, ranges: Mapping[str, Ends]) -> list[Clash]:
    """The operands whose tensors may hold values out of ``ranges``, each once."""
    found: dict[str, Clash] = {}
    for n, held in enumerate(g.orientations[w]):
        name = g.operands[n].name
        if name not in ranges:
            continue
        reach = g.reach[held] if n else _accumulated(g)
        if not within(reach.values, ranges[name]):
            found.setdefault(name, Clash(n, name, g.tensors[held].name, ranges[name], reach))
    return list(found.values())


def _accumulated(g: Givens) -> Reach:
    """What the operand that is written may hold before an issue: anything, where the instruction does not add to it."""
    return Reach(limits(g.tensors[0].dtype)) if g.meaning.operator == "=" else g.reach[0]


def range_reasons(g: Givens, w: int) -> list[str]:
    """Why orientation ``w`` is out of range, in sentences."""
    found: Allowed = allowed(g.instruction)
    name = g.instruction.name
    if not found.choices:
        return [str(found.lemma)]
    if len(found.choices) == 1:
        return [_sentence(g, w, clash) for clash in clashes(g, w, dict(found.choices[0]))]
    where = " or ".join(f"{operand} in {_ends(ends)}" for choice in found.choices for operand, ends in choice)
    holds = dict.fromkeys(_holds(c) for choice in found.choices for c in clashes(g, w, dict(choice)))
    return [f"{name} is exact only for {where}; {', '.join(holds)}"]


def _sentence(g: Givens, w: int, clash: Clash) -> str:
    name, limit = g.instruction.name, _ends(clash.limit)
    if clash.number:
        return f"{name} is exact only for {clash.operand} in {limit}, {_holds(clash)}"
    reads = {g.tensors[held].name: g.reach[held] for held in g.orientations[w][1:]}
    given = " and ".join(f"{tensor} in {_ends(reach.values)}" for tensor, reach in reads.items())
    able = " or ".join(tensor for tensor, reach in reads.items() if reach.may_state)
    advice = f": state a range for {able}" if able else ""
    summed = ", ".join(f"{x} = {extent}" for x, extent in g.extents.items() if not g.is_parallel(x))
    what = f"the sum over {summed} with {given}" if summed else f"{clash.tensor}, with {given},"
    reached = _ends(clash.reach.values)
    return f"{name} is exact only while {clash.operand} stays in {limit}; {what} may reach {reached}{advice}"


def _holds(clash: Clash) -> str:
    return f"{clash.tensor} may {'hold' if clash.number else 'reach'} {_ends(clash.reach.values)}"


def _ends(interval: Ends) -> str:
    return f"[{interval[0]}, {interval[1]}]" if interval != ANY else "all values"


def range_repair(g: Givens, w: int) -> str:
    """Ranges that inputs could state for orientation ``w`` to be allowed; empty: there are none, or it is allowed."""
    if not out_of_range(g, w):
        return ""
    ways: dict[str, None] = {}
    for choice in allowed(g.instruction).choices:
        parts = [list(_repairs(g, w, clash)) for clash in clashes(g, w, dict(choice))]
        if all(parts):
            ways[" and ".join(" or ".join(part) for part in parts)] = None
    return f"state range: {' or '.join(ways)}" if ways else ""


def _repairs(g: Givens, w: int, clash: Clash) -> Iterator[str]:
    """``[0, 127] for I``: of the operand's own tensor, or of those that are summed up."""
    if clash.number:
        low, high = max(clash.limit[0], clash.reach.values[0]), min(clash.limit[1], clash.reach.values[1])
        if clash.reach.may_state and low <= 0 <= high and low < high:
            yield f"{_ends((low, high))} for {clash.tensor}"
        return
    for held in dict.fromkeys(g.orientations[w][1:]):
        tensor = g.tensors[held]
        if g.reach[held].may_state and (found := _narrowed(g, held, clash)) is not None:
            yield f"{_ends(found)} for {tensor.name}"


def _narrowed(g: Givens, held: int, clash: Clash) -> Interval | None:
    """The widest range about 0 of the tensor of access ``held`` for which the sum stays within its limit."""
    dtypes: dict[str, DType] = {tensor.name: tensor.dtype for tensor in g.tensors}
    known = {g.tensors[n].name: reach.values for n, reach in enumerate(g.reach) if n}
    name = g.tensors[held].name
    least, most = known[name]

    def fits(distance: int) -> bool:
        ends = max(least, -distance), min(most, distance)
        return within(after(g.einsum, dtypes, known | {name: ends}, clash.reach.start), clash.limit)

    low, high = 0, max(-least, most)
    if not fits(0) or high < 1:
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return (max(least, -low), min(most, low)) if low else None
