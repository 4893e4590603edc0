"""Which of the machine's own modes a match uses: the first legal choice whose operands the transfers can bring.

Modes turn operands round (``orders``); a transfer that keeps unit strides can fill an operand only the way its tensor
lies. What is asked is asked of a full issue: as many kernel axes as an instruction axis takes, the inner ones first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from isamap.errors import Unsupported
from isamap.ir.answers import Match
from isamap.ir.binding import Binding, bind
from isamap.ir.carried import why_not_carried
from isamap.ir.hardware import Instruction, Target
from isamap.ir.workload import Workload
from isamap.mapping.match_set import MatchSet

Modes = tuple[tuple[str, str], ...]


def with_modes(work: Workload, target: Target, found: MatchSet) -> MatchSet:
    """The matches, each in a mode of its own choice; those that only an illegal combination would serve are left out,
    with the reason where no other has a mode. What no mode serves stays as it is: small tiles may."""
    instruction = target.instruction(found.instruction)
    if not instruction.modes or not found.matches:
        return found
    every = (*found.with_swap, *found.matches)
    able = {id(match): _in_mode(work, target, match, instruction.combinations) for match in every}
    combinations = product(*([(name, choice) for choice in choices] for name, choices in instruction.modes))
    illegal = [modes for modes in combinations if modes not in instruction.combinations]
    barred = {id(match): _in_mode(work, target, match, illegal) for match in every if not able[id(match)]}
    if any(able.values()):
        kept = {id(match): able[id(match)] or (None if barred[id(match)] else match) for match in every}
        matches = tuple(one for m in found.matches if (one := able[id(m)] or _turned(m, found, able) or kept[id(m)]))
        return replace(found, matches=matches, with_swap=tuple(one for m in found.with_swap if (one := kept[id(m)])))
    needed = [one.modes for one in barred.values() if one]
    if not needed:
        return found
    reasons = tuple(_reason(instruction, modes) for modes in dict.fromkeys(needed))
    return replace(found, matches=(), with_swap=(), reasons=reasons, barred=True)


def served(work: Workload, target: Target, matches: Sequence[Match]) -> Sequence[Match]:
    """Of the matches of an instruction with modes those whose full issues transfers can bring, where there are any."""
    return [match for match in matches if not match.modes or _is_carried(work, target, match)] or matches


def _turned(match: Match, found: MatchSet, able: Mapping[int, Match | None]) -> Match | None:
    """The other orientation of a match of its class, where that one has a mode."""
    kept, groups = {id(one) for one in found.matches}, {frozenset(fused) for _, fused in match.axes}
    others = (one for one in found.with_swap if id(one) not in kept)
    same = (able[id(one)] for one in others if {frozenset(fused) for _, fused in one.axes} == groups)
    return next((one for one in same if one), None)


def _in_mode(work: Workload, target: Target, match: Match, choices: Iterable[Modes]) -> Match | None:
    """The match in the first of ``choices`` in which transfers can bring its operands; None: in none of them."""
    ways = (replace(match, modes=modes) for modes in choices)
    return next((way for way in ways if _is_carried(work, target, way)), None)


def _is_carried(work: Workload, target: Target, match: Match) -> bool:
    try:
        binding = bind(work, match, target)
        sizes = _full_issue(binding)
        return not any(why_not_carried(role, sizes) for role in binding.roles)
    except Unsupported:
        return True  # for another reason than modes, which whoever binds it will hear


def _full_issue(binding: Binding) -> dict[str, int]:
    sizes = dict.fromkeys(binding.extents, 1)
    most = {axis.name: axis.most for axis in binding.instruction.axes}
    for axis, fused in binding.match.axes:
        room = most[axis]
        for x in reversed(fused):
            sizes[x] = min(binding.extents[x], room)
            room //= sizes[x]
    return sizes


def _reason(instruction: Instruction, needed: Modes) -> str:
    def text(modes: Modes) -> str:
        return " ".join(f"{name}={choice}" for name, choice in modes)

    legal = ", ".join(map(text, instruction.combinations))
    return f"the tensors as they lie need {instruction.name} with {text(needed)}, which it does not allow ({legal})"
