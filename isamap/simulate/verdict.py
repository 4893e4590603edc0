"""Are the accesses of a program in order, is what it reads there, is what it owes written?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.workload import Tensor
from isamap.simulate.clock import Timing
from isamap.simulate.columns import Columns
from isamap.simulate.evaluate import first_element, root_of
from isamap.simulate.hazards import RAW, WAR, Hazards, find_hazards, missing_bytes
from isamap.simulate.layout import Integers, grid_sum, merged_runs
from isamap.simulate.order import Order
from isamap.simulate.rules import Findings
from isamap.simulate.touch import Touch

_NONE = np.zeros(0, dtype=np.int64)


def check_bytes(
    program: Program,
    target: Target,
    columns: Columns,
    touched: Sequence[Touch],
    timing: Timing,
    order: Order,
    start: Integers,
    findings: Findings,
) -> None:
    """Name every hazard, by order (queued machines) and by cycles, in every space; and outputs not written."""
    initial = _initial_bytes(program, target)
    for space in dict.fromkeys(touch.layout.space for touch in touched):
        mine = [touch for touch in touched if touch.layout.space == space]
        if _only_read(space, mine, program, target):
            continue
        hazards = find_hazards(mine, initial.get(space, (_NONE, _NONE)), max(1, len(columns)))
        _report(space, hazards, order, timing, start, columns, findings, static=target.issue == "static")
    _check_outputs(program, target, touched, findings)


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
        space = space_of(tensor, program, target)
        mine = [t for t in touched if t.layout.space == space and t.layout.writes]
        missing = missing_bytes(mine, _tensor_bytes(tensor, program))
        if missing:
            findings.add("output-unwritten", name, f"{missing} of {tensor.elements * tensor.dtype.size_bytes} bytes")


def _only_read(space: str, mine: Sequence[Touch], program: Program, target: Target) -> bool:
    """Is it the space of one tensor that is given and never written?"""
    filled = {space_of(t, program, target) for t in _filled(program) if t.alias_of is None}
    return space in filled and not any(touch.layout.writes for touch in mine)


def _initial_bytes(program: Program, target: Target) -> dict[str, tuple[Integers, Integers]]:
    found: dict[str, list[tuple[Integers, Integers]]] = {}
    for tensor in _filled(program):
        found.setdefault(space_of(tensor, program, target), []).append(_tensor_bytes(tensor, program))
    return {
        space: (np.concatenate([s for s, _ in runs]), np.concatenate([e for _, e in runs]))
        for space, runs in found.items()
    }


def _tensor_bytes(tensor: Tensor, program: Program) -> tuple[Integers, Integers]:
    tensors = {t.name: t for t in program.tensors}
    _, offset = root_of(tensor, tensors)
    size = tensor.dtype.size_bytes
    if tensor.strides is None:  # dense: one run
        start = np.array([offset * size], dtype=np.int64)
        return start, start + tensor.elements * size
    offsets = grid_sum(tensor.shape, tuple(stride * size for stride in tensor.element_strides))
    return merged_runs(offsets + (offset + first_element(tensor)) * size, size)


def _filled(program: Program) -> list[Tensor]:
    """The tensors that hold data at cycle 0."""
    names = {*program.inputs, *(name for name, _ in program.constants)}
    return [tensor for tensor in program.tensors if tensor.name in names]


def space_of(tensor: Tensor, program: Program, target: Target) -> str:
    return f"{target.outermost.name}.{root_of(tensor, {t.name: t for t in program.tensors})[0]}"
