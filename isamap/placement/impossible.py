"""Why buffers cannot fit a memory, where that is plain without a search."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from isamap.ir.answers import Lifetime
from isamap.ir.hardware import Memory
from isamap.placement.seat import live_together, lowest_seat, related


def why_impossible(lives: Sequence[Lifetime], memory: Memory, bound: float) -> str:
    """The reason as a sentence, else nothing; ``bound`` is a height in bytes that no placement is below."""
    largest = max(lives, key=lambda life: life.size_bytes)
    where = f"{memory.name} ({memory.capacity_bytes} bytes)"
    if largest.size_bytes > memory.capacity_bytes:
        return f"{largest.name} alone, {largest.size_bytes} bytes, is larger than {where}"
    if memory.banks > 1 and largest.size_bytes > memory.bank_bytes:
        bank = f"a bank of {memory.name} ({memory.bank_bytes} bytes)"
        return f"{largest.name} alone, {largest.size_bytes} bytes, is larger than {bank}"
    fixed = [(life, life.address) for life in lives if life.address is not None]
    for life, address in fixed:
        if address + life.size_bytes > memory.capacity_bytes:
            return f"{life.name} must lie at {address} and ends at {address + life.size_bytes}, beyond {where}"
        if lowest_seat(life, memory, address) != address:
            return f"{life.name} must lie at {address}, across banks of {memory.bank_bytes} bytes of {memory.name}"
    for (one, at), (other, there) in combinations(fixed, 2):
        meet = live_together(one, other) and max(at, there) < min(at + one.size_bytes, there + other.size_bytes)
        if meet and not (at == there and related(one, other)):
            return f"{one.name} must lie at {at} and {other.name} at {there}, where they share bytes while both live"
    if bound > memory.capacity_bytes:
        return f"live load, {bound:.0f} bytes, is above {where}"
    return ""
