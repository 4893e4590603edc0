"""The variables of the model, all of them, before any rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from math import prod
from typing import Any

from ortools.sat.python import cp_model

from isamap.tiling.exact.counts import MOST_WAITING
from isamap.tiling.exact.givens import Carried, Givens, Work
from isamap.tiling.exact.plan import ACCUMULATORS, SUMS, run

MOST = 1 << 50
"""Above every cycle, thousandth of a pJ and byte that a kernel of this world costs."""


@dataclass
class Model:
    """The model under construction: what is given, its variables by name and indices, and what it minimises."""

    given: Givens
    objective: str
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    variables: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def __getitem__(self, key: tuple[str, ...] | str) -> Any:
        return self.variables[(key,) if isinstance(key, str) else key]

    def integer(self, *key: str, most: int, least: int = 0) -> None:
        self.variables[key] = self.model.new_int_var(least, max(least, min(most, MOST)), " ".join(key))

    def boolean(self, *key: str) -> None:
        self.variables[key] = self.model.new_bool_var(" ".join(key))

    def product(self, target: Any, factors: list[Any]) -> None:
        """``target`` is the product of ``factors``, two by two, so that a complete hint stays complete."""
        if len(factors) < 2:
            self.model.add(target == (factors[0] if factors else 1))
            return
        before, last = factors[:-1], factors[-1]
        if len(before) > 1:
            part = self.model.new_int_var(0, min(MOST, prod(_greatest(factor) for factor in before)), "")
            self.product(part, before)
            before = [part]
        self.model.add_multiplication_equality(target, [*before, last])

    @property
    def counts_energy(self) -> bool:
        return self.objective in ("energy", "edp")


def _greatest(variable: Any) -> int:
    """The upper end of a variable's domain."""
    return int(max(variable.proto.domain))


def holders(given: Givens) -> dict[str, Carried]:
    """Who keeps pieces across loops: every input; the sums still being added to; the accumulators where they drain."""
    found = {one.name: one for one in given.inputs} | {SUMS: given.output}
    return found | ({ACCUMULATORS: given.output} if given.drain else {})


def nested(given: Givens) -> list[str]:
    """Whoever has a set of loops: the holders, and the runs of the inputs."""
    return [*holders(given), *(run(one.name) for one in given.inputs)]


def works(given: Givens) -> dict[str, Work]:
    """What units do, by name."""
    found = {"compute": given.compute, "drain": given.drain, "fill": given.fill}
    return {name: work for name, work in found.items() if work is not None}


def carriages(given: Givens) -> list[tuple[str, Carried, int]]:
    """Every transfer: its name, whose pieces it moves, and which of the role's ways it is."""
    found = [(f"fetch {one.name}", one, 0) for one in given.inputs] + [("store", given.output, 0)]
    return found + [("continue", given.output, 1)] * (len(given.output.ways) > 1)


def longest_cycles(given: Givens) -> int:
    """No piece of an input takes more cycles to come."""
    longest = 1
    for one in given.inputs:
        if one.tabled:
            longest = max(longest, *(piece.first_cycles[0] for _, piece in one.table))
        else:
            longest = max(longest, one.ways[0].cycles.total(one.role.route.memory.capacity_bytes, 1))
    return longest


