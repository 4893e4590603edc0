"""Tasks that share resources and await each other: the second half of scheduling, with the machine forgotten.

Every job holds amounts of resources for some cycles from its start; an arc says how long after the start of one
another may begin. A unit or channel of ``count`` servers is a resource of capacity ``count``; the resources named in
``in_order`` begin to serve jobs in program order. A project of the literature (resource-constrained project
scheduling) is such a graph, in which each activity holds its demands for its whole duration; so is a job shop.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from isamap.errors import Fault, InvalidNoun
from isamap.ir.loop_body import Hold


@dataclass(frozen=True)
class Job:
    """What a job holds; the whole is not over before ``end_cycles`` after the job's start."""

    holds: tuple[Hold, ...]
    end_cycles: int


@dataclass(frozen=True)
class TaskGraph:
    """Jobs, the capacity of each resource, and arcs (earlier, later, lag): ``later`` starts at least ``lag`` cycles
    after ``earlier`` does."""

    jobs: tuple[Job, ...]
    arcs: tuple[tuple[int, int, int], ...]
    capacities: tuple[tuple[str, int], ...]
    in_order: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        faults, most, count = [], dict(self.capacities), len(self.jobs)
        for number, job in enumerate(self.jobs):
            for hold in job.holds:
                if not (0 <= hold.amount <= most.get(hold.resource, -1) and hold.cycles >= 0):
                    wanted = f"an amount of {' '.join(most)} within its capacity, for at least 0 cycles"
                    faults.append(Fault(("jobs", number), wanted, str(hold)))
        for earlier, later, lag in self.arcs:
            if not (0 <= earlier < count and 0 <= later < count and lag >= 0):
                faults.append(
                    Fault(("arcs",), f"two of {count} jobs and a lag of at least 0", f"{earlier, later, lag}")
                )
        if faults:
            raise InvalidNoun(faults)

    @property
    def shares(self) -> bool:
        """Does any job hold a part of a resource and leave the rest to others?"""
        most = dict(self.capacities)
        return any(0 < hold.amount < most[hold.resource] for job in self.jobs for hold in job.holds)

    @cached_property
    def before(self) -> list[list[tuple[int, int]]]:
        """Per job, what it awaits: (earlier job, lag)."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.jobs]
        for earlier, later, lag in self.arcs:
            found[later].append((earlier, lag))
        return found

    @cached_property
    def after(self) -> list[list[tuple[int, int]]]:
        """Per job, what awaits it: (later job, lag)."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.jobs]
        for earlier, later, lag in self.arcs:
            found[earlier].append((later, lag))
        return found

    @cached_property
    def sequence(self) -> list[int]:
        """The jobs so that each comes after those that it awaits; raises InvalidNoun where they go in a circle."""
        missing = [len(earlier) for earlier in self.before]
        found = [job for job, count in enumerate(missing) if not count]
        for job in found:
            for later, _ in self.after[job]:
                missing[later] -= 1
                if not missing[later]:
                    found.append(later)
        if len(found) < len(self.jobs):
            raise InvalidNoun([Fault(("arcs",), "no circle", f"{len(self.jobs) - len(found)} jobs on or after one")])
        return found

    @cached_property
    def heads(self) -> list[int]:
        """Per job, the earliest start that the arcs allow."""
        found = [0] * len(self.jobs)
        for job in self.sequence:
            for later, lag in self.after[job]:
                found[later] = max(found[later], found[job] + lag)
        return found

    @cached_property
    def tails(self) -> list[int]:
        """Per job, the fewest cycles from its start to the end of everything that awaits it."""
        found = [job.end_cycles for job in self.jobs]
        for job in reversed(self.sequence):
            for later, lag in self.after[job]:
                found[job] = max(found[job], lag + found[later])
        return found

    @cached_property
    def bound_cycles(self) -> int:
        """No order ends sooner: the longest path, and for each resource its work between the least head and the least
        tail of those that hold it. What is held after the end does not count."""
        best = max((head + tail for head, tail in zip(self.heads, self.tails, strict=True)), default=0)
        for name, capacity in self.capacities:
            held = [(n, h) for n, job in enumerate(self.jobs) for h in job.holds if h.resource == name]
            held = [(n, hold) for n, hold in held if min(hold.cycles, self.tails[n]) and hold.amount]
            if held:
                work = sum(hold.amount * min(hold.cycles, self.tails[n]) for n, hold in held)
                head = min(self.heads[n] for n, _ in held)
                tail = min(max(0, self.tails[n] - hold.cycles) for n, hold in held)
                best = max(best, head + -(-work // capacity) + tail)
        return best


@dataclass(frozen=True)
class TaskSchedule:
    """The answer: a start per job of a graph, and when the last of them is over."""

    start: tuple[int, ...]
    end_cycles: int
