"""Several einsums in one model: what it finds passes every judge, and each waits for exactly what it reads."""

from __future__ import annotations

import pytest

from isamap.errors import Unsupported
from isamap.ir.answers import Home, Match, Schedule, Tiling
from isamap.ir.binding import Binding, bind, matches_of
from isamap.ir.effort import Effort
from isamap.ir.hardware import Target
from isamap.ir.workload import Workload
from isamap.judge import judge_answers, judge_program
from isamap.lowering import lower
from isamap.mapping.match import map_workload
from isamap.plan import place
from isamap.scheduling import best_below, list_schedule, schedule_exactly, whole
from isamap.scheduling.acyclic import solve as acyclic
from isamap.scheduling.acyclic.awaited import Awaited
from isamap.scheduling.acyclic.body import Computation, Piece, Stay, Tile
from isamap.scheduling.acyclic.reading import read
from isamap.scheduling.tasks import OPERANDS
from isamap.spec import load_target, load_workload
from isamap.tiling import tilings
from tests.scheduling.bodies import body, cost, horizon

Parts = list[tuple[Binding, Tiling]]
QUICK = Effort(0.3, deterministic=True)
GEMM_RELU: dict[str, int | str] = {"M": 4, "N": 4, "K": 4}
EVERY_OTHER = """
name: every_other
sizes: {N: 4}
tensors:
  A: {dtype: s32, shape: [N + N]}
  B: {dtype: s32, shape: [N + N]}
  T: {dtype: s32, shape: [N + N]}
  C: {dtype: s32, shape: [N]}
einsums:
  - T[n] = A[n] + B[n]
  - C[m] = T[2*m] + T[2*m+1]
axes: {n: 8}
"""
AGAIN = """
name: again
sizes: {N: 4}
tensors: {A: {dtype: s32, shape: [N]}, T: {dtype: s32, shape: [N]}, U: {dtype: s32, shape: [N]}}
inputs: [A, U]
outputs: [U]
einsums: ["T[n] = A[n] + U[n]", "U[n] = max(T[n], 0)"]
"""


def parts_of(work: Workload, target: Target, homes: dict[str, str]) -> Parts:
    """Every einsum in the best tiling of the match that wastes least."""
    staying = {name: Home(memory) for name, memory in homes.items()}
    bindings = [bind(work, match, target, homes=staying) for match in best_matches(work, target)]
    return [(binding, tilings(binding, most=1)[0]) for binding in bindings]


def best_matches(work: Workload, target: Target) -> list[Match]:
    every = [[match for one in sets for match in one.matches] for sets in map_workload(work, target)]
    return [max(matches, key=lambda match: (match.utilisation, len(match.mapped_axes))) for matches in every]


def wrong(work: Workload, parts: Parts, schedule: Schedule, target: Target) -> tuple[object, ...]:
    """What the checkers and a run of the program find."""
    bindings = [binding for binding, _ in parts]
    placement = place(schedule, bindings, target)
    run, found = judge_program(lower(work, bindings, schedule, placement, target), work, target, seed=0)
    assert run.latency_cycles == schedule.latency_cycles
    found += judge_answers(matches_of(bindings), [t for _, t in parts], schedule, placement, work, target)
    return found


@pytest.mark.parametrize(
    ("kernel", "machine", "sizes", "homes", "cycles"),
    [
        ("gemm_relu", "tiny", GEMM_RELU, {}, 56),
        ("gemm_relu", "tiny", GEMM_RELU, {"T": "local"}, 29),
        ("gemm_relu", "vliw4", GEMM_RELU, {}, 39),
        ("gru_gate", "tiny", {"BATCH": 2, "INPUTS": 4, "UNITS": 4}, {}, 59),
        ("gru_gate", "tiny", {"BATCH": 2, "INPUTS": 4, "UNITS": 4}, {"GX": "local", "GH": "local"}, 29),
    ],
)
def test_what_is_found_passes_every_judge(
    kernel: str, machine: str, sizes: dict[str, int | str], homes: dict[str, str], cycles: int
) -> None:
    work, target = load_workload(kernel, sizes), load_target(machine)
    parts = parts_of(work, target, homes)
    hint = list_schedule(parts, target)
    found = schedule_exactly(parts, target, effort=Effort(1, deterministic=True), hint=hint)
    assert "acyclic" in found.method
    assert found.answer is not None
    assert found.value == found.answer.latency_cycles <= min(cycles, hint.latency_cycles)
    assert wrong(work, parts, found.answer, target) == ()


@pytest.mark.parametrize("homes", [{}, {"T": "local"}])
def test_hints_are_complete_and_feasible(homes: dict[str, str]) -> None:
    work, target = load_workload("gemm_relu", GEMM_RELU), load_target("tiny")
    parts = parts_of(work, target, homes)
    hint = list_schedule(parts, target)
    reading = read(hint, [binding for binding, _ in parts], target)
    assert reading.plan.latency_cycles == hint.latency_cycles
    assert len(reading.body.tensors) == len(homes)
    found = acyclic.solve(reading.body, hint.latency_cycles, QUICK, hint=reading.plan)
    assert found.outcome.hint == "accepted"


