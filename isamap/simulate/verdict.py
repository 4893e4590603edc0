"""Are the accesses of a program in order, is what it reads there, is what it owes written?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from isamap.ir.hardware import Target
from isamap.ir.program import Program
from isamap.ir.workload import Tensor
from isamap.simulate.clock import Timing
from isamap.simulate.columns import Columns
from isamap.simulate.evaluate import first_element, root_of
from isamap.simulate.hazards import RAW, WAR, Hazards, find_hazards, missing_grains
from isamap.simulate.layout import Integers, covered, grid_sum
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
    for space in dict.fromkeys(touch.layout.space for touch in touched):
        mine = [touch for touch in touched if touch.layout.space == space]
        if _only_read(space, mine, program, target):
            continue
        issues, grain = max(1, len(columns)), min(touch.layout.dtype.address_bits for touch in mine)
        hazards = find_hazards(mine, _filled_grains(space, program, target, 8), issues)
        if grain < 8:
            finer = find_hazards(mine, _filled_grains(space, program, target, grain), issues, grain)
            hazards = replace(hazards, unwritten=finer.unwritten)
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
        grain = tensor.dtype.address_bits
        missing = missing_grains(mine, _tensor_grains(tensor, program, grain), grain)
        if missing:
            counted = "bytes" if grain == 8 else f"times {grain} bits"
            findings.add("output-unwritten", name, f"{missing} of {tensor.elements * tensor.dtype.pitch} {counted}")


def _only_read(space: str, mine: Sequence[Touch], program: Program, target: Target) -> bool:
    """Is it the space of one tensor that is given and never written?"""
    filled = {space_of(t, program, target) for t in _filled(program) if t.alias_of is None}
    return space in filled and not any(touch.layout.writes for touch in mine)


def _filled_grains(space: str, program: Program, target: Target, grain_bits: int) -> tuple[Integers, Integers]:
    """Starts and ends of the runs of grains of a space that hold data at cycle 0."""
    runs = [
        _tensor_grains(tensor, program, grain_bits)
        for tensor in _filled(program)
        if space_of(tensor, program, target) == space
    ]
    return np.concatenate([_NONE, *(s for s, _ in runs)]), np.concatenate([_NONE, *(e for _, e in runs)])


def _tensor_grains(tensor: Tensor, program: Program, grain_bits: int) -> tuple[Integers, Integers]:
    """Starts and ends of the runs of grains in which the elements of a tensor lie."""
    tensors, dtype = {t.name: t for t in program.tensors}, tensor.dtype
    _, offset = root_of(tensor, tensors)
    if tensor.strides is None:  # dense: one run
        first, end = offset * dtype.bits, (offset + tensor.elements) * dtype.bits
        return np.array([first // grain_bits], dtype=np.int64), np.array([-(-end // grain_bits)], dtype=np.int64)
    offsets = grid_sum(tensor.shape, tuple(stride * dtype.pitch for stride in tensor.element_strides))
    return covered(offsets + (offset + first_element(tensor)) * dtype.pitch, dtype, grain_bits)


def _filled(program: Program) -> list[Tensor]:
    """The tensors that hold data at cycle 0."""
    names = {*program.inputs, *(name for name, _ in program.constants)}
    return [tensor for tensor in program.tensors if tensor.name in names]


def space_of(tensor: Tensor, program: Program, target: Target) -> str:
    return f"{target.outermost.name}.{root_of(tensor, {t.name: t for t in program.tensors})[0]}"
