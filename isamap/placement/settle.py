"""Let buffers sink: each as low as those beneath it allow. No height grows, and every address becomes one that sums of
sizes, alignments, banks and given addresses lead to, which is what the scaled problem can say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import lcm

from isamap.ir.answers import Lifetime
from isamap.ir.hardware import Memory
from isamap.placement.seat import live_together, lowest_seat


def settle(lives: Iterable[Lifetime], memory: Memory, given: Mapping[str, int]) -> dict[str, int] | None:
    """Addresses by name, from those that are ``given``; none where the buffers so stacked do not fit.

    Buffers are taken in the order of their given addresses, those that share bytes together; a right placement always
    settles into one as low or lower.
    """
    settled: list[tuple[Lifetime, int]] = []
    for group in _groups(list(lives), given):
        beneath = [
            address + other.size_bytes
            for other, address in settled
            if any(live_together(life, other) for life in group)
        ]
        address = _seat(group, memory, max(beneath, default=0))
        if address is None:
            return None
        settled += [(life, address) for life in group]
    return {life.name: address for life, address in settled}


def _groups(lives: Sequence[Lifetime], given: Mapping[str, int]) -> Iterable[list[Lifetime]]:
    """Buffers that begin where the ones they take over begin, with those; from the bottom up."""
    named = {life.name: life for life in lives if life.size_bytes}
    groups: dict[str, list[Lifetime]] = {}
    for life in sorted(lives, key=lambda life: (given[life.name], life.name)):
        first = life
        while first.in_place in named and given[first.in_place] == given[life.name] and life.size_bytes:
            first = named[first.in_place]
        groups.setdefault(first.name, []).append(life)
    return groups.values()


def _seat(group: Sequence[Lifetime], memory: Memory, least: int) -> int | None:
    """The lowest address from ``least`` on that suits every buffer of the group."""
    largest = max(group, key=lambda life: life.size_bytes)
    whole = replace(largest, alignment_bytes=lcm(*(life.alignment_bytes for life in group)))
    fixed = {life.address for life in group if life.address is not None}
    floor = least if whole.size_bytes else 0
    address = lowest_seat(whole, memory, max(fixed, default=floor))
    if address is None or address < floor or fixed - {address}:
        return None
    return address if address + whole.size_bytes <= memory.capacity_bytes else None
