"""Rules about work: what units and transfers do, and what that keeps busy for how long."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod
from typing import Any

from isamap.bounds.compulsory import touched_elements
from isamap.bounds.latency import cycles_per_point
from isamap.ir.hardware import Use
from isamap.tiling.exact.plan import ACCUMULATORS
from isamap.tiling.exact.variables import MOST, Model, carriages, works


def work(m: Model) -> None:
    for name, one in works(m.given).items():
        for kind, terms in (("cycles", one.cycles), ("energy", one.energy), ("single", one.single)):
            parts = []
            for number, term in enumerate(terms):
                row, total = m[f"{kind} row", name, str(number)], m[f"{kind} term", name, str(number)]
                own = [n for n, x in enumerate(term.axes) if x in m.given.walked]
                rows = [(*(sizes[n] for n in own), value) for sizes, value in term.rows]
                m.model.add_allowed_assignments([*(m["tile", term.axes[n]] for n in own), row], rows)
                m.product(total, [row, *(m["tiles", x] for x in term.counted if x in m.given.walked)])
                parts.append(total)
            m.model.add(m[f"{kind} once", name] == sum(parts))
    _times(m, "compute", 1, computations(m))
    if m.given.drain:
        sessions = m["fetched", ACCUMULATORS]
        first = 0 if m.given.binding.continues else 1
        _times(m, "drain", sessions, m["count", m.given.output.name])
        if m.given.fill:
            _times(m, "fill", sessions - first, m["count", m.given.output.name])


def computations(m: Model) -> Any:
    """How many issues of the computing instruction there are."""
    everything = prod(m.given.extents.values())
    count = m.model.new_int_var(1, everything, "computations")
    m.product(count, [m["tiles", x] for x in m.given.walked])
    return count


def _times(m: Model, name: str, times: Any, count: Any) -> None:
    for what in ("cycles", "energy"):
        m.product(m[what, name], [m[f"{what} once", name], *([] if isinstance(times, int) else [times])])
    m.product(m["issues", name], [count, *([] if isinstance(times, int) else [times])])


def carry(m: Model) -> None:
    for name, one, way in carriages(m.given):
        times = [m["fetched", one.name]] if name.startswith("fetch") else []
        m.product(m["cycles", name], [m["sweep", one.name, str(way)], *times])
        m.product(m["issues", name], [m["count", one.name], *times])
        size = m.model.new_int_var(1, MOST, f"once {name}")
        m.model.add(size == m["points", one.name] * one.element_bytes)
        m.product(m["bytes", name], [size, *times])
        m.product(m["energy", name], [m["sweep energy", one.name, str(way)], *times])


def users(m: Model) -> list[tuple[str, str, tuple[Use, ...]]]:
    """Everything that takes time: its name, its queue and the resources that it uses."""
    found = [(n, one.ways[way].transfer.channel, one.ways[way].transfer.uses) for n, one, way in carriages(m.given)]
    return found + [(name, one.instruction.unit, one.instruction.uses) for name, one in works(m.given).items()]


@dataclass(frozen=True)
class Amount:
    """What a queue or resource has to do, of which it does ``rate`` per cycle, and for whom."""

    amount: Any
    rate: int
    users: tuple[str, ...]


def amounts(m: Model) -> list[Amount]:
    """What every queue and resource that something uses has to do."""
    found, target = [], m.given.binding.target
    for queue in target.queues:
        own = [name for name, channel, _ in users(m) if channel == queue.name]
        found.append(Amount(sum(m["cycles", name] for name in own), queue.count, tuple(own)))
    for resource in target.resources:
        rate = resource.bytes_per_cycle
        shares = {
            name: rate if use.bytes_per_cycle is None else use.bytes_per_cycle
            for name, _, uses in users(m)
            for use in uses
            if use.resource == resource.name
        }
        amount = sum(m["cycles", name] * share for name, share in shares.items())
        found.append(Amount(amount, rate, tuple(shares)))
    return [amount for amount in found if amount.users]


def busy(m: Model) -> None:
    m.model.add_max_equality(m["peak"], [load(m, amount) for amount in amounts(m)])
    in_turn = sum(m["cycles", name] for name, *_ in users(m))
    m.model.add(m["in turn"] == in_turn)


def load(m: Model, of: Amount) -> Any:
    """Cycles that it takes, rounded up."""
    if of.rate == 1:
        return of.amount
    taken = m.model.new_int_var(0, MOST // of.rate, "load")
    m.model.add(taken * of.rate >= of.amount)
    m.model.add(taken * of.rate <= of.amount + of.rate - 1)
    return taken


def bounds(m: Model) -> None:
    given = m.given
    points = prod(given.extents.values())
    rate = cycles_per_point(given.binding.instruction)
    m.model.add(m["cycles", "compute"] >= ceil(points * rate - 1e-6))
    for name, one, _ in carriages(given):
        touched = touched_elements(one.role.access, given.extents, one.role.tensor)
        m.model.add(m["bytes", name] >= touched * one.element_bytes)
