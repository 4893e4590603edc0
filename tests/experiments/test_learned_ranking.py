"""e11 says what its results say; candidates come out the same, and what was learned from is not what judges."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from isamap.explore import Store

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e11_learned_ranking"
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def experiment() -> ModuleType:
    sys.path.insert(0, str(HERE))  # run.py imports the files beside it
    spec = importlib.util.spec_from_file_location("e11_run", HERE / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["e11_run"] = module
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(HERE))
    return module


@pytest.fixture(scope="module")
def rows() -> Rows:
    found = json.loads((HERE / "results.json").read_text())
    assert isinstance(found, list)
    return found


def test_the_readme_shows_the_results(experiment: ModuleType, rows: Rows) -> None:
    assert experiment.table(rows) in (HERE / "README.md").read_text()
    assert [row["kernel"] for row in rows] == [case.name for case in experiment.NEVER_SEEN]


def test_no_kernel_is_on_both_sides(experiment: ModuleType) -> None:
    known, new = set(experiment.TO_LEARN_FROM), set(experiment.NEVER_SEEN)
    assert not known & new
    assert (len(known), len(new)) == (len(experiment.TO_LEARN_FROM), len(experiment.NEVER_SEEN))
    assert len(known) >= 20 <= 2 * len(new)


def test_it_halves_the_time_to_the_best_candidate(experiment: ModuleType, rows: Rows) -> None:
    assert experiment.mean(rows, "trees") <= experiment.mean(rows, "cost_model") / 2
    assert experiment.mean(rows, "trees_seconds") <= experiment.mean(rows, "cost_model_seconds") / 2
    assert all(1 <= row[order] <= row["candidates"] for row in rows for order in experiment.ORDERS)


def test_a_kernel_comes_out_the_same(experiment: ModuleType, rows: Rows) -> None:
    case = next(case for case in experiment.NEVER_SEEN if case.target == "tiles")
    kept = next(row for row in rows if row["kernel"] == case.name)
    with Store(None) as store:
        fresh = experiment.judged(case, experiment.trials_of(case, store), {})
    same = ("candidates", "best_cycles", "first_cycles", "random", "cost_model")
    assert {key: fresh[key] for key in same} == {key: kept[key] for key in same}, "run the experiment again"


def test_an_order_is_counted_until_the_first_of_the_fastest(experiment: ModuleType) -> None:
    case = experiment.TO_LEARN_FROM[0]
    with Store(None) as store:
        trials = experiment.trials_of(case, store)
    cycles = [trial.latency_cycles for trial in trials]
    fastest = [n for n, one in enumerate(cycles) if one == min(cycles)]
    others = [n for n in range(len(cycles)) if n not in fastest]
    count, seconds = experiment.until_best(trials, [*others, *fastest])
    assert count == len(others) + 1
    assert seconds == pytest.approx(sum(trials[n].seconds for n in [*others, fastest[0]]))
    perfect = experiment.judged(case, trials, {"trees": cycles, "pairs": [-one for one in cycles]})
    assert (perfect["trees"], perfect["pairs"]) == (1, count)
    assert perfect["random"] == round((len(cycles) + 1) / (len(fastest) + 1), 1)
