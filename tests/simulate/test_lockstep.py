"""Programs for vliw4, every start cycle written by hand: the earliest that are right, and one cycle less, by name.

A load of up to 16 bytes takes the load slot and the bus for a cycle and may be read 5 cycles after its start, a mac's
result 4, a drain's 1 and a fill's 5 cycles after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from isamap.check.program import check_program
from isamap.ir.dtype import DTYPES
from isamap.ir.program import Operation
from isamap.ir.workload import Tensor
from isamap.simulate.machine import Simulation, simulate
from tests.machines import bundled
from tests.simulate.tape import Tape, at, operation

S8, S32 = DTYPES["s8"], DTYPES["s32"]
A = np.arange(-8, 8, dtype=np.int8).reshape(4, 4)
B = np.arange(3, 19, dtype=np.int8)
X = np.arange(-32, 32, dtype=np.int32)


def tape(*outputs: str) -> Tape:
    tensors = (Tensor("A", S8, (4, 4)), Tensor("B", S8, (16,)), Tensor("C", S32, (4,)), Tensor("D", S32, (4,)),
               Tensor("X", S32, (64,)), Tensor("Y", S32, (64,)), Tensor("Q", S8, (64,)))  # fmt: skip
    return Tape("lockstep", "vliw4", tensors, ("A", "B", "X"), outputs)


LOAD_A = operation("load", {"i": 4, "k": 4}, source=at("dram.A", S8, i=(1, 0), k=(0, 1)),
                   destination=at("local", S8, i=4, k=1))  # fmt: skip
LOAD_B = operation("load", {"k": 16}, source=at("dram.B", S8, k=(1,)), destination=at("local", S8, k=1))
DRAIN = operation("drain", {"i": 4}, C=at("registers", S32, i=4), D=at("local", S32, i=4))
FILL = operation("fill", {"i": 4}, C=at("registers", S32, i=4), D=at("local", S32, i=4))


def mac(mode: str) -> Operation:
    return operation("mac", {"i": 4, "k": 4}, mode, A=at("local", S8, i=4, k=1), B=at("local", S8, k=1),
                     C=at("registers", S32, i=4))  # fmt: skip


def load_x(count: int) -> Operation:
    return operation("load", {"i": count}, source=at("dram.X", S32, i=(1,)), destination=at("local", S32, i=4))


def store(tensor: str, count: int = 4) -> Operation:
    dtype, size = (S8, 1) if tensor == "Q" else (S32, 4)
    return operation("store", {"i": count}, source=at("local", dtype, i=size),
                     destination=at(f"dram.{tensor}", dtype, i=(1,)))  # fmt: skip


def vector(name: str, count: int, *operands: str) -> Operation:
    return operation(name, {"i": count}, **{o: at("local", S32, i=4) for o in operands})


def run(made: Tape, starts: Sequence[int]) -> Simulation:
    for entry, start in zip(made.entries, starts, strict=True):
        entry.start = start
    program, target = made.program(), bundled("vliw4")
    assert check_program(program, target) == []
    return simulate(program, target, {"A": A, "B": B, "X": X})


def right(made: Tape, *starts: int) -> Simulation:
    result = run(made, starts)
    assert [str(violation) for violation in result.violations] == []
    assert result.start.tolist() == list(starts)
    return result


def wrong(made: Tape, *starts: int) -> list[str]:
    return sorted({violation.rule for violation in run(made, starts).violations})


def products(*registers: int) -> Tape:
    """B's 16 bytes by four macs on A, each into the vector register of that number; the first into each begins it."""
    made = tape()
    made.issue(LOAD_A, 0, 0, 0)
    made.issue(LOAD_B, 0, 64)
    for n, register in enumerate(registers):
        mode = "initialise" if register not in registers[:n] else "accumulate"
        made.issue(mac(mode), 0, 64 + 4 * n, 64 * register)
    return made


def test_accumulations_into_one_vector_start_a_latency_apart() -> None:
    right(products(0, 0, 0, 0), 0, 1, 6, 10, 14, 18)
    assert wrong(products(0, 0, 0, 0), 0, 1, 6, 10, 13, 18) == ["raw-cycle"]
    assert wrong(products(0, 0, 0, 0), 0, 1, 6, 7, 8, 9) == ["raw-cycle"]


def test_accumulations_into_different_vectors_start_a_cycle_apart() -> None:
    right(products(0, 1, 2, 3), 0, 1, 6, 7, 8, 9)
    assert wrong(products(0, 1, 2, 3), 0, 1, 6, 7, 8, 8) == ["start-resource", "start-unit"]


def test_two_vectors_in_turn_hide_half_of_the_latency() -> None:
    right(products(0, 1, 0, 1), 0, 1, 6, 7, 10, 11)
    assert wrong(products(0, 1, 0, 1), 0, 1, 6, 8, 10, 11) == ["raw-cycle"]
    assert wrong(products(0, 1, 0, 1), 0, 1, 6, 8, 9, 12) == ["raw-cycle"]


def test_a_vector_is_begun_again_only_when_its_last_result_is_there() -> None:
    made = products(0, 0)
    made.entries[3].operation = mac("initialise")
    right(made, 0, 1, 6, 10)
    assert wrong(made, 0, 1, 6, 9) == ["waw-cycle"]


