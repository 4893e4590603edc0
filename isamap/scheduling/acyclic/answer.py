"""A plan spelled out as a schedule: every stay is a slot with an address, and every task awaits what it must.

Besides the data's own waits, whoever first writes to bytes awaits those who last read what lay there before. The order
of the plan is timed anew, so that starts are those that the machine derives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from isamap.ir.answers import Schedule
from isamap.ir.hardware import Target
from isamap.scheduling.acyclic.awaited import Awaited
from isamap.scheduling.acyclic.body import Body, Key, Plan, Stay, Where
from isamap.scheduling.acyclic.reading import Reading
from isamap.scheduling.reorder import graph_of, lifetimes, schedule_of
from isamap.scheduling.timed import Costs, Issue, Place
from isamap.scheduling.timetable import by_start, earliest


def spell_out(reading: Reading, plan: Plan, target: Target) -> Schedule:
    """The schedule of ``plan``; its latency is at most the plan's."""
    body = reading.body
    places = _places(reading, plan)
    banks = _banks(body, plan, places, target)
    costs = Costs(reading.costs.bindings, reading.costs.roles, banks)
    keys = sorted(plan.start, key=lambda key: plan.start[key])
    number = {key: n for n, key in enumerate(keys)}
    issues = [_issue(reading, plan, costs, places, key) for key in keys]
    awaits = Awaited(body, plan)
    waits = [tuple((number[earlier], event) for earlier, event in awaits.all(key)) for key in keys]
    issues = [replace(issue, waits=mine) for issue, mine in zip(issues, waits, strict=True)]
    graph = graph_of(issues, target)
    table = earliest(graph, by_start(graph, [plan.start[key] for key in keys]))
    table = earliest(graph, by_start(graph, table.start))
    counts = {name: 0 for name, _ in places.values()}
    for name, _ in places.values():
        counts[name] += 1
    buffers = [
        replace(buffer, slots=counts[buffer.name])
        for buffer in dict.fromkeys(reading.homes.values())
        if buffer.name in counts
    ]
    homes = {
        place: (f"{place[0]}[{place[1]}]", stay.memory, stay.size_bytes, stay.alignment_bytes, plan.address[where])
        for where, stay, place in _lying(body, places)
    }
    return schedule_of(issues, table, target, buffers, lifetimes(issues, table.start, homes))


def _lying(body: Body, places: dict[Where, Place]) -> Iterator[tuple[Where, Stay, Place]]:
    stays = dict(body.stays())
    return ((where, stays[where], place) for where, place in places.items())


def _places(reading: Reading, plan: Plan) -> dict[Where, Place]:
    """A slot for every stay that takes place."""
    counts: dict[str, int] = {}
    found = {}
    for where, _ in reading.body.stays():
        if where[0] == "piece" and ("load", where[1], where[2], 0) not in plan.start:
            continue
        home = (where[0], where[1], 0)  # copies of a piece lie in slots of one buffer
        name = reading.homes[home].name
        found[where] = (name, counts.get(name, 0))
        counts[name] = found[where][1] + 1
    return found


def _banks(body: Body, plan: Plan, places: dict[Where, Place], target: Target) -> dict[Place, str]:
    found = {}
    for where, stay, place in _lying(body, places):
        memory = target.memory(stay.memory)
        if memory.banks > 1:
            found[place] = f"{memory.name}[{plan.address[where] // memory.bank_bytes}]"
    return found


def _issue(reading: Reading, plan: Plan, costs: Costs, places: dict[Where, Place], key: Key) -> Issue:
    """The task as an issue on the plan's slots; a computation in the mode that its turn asks for."""
    kind, n, _, part = key
    old = reading.issues[(kind, n, 0, part)]
    step, body = old.step, reading.body
    if kind == "compute":
        computation = body.computations[n]
        homes = {at: at for at in (*old.reads, *old.writes) if at[0] in reading.staying}
        if body.tiles[computation.tile].stay is not None:
            homes |= dict.fromkeys(old.writes, places["home", computation.tile, 0])
        for at, p in zip((at for at in old.reads if at not in homes), computation.pieces, strict=True):
            homes[at] = places["piece", p, plan.reads[n, p]]
        lies = [homes[at] for at in zip(step.buffers, old.slots, strict=True)]
        if step.einsum in reading.fresh:
            opens = plan.first(body, computation.tile) == n
            step = replace(step, mode="initialise" if opens else "accumulate")
    else:
        lies = [_end(reading, places, at, key) for at in zip(step.buffers, old.slots, strict=True)]
    return costs.issue(step, old.origin, tuple(slot for _, slot in lies))


def _end(reading: Reading, places: dict[Where, Place], at: Place, key: Key) -> Place:
    """Where one side of a transfer or move lies: the stay of this task in the buffer named."""
    kind, n, copy, _ = key
    if not at[0] or at[0] in reading.staying:
        return at
    stays = [("piece", n, copy)] if kind == "load" else [(lies, n, 0) for lies in ("home", "in", "out")]
    if kind == "fill":
        stays.remove(("out", n, 0))
    if kind in ("drain", "store") and ("in", n, 0) in stays:
        stays.remove(("in", n, 0))
    if kind == "enter":
        stays = [("in", n, 0)] if ("in", n, 0) in places else [("home", n, 0)]
    return next(places[where] for where in stays if where in places and places[where][0] == at[0])
