"""e09 says what its results say: the parts of a difference add up, and cases come out the same."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.experiments.loading import load

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e09_cost_model"
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def experiment() -> ModuleType:
    return load(HERE)


@pytest.fixture(scope="module")
def rows() -> Rows:
    found = json.loads((HERE / "results.json").read_text())
    assert isinstance(found, list)
    return found


def test_the_readme_shows_the_results(experiment: ModuleType, rows: Rows) -> None:
    assert experiment.table(rows) in (HERE / "README.md").read_text()
    assert [(row["kernel"], row["target"]) for row in rows] == [(case.name, case.target) for case in experiment.CASES]


def test_the_parts_of_a_difference_are_all_of_it(rows: Rows) -> None:
    for row in rows:
        if row["differences"]:
            parts = sum(row["differences"].values())
            assert parts == pytest.approx(row["simulated_cycles"] - row["modelled_cycles"], abs=0.2), row["kernel"]
            clock = row["simulated_cycles"] - row["scheduled_cycles"]
            assert row["differences"]["clock"] == clock, row["kernel"]


def test_most_are_within_the_claim(experiment: ModuleType, rows: Rows) -> None:
    """Those that are not are named in README.md, with the reason."""
    outside = [row for row in rows if abs(experiment.off_by(row)) > experiment.CLAIM]
    assert len(outside) <= len(rows) // 5
    text = (HERE / "README.md").read_text().partition("<!-- end -->")[2]
    assert all(f"`{row['kernel']}`" in text for row in outside), [row["kernel"] for row in outside]


@pytest.mark.parametrize("target", ["tiny", "vliw4"])
def test_a_case_comes_out_the_same(experiment: ModuleType, rows: Rows, target: str) -> None:
    case = next(case for case in experiment.CASES if case.target == target)
    kept = next(row for row in rows if (row["kernel"], row["target"]) == (case.name, target))
    assert experiment.measure(case) == kept, "run the experiment again"
