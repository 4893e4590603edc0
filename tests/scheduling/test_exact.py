"""Exact schedules of real kernels: the solver's answer passes every judge, and the heuristic's is never lost."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest

from isamap import cpsat
from isamap.check.placement import check_placement
from isamap.check.schedule import check_schedule
from isamap.errors import CheckFailed, Unsupported
from isamap.ir.answers import Schedule, Solved, Tiling
from isamap.ir.binding import Binding
from isamap.ir.effort import Effort
from isamap.ir.workload import Workload
from isamap.judge import judge_program
from isamap.lowering import lower
from isamap.plan import place
from isamap.scheduling import list_schedule, schedule_exactly
from isamap.scheduling.acyclic import solve as acyclic
from isamap.scheduling.acyclic.answer import spell_out
from isamap.scheduling.acyclic.reading import read
from isamap.simulate import simulate
from isamap.spec import load_target, load_workload
from isamap.tiling.estimate import estimate
from isamap.tiling.greedy import tiling_of
from tests.nests import S16, bindings_of, nest_of, random_nest, scheduled
from tests.random_kernels import random_kernel

QUICK = Effort(0.1, deterministic=True)


def tiles_gemm(m: int = 2, n: int = 2, k: int = 2) -> tuple[Workload, Binding, Tiling]:
    """A product of so many 16 x 16 x 16 tiles, the reduction outermost."""
    work = load_workload("gemm", {"M": 16 * m, "N": 16 * n, "K": 16 * k, "in": "s16"})
    binding = bindings_of(work, "tiles")[0]
    return work, binding, tiling_of(binding, nest_of(binding, dict.fromkeys("mnk", 16), {}, "k m n", "m n k"))


def wrong(work: Workload, binding: Binding, schedule: Schedule) -> list[object]:
    """Everything that any judge finds."""
    target, placement = binding.target, place(schedule, [binding], binding.target)
    found: list[object] = [*check_schedule(schedule, [binding.match], work, target)]
    found += check_placement(placement, target)
    simulation, violations = judge_program(lower(work, [binding], schedule, placement, target), work, target)
    found += violations
    if simulation.latency_cycles != schedule.latency_cycles:
        found.append(f"predicted {schedule.latency_cycles}, simulated {simulation.latency_cycles}")
    return found


@cache
def eight_tiles() -> Solved[Schedule]:
    """The exact schedule of 2 x 2 x 2 tiles."""
    _, binding, tiling = tiles_gemm()
    hint = scheduled(binding, tiling)
    return schedule_exactly([(binding, tiling)], binding.target, effort=Effort(60), hint=hint, bound_cycles=160)


def test_eight_tiles_take_192_cycles() -> None:
    """The heuristic takes 204; no order, residency and addresses take fewer than 192."""
    work, binding, tiling = tiles_gemm()
    hint, found = scheduled(binding, tiling), eight_tiles()
    assert (found.status, found.value, found.bound, found.method) == ("optimal", 192, 192, "cp-sat acyclic")
    assert found.answer is not None
    assert found.answer.latency_cycles == 192 < hint.latency_cycles == 204
    assert wrong(work, binding, found.answer) == []


@pytest.mark.parametrize(
    ("machine", "settings", "sizes"),
    [("tiles", {"in": "s16"}, (32, 32, 32)), ("tiny", {}, (5, 4, 6)), ("p16", S16, (35, 20, 9))],
)
def test_the_hint_is_taken(machine: str, settings: dict[str, object], sizes: tuple[int, int, int]) -> None:
    """Complete and feasible, says the solver's log."""
    work = load_workload("gemm", dict(zip("MNK", sizes, strict=True)) | settings)
    binding = bindings_of(work, machine)[0]
    tile = dict.fromkeys("mnk", 16) if machine == "tiles" else {"m": 2, "n": 2, "k": 4}
    tile = {"m": 16, "n": 16, "k": 5} if machine == "p16" else tile
    schedule = scheduled(binding, tiling_of(binding, nest_of(binding, tile, {}, "m n k", "m n k")))
    reading = read(schedule, [binding], binding.target)
    assert reading.plan.latency_cycles == schedule.latency_cycles
    found = acyclic.solve(reading.body, schedule.latency_cycles, Effort(1, deterministic=True), hint=reading.plan)
    assert found.outcome.hint == "accepted"
    assert found.plan is not None


def test_a_schedule_made_with_its_addresses_is_read_back() -> None:
    """An exact answer as the hint of the next search: the same plan, accepted."""
    binding, first = tiles_gemm()[1], eight_tiles().answer
    assert first is not None
    assert first.placed
    reading = read(first, [binding], binding.target)
    found = acyclic.solve(reading.body, first.latency_cycles, Effort(1, deterministic=True), hint=reading.plan)
    assert found.outcome.hint == "accepted"
    assert found.outcome.value == first.latency_cycles


