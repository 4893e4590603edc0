"""Who waits for what, one port, bus, bank, unit and channel at a time; every start cycle reasoned by hand.

On ``bench`` a load of 64 bytes takes the whole bus for 4 cycles, a store of 64 bytes half of it for 8 cycles.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from isamap.ir.dtype import DTYPES
from isamap.ir.program import Operation
from isamap.ir.workload import Tensor
from isamap.simulate.machine import Simulation, simulate
from tests.machines import bench, lockstep
from tests.simulate.tape import Tape, at, operation

S32 = DTYPES["s32"]
RESULT, OPERANDS = "result", "operands"
After = Iterable[tuple[int, str]]


def tape() -> Tape:
    tensors = (Tensor("X", S32, (64,), border=3), Tensor("Y", S32, (64,)))
    return Tape("contention", "bench", tensors, ("X",), ())


def load(count: int = 16) -> Operation:
    return operation("load", {"n": count}, source=at("dram.X", S32, n=(1,)), destination=at("buf", S32, n=4))


def store(count: int = 16) -> Operation:
    return operation("store", {"n": count}, source=at("buf", S32, n=4), destination=at("dram.Y", S32, n=(1,)))


def unary(name: str, count: int = 4, mode: str = "") -> Operation:
    return operation(name, {"n": count}, mode, X=at("buf", S32, n=4), Z=at("buf", S32, n=4))


def add(count: int = 4) -> Operation:
    return operation("add", {"n": count}, X=at("buf", S32, n=4), Y=at("buf", S32, n=4), Z=at("buf", S32, n=4))


def keep() -> Operation:
    return operation("keep", {"n": 4}, X=at("buf", S32, n=4), R=at("reg", S32, n=4))


def give() -> Operation:
    return operation("give", {"n": 4}, R=at("reg", S32, n=4), X=at("buf", S32, n=4))


def run(made: Tape) -> Simulation:
    result = simulate(made.program(), bench(), {"X": np.arange(64, dtype=np.int32)})
    assert [str(violation) for violation in result.violations] == []
    return result


def starts(made: Tape) -> list[int]:
    return [int(start) for start in run(made).start]


def test_a_channel_serves_one_after_another() -> None:
    made = tape()
    made.issue(load(), 0, 0)
    made.issue(load(), 16, 64)
    assert starts(made) == [0, 4]


def test_a_channel_of_two_serves_two() -> None:
    made = tape()
    first = made.issue(load(48), 0, 0)
    for n in range(3):
        made.issue(store(), 64 * n, 16 * n, after=[(first, RESULT)])
    result = run(made)
    assert result.start.tolist() == [0, 12, 12, 20]
    assert result.end.tolist() == [12, 25, 25, 33]  # 8 cycles each, readable 5 cycles later
    assert result.busy_cycles["out"] == 24


def test_a_shared_bus_serves_in_order_of_arrival() -> None:
    made = tape()
    a, b = made.issue(load(), 0, 0), made.issue(load(), 16, 64)
    made.issue(store(), 0, 0, after=[(a, RESULT)])  # arrives at 4 behind the second load, which has the whole bus
    made.issue(load(), 32, 128)  # arrives at 8, when the store has half: waits for all of it
    made.issue(store(), 64, 16, after=[(b, RESULT)])  # half would be free at 8, but the load came first
    result = run(made)
    assert result.start.tolist() == [0, 4, 8, 16, 20]
    assert result.stalls == {"out waits for load": 4, "out waits for bus": 4 + 12, "in waits for bus": 8}


def test_a_shared_port_serves_two_halves_at_once() -> None:
    made = tape()
    ready = [(made.issue(load(), 0, 0), RESULT)]
    made.issue(add(), 0, 16, 256, after=ready)  # 8 of 16 B/cycle for 8 cycles
    made.issue(unary("half"), 0, 320, after=ready)  # 8 for 4
    made.issue(unary("half"), 0, 384, after=ready)
    assert starts(made) == [0, 4, 4, 8]


def test_an_exclusive_port_waits_for_all_and_is_not_overtaken() -> None:
    made = tape()
    ready = [(made.issue(load(), 0, 0), RESULT)]
    made.issue(add(), 0, 16, 256, after=ready)
    made.issue(unary("half"), 0, 320, after=ready)
    made.issue(unary("negate"), 0, 384, after=ready)  # its unit stands before that of half in the machine's file
    assert starts(made) == [0, 4, 16, 12]


def test_a_unit_is_held_for_its_interval_not_its_occupancy() -> None:
    made = tape()
    ready = [(made.issue(load(), 0, 0), RESULT)]
    made.issue(add(), 0, 16, 256, after=ready)
    made.issue(add(), 0, 16, 272, after=ready)
    assert starts(made) == [0, 4, 8]


def test_a_unit_of_two_serves_two() -> None:
    made = tape()
    ready = [(made.issue(load(), 0, 0), RESULT)]
    for n in range(3):
        made.issue(unary("half", 8), 0, 256 + 32 * n, after=ready)
    assert starts(made) == [0, 4, 4, 12]


def test_a_bank_is_held_by_one_issue() -> None:
    for address, wanted in ((16, [0, 4, 8, 12]), (256, [0, 4, 8, 8])):  # the same bank; the other one
        made = tape()
        ready = [(made.issue(load(), 0, 0), RESULT)]
        first = made.issue(keep(), 0, 0, after=ready)
        made.issue(keep(), 0, address, after=ready)
        made.issue(give(), 0, 512, after=[(first, RESULT)])
        assert starts(made) == wanted


def test_an_all_border_load_costs_nothing() -> None:
    made = tape()
    made.issue(load(), 0, 0)
    made.issue(load(), 64, 64)
    made.issue(load(), 56, 128)  # half inside
    made.issue(load(), 0, 192)
    result = run(made)
    assert result.start.tolist() == [0, 4, 4, 6]
    assert result.traffic_bytes["load"] == 64 + 0 + 32 + 64


def test_a_wait_for_operands_ends_before_a_wait_for_the_result() -> None:
    made = tape()
    ready = [(made.issue(load(), 0, 0), RESULT)]
    first = made.issue(add(), 0, 16, 256, after=ready)
    made.issue(load(4), 0, 0, after=[(first, OPERANDS)])
    made.issue(unary("negate"), 256, 272, after=[(first, RESULT)])
    assert starts(made) == [0, 4, 12, 16]


def lock(made: Tape, *cycles: int) -> list[str]:
    """The rules that a lock-step program with these start cycles breaks."""
    for entry, cycle in zip(made.entries, cycles, strict=True):
        entry.start = cycle
    result = simulate(made.program(), lockstep(), {"X": np.arange(64, dtype=np.int32)})
    assert all(result.start == cycles)
    return sorted({violation.rule for violation in result.violations})


def test_lock_step_starts_are_checked() -> None:
    made = tape()
    ready = [(made.issue(load(), 0, 0), RESULT)]
    made.issue(unary("negate"), 0, 256, after=ready)
    made.issue(unary("half"), 0, 320, after=ready)
    made.issue(unary("half"), 0, 384, after=ready)
    assert lock(made, 0, 4, 8, 8) == []
    assert lock(made, 0, 4, 8, -1) == ["raw-cycle", "start-missing", "start-order", "start-wait"]
    assert lock(made, 0, 4, 7, 8) == ["start-resource"]
    assert lock(made, 0, 3, 8, 8) == ["raw-cycle", "start-wait"]
    assert lock(made, 0, 4, 9, 8) == ["start-order"]
    made.issue(unary("half"), 0, 448, after=ready)
    assert lock(made, 0, 4, 8, 8, 10) == ["start-resource", "start-unit"]
