"""e12 says what its results say, and its nests still come out the same."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.experiments.loading import load

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e12_replay_peers"


@pytest.fixture(scope="module")
def experiment() -> ModuleType:
    return load(HERE)


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, Any]]:
    return {row["file"]: row for row in json.loads((HERE / "results.json").read_text())["results"]}


def test_the_readme_shows_the_results(experiment: ModuleType, rows: dict[str, dict[str, Any]]) -> None:
    text = (HERE / "README.md").read_text()
    assert experiment.table(list(rows.values())) in text
    figures = [rows[name]["latency_cycles"] for name in ("single", "second_panel", "half", "half_sizes", "")]
    assert all(f"{cycles:,}" in text.split("**Answer.**")[1] for cycles in figures)
    assert [*rows] == [name for name, _ in experiment.CASES]


def test_what_they_say(rows: dict[str, dict[str, Any]]) -> None:
    assert rows["double"]["refused"].endswith("49,152 too many")
    assert rows["single"]["peak_spad_bytes"] == rows["half"]["peak_spad_bytes"] == 57_344
    assert rows["half"]["reported_cycles"] < rows["half"]["latency_cycles"]
    assert rows[""]["latency_cycles"] < rows["half_sizes"]["latency_cycles"] < rows["half"]["latency_cycles"]
    assert all(row["checked"] for row in rows.values() if not row["refused"])


@pytest.mark.parametrize("name", ["double", "half"])
def test_a_nest_comes_out_the_same(experiment: ModuleType, rows: dict[str, dict[str, Any]], name: str) -> None:
    assert experiment.measure(name, rows[name]["reported_cycles"]) == rows[name], "run the experiment again"
