"""Rounds of several contestants in turns, so that what else the machine does meets all of them alike.

A round is so many calls in a row that it takes about ten milliseconds: long beside the clock's ticks, short beside the
minutes in which a machine changes its pace. One thread's seconds are those that it had a CPU, several threads' those of
the wall. All calls are on the same arrays: what fits into the caches stays there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from time import perf_counter

Run = Callable[[int], float]
"""So many calls in a row: the seconds that they took."""

ROUND_S = 0.01
_LEAST_ROUNDS = 3
_MOST_CALLS = 1_000_000
_ESTIMATE_S = ROUND_S / 5


@dataclass
class Rounds:
    """Seconds per call, round by round."""

    calls: int
    seconds: list[float] = field(default_factory=list)

    @property
    def minimum_s(self) -> float:
        return min(self.seconds)

    @property
    def median_s(self) -> float:
        return median(self.seconds)


class Dropped(Exception):
    """A contestant that cannot go on; the message says why."""


def interleaved(runs: Mapping[str, Run], seconds: float, drop: Callable[[str, str], None]) -> dict[str, Rounds]:
    """Rounds of everyone until ``seconds`` are over, at least three; ``drop`` hears who fell out, and why."""
    began, found = perf_counter(), dict[str, Rounds]()
    for name, run in runs.items():
        try:
            found[name] = Rounds(calls_per_round(run))
        except Dropped as reason:
            drop(name, str(reason))
    turn = 0
    while found and (turn < _LEAST_ROUNDS or perf_counter() - began < seconds):
        names = list(found)
        first = turn % len(names)
        for name in (*names[first:], *names[:first]):
            try:
                found[name].seconds.append(runs[name](found[name].calls) / found[name].calls)
            except Dropped as reason:
                del found[name]
                drop(name, str(reason))
        turn += 1
    return found


def calls_per_round(run: Run) -> int:
    """How many calls take about as long as a round should, after a warm-up."""
    run(1)
    calls, took = 1, run(1)
    while took < _ESTIMATE_S and calls < _MOST_CALLS:
        calls = min(_MOST_CALLS, calls * 4)
        took = run(calls)
    return max(1, min(_MOST_CALLS, ceil(ROUND_S * calls / took)))
