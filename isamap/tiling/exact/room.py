"""Rules about room: what the pieces of a tensor come to, how many there are at once, and that they fit."""

from __future__ import annotations

from typing import Any

from isamap.tiling.exact.counts import MOST_WAITING
from isamap.tiling.exact.givens import Carried
from isamap.tiling.exact.plan import ACCUMULATORS, SUMS
from isamap.tiling.exact.price import ENERGY_UNITS, Line
from isamap.tiling.exact.variables import MOST, Model, holders


def pieces(m: Model) -> None:
    for one in (*m.given.inputs, m.given.output):
        distinct = []
        for number, group in enumerate(one.groups):
            _group(m, one, number)
            distinct += [m["blocks" if group.window else "tiles", x] for x in group.axes if x in m.given.walked]
        m.product(m["distinct", one.name], distinct)
        for name in ("largest", "points", "count"):
            m.product(m[name, one.name], [m[f"group {name}", one.name, str(n)] for n in range(len(one.groups))])
        if one.tabled:
            _tabled(m, one)
        else:
            _lined(m, one)


def _group(m: Model, one: Carried, number: int) -> None:
    reach = m.given.reaches[one.name, number]
    columns = [m[f"group {name}", one.name, str(number)] for name in ("largest", "points", "count")]
    if reach.plain:
        (x,) = reach.axes
        for column, value in zip(columns, (m["tile", x], m.given.extents[x], m["tiles", x]), strict=True):
            m.model.add(column == value)
        return
    own = [m["tile", x] for x in reach.axes]
    if reach.window:
        own += [m["multiple", x] for x in reach.axes] + [m["inner", one.name, x] for x in reach.axes]
    m.model.add_allowed_assignments([*own, *columns], reach.rows)


def _tabled(m: Model, one: Carried) -> None:
    axes = [n for n, x in enumerate(one.axes) if x in m.given.walked]
    columns = [m["tile", one.axes[n]] for n in axes]
    columns += [m["slot bytes", one.name], m["staged bytes", one.name]]
    for way in range(len(one.ways)):
        columns += [m[name, one.name, str(way)] for name in ("first", "sweep", "sweep energy")]
    rows = []
    for sizes, piece in one.table:
        prices = zip(piece.first_cycles, piece.sweep_cycles, piece.sweep_energy, strict=True)
        row = [sizes[n] for n in axes] + [piece.slot_bytes, piece.staged_bytes]
        rows.append((*row, *(number for price in prices for number in price)))
    m.model.add_allowed_assignments(columns, rows)


def _lined(m: Model, one: Carried) -> None:
    size, memory = one.element_bytes, one.role.route.memory
    unit = memory.bank_bytes if memory.banks > 1 else memory.alignment_bytes
    _ceiling(m, m["slot bytes", one.name], m["largest", one.name] * size, unit)
    m.model.add(m["staged bytes", one.name] == m["slot bytes", one.name])
    for number, way in enumerate(one.ways):
        first, sweep, energy = (m[name, one.name, str(number)] for name in ("first", "sweep", "sweep energy"))
        _on_line(m, first, way.cycles, m["largest", one.name] * size, 1, 1)
        _on_line(m, sweep, way.cycles, m["points", one.name] * size, m["count", one.name], 1)
        _on_line(m, energy, way.energy, m["points", one.name] * size, m["count", one.name], ENERGY_UNITS)


def _ceiling(m: Model, target: Any, amount: Any, unit: int) -> None:
    """``target`` is ``amount`` up to the next multiple of ``unit``."""
    if unit == 1:
        m.model.add(target == amount)
        return
    units = m.model.new_int_var(0, MOST, "")
    m.model.add(target == units * unit)
    m.model.add(target >= amount)
    m.model.add(target <= amount + unit - 1)


def _on_line(m: Model, target: Any, line: Line, size_bytes: Any, transfers: Any, units: int) -> None:
    """``target`` is what the line says, in ``units`` to the one, rounded down."""
    slope, fixed = line.slope * units, line.fixed * units
    whole = slope.denominator * fixed.denominator
    amount = size_bytes * int(slope * whole) + transfers * int(fixed * whole)
    m.model.add(target * whole <= amount)
    m.model.add(target * whole >= amount - whole + 1)


def buffers(m: Model) -> None:
    spare = m["spare"]
    for h in holders(m.given):
        if h == ACCUMULATORS or (h == SUMS and m.given.drain):
            continue
        more = m["buffers", h] - m["held", h]
        m.model.add(more >= 1).only_enforce_if(spare, m["whole", h].negated())
        m.model.add(more <= (MOST_WAITING if h == SUMS else m["held", h]))
        m.model.add(more == 0).only_enforce_if(m["whole", h])
        m.model.add(more == 0).only_enforce_if(spare.negated())
    if m.given.drain is None:
        waits = m["whole", SUMS].negated()
        m.model.add(m["waiting"] == m["buffers", SUMS] - m["held", SUMS]).only_enforce_if(waits)
        m.model.add(m["waiting"] == MOST_WAITING).only_enforce_if(m["whole", SUMS])
        return
    parted = m["parted"]
    m.model.add(m["waiting"] == m["buffers", SUMS] - m["held", SUMS] + 1).only_enforce_if(parted)
    m.model.add(m["waiting"] == m["buffers", SUMS]).only_enforce_if(parted.negated())
    m.model.add(m["waiting"] >= 1 + 2 * spare)
    m.model.add(m["waiting"] == 1).only_enforce_if(spare.negated())


def accumulate(m: Model) -> None:
    parted = m["parted"]
    if m.given.drain is None:
        m.model.add(parted == 0)
        return
    sessions, output = m["fetched", ACCUMULATORS], m.given.output
    if m.given.binding.continues:
        m.model.add(parted == 1)
    else:
        m.model.add(sessions == 1).only_enforce_if(parted.negated())
        m.model.add(sessions > 1).only_enforce_if(parted)
    if m.given.fill is None:
        m.model.add(sessions == 1)
    m.model.add(m["buffers", ACCUMULATORS] == m["held", ACCUMULATORS])
    used = m.model.new_int_var(0, m.given.binding.room()[output.role.route.memory.name], "accumulators used")
    m.product(used, [m["buffers", ACCUMULATORS], m["slot bytes", output.name]])


def capacity(m: Model) -> None:
    used: dict[str, list[Any]] = {}
    limits = m.given.binding.room()
    for h, one in holders(m.given).items():
        if h == ACCUMULATORS:
            continue
        staged = h == SUMS and m.given.drain is not None
        memory = one.role.route.landing if staged else one.role.route.memory
        own = m.model.new_int_var(0, memory.capacity_bytes, f"used {h}")
        m.product(own, [m["buffers", h], m["staged bytes" if staged else "slot bytes", one.name]])
        used.setdefault(memory.name, []).append(own)
    for name, parts in used.items():
        m.model.add(sum(parts) <= limits[name])
