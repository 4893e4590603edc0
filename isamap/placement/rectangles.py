"""Formulation: buffers as rectangles, cycles wide and bytes high, packed as low as they go (CP-SAT).

Sets        B   the buffers of one memory;  C  classes of identical ones;  K  its banks, and what they leave over
            F   buffers that have an address;  T  buffers that may take over another one, giver[b]
Given       [start[b], end[b])   when b lives, in points      size[b], bytes[b]   its height in units, in bytes
            step[b]              its alignment in units       unit, grain         bytes of either (``scaled``)
            low[k], high[k]      where bank k begins and ends, in bytes;  one bank: the memory
            at[b]                the address of b in F, in units
            least, below         a height that none is below (``live_load``);  one that is known, if any
            enough               heights of at most this are as good as each other;  0: none is
Variables   address[b]  in units;  multiple[b];  taken[b]  for b in T: 0 or 1;  height  in grains
Rules       apart       rectangles [start[b], end[b]) x [address[b], address[b] + size[b]) do not overlap; where
                        taken[b], that of b begins at end[giver[b]], until when its bytes are the giver's
            in_place    taken[b]  =>  address[b] = address[giver[b]]
            fixed       address[b] = at[b]
            aligned     address[b] = step[b] * multiple[b]
            banked      some k: low[k] <= unit * address[b] and unit * address[b] + bytes[b] <= high[k]
            capacity    unit * address[b] + bytes[b] <= capacity
            height      grain * height >= unit * address[b] + bytes[b]
            better      grain * height < below
            enough      grain * height >= enough
            least       grain * height >= least                                                    (redundant)
            load        bytes of the buffers alive at any point <= grain * height; b in T counts only
                        from end[giver[b]] on                                                      (redundant)
            identical   of buffers b, c that follow each other in a class: address[b] + size[b] <= address[c]
                                                                                                   (symmetry)
Objective   minimise grain * height

Lives are fixed, so that ``load`` and ``least`` bound the height by constants, and ``least`` counts alignment as well.
A buffer is no larger than the one it takes over, whose bytes it lies in until that one ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ortools.sat.python import cp_model

from isamap.placement.orders import ORDERS, Order
from isamap.placement.scaled import Problem, Rectangle


@dataclass(frozen=True)
class Model:
    """The problem as CP-SAT variables, each in the order of its rectangles; ``taken`` by the number of a rectangle."""

    problem: Problem
    model: Any
    address: tuple[Any, ...]
    multiple: tuple[Any, ...]
    taken: Mapping[int, Any]
    height: Any

    @property
    def placed(self) -> zip[tuple[Rectangle, Any]]:
        """Each rectangle with its address."""
        return zip(self.problem.rectangles, self.address, strict=True)


def apart(given: Model) -> None:
    new, boxes = given.model, given.problem.rectangles
    lives, spaces = [], []
    for n, (box, address) in enumerate(given.placed):
        whole = (box.start, box.end - box.start, f"life.{box.life.name}")
        space = (address, box.size, f"bytes.{box.life.name}")
        if box.giver is None:
            lives.append(new.new_fixed_size_interval_var(*whole))
            spaces.append(new.new_fixed_size_interval_var(*space))
            continue
        begin, taken = boxes[box.giver].end, given.taken[n]
        tail = (begin, box.end - begin, f"tail.{box.life.name}")
        for span, present in [(whole, ~taken), (tail, taken)]:
            if span[1]:
                lives.append(new.new_optional_fixed_size_interval_var(*span[:2], present, span[2]))
                spaces.append(new.new_optional_fixed_size_interval_var(*space[:2], present, space[2]))
    given.model.add_no_overlap_2d(lives, spaces)


def in_place(given: Model) -> None:
    for n, taken in given.taken.items():
        giver = given.problem.rectangles[n].giver
        if giver is not None:
            given.model.add(given.address[n] == given.address[giver]).only_enforce_if(taken)


def fixed(given: Model) -> None:
    for box, address in given.placed:
        if box.fixed is not None:
            given.model.add(address == box.fixed)


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


def enough(given: Model) -> None:
    given.model.add(given.height >= given.problem.enough_bytes // given.problem.grain_bytes)


def least(given: Model) -> None:
    given.model.add(given.problem.grain_bytes * given.height >= given.problem.least_bytes)


def load(given: Model) -> None:
    boxes, grain = given.problem.rectangles, given.problem.grain_bytes
    lives = []
    for box in boxes:
        begin = box.start if box.giver is None else boxes[box.giver].end
        lives.append(given.model.new_fixed_size_interval_var(begin, box.end - begin, f"load.{box.life.name}"))
    given.model.add_cumulative(lives, [box.life.size_bytes // grain for box in boxes], given.height)


def identical(given: Model) -> None:
    for numbers in classes(given.problem):
        for one, other in pairwise(numbers):
            given.model.add(given.address[one] + given.problem.rectangles[one].size <= given.address[other])


RULES: dict[str, Callable[[Model], None]] = {
    "apart": apart,
    "in_place": in_place,
    "fixed": fixed,
    "aligned": aligned,
    "banked": banked,
    "capacity": capacity,
    "height": height,
    "better": better,
    "enough": enough,
    "least": least,
    "load": load,
    "identical": identical,
}


def classes(problem: Problem) -> list[list[int]]:
    """The numbers of identical rectangles, of those that no other rectangle and no address is bound to: they live at
    the same points and are as large and aligned as each other."""
    bound = {box.giver for box in problem.rectangles}
    found: dict[tuple[int, ...], list[int]] = {}
    for n, box in enumerate(problem.rectangles):
        if box.fixed is None and box.giver is None and n not in bound:
            found.setdefault((box.start, box.end, box.life.size_bytes, box.step), []).append(n)
    return list(found.values())


def formulate(problem: Problem, order: Order = "crowded", without: frozenset[str] = frozenset()) -> Model:
    """The model with all rules but those named in ``without``. Buffers are decided on in ``order``, the lowest place
    first, after those that may take over another one, which do."""
    model = cp_model.CpModel()
    boxes = problem.rectangles
    reach = problem.memory.capacity_bytes // problem.unit_bytes + sum(box.size + box.step for box in boxes)
    address = tuple(model.new_int_var(0, reach, f"address.{box.life.name}") for box in boxes)
    multiple = tuple(model.new_int_var(0, reach // box.step, f"multiple.{box.life.name}") for box in boxes)
    taken = {n: model.new_bool_var(f"taken.{box.life.name}") for n, box in enumerate(boxes) if box.giver is not None}
    tallest = (reach + max(box.size for box in boxes)) * problem.unit_bytes // problem.grain_bytes
    given = Model(problem, model, address, multiple, taken, model.new_int_var(0, tallest, "height"))
    for label, rule in RULES.items():
        if label not in without:
            rule(given)
    model.minimize(problem.grain_bytes * given.height)
    if taken:
        model.add_decision_strategy(list(taken.values()), cp_model.CHOOSE_FIRST, cp_model.SELECT_MAX_VALUE)
    variables = [address[n] for n in ORDERS[order](boxes)]
    model.add_decision_strategy(variables, cp_model.CHOOSE_LOWEST_MIN, cp_model.SELECT_MIN_VALUE)
    return given


def hint(given: Model, known: Mapping[str, int]) -> None:
    """Begin from addresses in bytes, one for every buffer: a value for every variable, identical buffers in the order
    that their rule wants."""
    boxes, unit, grain = given.problem.rectangles, given.problem.unit_bytes, given.problem.grain_bytes
    at = [known[box.life.name] // unit for box in boxes]
    for numbers in classes(given.problem):
        for n, address in zip(numbers, sorted(at[n] for n in numbers), strict=True):
            at[n] = address
    for n, box in enumerate(boxes):
        given.model.add_hint(given.address[n], at[n])
        given.model.add_hint(given.multiple[n], at[n] // box.step)
        if box.giver is not None:
            given.model.add_hint(given.taken[n], at[n] == at[box.giver])
    top = max(known[box.life.name] + box.life.size_bytes for box in boxes)
    given.model.add_hint(given.height, max(top, given.problem.enough_bytes) // grain)
