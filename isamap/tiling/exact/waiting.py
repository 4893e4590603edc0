"""Rules about waiting: for what is not there yet, for a place to put what is done, and at both ends; the cost."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

from isamap.ir.hardware import Use
from isamap.tiling.exact.counts import shares_a_way
from isamap.tiling.exact.givens import Carried
from isamap.tiling.exact.plan import ACCUMULATORS
from isamap.tiling.exact.variables import MOST, Model, carriages, longest_cycles
from isamap.tiling.exact.work import amounts, load, users


def bursts(m: Model) -> None:
    m.model.add_max_equality(m["chain"], [load(m, amount) for amount in amounts(m) if "compute" in amount.users])
    for one in m.given.inputs:
        h, first = one.name, m["first", one.name, "0"]
        loading, waits = m["spare"], m["whole", h].negated()
        m.model.add(m["behind", h] == 2 * m["held", h] - m["buffers", h]).only_enforce_if(loading, waits)
        m.model.add(m["behind", h] == 0).only_enforce_if(m["whole", h])
        m.model.add(m["behind", h] == 0).only_enforce_if(loading.negated())
        pieces = m.model.new_int_var(1, MOST, "all pieces")
        m.product(pieces, [m["fetched", h], m["distinct", h]])
        m.product(m["comings", h], [m["turns", h], m["held", h]])
        m.model.add(m["comings", h] >= pieces)
        m.model.add(m["comings", h] <= pieces + m["held", h] - 1)
        m.product(m["all uses", h], [m["comings", h], m["passes", h]])
        m.model.add_max_equality(m["room", h], [0, m["least room", h]])
        m.model.add_min_equality(m["least room", h], _rooms(m, one))
        _quotient(m, m["use", h], m["room", h], m["all uses", h])
        late, filling, more = (m[name, h] for name in ("late", "filling", "more turns"))
        m.product(late, [m["behind", h], first])
        m.product(filling, [m["held", h] - 1, first])
        m.product(m["within", h], [m["use", h], m["held", h] - 1])
        m.model.add_max_equality(m["per turn", h], [0, late - 2 * m["within", h]])
        m.model.add_max_equality(m["cold", h], [0, filling - m["within", h]])
        m.model.add(more == m["turns", h] - 1)
        m.product(m["stall", h], [m["per turn", h], more])


def _quotient(m: Model, target: Any, amount: Any, divisor: Any) -> None:
    """``target`` is ``amount`` over ``divisor``, rounded down, or as long as any piece takes: more changes nothing."""
    longest = longest_cycles(m.given)
    enough = m.model.new_bool_var("")
    whole = m.model.new_int_var(0, MOST, "")
    m.product(whole, [target, divisor])
    m.model.add(whole <= amount)
    m.model.add(target == longest).only_enforce_if(enough)
    m.model.add(whole >= amount - divisor + 1).only_enforce_if(enough.negated())


def _rooms(m: Model, one: Carried) -> list[Any]:
    """Cycles that the way of an input's pieces has left beside all others, while the computations go on."""
    fetch, transfer = f"fetch {one.name}", one.ways[0].transfer
    servers = {queue.name: queue.count for queue in m.given.binding.target.queues}
    found = []
    for way in {transfer.channel: None} | {use.resource: None for use in _whole(transfer.uses)}:
        others = [
            m["cycles", name]
            for name, queue, uses in users(m)
            if name != fetch and way in (queue, *(use.resource for use in _whole(uses)))
        ]
        found.append(m["chain"] * servers.get(way, 1) - sum(others))
    return found


def _whole(uses: Iterable[Use]) -> list[Use]:
    return [use for use in uses if use.bytes_per_cycle is None]


def backlog(m: Model) -> None:
    output = m.given.output
    departures = m.model.new_int_var(1, MOST, "departures")
    sessions = [m["fetched", ACCUMULATORS]] if m.given.drain else []
    m.product(departures, [m["count", output.name], *sessions])
    _quotient(m, m["interval"], m["chain"], departures)
    m.product(m["patience"], [m["interval"], m["waiting"]])
    for one in m.given.inputs:
        if not shares_a_way(one.ways[0].transfer, output.ways[0].transfer):
            m.model.add(m["blocked", one.name] == 0)
            continue
        each = m.model.new_int_var(0, MOST, "blocked each")
        m.model.add_max_equality(each, [0, m["first", one.name, "0"] - m["patience"]])
        m.product(m["blocked", one.name], [each, m["issues", f"fetch {one.name}"]])


def ends(m: Model) -> None:
    parts = [m["first", one.name, "0"] for one in (*m.given.inputs, m.given.output)]
    if m.given.drain:
        parts.append(m["single once", "drain"])
    stalls = sum(m[name, one.name] for one in m.given.inputs for name in ("stall", "cold", "blocked"))
    m.model.add(m["halting"] == m["chain"] + stalls)
    m.model.add_max_equality(m["ahead"], [m["peak"], m["halting"]])
    m.model.add(m["steady"] == m["ahead"]).only_enforce_if(m["spare"])
    m.model.add(m["steady"] == m["in turn"]).only_enforce_if(m["spare"].negated())
    m.model.add(m["latency"] == m["steady"] + sum(parts))


def cost(m: Model) -> None:
    names = [name for name, *_ in users(m)]
    m.model.add(m["issues"] == sum(m["issues", name] for name in names))
    m.model.add(m["traffic"] == sum(m["bytes", name] for name, *_ in carriages(m.given)))
    m.model.add(m["energy"] == sum(m["energy", name] for name in names))
    value = m["value"]
    if m.objective == "latency":
        m.model.add(value == 4 * m["latency"] + m["issues"])
    elif m.objective == "energy":
        m.model.add(value == m["energy"] + m["issues"])
    elif m.objective == "traffic":
        m.model.add(value == 1024 * m["traffic"] + m["issues"])
    else:
        coarse = m.model.new_int_var(0, MOST, "coarse energy")
        m.model.add_division_equality(coarse, m["energy"], edp_unit(m))
        cycles = m.model.new_int_var(0, MOST, "cycles and issues")
        m.model.add(cycles == 4 * m["latency"] + m["issues"])
        m.product(value, [cycles, coarse])
    m.model.minimize(value)


def edp_unit(m: Model) -> int:
    """Thousandths of a pJ to one unit of energy in a product with cycles: few enough units for 64 bits."""
    points = prod(m.given.extents.values())
    return 10 ** max(0, len(str(points)) * 2 - 9)
