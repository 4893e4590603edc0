"""Targets, programs and answers: what they refuse, and what they say about themselves."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from isamap.errors import InvalidNoun
from isamap.ir.answers import Level, Lifetime, Match, Placement, Solved, Tiling, sizes
from isamap.ir.dtype import DTYPES
from isamap.ir.expression import Number, parse
from isamap.ir.hardware import Instruction, Memory, Queue, Resource, Target, Transfer, Use, cycles
from isamap.ir.program import Issue, Loop, Operation, Program, Segment, View, Wait
from isamap.ir.text import from_text
from isamap.ir.workload import Tensor
from tests import strategies

P16 = from_text("""\
target p16, clock_hz=1000000000
parameter spad_kib, 64
memory dram, capacity_bytes=1073741824, source='datasheet'
memory spad, capacity_bytes=65536, alignment_bytes=2, banks=2
memory acc, capacity_bytes=1024
port spad.aread, bytes_per_cycle=64
bus bus, bytes_per_cycle=16
channel load
unit array
transfer load, source_memory=dram, destination_memory=spad, channel=load, uses=(Use(bus),), \
cost_cycles=ceil(bytes / 16), dimensions=4
instruction mac, unit=array, initialise=optional, uses=(Use(spad.aread, bytes_per_cycle=32),), \
initiation_interval_cycles=k, occupancy_cycles=k, latency_cycles=k + 4
  axis i=1..16
  axis k=1..4096
  operand A, dtype=s16, axes=(k, i), memory=spad, strides=per_kernel_axis
  operand C, dtype=s16, axes=(i,), memory=acc
  meaning C[i] += A[k, i] for i=1..16, k=1..4096
