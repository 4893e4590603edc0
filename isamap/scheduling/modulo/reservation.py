"""The modulo reservation table: how much of each resource is taken in each slot of the interval."""

from __future__ import annotations

from collections.abc import Iterator

from isamap.ir.loop_body import Hold, LoopBody


class Reservations:
    """Of the operations placed so far, an iteration upon an iteration."""

    def __init__(self, body: LoopBody, interval: int) -> None:
        self.body, self.interval = body, interval
        self.capacity = dict(body.capacities)
        self.taken = {name: [0] * interval for name in self.capacity}

    def room(self, operation: int, start: int) -> bool:
        """Would everything that it holds still be within its capacity?"""
        wanted: dict[tuple[str, int], int] = {}
        for hold in self.body.operations[operation].holds:
            for slot, times in self._slots(hold, start):
                wanted[hold.resource, slot] = wanted.get((hold.resource, slot), 0) + times * hold.amount
        return all(self.taken[name][slot] + more <= self.capacity[name] for (name, slot), more in wanted.items())

    def take(self, operation: int, start: int, sign: int = 1) -> None:
        """Reserve what it holds; give it back with ``sign`` -1."""
        for hold in self.body.operations[operation].holds:
            for slot, times in self._slots(hold, start):
                self.taken[hold.resource][slot] += sign * times * hold.amount

    def _slots(self, hold: Hold, start: int) -> Iterator[tuple[int, int]]:
        """(slot, how many iterations hold it there at once)."""
        whole, rest = divmod(hold.cycles, self.interval)
        for n in range(self.interval if whole else rest):
            yield (start + n) % self.interval, whole + (n < rest)
