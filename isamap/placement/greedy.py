"""Every greedy method on the buffers of one memory, side by side: what the solver begins from and must beat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import lcm

from isamap.errors import Infeasible
from isamap.ir.answers import Lifetime
from isamap.ir.hardware import Target
from isamap.ir.region import rounded_up
from isamap.placement.first_fit import Fit, one_by_one
from isamap.placement.greedy_orders import ORDERS, GreedyOrder

METHODS: dict[str, tuple[GreedyOrder, Fit]] = {
    **{f"first fit by {order}": (order, "first") for order in ORDERS},
    "best fit by size": ("size", "best"),
}


@dataclass(frozen=True)
class Greedy:
    """What a method came to: the addresses by name."""

    method: str
    height: int
    address: dict[str, int]


def every_greedy(lives: Sequence[Lifetime], target: Target) -> Iterator[Greedy]:
    """What each method places, in the order of ``METHODS``; a method that places not every buffer is left out."""
    for method, (order, fit) in METHODS.items():
        try:
            placed = one_by_one(lives, target, order, fit).addresses
        except Infeasible:
            continue
        height = max((address + life.size_bytes for life, address in placed), default=0)
        yield Greedy(method, height, {life.name: address for life, address in placed})


def room_bytes(lives: Iterable[Lifetime], alignment_bytes: int = 1) -> int:
    """A capacity that every greedy method finds enough, in a memory of one bank."""
    steps = [(life, lcm(life.alignment_bytes, alignment_bytes)) for life in lives]
    given = max((life.address + life.size_bytes for life, _ in steps if life.address is not None), default=0)
    return max(1, given + sum(rounded_up(life.size_bytes, step) + step for life, step in steps))