def test_a_small_memory_makes_room_for_the_second_einsum() -> None:
    """60 bytes hold one einsum's pieces and tiles at a time, and never all of both."""
    work = load_workload("gemm_relu", GEMM_RELU)
    target = load_target("tiny", {"local_bytes": 60})
    parts = parts_of(work, target, {})
    hint = list_schedule(parts, target)
    found = schedule_exactly(parts, target, effort=Effort(1, deterministic=True), hint=hint)
    assert "acyclic" in found.method
    assert found.answer is not None
    assert not read(found.answer, [b for b, _ in parts], target).body.roomy().keys() & {"local"}
    assert wrong(work, parts, found.answer, target) == ()


def test_a_piece_awaits_exactly_the_tiles_that_it_overlaps() -> None:
    """Tiles of two elements; a piece of every other element of T has parts of two or of four of them."""
    work, target = load_workload(EVERY_OTHER), load_target("tiny")
    first, second = (bind(work, match, target) for match in best_matches(work, target))
    labels = [role.label for role in second.fetched]
    for size, tiles in ((1, 1), (2, 2), (4, 4)):
        own = {role.label: (("n", 2),) for role in first.fetched}
        read_in = dict.fromkeys(labels, (("m", size),))
        body = whole(work, [(first, {"n": 2}, own), (second, {"m": size}, read_in)]).reading.body
        mine = [piece for piece in body.pieces if piece.tiles]
        assert len(mine) == 2 * 4 // size
        assert {len(piece.tiles) for piece in mine} == {tiles}
    own = {role.label: (("n", 1),) for role in first.fetched}
    body = whole(work, [(first, {"n": 1}, own), (second, {"m": 2}, dict.fromkeys(labels, (("m", 2),)))]).reading.body
    assert {len(piece.tiles) for piece in body.pieces if piece.tiles} == {2}


def test_several_values_of_a_tensor_are_refused() -> None:
    work, target = load_workload(AGAIN), load_target("tiny")
    parts = parts_of(work, target, {})
    with pytest.raises(Unsupported, match=r"U, which an einsum before einsum 1 reads or writes"):
        read(list_schedule(parts, target), [binding for binding, _ in parts], target)


def test_without_bytes_tensors_are_no_answer() -> None:
    """``anyhow`` bounds every way to pass; it is never spelled out."""
    work, target = load_workload("gemm_relu", GEMM_RELU), load_target("tiny")
    parts = parts_of(work, target, {"T": "local"})
    cuts = []
    for binding, tiling in parts:
        tile = dict(tiling.levels[-1].tile)
        pieces = {role.label: tuple((x, tile[x]) for x in role.access.axes) for role in binding.fetched}
        cuts.append((binding, tile, pieces))
    cut = whole(work, cuts)
    effort = Effort(2, deterministic=True)
    free, real = best_below(cut.anyhow, 100, effort, 0), best_below(cut, 100, effort, 0)
    assert free.schedule is None
    assert real.schedule is not None
    assert cut.anyhow.model != cut.model
    assert free.outcome.value is not None
    assert free.outcome.value <= real.schedule.latency_cycles
    assert best_below(cut, int(free.outcome.bound or 0), effort, 0).outcome.status == "infeasible"


def test_who_drains_to_a_tensor_awaits_the_readers_of_what_lay_there() -> None:
    """Two bytes hold two pieces, each read once; then a tensor on chip, to which a tile is drained, takes the place of
    one of them, and the second einsum's tile that of the other."""
    byte, drawn = Stay("spad", 1, 1), Stay("acc", 1, 1)
    inner = Tile(drawn, (), drain=cost("out", 2), tensor=0)
    piece, task = Piece(byte, (cost("dma", 2),)), cost("alu", 2)
    computations = [Computation(0, (0,), task, task), Computation(1, (1,), task, task)]
    computations.append(Computation(2, (), task, task, (0, 1)))
    given = body(
        [piece, piece], [inner, inner, Tile(byte, (cost("out", 3),))], computations, tensors=(byte,),
        memories=(("spad", 2, 1), ("acc", 9, 1)), queues=(("dma", 1), ("alu", 1), ("out", 1)),
    )  # fmt: skip
    plan = acyclic.solve(given, horizon(given), Effort(5, deterministic=True)).plan
    assert plan is not None
    at = plan.address["tensor", 0, 0]
    before = [p for p in range(2) if plan.address["piece", p, 0] == at]
    assert before
    for p in before:
        for tile in range(2):
            assert (("compute", p, 0, 0), OPERANDS) in Awaited(given, plan).all(("drain", tile, 0, 0))
