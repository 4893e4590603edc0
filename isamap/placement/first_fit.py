"""First fit: buffers in order, each at the lowest address where it meets no other that lives at the same time."""

from __future__ import annotations

from collections.abc import Iterable

from isamap.errors import Infeasible
from isamap.ir.answers import Lifetime, Placement
from isamap.ir.hardware import Memory, Target
from isamap.placement.seat import live_together, lowest_seat


def first_fit(lifetimes: Iterable[Lifetime], target: Target) -> Placement:
    """Addresses for every lifetime, largest buffers first; raises Infeasible, by how many bytes, where one fits not."""
    placed: dict[str, list[tuple[Lifetime, int]]] = {}
    order = sorted(lifetimes, key=lambda life: (-life.alignment_bytes, -life.size_bytes, life.start_cycles, life.name))
    for life in order:
        memory = target.memory(life.memory)
        neighbours = sorted(
            (address, address + other.size_bytes)
            for other, address in placed.get(life.memory, [])
            if live_together(life, other)
        )
        address = _seat(life, memory, 0)
        for low, high in neighbours:
            if address + life.size_bytes <= low:
                break
            address = max(address, _seat(life, memory, high))
        placed.setdefault(life.memory, []).append((life, address))
        _refuse_overflow(life, address, memory)
    return Placement(tuple(entry for memory in placed.values() for entry in memory))


def _seat(life: Lifetime, memory: Memory, least: int) -> int:
    address = lowest_seat(life, memory, least)
    if address is None:
        over = life.size_bytes - memory.bank_bytes
        raise Infeasible(
            f"{life.name} does not fit a bank of {memory.name} ({memory.bank_bytes} bytes): "
            f"{over} bytes more are needed"
        )
    return address


def _refuse_overflow(life: Lifetime, address: int, memory: Memory) -> None:
    over = address + life.size_bytes - memory.capacity_bytes
    if over > 0:
        raise Infeasible(
            f"{life.name} does not fit {memory.name} ({memory.capacity_bytes} bytes): {over} bytes more are needed"
        )
