"""e01 says what its results say, and its first cases still come out the same."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e01_heuristic_vs_exact"


@pytest.fixture(scope="module")
def experiment() -> ModuleType:
    spec = importlib.util.spec_from_file_location("e01_run", HERE / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["e01_run"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    found = json.loads((HERE / "results.json").read_text())["results"]
    assert isinstance(found, list)
    return found


def test_the_readme_shows_the_results(experiment: ModuleType, rows: list[dict[str, Any]]) -> None:
    assert experiment.table(rows) in (HERE / "README.md").read_text()
    assert (HERE / "picture.svg").read_text() == experiment.picture(rows)


def test_solvers_never_lose_and_never_pass_the_bound(rows: list[dict[str, Any]]) -> None:
    assert len(rows) == 10
    assert {row["target"] for row in rows} == {"tiles", "tiny"}
    for row in rows:
        assert row["bound_cycles"] <= row["exact_cycles"] <= row["heuristic_cycles"], row["kernel"]


@pytest.mark.parametrize("number", [1, 5])
def test_a_case_comes_out_the_same(experiment: ModuleType, rows: list[dict[str, Any]], number: int) -> None:
    assert experiment.measure(experiment.CASES[number]) == rows[number], "run the experiment again"
