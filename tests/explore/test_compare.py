"""Methods side by side: every one on the same machine, judged alike, none better than what is proved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from random import Random

import pytest
from typer.testing import CliRunner

from isamap import Options, compare_methods, compile_workload, load_target, load_workload
from isamap.cli import app
from isamap.compile import possible_ways
from isamap.compiled import Begun, Comparison
from isamap.errors import CheckFailed, InputError, NoMatch, NotFound
from isamap.explore import methods
from isamap.explore.counted import Counted
from isamap.explore.method_run import MethodRuns
from isamap.explore.nests import EVALUATIONS_PER_SECOND, Nests
from isamap.explore.space import Space
from isamap.ir.answers import Tiling
from isamap.ir.binding import Binding
from isamap.plan import Search
from isamap.tiling import tilings

SIZES: dict[str, object] = {"M": 4, "N": 6, "K": 9}
SEARCHES = ("random", "annealing", "genetic")
CHAIN = """
name: chain
sizes: {M: 4, N: 6, K: 9}
tensors:
  A: {dtype: s8, shape: [M, K]}
  B: {dtype: s8, shape: [K, N]}
  C: {dtype: s32, shape: [M, N]}
  Z: {dtype: s32, shape: [N, M]}
einsums:
  - C[m,n] += s32(A[m,k]) * s32(B[k,n])
  - Z[n,m] = max(C[m,n], 0)
