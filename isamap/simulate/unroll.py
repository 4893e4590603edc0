"""Loops become columns by evaluating over all their iterations at once.

The issues of a statement inside loops have numbers that are affine in the iteration, so every column is filled by one
assignment per statement. A program that is one segment is not copied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isamap.errors import CheckFailed
from isamap.ir.program import EVENTS, Issue, Loop, Node, Operation, Program, Segment, Wait
from isamap.simulate.columns import Columns, columns_of_segment, offsets, segment_columns, with_lawful_waits
from isamap.simulate.expand import over_iterations
from isamap.simulate.layout import Integers
from isamap.simulate.rules import Findings


@dataclass(frozen=True)
class Place:
    """A statement and where its issues stand: number = ``first`` + sum of iteration * ``strides``."""

    issue: Issue
    first: int
    loops: tuple[Loop, ...]
    path: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def numbers(self) -> Integers:
        total = np.asarray(self.first, dtype=np.int64)
        for loop, stride in zip(self.loops, self.strides, strict=True):
            total = np.add.outer(total, np.arange(loop.extent, dtype=np.int64) * stride)
        return total.reshape(-1)

    @property
    def variables(self) -> dict[str, Integers]:
        """Each loop variable's value at every issue."""
        extents = [loop.extent for loop in self.loops]
        grid = np.indices(extents, dtype=np.int64).reshape(len(extents), -1 if extents else 1)
        return {loop.variable: values for loop, values in zip(self.loops, grid, strict=True)}


def unroll(program: Program, findings: Findings) -> Columns:
    """The columns of a program; what cannot be expanded is left out and named among the findings."""
    places: list[Place] = []
    segments: list[tuple[int, Segment]] = []
    number = 0
    for n, node in enumerate(program.body):
        if isinstance(node, Segment):
            segments.append((number, node))
            number += len(node.operation)
        else:
            number = _locate(node, number, (), (n,), (), places)
    if len(segments) == 1 and not places:
        return columns_of_segment(segments[0][1], findings)
    return _assemble(number, places, segments, findings)


def _size(node: Node) -> int:
    if isinstance(node, Loop):
        return max(0, node.extent) * sum(map(_size, node.body))
    return len(node.operation) if isinstance(node, Segment) else 1


def _locate(
    node: Node,
    first: int,
    loops: tuple[Loop, ...],
    path: tuple[int, ...],
    strides: tuple[int, ...],
    places: list[Place],
) -> int:
    """Note the places of all statements in ``node``; the number after its last issue."""
    assert not isinstance(node, Segment), "a Program has no segment inside a loop"
    if isinstance(node, Issue):
        places.append(Place(node, first, loops, path, strides))
        return first + 1
    size = sum(map(_size, node.body))
    inner = first
    for n, child in enumerate(node.body):
        inner = _locate(child, inner, (*loops, node), (*path, n), (*strides, size), places)
    return first + _size(node)


def _assemble(total: int, places: list[Place], segments: list[tuple[int, Segment]], findings: Findings) -> Columns:
    operations: dict[Operation, int] = {}
    operation = np.zeros(total, dtype=np.int64)
    start = np.full(total, -1, dtype=np.int64)
    for place in places:
        operation[place.numbers] = operations.setdefault(place.issue.operation, len(operations))
    for first, segment in segments:
        renumber = np.array([operations.setdefault(o, len(operations)) for o in segment.operations], dtype=np.int64)
        part = segment_columns(segment)
        operation[first : first + len(segment.operation)] = renumber[part["operation"]]
        if len(part["start"]):
            start[first : first + len(segment.operation)] = part["start"]
    counts = np.array([sum(o.origin_counts) for o in operations], dtype=np.int64)
    origin_at = offsets(counts[operation] if len(counts) else operation)
    origin = np.zeros(int(origin_at[-1]), dtype=np.int64)
    waits: list[tuple[Integers, Integers, Integers]] = []
    named = _by_label(places)
    for place in places:
        _fill_statement(place, named, origin, origin_at, start, waits, findings, total)
    for first, segment in segments:
        part = segment_columns(segment)
        at = int(origin_at[first])
        origin[at : at + len(part["origin"])] = part["origin"]
        numbers = np.repeat(np.arange(first, first + len(segment.operation)), part["wait_count"])
        waits.append((numbers, part["wait_on"].astype(np.int64), part["wait_event"].astype(np.int64)))
    waiter, on, event = (np.concatenate([np.zeros(0, dtype=np.int64), *(w[n] for w in waits)]) for n in range(3))
    order = np.argsort(waiter, kind="stable")
    wait_at = offsets(np.bincount(waiter, minlength=total)[:total])
    columns = Columns(tuple(operations), operation, origin_at, origin, wait_at, on[order], event[order], start)
    return with_lawful_waits(columns, findings)


