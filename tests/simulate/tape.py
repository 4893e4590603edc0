"""Programs written by hand: a tape of issues, each an operation at origins after waits."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from isamap.ir.dtype import DType
from isamap.ir.program import EVENTS, Operation, Program, Segment, View
from isamap.ir.workload import Tensor

Step = int | tuple[int, ...] | list[int] | list[tuple[int, ...]]


@dataclass(frozen=True)
class At:
    """A view to be: memory or tensor, type, and steps per axis (a list where the axis has several factors)."""

    place: str
    dtype: DType
    steps: dict[str, Step]
    border: int | None = None


def at(place: str, dtype: DType, border: int | None = None, **steps: Step) -> At:
    """``at("spad", s16, k=32, i=2)``; for a tensor ``at("dram.A", s16, k=(0, 1), i=(1, 0))``."""
    return At(place, dtype, steps, border)


def operation(performs: str, extents: dict[str, int | tuple[int, ...]], mode: str = "", **views: At) -> Operation:
    """An operation; extents are numbers, or tuples for fused axes."""
    factors = {axis: (e,) if isinstance(e, int) else e for axis, e in extents.items()}
    made = tuple(_view(name, view, factors) for name, view in views.items())
    return Operation(performs, tuple(factors.items()), made, mode)  # type: ignore[arg-type]


def _view(name: str, view: At, factors: dict[str, tuple[int, ...]]) -> View:
    memory, _, tensor = view.place.partition(".")
    steps: list[tuple[tuple[int, ...], ...]] = []
    for axis in factors:
        given = view.steps.get(axis, [])
        listed = given if isinstance(given, list) else [given]
        steps.append(tuple((step,) if isinstance(step, int) else tuple(step) for step in listed))
    return View(name, memory, view.dtype, tuple(steps), tensor or None, view.border)


@dataclass
class Entry:
    """One issue."""

    operation: Operation
    origins: list[int]
    waits: list[tuple[int, str]]
    start: int = -1


@dataclass
class Tape:
    """The issues of a program, in sequence."""

    name: str
    target: str
    tensors: tuple[Tensor, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    entries: list[Entry] = field(default_factory=list)

    def issue(self, what: Operation, *origins: int, after: Iterable[tuple[int, str]] = (), start: int = -1) -> int:
        """Append an issue and give its number."""
        self.entries.append(Entry(what, list(origins), list(after), start))
        return len(self.entries) - 1

    def program(self) -> Program:
        operations: dict[Operation, int] = {}
        for entry in self.entries:
            operations.setdefault(entry.operation, len(operations))
        waits = [wait for entry in self.entries for wait in entry.waits]
        starts = [entry.start for entry in self.entries]
        segment = Segment(
            tuple(operations),
            array("i", [operations[entry.operation] for entry in self.entries]),
            array("q", [number for entry in self.entries for number in entry.origins]),
            array("i", [len(entry.waits) for entry in self.entries]),
            array("q", [number for number, _ in waits]),
            array("b", [EVENTS.index(event) for _, event in waits]),  # type: ignore[arg-type]
            array("q", starts if any(start >= 0 for start in starts) else []),
        )
        return Program(self.name, self.target, self.tensors, self.inputs, self.outputs, (segment,))
