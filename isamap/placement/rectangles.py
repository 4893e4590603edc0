"""Formulation: buffers as rectangles, cycles wide and bytes high, packed as low as they go (CP-SAT).

Sets        B   the buffers of one memory;  C  classes of identical ones;  K  its banks, and what they leave over
Given       [start[b], end[b])   when b lives, in points      size[b], bytes[b]   its height in units, in bytes
            step[b]              its alignment in units       unit, grain         bytes of either (``scaled``)
            low[k], high[k]      where bank k begins and ends, in bytes;  one bank: the memory
            least, below         a height that none is below (``live_load``);  one that is known, if any
Variables   address[b]  in units;  multiple[b];  height  in grains
Rules       apart       rectangles [start[b], end[b]) x [address[b], address[b] + size[b]) do not overlap
            aligned     address[b] = step[b] * multiple[b]
            banked      some k: low[k] <= unit * address[b] and unit * address[b] + bytes[b] <= high[k]
            capacity    unit * address[b] + bytes[b] <= capacity
            height      grain * height >= unit * address[b] + bytes[b]
            better      grain * height < below
            least       grain * height >= least                                                    (redundant)
            load        bytes of the buffers alive at any point <= grain * height                  (redundant)
            identical   of buffers b, c that follow each other in a class: address[b] + size[b] <= address[c]
                                                                                                   (symmetry)
Objective   minimise grain * height

Lives are fixed, so that ``load`` and ``least`` bound the height by constants, and ``least`` counts alignment as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ortools.sat.python import cp_model

from isamap.cpsat import SECONDS_PER_UNIT, Outcome, Tell, run
from isamap.ir.effort import Effort
from isamap.placement.orders import ORDERS, Order
from isamap.placement.scaled import Problem, Rectangle


@dataclass(frozen=True)
class Model:
    """The problem as CP-SAT variables, each in the order of its rectangles."""

    problem: Problem
    model: Any
    address: tuple[Any, ...]
    multiple: tuple[Any, ...]
    height: Any

    @property
    def placed(self) -> zip[tuple[Rectangle, Any]]:
        """Each rectangle with its address."""
        return zip(self.problem.rectangles, self.address, strict=True)


def apart(given: Model) -> None:
    new = given.model.new_fixed_size_interval_var
    given.model.add_no_overlap_2d(
        [new(box.start, box.end - box.start, f"life.{box.life.name}") for box, _ in given.placed],
        [new(address, box.size, f"bytes.{box.life.name}") for box, address in given.placed],
    )


def aligned(given: Model) -> None:
    for (box, address), multiple in zip(given.placed, given.multiple, strict=True):
        given.model.add(address == box.step * multiple)


def banked(given: Model) -> None:
    memory, unit = given.problem.memory, given.problem.unit_bytes
    if memory.banks == 1:
        return
    for box, address in given.placed:
        lows = range(0, memory.capacity_bytes, memory.bank_bytes)
        seats = [(-(-low // unit), (low + memory.bank_bytes - box.life.size_bytes) // unit) for low in lows]
        domain = cp_model.Domain.from_intervals([[first, last] for first, last in seats if first <= last])
        given.model.add_linear_expression_in_domain(address, domain)


def capacity(given: Model) -> None:
    most, unit = given.problem.memory.capacity_bytes, given.problem.unit_bytes
    for box, address in given.placed:
        given.model.add(unit * address + box.life.size_bytes <= most)


def height(given: Model) -> None:
    unit, grain = given.problem.unit_bytes, given.problem.grain_bytes
    for box, address in given.placed:
        given.model.add(given.height >= unit // grain * address + box.life.size_bytes // grain)


def better(given: Model) -> None:
    if given.problem.below_bytes is not None:
        given.model.add(given.problem.grain_bytes * given.height < given.problem.below_bytes)


def least(given: Model) -> None:
    given.model.add(given.problem.grain_bytes * given.height >= given.problem.least_bytes)


def load(given: Model) -> None:
    boxes, grain = given.problem.rectangles, given.problem.grain_bytes
    lives = [given.model.new_fixed_size_interval_var(b.start, b.end - b.start, f"load.{b.life.name}") for b in boxes]
    given.model.add_cumulative(lives, [box.life.size_bytes // grain for box in boxes], given.height)


def identical(given: Model) -> None:
    for numbers in _classes(given.problem):
        for one, other in pairwise(numbers):
            given.model.add(given.address[one] + given.problem.rectangles[one].size <= given.address[other])


RULES: dict[str, Callable[[Model], None]] = {
    "apart": apart,
    "aligned": aligned,
    "banked": banked,
    "capacity": capacity,
    "height": height,
    "better": better,
    "least": least,
    "load": load,
    "identical": identical,
}


def _classes(problem: Problem) -> list[list[int]]:
    """The numbers of identical rectangles: they live at the same points and are as large and aligned as each other."""
    classes: dict[tuple[int, ...], list[int]] = {}
    for n, box in enumerate(problem.rectangles):
        classes.setdefault((box.start, box.end, box.life.size_bytes, box.step), []).append(n)
    return list(classes.values())


def formulate(
    problem: Problem,
    order: Order = "crowded",
    hint: Mapping[str, int] | None = None,
    without: frozenset[str] = frozenset(),
) -> Model:
    """The model with all rules but those named in ``without``. Buffers are decided on in ``order``, the lowest place
    first; ``hint`` gives the address in bytes of every buffer."""
    model = cp_model.CpModel()
    boxes = problem.rectangles
    reach = problem.memory.capacity_bytes // problem.unit_bytes + sum(box.size + box.step for box in boxes)
    address = tuple(model.new_int_var(0, reach, f"address.{box.life.name}") for box in boxes)
    multiple = tuple(model.new_int_var(0, reach // box.step, f"multiple.{box.life.name}") for box in boxes)
    tallest = (reach + max(box.size for box in boxes)) * problem.unit_bytes // problem.grain_bytes
    given = Model(problem, model, address, multiple, model.new_int_var(0, tallest, "height"))
    for label, rule in RULES.items():
        if label not in without:
            rule(given)
    model.minimize(problem.grain_bytes * given.height)
    variables = [address[n] for n in ORDERS[order](boxes)]
    model.add_decision_strategy(variables, cp_model.CHOOSE_LOWEST_MIN, cp_model.SELECT_MIN_VALUE)
    if hint is not None:
        _hint(given, hint)
    return given


def _hint(given: Model, hint: Mapping[str, int]) -> None:
    """Every variable's value; identical buffers in the order that their rule wants."""
    boxes, unit, grain = given.problem.rectangles, given.problem.unit_bytes, given.problem.grain_bytes
    at = [hint[box.life.name] for box in boxes]
    for numbers in _classes(given.problem):
        for n, address in zip(numbers, sorted(at[n] for n in numbers), strict=True):
            given.model.add_hint(given.address[n], address // unit)
            given.model.add_hint(given.multiple[n], address // unit // boxes[n].step)
    top = max(address + box.life.size_bytes for box, address in zip(boxes, at, strict=True))
    given.model.add_hint(given.height, top // grain)


@dataclass(frozen=True)
class Answer:
    """Addresses in bytes by name, none where none were found, and how the search ended."""

    address: Mapping[str, int] | None
    outcome: Outcome
    work: float  # in the solver's own unit, the same on every run


def solve(
    problem: Problem,
    effort: Effort,
    order: Order = "crowded",
    hint: Mapping[str, int] | None = None,
    tell: Tell | None = None,
    without: frozenset[str] = frozenset(),
) -> Answer:
    """The lowest packing found within ``effort``."""
    given = formulate(problem, order, hint, without)
    solver = cp_model.CpSolver()
    outcome = run(solver, given.model, effort, tell)
    address = None
    if outcome.found:
        address = {box.life.name: solver.value(at) * problem.unit_bytes for box, at in given.placed}
    return Answer(address, outcome, float(solver.deterministic_time) * SECONDS_PER_UNIT)
