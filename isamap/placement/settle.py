"""Let buffers sink: each as low as those beneath it allow. No height grows, and every address becomes one that sums of
sizes, alignments and banks lead to, which is what the scaled problem can say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from isamap.ir.answers import Lifetime
from isamap.ir.hardware import Memory
from isamap.placement.seat import live_together, lowest_seat


def settle(lives: Iterable[Lifetime], memory: Memory, given: Mapping[str, int]) -> dict[str, int] | None:
    """Addresses by name, from those that are ``given``; none where the buffers so stacked do not fit.

    Buffers are taken in the order of their given addresses; a right placement always settles into one as low or lower.
    """
    settled: list[tuple[Lifetime, int]] = []
    for life in sorted(lives, key=lambda life: (given[life.name], life.name)):
        beneath = [address + other.size_bytes for other, address in settled if live_together(life, other)]
        address = lowest_seat(life, memory, max(beneath, default=0)) if life.size_bytes else 0
        if address is None or address + life.size_bytes > memory.capacity_bytes:
            return None
        settled.append((life, address))
    return {life.name: address for life, address in settled}
