"""How high buffers must come that live together: a lower bound on the height of every placement."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from isamap.ir.answers import Lifetime
from isamap.ir.hardware import Memory
from isamap.ir.region import rounded_up
from isamap.placement.seat import step_bytes


def live_load(lives: Sequence[Lifetime], memory: Memory) -> int:
    """Bytes that the buffers alive at some time take, one on the other.

    Among buffers that all begin at multiples of some alignment each takes its size rounded up to it, all but the
    topmost; those of other alignments may lie in the gaps, so that every alignment gives a bound of its own.
    """
    steps = {step_bytes(life, memory) for life in lives}
    found = 0
    for alignment in sorted(steps | {gcd(*steps)} if steps else ()):
        aligned = [life for life in lives if step_bytes(life, memory) % alignment == 0]
        for start in {life.start_cycles for life in aligned}:
            live = [life.size_bytes for life in aligned if life.start_cycles <= start < life.end_cycles]
            rounded = [rounded_up(size, alignment) for size in live]
            slack = max(up - size for up, size in zip(rounded, live, strict=True))
            found = max(found, sum(rounded) - slack)
    return found
