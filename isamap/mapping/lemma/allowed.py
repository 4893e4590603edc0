"""The values for which an instruction may be used: those that its file states, or where these do not suffice and none
are stated, the widest range of any one operand for which it does what it means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from isamap.ir.hardware import Instruction
from isamap.mapping.lemma.interval import Ends
from isamap.mapping.lemma.prove import Lemma, lemma
from isamap.mapping.lemma.widest import widest_range


@dataclass(frozen=True)
class Allowed:
    """Operands must lie in the ranges of one of ``choices`` (one without ranges: any values will do; none: the
    instruction is refuted). ``proved``: there it does what it means, or nothing else is said of it."""

    choices: tuple[tuple[tuple[str, Ends], ...], ...]
    proved: bool
    lemma: Lemma


@lru_cache(maxsize=1024)
def allowed(instruction: Instruction) -> Allowed:
    """Where ``instruction`` may be used."""
    found = lemma(instruction)
    stated = instruction.value_ranges
    if found.verdict != "differs":
        return Allowed((stated,), found.verdict != "unknown", found)
    if stated:
        return Allowed((), False, found)
    widest = [(o.name, widest_range(instruction, o.name)) for o in instruction.operands]
    useful = [(name, ends) for name, ends in widest if ends is not None and ends != (0, 0)]
    return Allowed(tuple(((name, ends),) for name, ends in useful), True, found)


def is_limited(instruction: Instruction) -> bool:
    """May it be used for some values only?"""
    return any(allowed(instruction).choices)
