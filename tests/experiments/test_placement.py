"""e10 says what its results say: packings are packed, greedy methods are not lower, networks come out the same."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.experiments.loading import load

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e10_placement"
Results = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def experiment() -> ModuleType:
    return load(HERE)


@pytest.fixture(scope="module")
def results() -> Results:
    found = json.loads((HERE / "results.json").read_text())
    assert isinstance(found, dict)
    return found


def test_the_readme_shows_the_results(experiment: ModuleType, results: Results) -> None:
    page = (HERE / "README.md").read_text()
    assert all(f"<!-- {name} -->\n{text}\n<!-- end -->" in page for name, text in experiment.texts(results).items())


def test_nothing_is_below_what_must_be(results: Results) -> None:
    for row in (row for rows in results.values() for row in rows):
        assert row["max_live_load"] <= row["bound"] <= row["height"]
        assert row["height"] <= min(row["greedy"].values())
        assert (row["status"] == "optimal") is (row["bound"] == row["height"])


def test_instances_fit_their_capacity(results: Results) -> None:
    assert [row["name"] for row in results["instances"]] == list("ACEGIK")
    assert all(row["height"] <= row["capacity"] and row["seconds"] <= 60 for row in results["instances"])
    assert all(min(row["greedy"].values()) <= 1.4 * row["max_live_load"] for row in results["instances"])


def test_packings_are_packed(experiment: ModuleType, results: Results) -> None:
    sizes = [row["buffers"] for row in results["packings"]]
    assert sizes == [*experiment.SIZES, *experiment.LARGE]
    solved = [row for row in results["packings"] if row["height"] == 4096 and row["buffers"] <= 300]
    assert len(solved) >= 0.8 * 40


def test_the_first_packing_and_the_networks_come_out_the_same(experiment: ModuleType, results: Results) -> None:
    kept = ("name", "buffers", "max_live_load", "status", "height", "bound", "greedy")
    cases = [next(experiment.packings(1)), *experiment.networks()]
    for case, row in zip(cases, [results["packings"][0], *results["networks"]], strict=True):
        again = experiment.row(*case, 60)
        assert {key: again[key] for key in kept} == {key: row[key] for key in kept}


def test_networks_are_what_their_papers_say(experiment: ModuleType) -> None:
    """Sums: one in each of ResNet-50's 16 blocks, in 10 of MobileNetV2's 17; sizes of the first and the last maps."""
    buffers = {name: network().buffers() for name, network in experiment.NETWORKS.items()}
    assert {name: sum(bool(life.in_place) for life in lives) for name, lives in buffers.items()} == {
        "MobileNetV2": 10, "ResNet-50": 16, "GoogLeNet": 0, "U-Net": 0}  # fmt: skip
    sizes = {name: [life.size_bytes for life in lives] for name, lives in buffers.items()}
    assert sizes["ResNet-50"][1] == 64 * 112 * 112
    assert sizes["ResNet-50"][-3:] == [2048 * 7 * 7, 2048, 1000]
    assert sizes["MobileNetV2"][-4:] == [320 * 7 * 7, 1280 * 7 * 7, 1280, 1000]
    assert 1024 * 7 * 7 in sizes["GoogLeNet"]
    assert sizes["U-Net"][-2:] == [64 * 256 * 256, 2 * 256 * 256]
