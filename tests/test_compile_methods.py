"""The line with solvers in it: never worse than without, right all the same, and the same on every run."""

from __future__ import annotations

from pathlib import Path

import pytest

from isamap import Options, compare_methods, compile_workload, load_target, load_workload, write_result
from isamap.errors import Unsupported
from isamap.ir.workload import Workload

CHAIN = """
name: chain
sizes: {M: 4, N: 6, K: 9}
tensors:
  A: {dtype: s8, shape: [M, K]}
  B: {dtype: s8, shape: [K, N]}
  C: {dtype: s32, shape: [M, N]}
  X: {dtype: s32, shape: [M, N]}
  Y: {dtype: s32, shape: [M, N]}
  Z: {dtype: s32, shape: [N, M]}
einsums:
  - C[m,n] += s32(A[m,k]) * s32(B[k,n])
  - Y[m,n] = C[m,n] + X[m,n]
  - Z[n,m] = max(Y[m,n], 0)
"""
CASES: dict[str, tuple[str, dict[str, object], str]] = {
    "tiles": ("gemm", {"M": 32, "N": 32, "K": 32, "in": "s16"}, "tiles"),
    "tiny": ("gemm", {"M": 4, "N": 6, "K": 9}, "tiny"),
    "window": ("conv1d", {"K": 2, "C": 2, "P": 6, "R": 3}, "tiny"),
    "lock-step": ("gemm", {"M": 8, "N": 8, "K": 8}, "vliw4"),
    "banks": ("gemm", {"M": 40, "N": 20, "K": 24, "in": "s16", "acc": "s16"}, "p16"),
    "systolic": ("gemm", {"M": 35, "N": 17, "K": 33}, "gemmini"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("objective", ["latency", "traffic"])
def test_solvers_are_never_worse_and_always_checked(name: str, objective: str) -> None:
    kernel, sizes, machine = CASES[name]
    options = Options(objective=objective, time_limit_s=8, deterministic=True)  # type: ignore[arg-type]
    first, second = compare_methods(load_workload(kernel, sizes), load_target(machine), options, ("list", "exact")).runs
    for one in (first, second):
        assert one.answer.violations == ()
        assert one.answer.simulation.latency_cycles <= one.answer.schedule.latency_cycles
    values = [one.answer.solved.value or 0.0 for one in (first, second)]
    assert values[1] <= values[0]


def test_the_two_by_two_by_two_tiles_take_192_cycles() -> None:
    """Four loads before the first product, eight products of 16 cycles, the last tile's 40 cycles out: the list
    scheduler needs 204 because it computes in the order of the loops."""
    kernel, sizes, machine = CASES["tiles"]
    options = Options(deterministic=True, time_limit_s=60)
    first, second = compare_methods(load_workload(kernel, sizes), load_target(machine), options, ("list", "exact")).runs
    assert first.answer.simulation.latency_cycles == 204
    assert second.answer.simulation.latency_cycles == 192
    assert second.answer.solved.method == "cp-sat acyclic, the best for its tiles"
    assert second.answer.schedule.placed


def chain() -> Workload:
    return load_workload(CHAIN)


def test_tensors_between_einsums_stay_on_chip() -> None:
    """Only A, B and X come in (54 + 54 + 96 bytes, less what is kept), only Z goes out."""
    answer = compile_workload(chain(), load_target("tiny"), Options(method="heuristic"))
    assert answer.violations == ()
    assert {buffer.tensor for buffer in answer.schedule.buffers if buffer.whole} == {"C", "Y"}
    assert answer.simulation.traffic_bytes["store"] == 96
    assert answer.simulation.traffic_bytes["load"] == 4 * 9 + 9 * 6 + 96


def test_what_does_not_fit_whole_passes_in_strips_or_goes_through_memory() -> None:
    answer = compile_workload(chain(), load_target("tiny", {"local_bytes": 96}), Options(method="heuristic"))
    assert answer.violations == ()
    passing = [buffer.tensor for buffer in answer.schedule.buffers if buffer.home is not None]
    assert passing
    assert all(buffer.home.rows for buffer in answer.schedule.buffers if buffer.home is not None)
    assert answer.simulation.traffic_bytes["store"] == (3 - len(passing)) * 96


def test_padding_is_not_read_from_a_tensor_that_stays() -> None:
    """The window leaves Y: what lies beside it is nowhere on chip, so Y goes through memory."""
    text = CHAIN.replace("Y: {dtype: s32, shape: [M, N]}", "Y: {dtype: s32, shape: [M, N], border: 0}")
    text = text.replace("max(Y[m,n], 0)", "max(Y[m,n-1], 0)")
    answer = compile_workload(load_workload(text), load_target("tiny"), Options(method="heuristic"))
    assert answer.violations == ()
    assert {buffer.tensor for buffer in answer.schedule.buffers if buffer.whole} <= {"C"}


@pytest.mark.parametrize("method", ["heuristic", "exact"])
def test_deterministic_runs_write_the_same_file(tmp_path: Path, method: str) -> None:
    kernel, sizes, machine = CASES["tiny"]
    files = []
    for number in range(2):
        options = Options(method=method, deterministic=True, time_limit_s=20)  # type: ignore[arg-type]
        answer = compile_workload(load_workload(kernel, sizes), load_target(machine), options)
        files.append(tmp_path / f"{number}.json")
        write_result(files[-1], answer)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_program_too_long_to_write_down_is_refused_at_once() -> None:
    with pytest.raises(Unsupported, match="8,388,608 issues of mm2"):
        compile_workload(load_workload("gemm"), load_target("tiny"))
