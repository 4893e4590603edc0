"""Times probes in cycles: the least of many short rounds, each beside a round of additions that take a cycle each.

What else a machine does, and a clock that changes its pace, spoil some rounds but hardly all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import repeat
from time import perf_counter

from isamap.codegen.probe import Probe, loop

_ROUND_S = 1e-4  # long beside the call of a probe, short beside a scheduler's time slice
_LEAST_ROUNDS = 5
_TICKS = 24


@dataclass(frozen=True)
class Lap:
    """What one instruction of a probe took."""

    cycles: float
    seconds: float


class Stopwatch:
    """Measures each probe for about ``seconds_each``. ``clock_hz`` is the fastest that was seen."""

    def __init__(self, seconds_each: float) -> None:
        self.seconds_each = seconds_each
        self.clock_hz = 0.0
        self.most_rounds = 0
        self._additions = loop(["addq %rcx, %rax"] * _TICKS, (), "~{rax},~{rcx}")
        self._turns = self.turns(self._additions, 0)

    def lap(self, probe: Probe, address: int, turns: int | None = None) -> Lap:
        """One instruction of ``probe``, run on the memory at ``address``: in the quickest round."""
        return self._rounds(probe, repeat(address), turns or self.turns(probe, address))[0]

    def lap_along(
        self, probe: Probe, addresses: Iterable[int], turns: int, before: Callable[[], None] = lambda: None
    ) -> Lap:
        """The same where each round begins, after ``before``, at the next of ``addresses``, while there are any: in the
        round than which a quarter of them are quicker, as some may meet what nearer caches happened to keep."""
        laps = self._rounds(probe, addresses, turns, before)
        return laps[len(laps) // 4]

    def _rounds(
        self, probe: Probe, addresses: Iterable[int], turns: int, before: Callable[[], None] = lambda: None
    ) -> list[Lap]:
        """All rounds in the time there is, the quickest first."""
        tick, taken, end = math.inf, list[float](), perf_counter() + self.seconds_each
        for address in addresses:
            tick = min(tick, _seconds(self._additions, 0, self._turns))
            before()
            taken.append(_seconds(probe, address, turns))
            if len(taken) >= _LEAST_ROUNDS and perf_counter() >= end:
                break
        self.clock_hz = max(self.clock_hz, 1 / tick)
        self.most_rounds = max(self.most_rounds, len(taken))
        return [Lap(seconds / tick, seconds) for seconds in sorted(taken)]

    def turns(self, probe: Probe, address: int) -> int:
        """Turns of the probe's loop that fill a round."""
        turns, taken = 1, 0.0
        while taken < _ROUND_S / 4:
            turns *= 4
            each = min(_seconds(probe, address, turns) for _ in range(_LEAST_ROUNDS))
            taken = each * turns * probe.instructions
        return max(1, round(turns * _ROUND_S / taken))


def _seconds(probe: Probe, address: int, turns: int) -> float:
    """Seconds per instruction."""
    began = perf_counter()
    probe.run(address, turns)
    return (perf_counter() - began) / (turns * probe.instructions)
