"""The issues of a program that was run, as columns: what each touches, holds and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from isamap.ir.answers import Match
from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.scalar import Read
from isamap.simulate import Simulation
from isamap.simulate.action import Action, meaning_of
from isamap.simulate.clock import Held, Timing
from isamap.simulate.columns import Columns
from isamap.simulate.costs import costs
from isamap.simulate.layout import Integers
from isamap.simulate.prepare import prepare
from isamap.simulate.rules import Findings
from isamap.simulate.touch import Touch, touches
from isamap.simulate.unroll import unroll


@dataclass(frozen=True)
class Trace:
    """``start`` is the simulator's; ``touched`` lists every view of every action, in order; ``holds`` says which tensor
    an (instruction, operand) holds where that is always the same; ``resources`` names ports, buses and banks, of which
    each gives ``capacities`` bytes per cycle (a bank: 1)."""

    target: Target
    tensors: tuple[str, ...]
    holds: Mapping[tuple[str, str], str]
    columns: Columns
    actions: tuple[Action, ...]
    touched: tuple[Touch, ...]
    timing: Timing
    start: Integers
    resources: tuple[str, ...]
    capacities: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def span(self) -> int:
        """The cycle at which the last issue is done."""
        return int(self.result_at.max(initial=0))

    @cached_property
    def holdings(self) -> tuple[Held, ...]:
        """The different ways to hold resources: (number of the resource, bytes per cycle) each."""
        return tuple({id(held): held for held in self.timing.held}.values())

    @cached_property
    def holding(self) -> Integers:
        """Per issue, which of ``holdings`` it is."""
        numbers = {id(held): n for n, held in enumerate(self.holdings)}
        return np.array([numbers[id(held)] for held in self.timing.held], dtype=np.int64)

    @property
    def released_at(self) -> Integers:
        """When operands and resources are let go."""
        return self.start + self.timing.occupancy

    @property
    def result_at(self) -> Integers:
        """When everything of an issue is over."""
        return self.start + np.maximum(self.timing.occupancy, self.timing.latency)

    @cached_property
    def action_of(self) -> Integers:
        """The action of each issue."""
        return self.columns.operation

    def tensor_number(self, name: str) -> int:
        return self.tensors.index(name)


def trace_program(
    program: Program, target: Target, simulation: Simulation, matches: Sequence[Match] = ()
) -> Trace | None:
    """The columns behind ``simulation``; None where it refused the program."""
    if len(simulation.start) != program.issues:
        return None
    findings = Findings()
    columns = unroll(program, findings)
    prepared = [prepare(operation, operation.performs, program, target, findings) for operation in columns.operations]
    actions = tuple(action for action in prepared if action is not None)
    if len(actions) != len(prepared):
        return None
    touched = tuple(touches(columns, actions))
    timing, _, _, names, capacities = costs(columns, actions, touched, target)
    holds = _operands(matches)
    tensors = tuple(dict.fromkeys([*(tensor.name for tensor in program.tensors), *holds.values()]))
    return Trace(
        target, tensors, holds, columns, actions, touched, timing, simulation.start, tuple(names), tuple(capacities)
    )


def _operands(matches: Sequence[Match]) -> dict[tuple[str, str], str]:
    """What all matches of an instruction agree on."""
    pairs = {((match.instruction, operand), tensor) for match in matches for operand, tensor, _ in match.operands}
    keys = [key for key, _ in pairs]
    return {key: tensor for key, tensor in sorted(pairs) if keys.count(key) == 1}


def carried_tensor(action: Action) -> str | None:
    """The tensor of the outermost memory that an action writes or else reads, if it does either."""
    named = [layout for layout in action.layouts if layout.tensor is not None]
    chosen = next((layout for layout in named if layout.writes), named[0] if named and action.is_transfer else None)
    return chosen.tensor.name if chosen is not None and chosen.tensor is not None else None


def only_moves(action: Action) -> bool:
    """Does it write what it reads, unchanged?"""
    meaning = meaning_of(action)
    plain = all(einsum.operator == "=" and isinstance(einsum.value, Read) for einsum in meaning)
    return plain and len(meaning) <= 1 and len(action.layouts) == 2


def energy_by_name(trace: Trace) -> dict[str, float | None]:
    """Picojoules of all issues of each instruction and transfer; None where the machine's file states none."""
    found: dict[str, float | None] = {}
    at = 0
    for action in trace.actions:
        mine = trace.touched[at : at + len(action.layouts)]
        at += len(action.layouts)
        issues = len(mine[0].issues) if mine else 0
        inside = mine[action.counted].inside_points if action.is_transfer else np.zeros(issues, dtype=np.int64)
        for value, often in zip(*np.unique(inside, return_counts=True), strict=True):
            spent = action.cost(int(value)).energy_pj
            before = found.get(action.name, 0.0)
            found[action.name] = None if spent is None or before is None else before + spent * int(often)
    return found
