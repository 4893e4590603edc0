"""Intervals that no schedule of a loop body goes below, and one beyond which nothing new becomes possible."""

from __future__ import annotations

from isamap.ir.loop_body import LoopBody


def interval_bound(body: LoopBody) -> int:
    """The larger of what resources and recurrences ask for, in cycles; at least 1."""
    return max(1, resource_bound(body), recurrence_bound(body))


def resource_bound(body: LoopBody) -> int:
    """In a steady state every resource does an iteration's work per interval, ceil(work / capacity); and one operation
    holds it for at most capacity // amount iterations at once."""
    capacity, work, least = dict(body.capacities), dict[str, int](), 0
    for operation in body.operations:
        for hold in operation.holds:
            if hold.amount:
                work[hold.resource] = work.get(hold.resource, 0) + hold.amount * hold.cycles
                least = max(least, -(-hold.cycles // (capacity[hold.resource] // hold.amount)))
    return max([least, *(-(-total // capacity[name]) for name, total in work.items())])


def recurrence_bound(body: LoopBody) -> int:
    """Around a circle of dependences no time is gained: the largest ceil(sum of lags / sum of distances).

    Found as the least interval at which arcs of length lag - interval * distance have no circle of positive length.
    """
    low, high = 0, sum(arc.lag_cycles for arc in body.arcs)
    while low < high:
        middle = (low + high) // 2
        if heights(body, middle) is None:
            low = middle + 1
        else:
            high = middle
    return low


def heights(body: LoopBody, interval: int) -> list[int] | None:
    """Per operation the longest path from it to the end of anything in the iteration; None where paths never end."""
    found = [operation.end_cycles for operation in body.operations]
    for _ in range(len(found) + 1):
        changed = False
        for arc in body.arcs:
            height = found[arc.later] + arc.lag_cycles - interval * arc.distance
            if height > found[arc.earlier]:
                found[arc.earlier], changed = height, True
        if not changed:
            return found
    return None


def roomy_interval(body: LoopBody) -> int:
    """An interval at which there is a schedule if there is one at any.

    Let reach(o) be the longest of operation o's holds, occupancy, latency and lags. In a longer interval than the sum
    of all reaches some cycle of the ring lies within no operation's reach. Taking it out shortens no distance that a
    hold, a dependence or a release has to keep.
    """
    reach = [operation.end_cycles for operation in body.operations]
    for arc in body.arcs:
        reach[arc.earlier] = max(reach[arc.earlier], arc.lag_cycles)
    return max(1, sum(reach))
