"""Sweeps of a few tiny jobs: results are those of direct runs, and what is done is not done again."""

from __future__ import annotations

from pathlib import Path

import pytest

from isamap import load_target, load_workload, sweep_designs
from isamap.compile import Options, compile_workload
from isamap.errors import InputError
from isamap.explore import Standing, Swept
from isamap.explore.grid import jobs_of
from isamap.explore.job import perform
from isamap.explore.run import read_sweep
from isamap.explore.store import Store
from isamap.result import KEYS, summary
from tests.explore.sweeps import SMALL, gemms

UNSUPPORTED = """name: steps
sizes: {N: 4}
tensors:
  X: {dtype: s32, shape: [N]}
  H: {dtype: s32, shape: [N]}
  Hnext: {dtype: s32, shape: [N]}
einsums:
  - Hnext[n] = H[n] + X[n]
repeat: {axis: t, extent: 3, carry: {H: Hnext}}
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Swept, Path, list[Standing]]:
    """The small sweep, its store, and what was told of it."""
    path, told = tmp_path_factory.mktemp("sweep") / "small.sqlite", list[Standing]()
    return sweep_designs(SMALL, store=path, progress=told.append), path, told


def test_results_are_those_of_direct_runs(kept: tuple[Swept, Path, list[Standing]]) -> None:
    swept, _, _ = kept
    assert len(swept.results) == swept.total == 8
    assert swept.counts == {"done": 4, "infeasible": 4}
    for result in swept.answers:
        chosen = result.job.settings
        work = load_workload("gemm", chosen["kernel"]["set"])
        direct = compile_workload(work, load_target("tiny", chosen["target"]["set"]), Options(**chosen["options"]))
        assert result.outcome.record == summary(direct)


def test_what_is_impossible_is_a_result_with_a_reason(kept: tuple[Swept, Path, list[Standing]]) -> None:
    record = next(r.record for r in kept[0].results if r.outcome.state == "infeasible")
    assert list(record) == [*KEYS, "settings", "key", "state", "reason"]
    assert record["settings"]["target"] == {"target": "tiny", "set": {"local_bytes": 3}}
    assert (record["status"], record["kernel"], record["value"]) == ("infeasible", "gemm", None)
    assert "local (3 bytes) is too small" in record["reason"]


def test_fronts_are_per_kernel(kept: tuple[Swept, Path, list[Standing]]) -> None:
    swept, _, _ = kept
    assert [front.kernel for front in swept.fronts] == [
        f"gemm M={m} N=4 K={k}" for m, k in ((4, 4), (4, 8), (5, 4), (5, 8))
    ]
    assert all(front.values == ((r.record["latency_cycles"], 64),) for front in swept.fronts for r in front.results)
    assert swept.to_json()["pareto"] == [r.job.key for r in swept.answers]


def test_progress_counts_failures_and_names_the_best(kept: tuple[Swept, Path, list[Standing]]) -> None:
    swept, _, told = kept
    assert [standing.ended for standing in told] == list(range(9))
    assert (told[-1].total, told[-1].failed, told[0].eta_s, told[-1].eta_s) == (8, 4, None, 0.0)
    best = {kernel: value for _, kernel, value in told[-1].best}
    assert best == {r.job.kernel_label: r.record["value"] for r in swept.answers}


def test_resume_skips_what_is_done(kept: tuple[Swept, Path, list[Standing]]) -> None:
    swept, path, _ = kept
    again = sweep_designs(SMALL, store=path, resume=True)
    assert again.to_json() == swept.to_json()
    more = sweep_designs(
        SMALL.replace("[3, 64]", "[64, 72]").replace("name: small", "name: m"), store=path, resume=True
    )
    assert [r.record for r in more.results][::2] == [r.record for r in swept.answers]
    with Store(path) as store:
        assert store.attempts() == {r.job.key: 1 for r in (*swept.results, *more.results)}


def test_a_store_with_results_is_not_begun_anew(kept: tuple[Swept, Path, list[Standing]]) -> None:
    swept, path, _ = kept
    with pytest.raises(InputError, match="holds 8 of the 8 results of this sweep: continue with --resume"):
        sweep_designs(SMALL, store=path)
    other = sweep_designs(gemms(3), store=path)  # nothing in common: nothing to refuse
    assert other.counts == {"done": 1}
    with Store(path) as store:
        assert store.results([r.job.key for r in swept.results]).keys() == {r.job.key for r in swept.results}


def test_what_does_not_go_together_is_refused_and_the_rest_done(tmp_path: Path) -> None:
    machine = (Path(__file__).parents[2] / "hardware_specs/tiny.yaml").read_text()
    machine = machine.replace("  local_bytes: 256\n", "  local_bytes: 256\n  banks: 1\n")
    machine = machine.replace(
        "    capacity_bytes: local_bytes\n", "    capacity_bytes: local_bytes\n    banks: banks\n"
    )
    (tmp_path / "banked.yaml").write_text(machine)
    (tmp_path / "steps.yaml").write_text(UNSUPPORTED)
    (tmp_path / "s.yaml").write_text(
        "name: s\nkernels: [{kernel: gemm, set: {M: 4, N: 4, K: 4}}, steps.yaml]\n"
        "targets: [{target: banked.yaml, set: {local_bytes: [64, 96], banks: [1, 3]}}]\njobs: 1\n"
    )
    swept = sweep_designs(tmp_path / "s.yaml")
    assert swept.counts == {"done": 3, "refused": 5}
    reasons = [r.record["reason"] for r in swept.results if r.outcome.state == "refused"]
    assert sum("banks of equal size in 64 B" in reason for reason in reasons) == 2
    assert sum("recurrence over t" in reason for reason in reasons) == 3


def test_a_defect_is_kept_with_its_traceback_and_tried_again_when_resumed(tmp_path: Path) -> None:
    outcome = perform("no kernel", "no target", {"method": "heuristic"})
    assert outcome.state == "refused"
    outcome = perform("kernel", "target", {"no_option": 1})
    (job,) = jobs_of(read_sweep(gemms(3)))
    broken = perform(job.kernel, job.target, {"no_option": 1})
    assert broken.state == "defect"
    assert "TypeError" in broken.reason
    assert "Traceback" in broken.trace
    with Store(tmp_path / "s.sqlite") as store:
        store.keep(job.key, broken, job.settings, None)
        assert store.results([job.key])[job.key].outcome == broken
    assert sweep_designs(gemms(3), store=tmp_path / "s.sqlite", resume=True).counts == {"done": 1}


def test_the_key_is_that_of_the_content() -> None:
    (one,) = jobs_of(read_sweep(gemms(4)))
    same = gemms(4).replace("name: gemms", "name: other").replace("N: 4, K: 4", "K: 4, N: 4")
    assert [job.key for job in jobs_of(read_sweep(same))] == [one.key]
    defaults = same.replace("deterministic: true", "deterministic: true, seed: 0")
    assert [job.key for job in jobs_of(read_sweep(defaults))] == [one.key]
    for change in (("seed: 0", "seed: 1"), ("N: 4", "N: 5"), ("[tiny]", "[{target: tiny, set: {local_bytes: 255}}]")):
        (other,) = jobs_of(read_sweep(defaults.replace(*change)))
        assert other.key != one.key
    twice = gemms(4, 4)
    assert len(jobs_of(read_sweep(twice))) == 1