"""


def compared(names: Iterable[str], seconds: float = 2, seeds: int = 2, **more: object) -> Comparison:
    options = Options(deterministic=True, time_limit_s=seconds)
    return compare_methods(load_workload("gemm", SIZES), load_target("tiny"), options, tuple(names), seeds, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def every() -> Comparison:
    return compared(methods.METHODS, seconds=4)


def test_every_method_answers_once_and_every_seed(every: Comparison) -> None:
    runs = [(run.method, run.seed) for run in every.runs]
    seeded = [(method, seed) for method in SEARCHES for seed in (0, 1)]
    assert runs == [("greedy", 0), ("list", 0), *seeded, ("exact", 0)]
    assert every.left_out == ()
    assert not every.interrupted


def test_every_answer_is_checked_and_none_passes_a_bound(every: Comparison) -> None:
    proved = max(run.answer.solved.bound or 0 for run in every.runs)
    for run in every.runs:
        assert run.answer.checked
        assert run.value == run.answer.simulation.latency_cycles >= proved
        assert run.answer.simulation.energy_pj is not None
    assert every.best.value == every.of("exact")[0].value == 60


def test_histories_fall_to_the_answer_and_count_plans(every: Comparison) -> None:
    for run in every.runs:
        assert run.history[-1].value == run.value
        assert all(one.value > other.value for one, other in pairwise(run.history))
        counts = [one.evaluations for one in run.history if one.evaluations is not None]
        assert counts == sorted(counts)
        if run.method in SEARCHES:
            assert 1 <= counts[-1] <= run.evaluations == 4 * EVALUATIONS_PER_SECOND / 2
    assert every.of("greedy")[0].evaluations == 1
    assert (every.of("list")[0].evaluations or 0) > 1


def test_seeds_repeat_and_differ() -> None:
    one, other = compared(["random", "annealing"]), compared(["random", "annealing"])
    assert [(run.value, run.history) for run in one.runs] == [(run.value, run.history) for run in other.runs]
    assert one.runs[0].history != one.runs[1].history


def test_keys_cost_what_their_plan_takes_and_are_evaluated_once() -> None:
    search = Counted(load_workload("gemm", SIZES), load_target("tiny"), Options(), None, None)
    nests, chance = Nests(search, Space(search, possible_ways(search)), "random"), Random(2)
    keys = [tuple(chance.random() for _ in range(nests.space.count)) for _ in range(5)]
    costs = [nests.cost(one) for one in keys]
    assert nests.best is not None
    assert nests.best[1].value == nests.best[1].schedule.latency_cycles == min(costs)
    evaluated = search.evaluations
    assert [nests.cost(one) for one in keys] == costs
    assert 0 < evaluated <= 5
    assert search.evaluations == evaluated


def test_several_einsums_are_searched_together() -> None:
    options = Options(deterministic=True, time_limit_s=2)
    found = compare_methods(load_workload(CHAIN), load_target("tiny"), options, ("greedy", *SEARCHES), 1)
    assert found.methods == ("greedy", *SEARCHES)
    kept = set()
    for run in found.runs:
        assert run.answer.checked
        assert len(run.answer.bindings) == 2
        kept |= {buffer.tensor for buffer in run.answer.schedule.buffers if buffer.whole}
    assert kept == {"C"}  # searches may keep it on chip, and it pays


def test_what_is_proved_of_one_way_says_nothing_of_the_others(every: Comparison) -> None:
    """The solvers prove 60 cycles for the one way of a product; with another way the closed form alone would hold."""
    runs = MethodRuns(load_workload("gemm", SIZES), load_target("tiny"), Options(), None)
    runs.ways, runs.bound = tuple(possible_ways(Search(runs.work, runs.target, Options(), None, None))), 57.0
    assert (every.bound, runs.bound_of(every.runs)) == (60, 60)
    runs.ways *= 2
    assert runs.bound_of(every.runs) == 57


def test_a_plan_may_come_with_a_lower_bound_of_other_ways(every: Comparison) -> None:
    answer = every.of("list")[0].answer
    for bound, expected in ((None, 57), (12.0, 12), (59.0, 57)):
        begun = Begun(answer.plan, answer.matches, bound=bound)
        again = compile_workload(answer.work, answer.target, Options(method="heuristic"), start=begun)
        assert again.solved.bound == expected
        assert again.simulation.latency_cycles == answer.simulation.latency_cycles


def test_other_objectives_are_searched_for_as_well() -> None:
    options = Options(deterministic=True, time_limit_s=1, objective="traffic")
    found = compare_methods(load_workload("gemm", SIZES), load_target("tiny"), options, ("random", "annealing"), 1)
    for run in found.runs:
        assert run.value == sum(run.answer.simulation.traffic_bytes.values()) == run.history[-1].value


def test_a_user_s_heuristic_is_a_method() -> None:
    asked: list[str] = []

    def mine(binding: Binding, objective: str, time_is_up: Callable[[], bool]) -> Iterable[Tiling]:
        asked.append(objective)
        yield from tilings(binding, most=1)

    found = compared(["list", "mine"], heuristics={"mine": mine})
    assert found.methods == ("list", "mine")
    assert asked == ["latency"]
    assert found.of("mine")[0].value <= found.of("list")[0].value


def test_what_has_no_answer_is_left_out_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> None:
        raise NotFound("random: no nest was met that fits the machine")

    monkeypatch.setitem(methods.PLANNED, "random", nothing)
    found = compared(["greedy", "random"])
    assert found.methods == ("greedy",)
    assert found.left_out == (("random", "random: no nest was met that fits the machine"),)
    with pytest.raises(NotFound, match="no nest was met"):
        compared(["random"])


def test_an_answer_that_a_check_refuses_does_not_end_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object) -> None:
        raise CheckFailed("the simulated latency 3.0 is below its lower bound 57.0")

    monkeypatch.setitem(methods.PLANNED, "random", wrong)
    found = compared(["random", "greedy"])
    assert (found.methods, found.failed) == (("greedy",), ("random",))
    assert found.left_out == (("random", "the simulated latency 3.0 is below its lower bound 57.0"),)
    asked = ["compare", "gemm", "tiny", "--set", "M=2", "--set", "N=2", "--set", "K=4", "--methods", "greedy,random"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 5
    assert "random: the simulated latency 3.0 is below its lower bound 57.0" in done.stderr


def test_ctrl_c_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(methods.PLANNED, "annealing", stopped)
    found = compared(["greedy", "annealing", "random"])
    assert found.interrupted
    assert found.methods == ("greedy",)


def test_ctrl_c_within_a_search_keeps_its_best() -> None:
    told: list[str] = []

    def progress(stage: str, value: float | None, bound: float | None) -> None:
        told.append(stage)
        if stage == "random 0":
            raise KeyboardInterrupt

    found = compared(["random", "annealing"], progress=progress)
    assert found.interrupted
    assert found.methods == ("random",)
    assert found.runs[0].answer.checked


def test_runs_that_would_end_too_late_are_not_begun() -> None:
    found = compared(["greedy", "random"], total_s=0.0)
    assert found.methods == ("greedy",)
    assert found.left_out == (("random", "no time left of 0 seconds for all methods"),)


def test_refusals() -> None:
    with pytest.raises(InputError, match="expected some of greedy list random annealing genetic exact, got luck"):
        compared(["greedy", "luck"])
    with pytest.raises(InputError, match="expected names that no method has, got random"):
        compared(["random"], heuristics={"random": tilings})
    with pytest.raises(InputError, match="at least 1"):
        compared(["greedy"], seeds=0)
    with pytest.raises(NoMatch):
        compare_methods(load_workload("softmax"), load_target("tiny"), Options(), ("greedy", "list"))
