"""e05 says what its results say: intervals at their bounds, proved, and fewer buffers than double buffering takes."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.experiments.loading import load

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e05_modulo"


@pytest.fixture(scope="module")
def experiment() -> ModuleType:
    return load(HERE)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    found = json.loads((HERE / "results.json").read_text())
    assert isinstance(found, list)
    return found


def test_the_readme_shows_the_results(experiment: ModuleType, rows: list[dict[str, Any]]) -> None:
    assert experiment.table(rows) in (HERE / "README.md").read_text()
    assert [(row["block"], row["spad_kib"]) for row in rows] == [
        (f"{case.rows}x{case.columns}", case.spad_kib) for case in experiment.CASES
    ]


def test_everything_is_proved_and_nothing_is_below_its_bound(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert row["interval_status"] == "optimal"
        assert row["simulated_cycles_per_step"] == row["interval_cycles"]
        assert row["operand_buffers"] == row["fewest_operand_buffers"] <= row["double_buffers"]
        assert row["iteration_cycles"] == row["shortest_iteration_cycles"]
        assert row["closed_form_bound_cycles"] <= row["interval_cycles"] <= row["greedy_interval_cycles"]


def test_squares_run_at_their_bound_with_few_buffers(rows: list[dict[str, Any]]) -> None:
    """Rooms for double buffering; 16 cycles per product, and from 3x3 on one slot per operand."""
    roomy = {row["block"]: row for row in rows[:8]}
    for n in range(2, 7):
        row = roomy[f"{n}x{n}"]
        assert row["interval_cycles"] == row["closed_form_bound_cycles"] == 16 * n**2
        assert row["operand_buffers"] == (5 if n == 2 else 2 * n)


@pytest.mark.parametrize("number", [2, 4, 8])
def test_a_case_comes_out_the_same(experiment: ModuleType, rows: list[dict[str, Any]], number: int) -> None:
    assert experiment.measure(experiment.CASES[number]) == rows[number], "run the experiment again"
