"""How high buffers must come that live together: a lower bound on the height of every placement."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from isamap.ir.answers import Lifetime
from isamap.ir.hardware import Memory
from isamap.ir.region import rounded_up
from isamap.placement.seat import step_bytes


def live_load(lives: Sequence[Lifetime], memory: Memory) -> int:
    """Bytes that the buffers alive at some time take, one on the other, and no less than what has an address reaches.

    Among buffers that all begin at multiples of some alignment each takes its size rounded up to it, all but the
    topmost; those of other alignments may lie in the gaps, so that every alignment gives a bound of its own. A buffer
    takes no bytes while the one lives that it may take over.
    """
    steps = {step_bytes(life, memory) for life in lives}
    found = max((life.address + life.size_bytes for life in lives if life.address is not None), default=0)
    for alignment in sorted(steps | {gcd(*steps)} if steps else ()):
        aligned = [life for life in lives if step_bytes(life, memory) % alignment == 0]
        for start in {life.start_cycles for life in aligned}:
            live = [life for life in aligned if life.start_cycles <= start < life.end_cycles]
            names = {life.name for life in live}
            sizes = [life.size_bytes for life in live if life.in_place not in names]
            rounded = [rounded_up(size, alignment) for size in sizes]
            slack = max(up - size for up, size in zip(rounded, sizes, strict=True))
            found = max(found, sum(rounded) - slack)
    return found
