"""How many pipes do measured intervals speak of? From cycles per instruction to units and whole intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isamap.ir.calibration import Timing


@dataclass(frozen=True)
class Place:
    """The unit that an instruction takes, how many of it there are, and for how long."""

    unit: str
    count: int
    interval_cycles: int

    def bytes_per_cycle(self, each: int) -> int:
        """Of so many bytes each time, with every unit at work."""
        return max(1, self.count * each // self.interval_cycles)


def assigned(instructions: Mapping[str, tuple[str, Timing | None]]) -> dict[str, Place]:
    """Where each measured instruction belongs, from its unit in the description and what was measured.

    The first of a unit that was measured says how many pipes the unit has: as many as instructions start per cycle, or
    one. Slower ones take a pipe for longer. Quicker ones get a unit of their own, ``vector_x2`` with two pipes, which
    in truth shares the other one's.
    """
    counts: dict[str, int] = {}
    found = {}
    for name, (unit, timing) in instructions.items():
        if timing is None:
            continue
        own = max(1, round(1 / timing.interval_cycles))
        count = counts.setdefault(unit, own)
        if own > count:
            found[name] = Place(f"{unit}_x{own}", own, 1)
        else:
            found[name] = Place(unit, count, max(1, round(count * timing.interval_cycles)))
    return found
