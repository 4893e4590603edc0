"""Which pieces stay in a buffer, decided ahead of time, and in which slot each lies.

What stays follows Belady's rule (L. A. Belady, "A study of replacement algorithms for a virtual-storage computer",
IBM Systems Journal 5(2), 1966), which the known order of visits makes possible: the piece next needed last makes room.
Only so many pieces as the tiling holds on to are kept for their next use; the other slots rotate, the one let go first
being given first, so that the next piece can come early.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

NEVER = 1 << 60


def next_uses(keys: Sequence[Hashable]) -> list[int]:
    """For each position, the next position with the same key, or NEVER."""
    following: dict[Hashable, int] = {}
    found = [NEVER] * len(keys)
    for n in range(len(keys) - 1, -1, -1):
        found[n] = following.get(keys[n], NEVER)
        following[keys[n]] = n
    return found


def stays(keys: Sequence[Hashable], held: int) -> list[int]:
    """For each position, the next use until which its piece is kept where ``held`` pieces fit, or NEVER."""
    following = next_uses(keys)
    kept = list(following)
    resident: dict[Hashable, int] = {}  # piece -> position of its latest use
    for n, key in enumerate(keys):
        if key not in resident and len(resident) == held:
            last = max(resident, key=lambda piece: following[resident[piece]])
            kept[resident.pop(last)] = NEVER
        resident[key] = n
    return kept


@dataclass
class Slot:
    """One place: what it holds, when that was used last and is used next while it stays (NEVER: it may go), and whose
    end its next writer awaits."""

    number: int
    key: Hashable = None
    last_use: int = -1
    next_use: int = NEVER
    writer: int = -1  # the task whose result is what it holds
    readers: tuple[int, ...] = ()  # tasks that read what it holds and whose order is not known otherwise


class Slots:
    """The slots of one buffer over the visits of one einsum. When one is used is told by ``used`` and ``keep``."""

    def __init__(self, count: int) -> None:
        self.slots = [Slot(n) for n in range(count)]
        self.where: dict[Hashable, Slot] = {}
        self._order()

    def find(self, key: Hashable) -> Slot | None:
        return self.where.get(key)

    def victim(self) -> Slot:
        """The slot to give to a new piece: an empty one, else of those that may go the one let go first."""
        while self._filled < len(self.slots):
            slot = self.slots[self._filled]
            if slot.key is None and slot.writer < 0:
                return slot
            self._filled += 1
        while self._waiting[0] != _rank(self.slots[self._waiting[0][-1]]):
            heappop(self._waiting)
        return self.slots[self._waiting[0][-1]]

    def give(self, slot: Slot, key: Hashable) -> None:
        """Put ``key`` into ``slot`` in place of what it held."""
        self.where.pop(slot.key, None)
        slot.key = key
        self.where[key] = slot

    def clear(self) -> None:
        """Nothing lies in any slot any more."""
        self.slots = [Slot(n) for n in range(len(self.slots))]
        self.where.clear()
        self._order()

    def take_over(self, others: Slots) -> None:
        """Have the bytes of ``others`` from now on, slot by slot: whoever writes there awaits their last users."""
        ranked = sorted(others.slots, key=lambda slot: slot.last_use)
        self.clear()
        for rank, slot in enumerate(ranked):
            mine = self.slots[slot.number]
            mine.last_use, mine.writer, mine.readers = rank - len(ranked), slot.writer, slot.readers
        self._order()

    def used(self, slot: Slot, visit: int, next_use: int) -> None:
        slot.last_use = visit
        self.keep(slot, next_use)

    def keep(self, slot: Slot, next_use: int) -> None:
        """Let what lies in ``slot`` stay until ``next_use``."""
        slot.next_use = next_use
        heappush(self._waiting, _rank(slot))

    def _order(self) -> None:
        """Ranks all slots, those that may go first. Where a slot changes, its older rank stays behind."""
        self._filled = 0  # slots before it are not empty
        self._waiting = sorted(map(_rank, self.slots))


def _rank(slot: Slot) -> tuple[int, int, int]:
    return -slot.next_use, slot.last_use, slot.number
