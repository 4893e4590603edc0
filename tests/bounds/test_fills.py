"""Forced fills: the window inequality holds for what programs did, and costs what it says where fills are dear."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import pytest

from isamap.bounds import latency_bounds
from isamap.bounds.chain import links
from isamap.bounds.fills import Window, fills_bound_cycles
from isamap.bounds.forced import Volume, on_chip_bytes, volume
from isamap.compile import Compiled, Options, compile_workload
from isamap.ir.expression import parse
from isamap.ir.hardware import Instruction, Target
from isamap.ir.program import Segment
from isamap.ir.workload import Workload
from isamap.spec import load_target, load_workload
from tests.machines import bundled

S16 = {"in": "s16", "acc": "s16"}


def window(points: int, elements: int, accumulators: int, size: int, work: float, session: float) -> Window:
    """Elements of one byte, a byte per cycle."""
    return Window(Volume(points, 1, (1, 1, 1), (1e9, 1e9, 1e9)), size, accumulators, elements, work, session, 0, 1)


def test_one_window_holds_all_sums_that_its_factors_can_make() -> None:
    """40x40x10 products from 2*400 bytes, loaded once into a machine that was empty: 1,600 sums, each begun once."""
    assert window(16_000, 1_600, 100, 10_000, 0, 1).sessions(2 * 400, parts=1) == pytest.approx(1_600, rel=0.01)


def test_more_sessions_than_results_cost_time() -> None:
    """The same in half of the bytes takes four times the sums; 4,800 of them begin again, for a tenth of a cycle."""
    given = replace(window(16_000, 1_600, 100, 10_000, 400, 0.1), byte_cycles=1.0)
    least = given.least_cycles()
    assert 400 < least < 400 + 480
    loaded = float(least)
    assert 400 + 0.1 * (given.sessions(loaded, 1) - 1_600) == pytest.approx(loaded, abs=2)


def sessions(answer: Compiled) -> int:
    """Sums that left the accumulators."""
    (segment,) = (node for node in answer.program.walk() if isinstance(node, Segment))
    drained = [prod(prod(f) for _, f in o.extents) if o.performs == "drain" else 0 for o in segment.operations]
    return sum(drained[number] for number in segment.operation)


@pytest.mark.parametrize(
    ("sizes", "spad_kib", "bus"),
    [
        ({"M": 64, "N": 64, "K": 300}, 1, 16),
        ({"M": 96, "N": 48, "K": 200}, 2, 32),
        ({"M": 48, "N": 80, "K": 400}, 4, 8),
    ],
)
def test_what_programs_did(sizes: dict[str, object], spad_kib: int, bus: int) -> None:
    """No compiled program has fewer sessions than its own loads leave, whatever the number of windows."""
    work = load_workload("gemm", sizes | S16)
    target = load_target("p16", {"spad_kib": spad_kib, "bus_bytes_per_cycle": bus})
    answer = compile_workload(work, target, Options("heuristic", deterministic=True, time_limit_s=1))
    assert answer.violations == ()
    given = volume(work, work.einsums[0], target)
    assert given is not None
    one = Window(given, on_chip_bytes(target), 512, 1, 0, 0, 0, 1)
    loaded = answer.simulation.traffic_bytes["load"]
    least = max(one.sessions(loaded, parts) for parts in range(1, 60))
    assert 0 < least <= sessions(answer)
    bound, resource = fills_bound_cycles(work, work.einsums[0], links(work, target)[0].ways, target)
    assert bound <= answer.simulation.latency_cycles
    assert resource in ("spad.aread", "array")


def changed(name: str, **values: object) -> Target:
    """p16 with another fill or mac."""
    target = bundled("p16")
    change = [replace(i, **values) if i.name == name else i for i in target.instructions]  # type: ignore[arg-type]
    return replace(target, instructions=tuple(change))


def fills_cycles(work: Workload, target: Target) -> int:
    return next(bound.value for bound in latency_bounds(work, target) if bound.name == "forced fills")


def test_on_p16() -> None:
    """gdb1 has 1,548,800 cycles of points; 16 KiB force more fills, and fills beside the array none."""
    work, beside = load_workload("p16/gdb1"), changed("fill", uses=())
    full = fills_cycles(work, bundled("p16"))
    small = fills_cycles(work, load_target("p16", {"spad_kib": 16}))
    assert 1_548_800 < full < small < 1.1 * 1_548_800
    assert fills_cycles(work, beside) == 0


def test_no_claim_where_sums_are_read_in_place() -> None:
    """An instruction that reads the accumulators could add two sums there."""
    target = bundled("p16")
    mac = target.instruction("mac")
    other: Instruction = replace(
        mac,
        name="other",
        operands=tuple(replace(o, memory="acc") if o.name == "A" else o for o in mac.operands),
        initiation_interval_cycles=parse("k"),
    )
    assert fills_cycles(load_workload("p16/gdb1"), replace(target, instructions=(*target.instructions, other))) == 0