def variables(given: Givens, objective: str) -> Model:
    """A model with every variable and no rule."""
    m = Model(given, objective)
    for x in given.walked:
        options = given.shapes[x]
        m.integer("tile", x, least=1, most=max(s.tile for s in options))
        for name in ("multiple", "tiles", "blocks"):
            m.integer(name, x, least=1, most=given.extents[x])
    for h, one in holders(given).items():
        for x in given.walked:
            m.boolean("inner", h, x)
            m.boolean("outer", h, x)
            m.integer("kept" if x in one.axes else "again", h, x, least=1, most=given.extents[x])
        everything = prod(given.extents.values())
        mine = prod(given.extents[x] for x in one.axes)
        m.integer("fetched", h, least=1, most=everything // mine)
        m.integer("held", h, least=1, most=mine)
        m.boolean("whole", h)
        m.integer("buffers", h, least=1, most=mine + MOST_WAITING)
    for one in given.inputs:
        _bursts(m, one)
    for h, g in combinations(nested(given), 2):
        m.boolean("wider", h, g)
    for one in (*given.inputs, given.output):
        _pieces(m, one)
    for name, work in works(given).items():
        _work(m, name, work)
    for name, *_ in carriages(given):
        for what in ("cycles", "bytes", "issues", "energy"):
            m.integer(what, name, most=MOST)
    m.boolean("spare")
    m.boolean("parted")
    m.integer("waiting", most=MOST_WAITING)
    m.integer("interval", most=longest_cycles(given))
    m.integer("patience", most=MOST)
    for name in ("peak", "chain", "halting", "ahead", "in turn", "steady", "latency", "issues", "traffic", "energy"):
        m.integer(name, most=MOST)
    m.integer("value", most=1 << 61)
    return m


def _pieces(m: Model, one: Carried) -> None:
    extents = [m.given.extents[x] for x in one.axes]
    most = prod(extents)
    capacity = one.role.route.landing.capacity_bytes
    m.integer("largest", one.name, least=1, most=capacity // one.element_bytes)
    m.integer("slot bytes", one.name, least=1, most=one.role.route.memory.capacity_bytes)
    m.integer("staged bytes", one.name, least=1, most=capacity)
    reaches = [m.given.reaches[one.name, number] for number in range(len(one.groups))]
    m.integer("count", one.name, least=1, most=prod(reach.most(-1) for reach in reaches))
    m.integer("distinct", one.name, least=1, most=most)
    m.integer("points", one.name, least=1, most=prod(reach.most(-2) for reach in reaches))
    for number in range(len(one.groups)):
        for column, name in ((-3, "largest"), (-2, "points"), (-1, "count")):
            m.integer(f"group {name}", one.name, str(number), least=1, most=reaches[number].most(column))
    for way in range(len(one.ways)):
        for name in ("first", "sweep", "sweep energy"):
            m.integer(name, one.name, str(way), most=MOST)


def _bursts(m: Model, one: Carried) -> None:
    for x in m.given.walked:
        m.boolean("inner", run(one.name), x)
        m.boolean("outer", run(one.name), x)
        m.integer("passes", one.name, x, least=1, most=m.given.extents[x])
    everything = prod(m.given.extents.values())
    mine = prod(m.given.extents[x] for x in one.axes)
    others = everything // mine * _window_points(m, one)
    m.integer("passes", one.name, least=1, most=others)
    m.integer("comings", one.name, least=1, most=2 * everything)
    m.integer("behind", one.name, most=prod(m.given.extents[x] for x in one.axes))
    m.integer("turns", one.name, least=1, most=everything)
    m.integer("more turns", one.name, most=everything)
    m.integer("all uses", one.name, least=1, most=2 * everything * others)
    m.integer("least room", one.name, least=-MOST, most=MOST)
    m.integer("use", one.name, most=longest_cycles(m.given))
    for name in ("room", "within", "late", "filling", "per turn", "cold", "stall", "blocked"):
        m.integer(name, one.name, most=MOST)


def _window_points(m: Model, one: Carried) -> int:
    return prod(m.given.extents[x] for group in one.groups if group.window for x in group.axes)


def _work(m: Model, name: str, work: Work) -> None:
    for kind, terms in (("cycles", work.cycles), ("energy", work.energy), ("single", work.single)):
        for number, term in enumerate(terms):
            m.integer(f"{kind} row", name, str(number), most=max(total for _, total in term.rows))
            m.integer(f"{kind} term", name, str(number), most=MOST)
        m.integer(f"{kind} once", name, most=MOST)
    for what in ("cycles", "energy", "issues"):
        m.integer(what, name, most=MOST)
