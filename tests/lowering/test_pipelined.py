"""Pipelined loops as programs: right to the last element, and simulated, a trip takes the interval, no cycle more."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from isamap.check.modulo import check_modulo
from isamap.errors import Infeasible, Unsupported
from isamap.ir.binding import Binding
from isamap.ir.effort import Effort
from isamap.ir.loop_body import LoopBody, LoopBuffer, LoopOperation, ModuloSchedule
from isamap.ir.program import Issue, Loop, Program
from isamap.ir.steady_state import SteadyState
from isamap.ir.text import from_text, to_text
from isamap.ir.workload import Workload
from isamap.judge import judge_program
from isamap.lowering import lower_pipelined
from isamap.lowering.awaited import Awaited, awaited
from isamap.scheduling.modulo import pipeline
from isamap.scheduling.modulo.depth import modulo_schedule
from isamap.scheduling.modulo.steady_state import steady_state
from isamap.simulate import simulate
from isamap.spec import load_target, load_workload
from tests.nests import S16, bindings_of

EFFORT = Effort(10, deterministic=True)
WHOLE = dict.fromkeys("mnk", 16)
Tile = dict[str, int]


def product_of(machine: str, m: int, n: int, k: int, **parameters: int) -> tuple[Workload, Binding]:
    settings: dict[str, object] = S16 if machine == "p16" else {"in": "s16"} if machine == "tiles" else {}
    work = load_workload("gemm", {"M": m, "N": n, "K": k} | settings)
    return work, bindings_of(work, load_target(machine, parameters))[0]


def pipelined(binding: Binding, tile: Tile, block: Tile, loop: str = "k") -> tuple[SteadyState, ModuloSchedule]:
    steady = steady_state(binding, tile, block, loop)
    schedule = pipeline(steady.body, EFFORT).solved.answer
    assert schedule is not None
    return steady, schedule


def simulated(work: Workload, binding: Binding, program: Program) -> int:
    """Its latency; every judge is content."""
    simulation, violations = judge_program(program, work, binding.target)
    assert violations == ()
    return simulation.latency_cycles


@pytest.mark.parametrize(
    ("machine", "parameters", "tile", "block", "interval"),
    [
        ("tiles", {"spad_kib": 8}, WHOLE, {"m": 2, "n": 2}, 64),
        ("tiles", {"spad_kib": 6}, WHOLE, {"m": 2, "n": 2}, 68),
        ("tiles", {"spad_kib": 3}, WHOLE, {}, 20),
        ("tiles", {"spad_kib": 15}, WHOLE, {"m": 3, "n": 3}, 144),
        ("p16", {}, {"m": 16, "n": 16, "k": 32}, {"n": 2}, 192),
        ("p16", {"spad_kib": 8}, {"m": 8, "n": 16, "k": 4}, {}, 12),
        ("tiny", {}, {"m": 2, "n": 2, "k": 2}, {"m": 2}, None),
    ],
)
def test_a_trip_takes_the_interval(
    machine: str, parameters: dict[str, int], tile: Tile, block: Tile, interval: int | None
) -> None:
    """Two blocks along m, with 20 and with 40 trips each: the difference is 40 intervals."""
    lasting = []
    rows = 2 * tile["m"] * block.get("m", 1)
    for trips in (20, 40):
        sizes = rows, tile["n"] * block.get("n", 1), trips * tile["k"]
        work, binding = product_of(machine, *sizes, **parameters)
        steady, schedule = pipelined(binding, tile, block)
        program = lower_pipelined(work, binding, steady, schedule)
        lasting.append(simulated(work, binding, program))
        loops = [node for node in program.body if isinstance(node, Loop)]
        assert len(loops) == 2
        assert all(loop.extent > trips - 6 for loop in loops)
        assert len(list(program.walk())) < 200
        assert from_text(to_text(program)) == program
    assert schedule.initiation_interval_cycles == interval or interval is None
    assert lasting[1] - lasting[0] == 40 * schedule.initiation_interval_cycles


def test_few_trips_leave_no_loop() -> None:
    """Prologue and epilogue then do everything, down to a single trip."""
    for trips in (1, 2, 3, 4):
        work, binding = product_of("tiles", 32, 64, 16 * trips, spad_kib=8)
        steady, schedule = pipelined(binding, WHOLE, {"m": 2, "n": 2})
        program = lower_pipelined(work, binding, steady, schedule)
        simulated(work, binding, program)
        assert any(isinstance(node, Loop) for node in program.body) == (trips > 2)


@pytest.mark.parametrize("machine", ["tiles", "p16", "tiny"])
def test_blocks_and_tiles_at_random(machine: str) -> None:
    """Any block that fits, any trips: every element is right."""
    rng, done = Random(machine), 0
    while done < 4:
        tile = WHOLE if machine == "tiles" else {x: rng.randint(1, 4) for x in "mnk"}
        if machine == "tiny":
            tile = {x: rng.randint(1, 2) for x in "mnk"}
        block = {x: rng.choice([1, 1, 2, 3]) for x in "mn"}
        blocks = {"m": rng.randint(1, 2), "n": rng.randint(1, 2)}
        sizes = [tile[x] * block[x] * blocks[x] for x in "mn"]
        work, binding = product_of(machine, *sizes, tile["k"] * rng.randint(1, 8))
        try:
            steady = steady_state(binding, tile, block, "k")
            schedule = pipeline(steady.body, EFFORT).solved.answer
            assert schedule is not None
            program = lower_pipelined(work, binding, steady, schedule)
        except (Infeasible, Unsupported):  # no room
            continue
        simulated(work, binding, program)
        done += 1


@pytest.mark.parametrize("kib", [6, 8])
def test_the_ring_may_be_turned(kib: int) -> None:
    """A schedule that begins at any cycle of the interval is the same schedule; rounds and slots fall otherwise."""
    work, binding = product_of("tiles", 64, 32, 16 * 9, spad_kib=kib)
    steady, schedule = pipelined(binding, WHOLE, {"m": 2, "n": 2})
    interval, count = schedule.initiation_interval_cycles, range(len(schedule.slot))
    for turn in range(5, interval, 20):
        start = [schedule.start(o) + turn for o in count]
        turned = modulo_schedule(steady.body, start, interval)
        assert check_modulo(turned, steady.body) == []
        simulated(work, binding, lower_pipelined(work, binding, steady, turned))


def test_a_slot_is_not_touched_before_the_block_before_is_done_with_it() -> None:
    """Products that start later than they need make operands live for three trips: three slots, of which the third is
    new in round 2, when every operation has had a trip already."""
    work, binding = product_of("tiles", 32, 16, 16 * 9, spad_kib=4)
    steady = steady_state(binding, WHOLE, {}, "k")
    assert [operation.name for operation in steady.body.operations] == ["load A", "load B", "matmul"]
    slow = modulo_schedule(steady.body, [0, 0, 30], 20)
    assert (slow.stages, slow.depth) == (2, (3, 3, 1))
    assert check_modulo(slow, steady.body) == []
    simulated(work, binding, lower_pipelined(work, binding, steady, slow))


def test_no_room_for_tiles_on_their_way_out() -> None:
    """A scratchpad full of operands: the drain has nowhere to go."""
    work, binding = product_of("p16", 16, 16, 64, spad_kib=1)
    steady, schedule = pipelined(binding, WHOLE, {})
    with pytest.raises(Unsupported, match="whose tiles need 512 bytes more of spad"):
        lower_pipelined(work, binding, steady, schedule)


def test_who_is_awaited_comes_first_in_the_sequence() -> None:
    """A result without latency may be read in the cycle in which it is written; a program cannot say so backwards."""
    reader, writer = (LoopOperation(name, (), 1, 0) for name in ("reader", "writer"))
    body = LoopBody((reader, writer), (), (LoopBuffer("value", "spad", 1, (1,), ((0, 0),)),), (), (("spad", 1),))
    with pytest.raises(Unsupported, match="reader after writer in one cycle"):
        awaited(body, ModuloSchedule(1, (0, 0), (0, 0), (1,)))
    assert awaited(body, ModuloSchedule(2, (1, 0), (0, 0), (1,)))[0] == [Awaited(1, 0, "result")]
    later = replace(body, buffers=(replace(body.buffers[0], readers=((0, 1),)),))
    with pytest.raises(Unsupported, match="value is read in a later trip"):
        awaited(later, ModuloSchedule(1, (0, 0), (0, 0), (2,)))


def test_waits_are_needed() -> None:
    """Without those of one kind the simulator finds hazards."""
    work, binding = product_of("tiles", 64, 32, 16 * 12, spad_kib=8)
    steady, schedule = pipelined(binding, WHOLE, {"m": 2, "n": 2})
    program = lower_pipelined(work, binding, steady, schedule)

    def without(node: object, event: str) -> Issue | Loop:
        if isinstance(node, Loop):
            return replace(node, body=tuple(without(inner, event) for inner in node.body))
        assert isinstance(node, Issue)
        return replace(node, waits=tuple(wait for wait in node.waits if wait.event != event))

    for event, rule in (("result", "raw-order"), ("operands", "war-order")):
        spoiled = replace(program, body=tuple(without(node, event) for node in program.body))
        found = simulate(spoiled, binding.target, {}, execute=False).violations
        assert rule in {violation.rule for violation in found}


@pytest.mark.parametrize(
    ("sizes", "block", "loop", "message"),
    [
        ((48, 32, 64), {"m": 2, "n": 2}, "k", "over m in steps of 32, which leave a rest of 48"),
        ((32, 32, 64), {"n": 2, "k": 4}, "m", "over m, with which C changes"),
        ((32, 32, 64), {}, "m", "over m that sums up a part of k only"),
    ],
)
def test_what_a_loop_cannot_do_yet_is_refused(
    sizes: tuple[int, int, int], block: Tile, loop: str, message: str
) -> None:
    work, binding = product_of("tiles", *sizes, spad_kib=16)
    steady, schedule = pipelined(binding, WHOLE, block, loop)
    with pytest.raises(Unsupported, match=message):
        lower_pipelined(work, binding, steady, schedule)
