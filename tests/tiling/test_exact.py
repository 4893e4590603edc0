"""The exact tiling as a whole: it begins from the greedy one, never loses it, and can be followed by scheduling."""

from __future__ import annotations

from functools import cache

import pytest
from ortools.sat.python import cp_model

from isamap.check.tiling import check_tiling
from isamap.cpsat import run
from isamap.errors import Infeasible, Unsupported
from isamap.ir.answers import Solved, Tiling
from isamap.ir.binding import Binding
from isamap.ir.effort import Effort
from isamap.spec import load_target, load_workload
from isamap.tiling import tile_exactly, tilings
from isamap.tiling.exact.answer import plan_from
from isamap.tiling.exact.gather import givens
from isamap.tiling.exact.modelled import modelled
from isamap.tiling.exact.solve import complete_hint, model_of
from tests.nests import S16, binding_of, bindings_of, scheduled
from tests.random_kernels import FAMILIES, random_kernel

LONG = Effort(2000, 1, deterministic=True)  # a few seconds: a unit of the solver's work is no second


def gemm(target: str = "p16", m: int = 64, n: int = 48, k: int = 96, **parameters: object) -> Binding:
    types: dict[str, object] = {"p16": S16, "tiny": {}, "tiles": {"in": "s16"}}[target]
    return binding_of("gemm", load_target(target, parameters), {"M": m, "N": n, "K": k} | types)


@pytest.mark.parametrize(
    "binding",
    [
        gemm("tiny", 4, 6, 8),
        gemm("tiles", 48, 32, 32),
        gemm("p16", 64, 48, 96, spad_kib=8),
        binding_of("conv2d", load_target("p16", {"spad_kib": 8}), {"K": 8, "C": 4, "P": 6, "Q": 6} | S16),
    ],
    ids=("tiny", "tiles", "p16", "conv"),
)
def test_the_whole_hint_is_accepted(binding: Binding) -> None:
    """Every variable has a value, and the search begins from the greedy tiling's cost."""
    plan = plan_from(binding, tilings(binding, most=1)[0])
    assert plan is not None
    cost = modelled(binding, plan)
    m = model_of(givens(binding), "latency")
    assert complete_hint(m, plan)
    assert len(m.model.proto.solution_hint.vars) == len(m.model.proto.variables)
    solver = cp_model.CpSolver()
    solver.parameters.max_presolve_iterations = 1
    outcome = run(solver, m.model, Effort(40, 1, deterministic=True))
    assert outcome.hint == "accepted"
    assert cost is not None
    assert outcome.value is not None
    assert outcome.value <= 4 * cost.value("latency")


def test_a_small_product_is_proved_and_better_than_greedy() -> None:
    binding = gemm("p16", 48, 48, 48, spad_kib=4)
    greedy = tilings(binding, most=1)[0]
    found = tile_exactly(binding, effort=LONG, hint=greedy)
    assert found.status == "optimal"
    assert found.value == found.bound
    assert found.answer is not None
    assert scheduled(binding, found.answer).latency_cycles < scheduled(binding, greedy).latency_cycles


def test_more_tiles_may_wait_while_a_long_piece_comes() -> None:
    """Local search lets two tiles wait for the bus; where a piece of the image takes longer than that the array stands
    still. The model gives them room."""
    work = load_workload("depthwise_conv2d", {"C": 16, "P": 12, "Q": 12} | S16)
    binding = bindings_of(work, load_target("p16", {"spad_kib": 8}))[0]
    greedy = tilings(binding, most=1)[0]
    found = tile_exactly(binding, effort=LONG, hint=greedy)
    assert found.answer is not None
    assert check_tiling(found.answer, work, binding.target) == []
    assert scheduled(binding, found.answer).latency_cycles < scheduled(binding, greedy).latency_cycles


@cache
def narrow() -> tuple[Binding, Solved[Tiling]]:
    binding = gemm("p16", 48, 32, 40, spad_kib=2)
    return binding, tile_exactly(binding, effort=LONG)


def test_modelled_cycles_come_true() -> None:
    """The list schedule of the exact answer takes what the model says, but for a few percent."""
    binding, found = narrow()
    assert found.answer is not None
    plan = plan_from(binding, found.answer)
    assert plan is not None
    cost = modelled(binding, plan)
    assert cost is not None
    assert 0.9 * cost.cycles <= scheduled(binding, found.answer).latency_cycles <= 1.05 * cost.cycles


@pytest.mark.parametrize("machine", FAMILIES)
def test_answers_for_random_kernels_are_right_and_can_be_scheduled(machine: str) -> None:
    for seed in range(len(FAMILIES[machine])):
        _, text, work = random_kernel(machine, seed)
        binding = bindings_of(work, machine)[0]
        objective = ("latency", "energy", "traffic", "edp")[seed % 4]
        greedy = tilings(binding, objective=objective, most=1)[0]
        try:
            found = tile_exactly(binding, objective=objective, effort=Effort(20, 1, deterministic=True), hint=greedy)
        except Unsupported:
            continue
        assert found.answer is not None, text
        assert check_tiling(found.answer, work, binding.target) == [], text
        assert scheduled(binding, found.answer).latency_cycles > 0
        plan = plan_from(binding, greedy)
        cost = None if plan is None else modelled(binding, plan)
        if cost is not None and found.value is not None:
            assert found.value <= cost.value(objective) * (1 + 1e-6), text
            assert found.bound is None or found.bound <= found.value


def test_no_time_leaves_the_greedy_tiling() -> None:
    binding = gemm("p16", spad_kib=8)
    greedy = tilings(binding, most=1)[0]
    found = tile_exactly(binding, effort=Effort(0), hint=greedy)
    assert (found.answer, found.status, found.method) == (greedy, "feasible", "local search")


def test_the_same_every_time() -> None:
    binding, found = narrow()
    assert tile_exactly(binding, effort=LONG) == found


@pytest.mark.parametrize(
    "binding",
    [gemm("tiles", 48, 32, 32, spad_kib=1), gemm("tiny", 3, 5, 4, local_bytes=5)],
    ids=("tiles", "tiny"),
)
def test_nothing_fits(binding: Binding) -> None:
    """Proved by the solver where local search found nothing either."""
    with pytest.raises(Infeasible):
        tilings(binding)
    found = tile_exactly(binding)
    assert (found.status, found.answer) == ("infeasible", None)


def test_an_axis_that_cannot_be_cut() -> None:
    assert tile_exactly(gemm("tiles", 35, 48, 16)).status == "infeasible"


def test_a_sum_that_no_instruction_begins_is_refused() -> None:
    """What scheduling could not follow is not optimised."""
    target = load_target("tiny")
    binding = gemm("tiny", 4, 4, 4)
    never = type(binding.instruction)(**{**vars(binding.instruction), "initialise": "never"})
    refused = type(binding)(**{**vars(binding), "instruction": never, "target": target})
    with pytest.raises(Unsupported, match="cannot begin"):
        tile_exactly(refused)


def test_progress_is_told_in_the_objectives_unit() -> None:
    told: list[tuple[float | None, float | None]] = []
    found = tile_exactly(gemm("tiny", 4, 6, 8), effort=Effort(5, 1), tell=lambda *pair: told.append(pair))
    assert told[-1] == (found.value, found.bound)
    assert found.history[-1].value == found.value
