"""The scratchpad sweep says what its results say, and one of its designs still comes out the same."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from isamap import Options, compile_workload, load_target, load_workload, read_sweep
from tests.experiments.loading import load

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e02_scratchpad_sweep"


@pytest.fixture(scope="module")
def experiment() -> ModuleType:
    return load(HERE)


@pytest.fixture(scope="module")
def designs() -> list[dict[str, Any]]:
    found = json.loads((HERE / "results.json").read_text())
    assert isinstance(found, list)
    return found


def test_every_design_of_the_sweep_has_a_checked_answer(designs: list[dict[str, Any]]) -> None:
    planned = [dict(variant.settings) for variant in read_sweep(HERE / "sweep.yaml").targets]
    assert [{name: design[name] for name in planned[0]} for design in designs] == planned
    assert len(designs) >= 60
    assert all(design["checked"] and design["latency_cycles"] >= design["bound_cycles"] for design in designs)


def test_tables_and_picture_are_those_of_the_results(experiment: ModuleType, designs: list[dict[str, Any]]) -> None:
    text = (HERE / "README.md").read_text()
    written = text.partition(experiment.BEGIN)[2].partition(experiment.END)[0]
    assert written.strip("\n") == experiment.tables(designs).strip("\n")
    assert (HERE / "picture.svg").read_text() == experiment.drawn(designs)


def test_a_design_comes_out_the_same(designs: list[dict[str, Any]]) -> None:
    fastest = min(designs, key=lambda design: design["latency_cycles"])  # the one of fewest issues, so soon compiled
    settings = {name: fastest[name] for name in ("spad_kib", "bus_bytes_per_cycle", "array_rows", "array_columns")}
    target = load_target("p16", settings)
    options = Options(method="heuristic", deterministic=True)
    answer = compile_workload(load_workload("p16/gmed"), target, options)
    assert answer.checked
    assert answer.simulation.latency_cycles == fastest["latency_cycles"], "run the experiment again and read its README"