def test_the_same_answer_twice() -> None:
    _, binding, tiling = tiles_gemm()
    given: dict[str, Any] = {"effort": QUICK, "hint": scheduled(binding, tiling)}
    first, second = (schedule_exactly([(binding, tiling)], binding.target, **given) for _ in range(2))
    assert first == second


def test_what_meets_its_bound_is_not_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpsat, "run", None)
    _, binding, tiling = tiles_gemm()
    hint = scheduled(binding, tiling)
    found = schedule_exactly([(binding, tiling)], binding.target, effort=QUICK, hint=hint, bound_cycles=204)
    assert (found.answer, found.status, found.method) == (hint, "optimal", "list, meets the bound")
    found = schedule_exactly([(binding, tiling)], binding.target, effort=Effort(0), hint=hint, bound_cycles=100)
    assert (found.answer, found.status, found.value, found.bound) == (hint, "feasible", 204, 100)


def outcome(status: str, *, interrupted: bool = False) -> cpsat.Outcome:
    return cpsat.Outcome(status, None, None, 0.0, (), "", interrupted)  # type: ignore[arg-type]


def test_the_hint_is_never_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing found, and Ctrl-C: the hint; a verdict that the hint refutes: a defect."""
    _, binding, tiling = tiles_gemm()
    given: dict[str, Any] = {"effort": QUICK, "hint": scheduled(binding, tiling), "bound_cycles": 160}
    monkeypatch.setattr(acyclic, "run", lambda *_: outcome("unknown", interrupted=True))
    found = schedule_exactly([(binding, tiling)], binding.target, **given)
    assert (found.answer, found.status, found.value, found.bound) == (given["hint"], "feasible", 204, 160)
    monkeypatch.setattr(acyclic, "run", lambda *_: outcome("infeasible"))
    with pytest.raises(CheckFailed, match="although one was given"):
        schedule_exactly([(binding, tiling)], binding.target, **given)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(acyclic, "run", stopped)
    assert schedule_exactly([(binding, tiling)], binding.target, **given).answer == given["hint"]


def test_a_value_below_the_bound_is_a_defect() -> None:
    _, binding, tiling = tiles_gemm()
    hint = scheduled(binding, tiling)
    with pytest.raises(CheckFailed, match="below its lower bound of 205"):
        schedule_exactly([(binding, tiling)], binding.target, effort=QUICK, hint=hint, bound_cycles=205)


def random_tilings(machine: str, count: int) -> Iterator[tuple[Workload, Binding, Tiling, Schedule]]:
    """Nests that no search would choose, with their heuristic schedules of up to 100 tasks."""
    rng, seed = Random(machine), 0
    while count:
        seed += 1
        _, _, work = random_kernel(machine, seed, most=6)
        if len(work.einsums) > 1:
            continue
        binding = bindings_of(work, machine)[0]
        nest = random_nest(binding, rng)
        if estimate(binding, nest) is not None:
            tiling = tiling_of(binding, nest)
            hint = scheduled(binding, tiling)
            if len(hint.step) <= 100:
                count -= 1
                yield work, binding, tiling, hint


@pytest.mark.parametrize("machine", ["tiny", "p16", "tiles"])
def test_a_schedule_read_and_spelled_out_again(machine: str) -> None:
    """Slots become stays with addresses and lifetimes; every judge is content, and nothing gets later."""
    spelled = 0
    for work, binding, _, hint in random_tilings(machine, 8):
        try:
            reading = read(hint, [binding], binding.target)
        except Unsupported:
            continue
        again = spell_out(reading, reading.plan, binding.target)
        assert again.placed
        assert again.latency_cycles <= hint.latency_cycles
        assert wrong(work, binding, again) == []
        spelled += 1
    assert spelled >= 3


def test_values_given_beforehand_enter_and_leave() -> None:
    """An output that is an input too: loaded, filled into the accumulators, added to, drained and stored."""
    text = """
name: given
sizes: {M: 5, N: 6, K: 4}
tensors:
  A: {dtype: s16, shape: [M, K]}
  B: {dtype: s16, shape: [K, N]}
  C: {dtype: s16, shape: [M, N]}
einsums:
  - C[m,n] += A[m,k] * B[k,n]
