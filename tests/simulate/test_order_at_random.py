"""Random programs on a machine with every awkward queue (several servers, occupancy longer than the interval, shared
buses, banks): the simulator's verdict about order is brute force's, and its clock keeps what the order promises."""

from __future__ import annotations

import random

import numpy as np
import pytest

from isamap.ir.dtype import DTYPES
from isamap.ir.workload import Tensor
from isamap.simulate.machine import simulate
from tests.machines import bench
from tests.simulate.brute_force import broken_rules
from tests.simulate.tape import Tape
from tests.simulate.test_machine_contention import add, give, keep, load, store, unary

S32 = DTYPES["s32"]
ORDER = {"raw-order", "waw-order", "war-order"}
TENSORS = (Tensor("X", S32, (64,), border=3), Tensor("Y", S32, (64,)))


def random_tape(chance: random.Random, length: int, waiting: float) -> Tape:
    """Issues at random places of few bytes, waiting for random earlier ones."""
    tape = Tape("random", "bench", TENSORS, ("X",), ("Y",))
    for n in range(length):
        waits = [
            (on, chance.choice(["result", "result", "operands"]))
            for on in range(max(0, n - 6), n)
            if chance.random() < waiting
        ]
        a, b, c = (32 * chance.randrange(6) for _ in range(3))
        match chance.randrange(8):
            case 0 | 1:
                tape.issue(load(8), chance.choice([-4, 0, 8, 60]), a, after=waits)
            case 2:
                tape.issue(store(4), a, 4 * chance.randrange(4), after=waits)
            case 3:
                tape.issue(add(4), a, b, c + 16, after=waits)
            case 4:
                tape.issue(unary(chance.choice(["negate", "half"])), a, b + 16, after=waits)
            case 5:
                tape.issue(unary("sum", 4, chance.choice(["initialise", "accumulate"])), a, b + 16, after=waits)
            case 6:
                tape.issue(keep(), a, chance.choice([0, 256]), after=waits)
            case _:
                tape.issue(give(), chance.choice([0, 256]), a, after=waits)
    return tape


@pytest.mark.parametrize("waiting", [0.1, 0.5, 1.0])
def test_verdicts_about_order(waiting: float) -> None:
    chance = random.Random(str(waiting))
    orderly = 0
    for _ in range(150):
        tape = random_tape(chance, chance.randrange(2, 14), waiting)
        result = simulate(tape.program(), bench(), {"X": np.arange(64, dtype=np.int32)})
        found = {violation.rule for violation in result.violations}
        seen = {"order" if rule in ORDER else rule for rule in found}
        if "operand-overlap" not in found:
            assert seen & {"order", "read-unwritten", "output-unwritten"} == broken_rules(tape, bench())
        if not found & ORDER:
            assert not found & {"raw-cycle", "waw-cycle", "war-cycle"}
            orderly += 1
        starts = result.start
        assert all(starts[on] <= starts[x] for x, entry in enumerate(tape.entries) for on, _ in entry.waits)
    assert orderly > 10


@pytest.mark.parametrize("waiting", [0.1, 0.5])
def test_the_clock_never_asks_for_more_than_there_is(waiting: float) -> None:
    """Cycle by cycle: servers of each queue, bytes per cycle of each resource, banks, order of starts."""
    chance = random.Random(str(waiting))
    target = bench()
    for _ in range(60):
        tape = random_tape(chance, 14, waiting)
        result = simulate(tape.program(), target, {}, execute=False)
        for queue in range(len(target.queues)):
            starts = result.start[result.queue == queue]
            assert (np.diff(starts) >= 0).all()
        for time in range(int(result.end.max())):
            port = bus = 0
            for x, entry in enumerate(tape.entries):
                name, start, n = entry.operation.performs, int(result.start[x]), 4
                bytes_ = 4 * sum(0 <= entry.origins[0] + i < 64 for i in range(8)) if name == "load" else 16
                held = {"load": -(-bytes_ // 16), "store": 2, "add": 2 * n}.get(name, n)
                if start <= time < start + held:
                    bus += {"load": 16, "store": 8}.get(name, 0)
                    port += {"add": 8, "negate": 16, "half": 8}.get(name, 0)
            assert port <= 16
            assert bus <= 16
