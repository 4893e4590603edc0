"""What a machine runs: loops with constant trip counts over issues, and column segments for what is irregular.

An ``Operation`` is an instruction or transfer with everything fixed but where its operands begin; an issue is an
operation at *origins*. In an addressed memory an origin is one number, the address: of a byte, or, where elements are
narrower, of an element counted from byte 0 (a u4 at 5 is the upper half of byte 2); in a tensor of the outermost memory
it is one coordinate per dimension. Sequence order numbers the issues from 0; each unit and channel takes its own in
that order. A wait names an earlier issue and what it waits for: its ``result`` (it may be read) or its ``operands``
(its sources may be overwritten).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Literal

from isamap.errors import Fault, InvalidNoun
from isamap.ir.dtype import DType
from isamap.ir.expression import Expression
from isamap.ir.workload import Tensor

Event = Literal["result", "operands"]
EVENTS: tuple[Event, ...] = ("result", "operands")


@dataclass(frozen=True)
class View:
    """Where the elements of one operand lie, from an origin on.

    ``steps[axis][factor]`` is the step in position space for each factor of each axis of the operation (an axis that
    the operand does not depend on has no entries): one number of addresses in an addressed memory (bytes, or elements
    of fewer than 8 bits); one number per coordinate where ``tensor`` is named. Coordinates outside the tensor's shape
    read ``border`` (the tensor's own where None). ``operand`` is the instruction's operand, or ``source`` /
    ``destination`` of a transfer.
    """

    operand: str
    memory: str
    dtype: DType
    steps: tuple[tuple[tuple[int, ...], ...], ...]
    tensor: str | None = None
    border: int | float | None = None


@dataclass(frozen=True)
class Operation:
    """An instruction or transfer by name, its extents and its views.

    ``extents`` gives for each axis its factors, outer to inner: i = 2 rows x 8 columns is ("i", (2, 8)); the axes of a
    transfer are its block axes. ``mode`` is ``initialise``, ``accumulate`` or empty; ``modes`` the machine's own;
    ``immediates`` the numbers that its meaning leaves open.
    """

    performs: str
    extents: tuple[tuple[str, tuple[int, ...]], ...]
    views: tuple[View, ...]
    mode: Literal["", "initialise", "accumulate"] = ""
    modes: tuple[tuple[str, str], ...] = ()
    immediates: tuple[tuple[str, int | float], ...] = ()

    def __post_init__(self) -> None:
        faults = []
        for view in self.views:
            shape = [len(factors) for _, factors in self.extents]
            steps = [len(per_factor) for per_factor in view.steps]
            if len(shape) != len(steps) or any(s not in (0, f) for f, s in zip(shape, steps, strict=True)):
                at = (self.performs, view.operand, "steps")
                faults.append(Fault(at, f"0 or so many per axis: {shape}", str(steps)))
        faults += [
            Fault((self.performs, axis), "positive extents", str(factors))
            for axis, factors in self.extents
            if any(extent < 1 for extent in factors)
        ]
        names = [axis for axis, _ in self.extents]
        if len(set(names)) < len(names):
            faults.append(Fault((self.performs,), "different axes", " ".join(names)))
        if faults:
            raise InvalidNoun(faults)

    def view(self, operand: str) -> View:
        return next(view for view in self.views if view.operand == operand)

    def extent(self, axis: str) -> int:
        """The product of the axis's factors."""
        return prod(next(factors for name, factors in self.extents if name == axis))

    @property
    def origin_counts(self) -> tuple[int, ...]:
        """How many numbers the origin of each view has (from its steps; 1 where a view is a single element)."""
        return tuple(
            next((len(step) for per_factor in view.steps for step in per_factor), 1) if view.tensor else 1
            for view in self.views
        )


@dataclass(frozen=True)
class Wait:
    """Wait for statement ``label`` at iteration ``at`` (one expression per loop around it, outer to inner; None: the
    same iteration of the loops around both). Void where an iteration lies outside its loop."""

    label: str
    event: Event
    at: tuple[Expression, ...] | None = None


@dataclass(frozen=True)
class Issue:
    """A statement: ``operation`` at ``origins`` (per view, expressions of the loop variables) after ``waits``.

    ``start`` is the start cycle in a lock-step program, else None.
    """

    label: str
    operation: Operation
    origins: tuple[tuple[Expression, ...], ...]
    waits: tuple[Wait, ...] = ()
    start: Expression | None = None

    def __post_init__(self) -> None:
        counts = [len(origin) for origin in self.origins]
        wanted = [n if view.tensor else 1 for view, n in zip(self.operation.views, counts, strict=False)]
        if counts != wanted or len(counts) != len(self.operation.views):
            views = " ".join(view.operand for view in self.operation.views)
            raise InvalidNoun([Fault((self.label, "origins"), f"one address each for {views}", str(counts))])


@dataclass(frozen=True)
class Loop:
    """``body`` for ``variable`` = 0 .. extent - 1."""

    variable: str
    extent: int
    body: tuple[Loop | Issue | Segment, ...]

    def __post_init__(self) -> None:
        if self.extent < 0:
            raise InvalidNoun([Fault((self.variable,), "a trip count of at least 0", str(self.extent))])


@dataclass(frozen=True)
class Segment:
    """Irregular issues as columns, one entry per issue unless said otherwise; only at the top of a program.

    ``operation`` indexes ``operations``; ``origin`` holds each issue's origins one after another (views in order);
    ``wait_count`` waits per issue, whose issue numbers and events (index into EVENTS) follow in ``wait_on`` and
    ``wait_event``; ``start`` holds start cycles (lock-step: binding; queued: predictions; empty: none).
    """

    operations: tuple[Operation, ...]
    operation: array[int] = field(default_factory=lambda: array("i"))
    origin: array[int] = field(default_factory=lambda: array("q"))
    wait_count: array[int] = field(default_factory=lambda: array("i"))
    wait_on: array[int] = field(default_factory=lambda: array("q"))
    wait_event: array[int] = field(default_factory=lambda: array("b"))
    start: array[int] = field(default_factory=lambda: array("q"))

    def __post_init__(self) -> None:
        if self.operation and not 0 <= min(self.operation) <= max(self.operation) < len(self.operations):
            given = f"{min(self.operation)}..{max(self.operation)}"
            raise InvalidNoun([Fault(("operation",), f"numbers below {len(self.operations)}", given)])
        origins = [sum(operation.origin_counts) for operation in self.operations]
        wanted = sum(origins[index] for index in self.operation)
        faults = []
        if len(self.origin) != wanted:
            faults.append(Fault(("origin",), f"{wanted} numbers", str(len(self.origin))))
        if len(self.wait_count) != len(self.operation):
            faults.append(Fault(("wait_count",), f"{len(self.operation)} numbers", str(len(self.wait_count))))
        if self.wait_count and min(self.wait_count) < 0:
            faults.append(Fault(("wait_count",), "at least 0", str(min(self.wait_count))))
        if self.wait_event and not 0 <= min(self.wait_event) <= max(self.wait_event) < len(EVENTS):
            faults.append(Fault(("wait_event",), f"indices of {' '.join(EVENTS)}", str(max(self.wait_event))))
        if not sum(self.wait_count) == len(self.wait_on) == len(self.wait_event):
            faults.append(Fault(("wait_on",), f"{sum(self.wait_count)} waits", str(len(self.wait_on))))
        if len(self.start) not in (0, len(self.operation)):
            faults.append(Fault(("start",), f"0 or {len(self.operation)} cycles", str(len(self.start))))
        if faults:
            raise InvalidNoun(faults)


Node = Loop | Issue | Segment


@dataclass(frozen=True)
class Program:
    """Everything a machine needs to run: the tensors in its outermost memory and the sequence of issues.

    ``inputs`` hold given data at cycle 0, ``outputs`` are what is compared; ``constants`` are (tensor, bytes) that the
    compiler synthesised, little endian, row-major, packed.
    """

    name: str
    target: str
    tensors: tuple[Tensor, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    body: tuple[Node, ...]
    constants: tuple[tuple[str, bytes], ...] = ()

    def __post_init__(self) -> None:
        faults = [*_tensor_faults(self), *_label_faults(self)]
        if faults:
            raise InvalidNoun(faults)

    @property
    def issues(self) -> int:
        """How many issues it makes."""
        return sum(map(count_issues, self.body))

    def walk(self) -> Iterator[Node]:
        """Every node, outer before inner, in order."""
        stack = list(reversed(self.body))
        while stack:
            node = stack.pop()
            yield node
            if isinstance(node, Loop):
                stack.extend(reversed(node.body))


def _tensor_faults(program: Program) -> Iterator[Fault]:
    declared = {tensor.name: tensor for tensor in program.tensors}
    named = {"inputs": program.inputs, "outputs": program.outputs}
    named |= {"constants": tuple(name for name, _ in program.constants)}
    for role, tensors in named.items():
        for name in tensors:
            if name not in declared:
                yield Fault((role,), "a tensor of " + (" ".join(declared) or "none"), repr(name))
    for name, data in program.constants:
        if name in declared and len(data) != (wanted := declared[name].dtype.bytes_for(declared[name].elements)):
            yield Fault(("constants", name), f"{wanted} bytes", str(len(data)))


def _label_faults(program: Program) -> Iterator[Fault]:
    """Labels that are not unique, waits that name none or no iteration of it, segments inside loops."""
    loops_around: dict[str, int] = {}
    issues: list[Issue] = []
    stack: list[tuple[Node, int]] = [(node, 0) for node in reversed(program.body)]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, Loop):
            stack.extend((inner, depth + 1) for inner in reversed(node.body))
        elif isinstance(node, Segment) and depth:
            yield Fault(("body",), "segments only at the top", f"one inside {depth} loop(s)")
        elif isinstance(node, Issue):
            if node.label in loops_around:
                yield Fault((node.label,), "different labels", f"{node.label!r} twice")
            loops_around[node.label] = depth
            issues.append(node)
    for issue in issues:
        for wait in issue.waits:
            if wait.label not in loops_around:
                yield Fault((issue.label, "waits"), "a label of the program", repr(wait.label))
            elif wait.at is not None and len(wait.at) != loops_around[wait.label]:
                given = f"{len(wait.at)} in {wait.label}({', '.join(map(str, wait.at))})"
                yield Fault((issue.label, "waits"), f"{loops_around[wait.label]} iteration number(s)", given)


def count_issues(node: Node) -> int:
    if isinstance(node, Loop):
        return node.extent * sum(map(count_issues, node.body))
    return len(node.operation) if isinstance(node, Segment) else 1
