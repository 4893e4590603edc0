"""e13 says what its results say: small kernels proved, large ones near their bounds; and one comes out the same."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.experiments.loading import load

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e13_certificates"


@pytest.fixture(scope="module")
def experiment() -> ModuleType:
    return load(HERE)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    found = json.loads((HERE / "results.json").read_text())["results"]
    assert isinstance(found, list)
    return found


def test_the_readme_shows_the_results(experiment: ModuleType, rows: list[dict[str, Any]]) -> None:
    said = (HERE / "README.md").read_text()
    assert experiment.small_table(rows) in said
    assert experiment.large_table(rows) in said
    cases = [(case.name, case.target) for case in (*experiment.SMALL, *experiment.LARGE)]
    assert [(row["kernel"], row["target"]) for row in rows] == cases


def test_no_bound_is_above_what_was_simulated(rows: list[dict[str, Any]]) -> None:
    assert all(0 < row["bound_cycles"] <= row["cycles"] for row in rows)
    assert all(row["certificate"] == "verified" for row in rows if row["is_large"])


def test_small_kernels_are_proved_in_a_minute_and_verified_in_seconds(rows: list[dict[str, Any]]) -> None:
    proved = [row for row in rows if not row["is_large"] and row["cycles"] == row["bound_cycles"]]
    assert len(proved) >= 25
    assert {row["target"] for row in proved} == {"tiny", "tiles", "gemmini", "vliw4"}
    assert any(row["einsums"] > 1 for row in proved)
    assert all(row["seconds"] <= 60 and row["verify_seconds"] < 5 for row in proved)


def test_large_kernels_are_near_their_bounds(rows: list[dict[str, Any]]) -> None:
    gaps = [1 - row["bound_cycles"] / row["cycles"] for row in rows if row["kernel"].startswith("p16/")]
    assert len(gaps) == 8
    assert sum(gap <= 0.05 for gap in gaps) >= 6


def test_a_kernel_comes_out_the_same(experiment: ModuleType, rows: list[dict[str, Any]]) -> None:
    case = experiment.SMALL[3]
    (known,) = (row for row in rows if (row["kernel"], row["target"]) == (case.name, case.target))
    found = experiment.measure(case)
    assert {name: found[name] for name in found if "seconds" not in name} == {
        name: known[name] for name in known if "seconds" not in name
    }
