"""First fit: buffers in order, each at the lowest address where it meets no other that lives at the same time."""

from __future__ import annotations

from collections.abc import Iterable

from isamap.errors import Infeasible
from isamap.ir.answers import Lifetime, Placement
from isamap.ir.hardware import Target
from isamap.ir.region import rounded_up


def first_fit(lifetimes: Iterable[Lifetime], target: Target) -> Placement:
    """Addresses for every lifetime, largest buffers first; raises Infeasible, by how many bytes, where one fits not."""
    placed: dict[str, list[tuple[Lifetime, int]]] = {}
    order = sorted(lifetimes, key=lambda life: (-life.alignment_bytes, -life.size_bytes, life.start_cycles, life.name))
    for life in order:
        neighbours = sorted(
            (address, address + other.size_bytes)
            for other, address in placed.get(life.memory, [])
            if other.start_cycles < life.end_cycles and life.start_cycles < other.end_cycles
        )
        address = 0
        for low, high in neighbours:
            if address + life.size_bytes <= low:
                break
            address = max(address, rounded_up(high, life.alignment_bytes))
        placed.setdefault(life.memory, []).append((life, address))
        _refuse_overflow(life, address, target)
    return Placement(tuple(entry for memory in placed.values() for entry in memory))


def _refuse_overflow(life: Lifetime, address: int, target: Target) -> None:
    capacity = target.memory(life.memory).capacity_bytes
    over = address + life.size_bytes - capacity
    if over > 0:
        raise Infeasible(f"{life.name} does not fit {life.memory} ({capacity} bytes): {over} bytes more are needed")
