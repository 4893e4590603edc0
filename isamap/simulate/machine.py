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
from isamap.ir.workload import Tensor
from isamap.simulate.action import prepare
from isamap.simulate.clock import Stalls, Timing, start_cycles
from isamap.simulate.costs import costs
from isamap.simulate.element_types import Array
from isamap.simulate.evaluate import first_element, root_of
from isamap.simulate.execute import execute as perform
from isamap.simulate.hazards import RAW, WAR, Hazards, find_hazards, missing_bytes
from isamap.simulate.layout import Integers, grid_sum, merged_runs
from isamap.simulate.lockstep import check_starts
from isamap.simulate.order import Order, prove_order
from isamap.simulate.rules import REFUSALS, Findings
from isamap.simulate.touch import Touch, check_places, touches
from isamap.simulate.unroll import Columns, unroll

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
    """Run ``program``. What it does wrong is in ``violations``; raises InputError where an input is missing.

    ``execute=False`` leaves out the numbers: no inputs are needed, everything else is checked.
    """
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
    initial = _initial_bytes(program, target)
    for space in dict.fromkeys(touch.layout.space for touch in touched):
        mine = [touch for touch in touched if touch.layout.space == space]
        if _only_read(space, mine, program, target):
            continue
        hazards = find_hazards(mine, initial.get(space, (_NONE, _NONE)), max(1, len(columns)))
        _report(space, hazards, order, timing, start, columns, findings, static=target.issue == "static")
    _check_outputs(program, target, touched, findings)
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


def _tensor_bytes(tensor: Tensor, program: Program) -> tuple[Integers, Integers]:
    tensors = {t.name: t for t in program.tensors}
    _, offset = root_of(tensor, tensors)
    size = tensor.dtype.size_bytes
    offsets = grid_sum(tensor.shape, tuple(stride * size for stride in tensor.element_strides))
    return merged_runs(offsets + (offset + first_element(tensor)) * size, size)


def _space(tensor: Tensor, program: Program, target: Target) -> str:
    return f"{target.outermost.name}.{root_of(tensor, {t.name: t for t in program.tensors})[0]}"


def _filled(program: Program) -> list[Tensor]:
    """The tensors that hold data at cycle 0."""
    names = {*program.inputs, *(name for name, _ in program.constants)}
    return [tensor for tensor in program.tensors if tensor.name in names]


def _only_read(space: str, mine: Sequence[Touch], program: Program, target: Target) -> bool:
    """Is it the space of one tensor that is given and never written?"""
    filled = {_space(t, program, target) for t in _filled(program) if t.alias_of is None}
    return space in filled and not any(touch.layout.writes for touch in mine)


def _initial_bytes(program: Program, target: Target) -> dict[str, tuple[Integers, Integers]]:
    found: dict[str, list[tuple[Integers, Integers]]] = {}
    for tensor in _filled(program):
        found.setdefault(_space(tensor, program, target), []).append(_tensor_bytes(tensor, program))
    return {
        space: (np.concatenate([s for s, _ in runs]), np.concatenate([e for _, e in runs]))
        for space, runs in found.items()
    }


def _report(
    space: str,
    hazards: Hazards,
    order: Order,
    timing: Timing,
    start: Integers,
    columns: Columns,
    findings: Findings,
    *,
    static: bool,
) -> None:
    def name(x: int) -> str:
        return f"issue {x} ({columns.operations[columns.operation[x]].performs})"

    findings.add_each("read-unwritten", hazards.unwritten.tolist(), lambda x: (name(x), f"bytes of {space}"))
    findings.add_each("operand-overlap", hazards.overlapping.tolist(), lambda x: (name(x), f"bytes of {space}"))
    first, second, kind = hazards.first, hazards.second, hazards.kind
    complete, released = start + timing.latency, start + timing.occupancy
    ordered = np.where(kind == WAR, order.release_before(first, second), order.result_before(first, second))
    timely = np.where(kind == WAR, released[first], complete[first]) <= start[second]
    checks = (("cycle", ~timely),) if static else (("order", ~ordered), ("cycle", ~timely))
    for suffix, wrong in checks:
        for n, prefix in enumerate(("raw", "waw", "war")):
            found = np.flatnonzero(wrong & (kind == n)).tolist()
            what = "released" if n == WAR else "complete"
            verb = "reads" if n == RAW else "overwrites"
            findings.add_each(
                f"{prefix}-{suffix}",
                found,
                lambda p, what=what, verb=verb: (  # type: ignore[misc]
                    name(int(second[p])),
                    f"{verb} bytes of {space} before {name(int(first[p]))} is known to be {what}",
                ),
            )


def _check_outputs(program: Program, target: Target, touched: Sequence[Touch], findings: Findings) -> None:
    for name in program.outputs:
        tensor = next((t for t in program.tensors if t.name == name), None)
        if tensor is None or tensor in _filled(program):
            continue
        space = _space(tensor, program, target)
        mine = [t for t in touched if t.layout.space == space and t.layout.writes]
        missing = missing_bytes(mine, _tensor_bytes(tensor, program))
        if missing:
            findings.add("output-unwritten", name, f"{missing} of {tensor.elements * tensor.dtype.size_bytes} bytes")


def _peak_bytes(touched: Sequence[Touch]) -> dict[str, int]:
    found: dict[str, int] = {}
    for touch in touched:
        if touch.layout.tensor is None and len(touch.base):
            top = int(touch.base.max()) + touch.layout.byte_range[1]
            found[touch.layout.memory] = max(found.get(touch.layout.memory, 0), top)
    return found


def _latency(program: Program, target: Target, touched: Sequence[Touch], ends: Integers) -> int:
    tensors = {tensor.name: tensor for tensor in program.tensors}
    spaces = {_space(tensors[name], program, target) for name in program.outputs if name in tensors}
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