def _by_label(places: list[Place]) -> dict[str, list[Place]]:
    named: dict[str, list[Place]] = {}
    for place in places:
        named.setdefault(place.issue.label, []).append(place)
    return named


def _fill_statement(
    place: Place,
    named: dict[str, list[Place]],
    origin: Integers,
    origin_at: Integers,
    start: Integers,
    waits: list[tuple[Integers, Integers, Integers]],
    findings: Findings,
    total: int,
) -> None:
    issue, numbers, variables = place.issue, place.numbers, place.variables
    where = f"%{issue.label}"
    wanted = issue.operation.origin_counts
    if tuple(map(len, issue.origins)) != wanted:
        findings.add("origins", where, f"{[*map(len, issue.origins)]} numbers per view instead of {[*wanted]}")
        return
    try:
        for n, expression in enumerate(e for per_view in issue.origins for e in per_view):
            origin[origin_at[numbers] + n] = over_iterations(expression, variables)
        if issue.start is not None:
            start[numbers] = over_iterations(issue.start, variables)
        for wait in issue.waits:
            found = _resolve(place, wait, named, variables, findings, total)
            if found is not None:
                on = np.broadcast_to(found, numbers.shape)
                kept = on >= 0
                event = np.full(int(kept.sum()), EVENTS.index(wait.event), dtype=np.int64)
                waits.append((numbers[kept], on[kept], event))
    except CheckFailed as error:
        findings.add("expression", where, str(error))


def _resolve(
    place: Place,
    wait: Wait,
    named: dict[str, list[Place]],
    variables: dict[str, Integers],
    findings: Findings,
    total: int,
) -> Integers | None:
    """The issue numbers that a wait names, -1 where it is void."""
    where = f"%{place.issue.label}"
    if wait.label not in named and wait.label.isdigit() and wait.at is None:
        return np.asarray(int(wait.label), dtype=np.int64)
    targets = named.get(wait.label, [])
    if len(targets) != 1:
        findings.add("wait-unknown", where, f"{len(targets)} statements are called %{wait.label}")
        return None
    target = targets[0]
    shared = 0
    while shared < min(len(place.loops), len(target.loops)) and place.path[shared] == target.path[shared]:
        shared += 1
    if wait.at is None and len(target.loops) > shared:
        findings.add("wait-unknown", where, f"%{wait.label} stands in loops of its own: say at which iteration")
        return None
    if wait.at is not None and len(wait.at) != len(target.loops):
        findings.add("wait-unknown", where, f"%{wait.label} needs {len(target.loops)} iteration numbers")
        return None
    number = np.asarray(target.first, dtype=np.int64)
    valid = np.asarray(True)
    for n, (loop, stride) in enumerate(zip(target.loops, target.strides, strict=True)):
        at = variables[loop.variable] if wait.at is None else over_iterations(wait.at[n], variables)
        number = number + at * stride
        valid = valid & (at >= 0) & (at < loop.extent)
    return np.where(valid, number, -1)