def test_a_dot_product_from_memory_to_memory() -> None:
    """Two loads share the bus; the mac awaits the second, the drain the second mac, the store the drain."""
    made = products(0, 0)
    made.outputs = ("C",)
    made.issue(DRAIN, 0, 128)
    made.issue(store("C"), 128, 0)
    result = right(made, 0, 1, 6, 10, 14, 15)
    assert result.latency_cycles == 15 + 1 + 4
    expected = A.astype(np.int32) @ (B[:4].astype(np.int32) + B[4:8])
    assert result.outputs["C"].tolist() == expected.tolist()
    assert wrong(made, 0, 0, 6, 10, 14, 15) == ["start-resource", "start-unit"]
    for n, rule in enumerate(("start-missing", "start-unit", "raw-cycle", "raw-cycle", "raw-cycle", "raw-cycle")):
        starts = [0, 1, 6, 10, 14, 15]
        starts[n] -= 1
        assert rule in wrong(made, *starts)


def test_a_partial_sum_goes_out_and_comes_back() -> None:
    made = products(0)
    made.outputs = ("C",)
    made.issue(DRAIN, 0, 128)
    made.issue(FILL, 64, 128)
    made.issue(mac("accumulate"), 0, 68, 64)
    made.issue(DRAIN, 64, 128)
    made.issue(store("C"), 128, 0)
    right(made, 0, 1, 6, 10, 11, 16, 20, 21)
    assert wrong(made, 0, 1, 6, 10, 11, 15, 20, 21) == ["raw-cycle"]
    assert wrong(made, 0, 1, 6, 10, 10, 16, 20, 21) == ["raw-cycle"]
    assert wrong(made, 0, 1, 6, 10, 20, 25, 20, 21) == ["raw-cycle", "war-cycle"]


def test_an_operand_is_kept_while_it_is_read() -> None:
    """A relu of 64 elements reads for four cycles; the next load of X may come into its place at its end."""
    made = tape("Y")
    made.issue(load_x(64), 0, 0)  # 16 cycles and 4
    made.issue(vector("relu", 64, "X", "Y"), 0, 256)
    made.issue(load_x(16), 0, 0)
    made.issue(store("Y", 64), 256, 0)
    right(made, 0, 20, 24, 28)
    assert wrong(made, 0, 20, 23, 27) == ["war-cycle"]
    assert wrong(made, 0, 20, 24, 27) == ["start-resource"]  # the bus
    assert wrong(made, 0, 19, 24, 28) == ["raw-cycle"]


def test_the_read_port_has_room_for_a_mac_and_one_vector() -> None:
    for name, operands, rules in (("relu", "XY", []), ("add", "XYZ", ["start-resource"])):
        made = tape()
        made.issue(LOAD_A, 0, 0, 0)
        made.issue(LOAD_B, 0, 64)
        made.issue(load_x(16), 0, 128)
        made.issue(mac("initialise"), 0, 64, 0)
        made.issue(vector(name, 16, *operands), *((128, 256) if name == "relu" else (128, 128, 256)))
        assert wrong(made, 0, 1, 2, 10, 10) == rules
        assert wrong(made, 0, 1, 2, 10, 11) == []


def test_requantised_bytes_come_four_cycles_later() -> None:
    made = tape("Q")
    made.issue(load_x(64), 0, 0)
    requantise = operation("requantise", {"i": 64}, X=at("local", S32, i=4), Y=at("local", S8, i=1))
    made.issue(replace(requantise, immediates=(("factor", 77), ("shift", 14))), 0, 256)
    made.issue(store("Q", 64), 256, 0)
    result = right(made, 0, 20, 27)
    assert result.latency_cycles == 27 + 4 + 4
    assert result.outputs["Q"].tolist() == [int(x) * 77 >> 14 for x in X]
    assert wrong(made, 0, 20, 26) == ["raw-cycle"]


def test_every_issue_has_a_start_and_a_slot_keeps_its_order() -> None:
    made = products(0, 1)
    assert wrong(made, -1, -1, -1, -1) == ["raw-cycle", "start-missing", "start-resource", "start-unit"]
    assert wrong(made, 1, 0, 6, 7) == ["start-order"]
    assert "start-missing" in wrong(made, 0, 1, 6, -7)


def test_waits_state_what_starts_must_keep() -> None:
    """They hold nothing up; a start that a wait contradicts is named, whether or not the bytes show it."""
    made = products(0, 1)
    made.entries[3].waits = [(2, "result")]
    assert wrong(made, 0, 1, 6, 7) == ["start-wait"]
    made.entries[3].waits = [(2, "operands")]
    right(made, 0, 1, 6, 7)


def test_a_queue_orders_no_results() -> None:
    """The same machine with queues: the second mac starts after the first, but only a wait says that C is there."""
    made, queued = products(0, 0), replace(bundled("vliw4"), issue="queued")
    for waits, wanted, start in (([], ["raw-cycle", "raw-order"], 7), ([(2, "result")], [], 10)):
        made.entries[2].waits = [(0, "result"), (1, "result")]
        made.entries[3].waits = waits
        result = simulate(made.program(), queued, {"A": A, "B": B, "X": X})
        assert sorted({violation.rule for violation in result.violations}) == wanted
        assert result.start.tolist() == [0, 1, 6, start]


@pytest.mark.parametrize("first", [0, 1])
def test_a_slot_that_idles_is_no_stall(first: int) -> None:
    result = right(products(0, 0), first, first + 1, 90, 100)
    assert result.stalls == {}
    assert result.busy_cycles["multiply"] == 2
