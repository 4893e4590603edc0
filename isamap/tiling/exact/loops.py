"""Rules about loops: how axes are cut, in which order they run, and what is kept across which of them."""

from __future__ import annotations

from itertools import combinations, product

from isamap.tiling.exact.givens import Carried
from isamap.tiling.exact.plan import SUMS, run
from isamap.tiling.exact.variables import Model, holders, nested


def cut(m: Model) -> None:
    for x in m.given.walked:
        columns = [m["tile", x], m["multiple", x], m["tiles", x], m["blocks", x]]
        m.model.add_allowed_assignments(columns, [s.columns for s in m.given.shapes[x]])


def range_(m: Model) -> None:
    for name, fused in m.given.binding.match.axes:
        own = [n for n, x in enumerate(fused) if x in m.given.walked]
        if len(own) > 1:
            rows = sorted({tuple(choice[n] for n in own) for choice in m.given.choices[name]})
            m.model.add_allowed_assignments([m["tile", fused[n]] for n in own], rows)


def blocks(m: Model) -> None:
    for h in nested(m.given):
        for x, y in product(m.given.walked, repeat=2):
            m.model.add_implication(m["outer", h, x], m["inner", h, y])


def order(m: Model) -> None:
    for h, g in combinations(nested(m.given), 2):
        for level, x in product(("inner", "outer"), m.given.walked):
            one, other = m[level, h, x], m[level, g, x]
            m.model.add_implication(one, other).only_enforce_if(m["wider", h, g])
            m.model.add_implication(other, one).only_enforce_if(m["wider", h, g].negated())


def again(m: Model) -> None:
    for h, one in holders(m.given).items():
        others = [x for x in m.given.walked if x not in one.axes]
        for x in others:
            inner, outer = m["inner", h, x], m["outer", h, x]
            m.model.add(m["again", h, x] == m["tiles", x]).only_enforce_if(inner.negated())
            m.model.add(m["again", h, x] == m["blocks", x]).only_enforce_if(inner, outer.negated())
            m.model.add(m["again", h, x] == 1).only_enforce_if(outer)
        m.product(m["fetched", h], [m["again", h, x] for x in others])


def kept(m: Model) -> None:
    for h, one in holders(m.given).items():
        own = [x for x in m.given.walked if x in one.axes]
        windows = {x for group in one.groups if group.window for x in group.axes}
        for x in own:
            inner, outer = m["inner", h, x], m["outer", h, x]
            of_block, of_all = (1, m["blocks", x]) if x in windows else (m["multiple", x], m["tiles", x])
            m.model.add(m["kept", h, x] == 1).only_enforce_if(inner.negated())
            m.model.add(m["kept", h, x] == of_block).only_enforce_if(inner, outer.negated())
            m.model.add(m["kept", h, x] == of_all).only_enforce_if(outer)
        m.product(m["held", h], [m["kept", h, x] for x in own])
        m.model.add(m["held", h] == m["distinct", one.name]).only_enforce_if(m["whole", h])
        m.model.add(m["held", h] < m["distinct", one.name]).only_enforce_if(m["whole", h].negated())


def sums(m: Model) -> None:
    m.model.add(m["fetched", SUMS] == 1)


def runs(m: Model) -> None:
    for one in m.given.inputs:
        h, r = one.name, run(one.name)
        windows = {x for group in one.groups if group.window for x in group.axes}
        for x in m.given.walked:
            own = x in one.axes
            loops = (("inner", "multiple", own and x not in windows), ("outer", "blocks", own))
            for level, trips, steps in loops:
                m.model.add_implication(m[level, r, x], m[level, h, x])
                if steps:
                    m.model.add(m[trips, x] == 1).only_enforce_if(m[level, r, x])
            _passes(m, one, x, inner=not own or x in windows, outer=not own)
        m.product(m["passes", h], [m["passes", h, x] for x in m.given.walked])


def _passes(m: Model, one: Carried, x: str, *, inner: bool, outer: bool) -> None:
    """Trips of the loops over ``x`` that are inside of the hold, outside of the run, and do not step through pieces."""
    passes, h, r = m["passes", one.name, x], one.name, run(one.name)
    tile_loop, block_loop = m["inner", h, x], m["outer", h, x]
    tile_run, block_run = m["inner", r, x], m["outer", r, x]
    m.model.add(passes == 1).only_enforce_if(block_run)
    if inner:
        m.model.add(passes == 1).only_enforce_if(tile_loop.negated())
        m.model.add(passes == m["multiple", x]).only_enforce_if(tile_loop, block_loop.negated(), tile_run.negated())
        m.model.add(passes == 1).only_enforce_if(block_loop.negated(), tile_run)
    else:
        m.model.add(passes == 1)
        return
    if outer:
        m.model.add(passes == m["tiles", x]).only_enforce_if(block_loop, tile_run.negated())
        m.model.add(passes == m["blocks", x]).only_enforce_if(block_loop, tile_run, block_run.negated())
    else:
        m.model.add(passes == m["multiple", x]).only_enforce_if(block_loop, tile_run.negated())
        m.model.add(passes == 1).only_enforce_if(block_loop, tile_run)
