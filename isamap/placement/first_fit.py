"""Buffers in order, one by one: first fit takes the lowest place that is free while a buffer lives, best fit the
tightest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import Literal

from isamap.errors import Infeasible
from isamap.ir.answers import Lifetime, Placement
from isamap.ir.hardware import Memory, Target
from isamap.placement.greedy_orders import ORDERS, GreedyOrder
from isamap.placement.seat import live_together, lowest_seat, related

Fit = Literal["first", "best"]


def first_fit(lifetimes: Iterable[Lifetime], target: Target, order: GreedyOrder = "size") -> Placement:
    """Addresses for every lifetime, largest buffers first; raises Infeasible, by how many bytes, where one fits not."""
    return one_by_one(lifetimes, target, order, "first")


def one_by_one(lifetimes: Iterable[Lifetime], target: Target, order: GreedyOrder, fit: Fit) -> Placement:
    """Addresses for every lifetime, taken in ``order`` after those that have one; raises Infeasible as first fit."""
    lives = ORDERS[order](list(lifetimes))
    placed: dict[str, list[tuple[Lifetime, int]]] = {}
    for life in sorted(lives, key=lambda life: life.address is None):
        memory, taken = target.memory(life.memory), placed.setdefault(life.memory, [])
        neighbours = [(other, address) for other, address in taken if live_together(life, other)]
        address = _address(life, memory, neighbours, fit)
        taken.append((life, address))
        _refuse_overflow(life, address, memory)
    return Placement(tuple(entry for memory in placed.values() for entry in memory))


def _address(life: Lifetime, memory: Memory, neighbours: Sequence[tuple[Lifetime, int]], fit: Fit) -> int:
    if life.address is not None:
        if not _free(life, memory, life.address, neighbours):
            raise Infeasible(f"{life.name} cannot lie at {life.address} of {memory.name}, where it must")
        return life.address
    shared = [
        (0.0, there) for other, there in neighbours if related(life, other) and _free(life, memory, there, neighbours)
    ]
    seats = [*shared, *_gaps(life, memory, neighbours)]
    return min(address for _, address in seats) if fit == "first" else min(seats)[1]


def _free(life: Lifetime, memory: Memory, address: int, neighbours: Iterable[tuple[Lifetime, int]]) -> bool:
    """May the buffer lie there? What it takes over, or is taken over by, may begin at the same address."""
    return lowest_seat(life, memory, address) == address and not any(
        max(address, there) < min(address + life.size_bytes, there + other.size_bytes)
        and not (there == address and related(life, other))
        for other, there in neighbours
    )


def _gaps(life: Lifetime, memory: Memory, neighbours: Iterable[tuple[Lifetime, int]]) -> Iterator[tuple[float, int]]:
    """Places between the neighbours and on top of them: the bytes left over around it, and the address."""
    top = 0
    for low, high in sorted((address, address + other.size_bytes) for other, address in neighbours):
        address = _seat(life, memory, top)
        if address + life.size_bytes <= low:
            yield low - top - life.size_bytes, address
        top = max(top, high)
    yield inf, _seat(life, memory, top)


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
