"""Schedules of a task graph from priorities: job by job (serial), or moment by moment (parallel); and *justified*.

Serial: the most urgent of the jobs whose predecessors have a start takes the first one at which it fits. Parallel: at
every moment the most urgent of the jobs that may begin then do. Justification packs a schedule late, in the order of
its ends, and then early again, in the order of its starts; it never ends later for it (V. Valls, F. Ballestin,
S. Quintanilla, "Justification and RCPSP", European Journal of Operational Research 165, 2005).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from isamap.scheduling.profile import Profile, Reading

Urgency = Sequence[float]
"""Per job; the smallest goes first."""


def serial(reading: Reading, urgency: Urgency) -> list[int]:
    """Starts, the jobs taken one by one."""
    profile, start, release = Profile(reading), [0] * len(urgency), [*reading.release]
    missing = [len(earlier) for earlier in reading.before]
    ready = [(urgency[job], job) for job, count in enumerate(missing) if not count]
    heapq.heapify(ready)
    while ready:
        _, job = heapq.heappop(ready)
        start[job] = profile.earliest(job, release[job])
        profile.put(job, start[job])
        for later, lag in reading.after[job]:
            release[later] = max(release[later], start[job] + lag)
            missing[later] -= 1
            if not missing[later]:
                heapq.heappush(ready, (urgency[later], later))
    return start


def parallel(reading: Reading, urgency: Urgency) -> list[int]:
    """Starts, the moments taken one by one: none of the jobs that wait could have begun at a moment passed."""
    profile, start, release = Profile(reading), [0] * len(urgency), [*reading.release]
    missing = [len(earlier) for earlier in reading.before]
    waiting = {job for job, count in enumerate(missing) if not count}
    while waiting:
        possible = {job: profile.earliest(job, release[job]) for job in waiting}
        now = min(possible.values())
        job = min((job for job, when in possible.items() if when == now), key=lambda job: (urgency[job], job))
        start[job] = now
        profile.put(job, now)
        waiting.discard(job)
        for later, lag in reading.after[job]:
            release[later] = max(release[later], now + lag)
            missing[later] -= 1
            if not missing[later]:
                waiting.add(later)
    return start


Generate = Callable[[Reading, Urgency], list[int]]
GENERATIONS: tuple[Generate, ...] = (serial, parallel)


def end(reading: Reading, start: Sequence[int]) -> int:
    """The cycle at which the last job is over, in the reading's own time."""
    jobs = reading.graph.jobs
    return max(
        (s + (0 if reading.backwards else job.end_cycles) for s, job in zip(start, jobs, strict=True)), default=0
    )


def justified(forwards: Reading, backwards: Reading, start: list[int]) -> list[int]:
    """Packed late, then early, as often as that ends sooner."""
    best = start
    while True:
        late = serial(backwards, [-s - job.end_cycles for s, job in zip(best, forwards.graph.jobs, strict=True)])
        again = serial(forwards, backwards.turned(late))
        if end(forwards, again) >= end(forwards, best):
            return best
        best = again
