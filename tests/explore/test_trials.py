"""Trials are kept, read back and not made again; features tell candidates apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from isamap.explore import Store, features_of, read_trials, run_trials
from isamap.explore import trials as room
from isamap.scheduling import list_schedule
from isamap.spec import load_target, load_workload

GEMM = {"M": 6, "N": 6, "K": 6}


def test_trials_are_kept_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work, target = load_workload("gemm", GEMM), load_target("tiny")
    with Store(tmp_path / "trials.sqlite") as store:
        made = run_trials(work, target, store)
    assert len(made) > 6
    for trial in made[:5]:
        assert trial.latency_cycles == list_schedule([trial.candidate], target).latency_cycles
    with Store(tmp_path / "trials.sqlite") as store:
        assert read_trials(store) == made
        monkeypatch.setattr(room, "list_schedule", lambda *given: pytest.fail("it was known"))
        assert run_trials(work, target, store) == made


def test_a_stopped_run_leaves_a_store_that_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    work, target = load_workload("gemm", GEMM), load_target("tiny")
    with Store(None) as store:
        monkeypatch.setattr(room, "list_schedule", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run_trials(work, target, store)
        assert read_trials(store) == ()
        monkeypatch.undo()
        assert len(run_trials(work, target, store)) == len(read_trials(store)) > 0


def test_features_are_alike_for_all_and_tell_candidates_apart() -> None:
    described = []
    for kernel, target, sizes in (("gemm", "tiny", GEMM), ("conv1d", "vliw4", {"K": 8, "C": 8, "P": 8, "R": 3})):
        with Store(None) as store:
            trials = run_trials(load_workload(kernel, sizes), load_target(target), store)
        described.append([features_of(*trial.candidate) for trial in trials])
    assert {tuple(one) for group in described for one in group} == {tuple(described[0][0])}
    for group in described:
        assert len({tuple(one.values()) for one in group}) > 0.9 * len(group)


def test_features_say_what_they_are_called() -> None:
    """6 x 6 x 6 in tiles of 2 x 2 x 2, worked out by hand for the first candidate that has such."""
    work, target = load_workload("gemm", GEMM), load_target("tiny")
    with Store(None) as store:
        trials = run_trials(work, target, store)
    wanted = (("m", 2), ("n", 2), ("k", 2))
    binding, tiling = next(t.candidate for t in trials if t.candidate[1].levels[1].tile == wanted)
    found = features_of(binding, tiling)
    assert found["points per issue"] == 3.0
    assert 2 ** found["issues"] == pytest.approx(3 * 3 * 3)
    assert found["short tiles"] == 0.0
    assert found["turning"] == tiling.levels[0].turning
    counts = dict(tiling.levels[0].buffers)
    for number, role in enumerate(binding.fetched):
        assert 2 ** found[f"slots of {number}"] == pytest.approx(counts[role.label])
