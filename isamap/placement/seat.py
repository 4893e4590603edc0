"""Where a buffer may lie: at multiples of its alignment and its memory's, within one bank where there are banks."""

from __future__ import annotations

from math import lcm

from isamap.ir.answers import Lifetime
from isamap.ir.hardware import Memory
from isamap.ir.region import rounded_up


def step_bytes(life: Lifetime, memory: Memory) -> int:
    """Every address of ``life`` is a multiple of this."""
    return lcm(memory.alignment_bytes, life.alignment_bytes)


def lowest_seat(life: Lifetime, memory: Memory, least: int) -> int | None:
    """The lowest address from ``least`` on, the memory's end aside; none where no bank is large enough."""
    step = step_bytes(life, memory)
    address = rounded_up(least, step)
    if memory.banks == 1:
        return address
    if life.size_bytes > memory.bank_bytes:
        return None
    while address % memory.bank_bytes + life.size_bytes > memory.bank_bytes:  # ends at a multiple of step and bank
        address = rounded_up((address // memory.bank_bytes + 1) * memory.bank_bytes, step)
    return address


def live_together(one: Lifetime, other: Lifetime) -> bool:
    """Do two buffers of one memory live at the same time?"""
    return one.start_cycles < other.end_cycles and other.start_cycles < one.end_cycles


def related(one: Lifetime, other: Lifetime) -> bool:
    """May one of the two take over the bytes of the other?"""
    return one.in_place == other.name or other.in_place == one.name
