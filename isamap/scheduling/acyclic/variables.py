"""The variables of the formulation: starts, copies, and where and when everything lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd
from typing import Any

from ortools.sat.python import cp_model

from isamap.scheduling.acyclic.body import Body, Key, Stay, Where
from isamap.scheduling.tasks import Cost


@dataclass(frozen=True)
class Timed:
    """A task's start and the ways it may take place: (literal or None: always, cost)."""

    key: Key
    start: Any
    ways: tuple[tuple[Any, Cost], ...]


@dataclass(frozen=True)
class Lying:
    """A stay in a memory that is short: the literal that it takes place, its cycles, and its address in ``unit``s, of
    which it is ``step`` times the variable ``place``."""

    stay: Stay
    present: Any
    begin: Any
    length: Any
    end: Any
    place: Any
    step: int
    unit: int


@dataclass(frozen=True)
class Model:
    """The body as CP-SAT variables."""

    body: Body
    horizon: int
    bound: int
    model: Any
    tasks: dict[Key, Timed]
    present: dict[tuple[int, int], Any]
    reads: dict[tuple[int, int, int], Any]
    first: dict[int, Any]
    lying: dict[Where, Lying]
    latency: Any
    opening: dict[tuple[int, int], Any]  # (chain, group) -> the start of its first computation

    def start(self, *key: Any) -> Any:
        """The start of a task; the numbers at the end of its key may be left out where they are 0."""
        return self.tasks[(*key, *(0,) * (4 - len(key)))].start


def variables(body: Body, horizon: int, bound: int) -> Model:
    """All variables, no rule."""
    model = cp_model.CpModel()
    copies = [(p, r) for p, piece in enumerate(body.pieces) for r in range(piece.copies)]
    present = {(p, r): model.new_bool_var(f"present.{p}.{r}") for p, r in copies}
    reads = {
        (c, p, r): model.new_bool_var(f"reads.{c}.{p}.{r}")
        for c, computation in enumerate(body.computations)
        for p in computation.pieces
        for r in range(body.pieces[p].copies)
    }
    first = {c: model.new_bool_var(f"first.{c}") for c in range(len(body.computations))}
    tasks = {}
    for key, cost in body.tasks():
        start = model.new_int_var(0, horizon, ".".join(map(str, key)))
        ways: tuple[tuple[Any, Cost], ...] = ((None, cost),)
        if key[0] == "load":
            ways = ((present[key[1], key[2]], cost),)
        elif key[0] == "compute" and body.computations[key[1]].first != cost:
            ways = ((first[key[1]], body.computations[key[1]].first), (first[key[1]].negated(), cost))
        tasks[key] = Timed(key, start, ways)
    longest = horizon + max((cost.occupancy for timed in tasks.values() for _, cost in timed.ways), default=0)
    roomy, lying = body.roomy(), {}
    for where, stay in body.stays():
        if stay.memory not in roomy:
            taken = present[where[1], where[2]] if where[0] == "piece" else None
            lying[where] = _lying(model, body, where, taken, longest)
    opening = {
        (n, g): model.new_int_var(0, horizon, f"opening.{n}.{g}")
        for n, chain in enumerate(body.alike)
        for g in range(len(chain))
    }
    latency = model.new_int_var(0, horizon, "latency")
    return Model(body, horizon, bound, model, tasks, present, reads, first, lying, latency, opening)


def _lying(model: Any, body: Body, where: Where, present: Any, longest: int) -> Lying:
    stay, name = dict(body.stays())[where], ".".join(map(str, where))
    unit = unit_bytes(body, stay.memory)
    size = next(size for memory, size, _ in body.memories if memory == stay.memory)
    begin, end = (model.new_int_var(0, longest + 1, f"{what}.{name}") for what in ("begin", "end"))
    length = model.new_int_var(1, longest + 1, f"length.{name}")
    room = max(0, size - stay.size_bytes) // stay.alignment_bytes
    place = model.new_int_var(0, room, f"place.{name}")
    return Lying(stay, present, begin, length, end, place, stay.alignment_bytes // unit, unit)


def unit_bytes(body: Body, memory: str) -> int:
    """What all sizes and alignments in a memory are multiples of."""
    return gcd(*(n for _, s in body.stays() if s.memory == memory for n in (s.size_bytes, s.alignment_bytes)))


def only(rule: Any, *literals: Any) -> None:
    """``rule`` holds only where all literals do; None is always."""
    wanted = [literal for literal in literals if literal is not None]
    if wanted:
        rule.only_enforce_if(wanted)


def spans(given: Model, tasks: Iterable[Timed], length: str) -> list[Any]:
    """The interval of each way in which each task may take place."""
    found = []
    for timed in tasks:
        for literal, cost in timed.ways:
            cycles, name = getattr(cost, length), f"{length}.{'.'.join(map(str, timed.key))}"
            if literal is None:
                found.append(given.model.new_fixed_size_interval_var(timed.start, cycles, name))
            else:
                found.append(given.model.new_optional_fixed_size_interval_var(timed.start, cycles, literal, name))
    return found


def cycles(given: Model, one: Lying) -> Any:
    """The cycles of a stay."""
    if one.present is None:
        return given.model.new_interval_var(one.begin, one.length, one.end, "")
    return given.model.new_optional_interval_var(one.begin, one.length, one.end, one.present, "")