inputs: [A, B, C]
outputs: [C]
"""
    for machine, parameters in (("p16", {"array_rows": 3, "array_columns": 4}), ("p16", {}), ("tiny", {})):
        if machine == "tiny":
            text = text.replace("s16, shape: [M, N]", "s32, shape: [M, N]").replace("s16", "s8")
            text = text.replace("A[m,k] * B[k,n]", "s32(A[m,k]) * s32(B[k,n])")
        work, target = load_workload(text), load_target(machine, parameters)
        binding = bindings_of(work, target)[0]
        tile = {"m": 2, "n": 2, "k": 2}
        hint = scheduled(binding, tiling := tiling_of(binding, nest_of(binding, tile, {}, "m n k", "m n k")))
        reading = read(hint, [binding], target)
        assert all(t.enters for t in reading.body.tiles)
        assert all((t.fill is not None) == (machine == "p16") for t in reading.body.tiles)
        assert wrong(work, binding, spell_out(reading, reading.plan, target)) == []
        found = schedule_exactly([(binding, tiling)], target, effort=QUICK, hint=hint)
        assert found.answer is not None
        assert wrong(work, binding, found.answer) == []


@pytest.mark.parametrize("machine", ["tiny", "p16", "tiles"])
def test_random_nests_never_get_worse(machine: str) -> None:
    """Whatever model applies; predicted equals simulated, and every judge is content."""
    for work, binding, tiling, hint in random_tilings(machine, 4):
        found = schedule_exactly([(binding, tiling)], binding.target, effort=QUICK, hint=hint)
        assert found.answer is not None
        assert found.value == found.answer.latency_cycles <= hint.latency_cycles
        assert found.bound is not None
        assert found.bound <= found.value
        assert wrong(work, binding, found.answer) == []


def test_partial_sums_are_left_to_the_order_of_tasks() -> None:
    """Tiles that are set aside and come back have more than one session: refused, with the reason in the method."""
    binding = bindings_of(load_workload("gemm", {"M": 64, "N": 32, "K": 64} | S16), "p16")[0]
    nest = nest_of(binding, {"m": 16, "n": 16, "k": 32}, {}, "k m n", "k m n")
    tiling = tiling_of(binding, nest)
    hint = scheduled(binding, tiling)
    with pytest.raises(Unsupported, match="two sessions"):
        read(hint, [binding], binding.target)
    found = schedule_exactly([(binding, tiling)], binding.target, effort=QUICK, hint=hint)
    assert "two sessions" in found.method
    assert found.value is not None
    assert found.value <= hint.latency_cycles


def test_several_einsums_keep_what_orders_them() -> None:
    text = """
name: two
sizes: {M: 4, N: 6, K: 8}
tensors:
  A: {dtype: s8, shape: [M, K]}
  B: {dtype: s8, shape: [K, N]}
  C: {dtype: s32, shape: [M, N]}
  Y: {dtype: s32, shape: [M, N]}
einsums:
  - C[m,n] += s32(A[m,k]) * s32(B[k,n])
  - Y[m,n] = max(C[m,n], 0)
"""
    from isamap.compile import Options, compile_workload

    compiled = compile_workload(load_workload(text), load_target("tiny"), Options(deterministic=True))
    bindings, work, target = list(compiled.bindings), compiled.work, compiled.target
    parts = list(zip(bindings, compiled.tilings, strict=True))
    hint = list_schedule(parts, target)
    found = schedule_exactly(parts, target, effort=QUICK, hint=hint).answer
    assert found is not None
    assert found.latency_cycles <= hint.latency_cycles
    placement = place(found, bindings, target)
    program = lower(work, bindings, found, placement, target)
    simulation, violations = judge_program(program, work, target)
    assert violations == ()
    assert simulation.latency_cycles == found.latency_cycles
    assert check_schedule(found, [binding.match for binding in bindings], work, target) == []


def test_a_dropped_wait_is_seen_where_the_simulator_sees_a_hazard() -> None:
    """The checker of slots that share bytes agrees with the simulator, which knows bytes only."""
    work, binding, _ = tiles_gemm()
    schedule = eight_tiles().answer
    assert schedule is not None
    owner = [n for n, count in enumerate(schedule.wait_count) for _ in range(count)]
    seen = 0
    for w in range(len(schedule.wait_on)):
        counts = array("i", schedule.wait_count)
        counts[owner[w]] -= 1
        on, events = array("q", schedule.wait_on), array("b", schedule.wait_event)
        del on[w], events[w]
        broken = replace(schedule, wait_count=counts, wait_on=on, wait_event=events)
        placement = place(broken, [binding], binding.target)
        program = lower(work, [binding], broken, placement, binding.target)
        hazards = simulate(program, binding.target, {}, execute=False).violations
        found = check_schedule(broken, [binding.match], work, binding.target)
        assert bool(found) == bool(hazards), f"wait {w} of task {owner[w]}: {hazards} {found}"
        seen += "overwrite" in {violation.rule for violation in found}
    assert seen
