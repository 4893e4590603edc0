"""The orders in which buffers are placed one by one. No order is best on every instance."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Literal

from isamap.ir.answers import Lifetime

GreedyOrder = Literal["size", "area", "duration", "start", "conflicts"]


def by_size(lives: Sequence[Lifetime]) -> list[Lifetime]:
    """The widest alignments first, then the largest."""
    return sorted(lives, key=lambda life: (-life.alignment_bytes, -life.size_bytes, life.start_cycles, life.name))


def by_area(lives: Sequence[Lifetime]) -> list[Lifetime]:
    """The largest size times duration first."""
    return sorted(lives, key=lambda life: (-life.size_bytes * _duration(life), life.start_cycles, life.name))


def by_duration(lives: Sequence[Lifetime]) -> list[Lifetime]:
    """Those that live longest first, then the largest."""
    return sorted(lives, key=lambda life: (-_duration(life), -life.size_bytes, life.start_cycles, life.name))


def by_start(lives: Sequence[Lifetime]) -> list[Lifetime]:
    """In the order in which they begin to live; of those that begin together the one that lives longest first."""
    return sorted(lives, key=lambda life: (life.start_cycles, -_duration(life), -life.size_bytes, life.name))


def by_conflicts(lives: Sequence[Lifetime]) -> list[Lifetime]:
    """Those first that live together with the most others, then the largest."""
    starts, ends = sorted(life.start_cycles for life in lives), sorted(life.end_cycles for life in lives)

    def conflicts(life: Lifetime) -> int:
        return bisect_left(starts, life.end_cycles) - bisect_right(ends, life.start_cycles)

    return sorted(lives, key=lambda life: (-conflicts(life), -life.size_bytes, life.start_cycles, life.name))


def _duration(life: Lifetime) -> int:
    return life.end_cycles - life.start_cycles


ORDERS: dict[GreedyOrder, Callable[[Sequence[Lifetime]], list[Lifetime]]] = {
    "size": by_size,
    "area": by_area,
    "duration": by_duration,
    "start": by_start,
    "conflicts": by_conflicts,
}