""")
MAC: Instruction = P16.instruction("mac")
LOAD: Transfer = P16.transfer("load")


def test_a_machine_written_by_hand() -> None:
    assert isinstance(P16, Target)
    assert (P16.outermost.name, P16.memory("spad").bank_bytes, P16.source) == ("dram", 32768, "")
    assert (MAC.written, MAC.axis_names, MAC.operand("A").strides) == (("C",), ("i", "k"), "per_kernel_axis")
    assert MAC.uses == (Use("spad.aread", 32),)
    assert [queue.name for queue in P16.queues] == ["load", "array"]
    assert [resource.name for resource in P16.resources] == ["spad.aread", "bus"]
    assert cycles(LOAD.cost_cycles, {"bytes": 33}) == 3
    assert cycles(parse("bytes / 16"), {"bytes": 33}) == 3
    with pytest.raises(InvalidNoun, match="at least 0 cycles"):
        cycles(parse("bytes - 64"), {"bytes": 33})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"memories": ()}, "at least one memory"),
        ({"memories": P16.memories * 2}, "memories: expected different names, got 'dram' twice"),
        ({"buses": (Resource("spad.aread", 1),)}, "ports and buses: expected different names"),
        ({"transfers": (replace(LOAD, name="mac"),)}, "instructions.mac: expected a name that no transfer has"),
        ({"transfers": (replace(LOAD, source_memory="rom"),)}, "transfers.load.from: expected a memory of acc"),
        ({"transfers": (replace(LOAD, destination_memory="rom"),)}, "transfers.load.to"),
        ({"transfers": (replace(LOAD, channel="array"),)}, "transfers.load.channel: expected a channel of load"),
        ({"transfers": (replace(LOAD, uses=(Use("x"),)),)}, "transfers.load.uses: expected a port or bus"),
        ({"instructions": (replace(MAC, unit="x"),)}, "instructions.mac.unit: expected a unit"),
        ({"instructions": (replace(MAC, uses=(Use("x"),)),)}, "instructions.mac.uses"),
        ({"instructions": (replace(MAC, operands=(replace(MAC.operands[0], memory="x"),)),)}, "mac.operands.A"),
        ({"transfers": ()}, "instructions.mac.operands.A: expected a memory that data from dram can reach, got spad"),
    ],
)
def test_targets_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidNoun, match=says):
        replace(P16, **change)


S16 = DTYPES["s16"]
SPAD = View("source", "spad", S16, (((32,),), ((2,),)))
DRAM = View("destination", "dram", S16, (((1, 0),), ((0, 1),)), "C")
STORE = Operation("store", (("r", (16,)), ("c", (2,))), (SPAD, DRAM))
ZERO = ((Number(0),), (Number(0), parse("16*t")))
C = Tensor("C", S16, (16, 128))


def program(*body: Any, **changes: Any) -> Program:
    return Program(
        "p", "p16", changes.get("tensors", (C,)), (), changes.get("outputs", ("C",)), body, *changes.get("more", ())
    )


def segment(**changes: Any) -> Segment:
    columns = {
        "operation": array("i", [0, 0]), "origin": array("q", [0, 0, 0, 64, 0, 16]), "wait_count": array("i", [0, 1]),
        "wait_on": array("q", [0]), "wait_event": array("b", [1]), "start": array("q"),
    }  # fmt: skip
    return Segment((STORE,), **(columns | changes))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Memory("m", 0), "memories.m.capacity_bytes: expected at least 1"),
        (lambda: Memory("m", 8, banks=0), "memories.m.banks"),
        (lambda: Resource("bus", 0), "resources.bus.bytes_per_cycle"),
        (lambda: Queue("array", 0), "queues.array.count"),
        (lambda: replace(STORE, extents=(("r", (16,)),)), "store.source.steps: expected 0 or so many per axis"),
        (lambda: replace(STORE, extents=(("r", (16, 2)), ("c", (2,)))), "store.source.steps"),
        (lambda: replace(STORE, extents=(("r", (0,)), ("c", (2,)))), "store.r: expected positive extents"),
        (lambda: replace(STORE, extents=(("r", (1,)), ("r", (2,)))), "store: expected different axes"),
        (lambda: Issue("s", STORE, ZERO[:1]), "s.origins: expected one address each for source destination"),
        (lambda: Issue("s", STORE, (ZERO[1], ZERO[1])), "s.origins"),
        (lambda: Loop("t", -1, ()), "a trip count"),
        (lambda: segment(operation=array("i", [0, 1])), "operation: expected numbers below 1, got 0..1"),
        (lambda: segment(operation=array("i", [0, -1])), "operation"),
        (lambda: segment(origin=array("q", [0])), "origin: expected 6 numbers, got 1"),
        (lambda: segment(wait_count=array("i", [1])), "wait_count: expected 2 numbers"),
        (lambda: segment(wait_count=array("i", [2, -1])), "wait_count: expected at least 0"),
        (lambda: segment(wait_event=array("b", [2])), "wait_event: expected indices of result operands"),
        (lambda: segment(wait_on=array("q")), "wait_on: expected 1 waits"),
        (lambda: segment(start=array("q", [1])), "start: expected 0 or 2 cycles"),
        (lambda: program(Issue("s", STORE, ZERO), Issue("s", STORE, ZERO)), "s: expected different labels"),
        (lambda: program(Issue("s", STORE, ZERO, (Wait("x", "result"),))), "s.waits: expected a label"),
        (lambda: program(Issue("s", STORE, ZERO, (Wait("s", "result", (parse("t"),)),))), r"0 iteration number\(s\)"),
        (lambda: program(Loop("t", 2, (segment(),))), "segments only at the top"),
        (lambda: program(outputs=("D",)), "outputs: expected a tensor of C, got 'D'"),
        (lambda: program(more=((("C", b"12"),),)), "constants.C: expected 4096 bytes, got 2"),
        (
            lambda: Match(0, "mac", (("i", ("p", "q")), ("j", ("p",))), (), (), 1.0, True),
            "each kernel axis at most once",
        ),
        (lambda: Level("spad", (("p", 0),), (), ()), "tile.p: expected a positive size"),
        (lambda: Level("spad", (), (), (("I", 0),)), "buffers.I: expected at least 1"),
        (lambda: Lifetime("b", "spad", 3, 3, 1), r"b: expected start before end, got \[3, 3\)"),
        (lambda: Lifetime("b", "spad", 0, 3, -1), "b: expected a size"),
    ],
)
def test_nouns_refused(make: Any, says: str) -> None:
    with pytest.raises(InvalidNoun, match=says):
        make()


def test_issues_are_counted() -> None:
    inner = Loop("u", 3, (Issue("s", STORE, ZERO),))
    whole = program(
        Issue("x", STORE, ZERO), Loop("t", 8, (inner, Issue("d", STORE, ZERO))), segment(), Loop("v", 0, ())
    )
    assert whole.issues == 1 + 8 * (3 + 1) + 2
    assert [type(node).__name__ for node in whole.walk()] == [
        "Issue",
        "Loop",
        "Loop",
        "Issue",
        "Issue",
        "Segment",
        "Loop",
    ]


@given(strategies.programs())
def test_issues_are_what_running_counts(whole: Program) -> None:
    def run(nodes: Any) -> int:
        total = 0
        for node in nodes:
            if isinstance(node, Loop):
                total += sum(run(node.body) for _ in range(node.extent))
            else:
                total += len(node.operation) if isinstance(node, Segment) else 1
        return total

    assert whole.issues == run(whole.body)


def test_operations_answer() -> None:
    fused = Operation("mac", (("i", (2, 8)), ("j", ())), (View("C", "acc", S16, (((64,), (2,)), ())),))
    assert (fused.extent("i"), fused.extent("j"), fused.view("C").memory) == (16, 1, "acc")
    assert (STORE.origin_counts, fused.origin_counts) == ((1, 2), (1,))


def test_answers_answer() -> None:
    match = Match(0, "mac", (("i", ("p", "q")), ("k", ())), (), (), 1.0, True)
    level = Level("spad", sizes({"p": 2, "q": 8}), ("q", "p"), ())
    assert match.mapped_axes == ("p", "q")
    assert Tiling(match, (level, level)).loops == (("q", 8), ("p", 2)) * 2
    place = Placement(((Lifetime("a", "spad", 0, 2, 64), 0), (Lifetime("b", "spad", 1, 2, 8), 96)))
    assert (place.height("spad"), place.height("acc"), place.address("b")) == (104, 0, 96)
    assert Solved(None, "unknown").gap is None
    assert Solved(match, "feasible", value=200.0, bound=150.0).gap == 0.25
    assert Solved(match, "optimal", value=0.0, bound=0.0).gap == 0.0


def test_a_segment_inside_a_loop_is_refused() -> None:
    segment = Segment((Operation("go", (), ()),), array("i", [0]), wait_count=array("i", [0]))
    assert Program("p", "t", (), (), (), (segment,)).issues == 1
    with pytest.raises(InvalidNoun, match="top"):
        Program("p", "t", (), (), (), (Loop("t", 2, (segment,)),))
