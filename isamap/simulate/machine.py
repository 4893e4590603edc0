"""Runs a Program on a Target: function, cycles, energy, traffic, and everything that it does wrong.

It derives the start cycles itself and trusts none that it is given, except on a lock-step machine, where they are part
of the program and are checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from isamap.ir.answers import Violation
from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.simulate.clock import Stalls, Timing, start_cycles
from isamap.simulate.columns import Columns
from isamap.simulate.costs import costs
from isamap.simulate.element_types import Array
from isamap.simulate.execute import execute as perform
from isamap.simulate.layout import Integers
from isamap.simulate.lockstep import check_starts
from isamap.simulate.order import prove_order
from isamap.simulate.prepare import prepare
from isamap.simulate.refuse import refuse_unbuilt
from isamap.simulate.rules import REFUSALS, Findings
from isamap.simulate.touch import Touch, check_places, touches
from isamap.simulate.unroll import unroll
from isamap.simulate.verdict import check_bytes, space_of

__all__ = ["Simulation", "simulate"]
_NOT_RUN = REFUSALS | {"capacity", "read-outside", "write-outside"}
_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Simulation:
    """What a program did. The columns have one entry per issue: ``start`` and ``end`` (of occupancy and result) in
    cycles, ``queue`` (index into ``queues``) and ``operation`` (index into ``performs``).

    ``traffic_bytes`` per transfer, borders excluded; ``peak_bytes`` per addressed memory: the highest byte touched plus
    one; ``busy_cycles`` per queue, port, bus and bank; ``stalls`` in cycles by cause; ``energy_pj`` None where some
    operation states none; ``outputs`` empty where the program was refused or not executed.
    """

    latency_cycles: int
    issues: int
    outputs: dict[str, Array]
    violations: tuple[Violation, ...]
    energy_pj: float | None
    traffic_bytes: dict[str, int]
    peak_bytes: dict[str, int]
    busy_cycles: dict[str, int]
    stalls: dict[str, int]
    queues: tuple[str, ...]
    performs: tuple[str, ...]
    start: Integers = field(default_factory=lambda: _NONE)
    end: Integers = field(default_factory=lambda: _NONE)
    queue: Integers = field(default_factory=lambda: _NONE)
    operation: Integers = field(default_factory=lambda: _NONE)


def simulate(program: Program, target: Target, inputs: Mapping[str, Array], *, execute: bool = True) -> Simulation:
    """Run ``program``. What it does wrong is in ``violations``; raises InputError where an input is missing,
    Unsupported where the machine has a feature that is not simulated yet.

    ``execute=False`` leaves out the numbers: no inputs are needed, everything else is checked.
    """
    refuse_unbuilt(program, target)
    findings = Findings()
    columns = unroll(program, findings)
    prepared = [
        prepare(operation, f"operation {n} ({operation.performs})", program, target, findings)
        for n, operation in enumerate(columns.operations)
    ]
    actions = [action for action in prepared if action is not None]
    if findings.rules & REFUSALS:
        return _refused(program, target, findings)
    touched = touches(columns, actions)
    check_places(touched, actions, target, findings)
    timing, energy, traffic, names, capacities = costs(columns, actions, touched, target)
    counts = [queue.count for queue in target.queues]
    stalls = Stalls()
    if target.issue == "static":
        start = columns.start
        check_starts(columns, timing, counts, names, capacities, target, findings)
    else:
        start, stalls = start_cycles(columns, timing, counts, capacities)
    order = prove_order(columns, timing, counts)
    check_bytes(program, target, columns, touched, timing, order, start, findings)
    peak = _peak_bytes(touched)
    outputs: dict[str, Array] = {}
    if execute and not findings.rules & _NOT_RUN:
        outputs = perform(program, columns, actions, touched, peak, inputs, target.outermost.name)
    ends = start + np.maximum(timing.occupancy, timing.latency)
    return Simulation(
        _latency(program, target, touched, ends),
        len(columns),
        outputs,
        findings.violations,
        energy,
        traffic,
        peak,
        _busy(timing, names, target),
        _named_stalls(stalls, names, columns, target),
        tuple(queue.name for queue in target.queues),
        tuple(operation.performs for operation in columns.operations),
        start,
        ends,
        timing.queue,
        columns.operation,
    )


def _refused(program: Program, target: Target, findings: Findings) -> Simulation:
    queues = tuple(queue.name for queue in target.queues)
    return Simulation(0, program.issues, {}, findings.violations, None, {}, {}, {}, {}, queues, ())


def _peak_bytes(touched: Sequence[Touch]) -> dict[str, int]:
    found: dict[str, int] = {}
    for touch in touched:
        if touch.layout.tensor is None and len(touch.issues):
            top = int(touch.ends[1].max())
            found[touch.layout.memory] = max(found.get(touch.layout.memory, 0), top)
    return found


def _latency(program: Program, target: Target, touched: Sequence[Touch], ends: Integers) -> int:
    tensors = {tensor.name: tensor for tensor in program.tensors}
    spaces = {space_of(tensors[name], program, target) for name in program.outputs if name in tensors}
    storing = [t.issues for t in touched if t.layout.writes and t.layout.space in spaces and len(t.issues)]
    chosen = ends[np.concatenate(storing)] if storing else ends
    return int(chosen.max()) if len(chosen) else 0


def _busy(timing: Timing, names: Sequence[str], target: Target) -> dict[str, int]:
    found = {queue.name: int(timing.interval[timing.queue == q].sum()) for q, queue in enumerate(target.queues)}
    distinct: dict[int, tuple[tuple[tuple[int, int], ...], int]] = {}
    for held, cycles in zip(timing.held, timing.occupancy.tolist(), strict=True):
        kept = distinct.get(id(held), (held, 0))
        distinct[id(held)] = (held, kept[1] + cycles)
    busy = dict.fromkeys(names, 0)
    for held, cycles in distinct.values():
        for r, _ in held:
            busy[names[r]] += cycles
    return found | busy


def _named_stalls(stalls: Stalls, names: Sequence[str], columns: Columns, target: Target) -> dict[str, int]:
    queues = target.queues
    found: dict[str, int] = {}
    for (q, operation), cycles in stalls.waits.items():
        cause = f"{queues[q].name} waits for {columns.operations[operation].performs}"
        found[cause] = found.get(cause, 0) + cycles
    for (q, r), cycles in stalls.resources.items():
        found[f"{queues[q].name} waits for {names[r]}"] = cycles
    return {cause: cycles for cause, cycles in found.items() if cycles}
