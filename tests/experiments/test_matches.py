"""e03 says what its results say; the counts come out the same, and AMOS's rule is what the page says it is."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from isamap import load_target, load_workload
from tests.experiments.loading import load

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e03_matches"


@pytest.fixture(scope="module")
def experiment() -> ModuleType:
    return load(HERE)


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    found = json.loads((HERE / "results.json").read_text())
    assert isinstance(found, dict)
    return found


def test_the_readme_shows_the_results(experiment: ModuleType, results: dict[str, Any]) -> None:
    assert experiment.tables(results) in (HERE / "README.md").read_text()


def test_all_is_proved_and_what_was_run_is_right(results: dict[str, Any]) -> None:
    assert len(results["counts"]) == 16
    for row in results["counts"]:
        assert row["proved"]
        assert row["amos"] <= row["count"] == row["matrices"] <= row["empty_axes"], row["kernel"]
        assert row["view"] <= row["count"]
    assert len(results["executed"]) == 2
    for row in results["executed"]:
        assert row["match"] in results["left_out"]
        assert row["proved"]
        assert row["checked"]


@pytest.mark.parametrize("number", [0, 1, 4, 6, 8, 10, 13], ids=str)
def test_a_count_comes_out_the_same(experiment: ModuleType, results: dict[str, Any], number: int) -> None:
    assert experiment.measure(experiment.CASES[number]) == results["counts"][number], "run the experiment again"


def test_a_match_that_amos_leaves_out_runs(experiment: ModuleType, results: dict[str, Any]) -> None:
    assert experiment.execute(experiment.EXECUTED[0]) == results["executed"][0], "run the experiment again"


def test_amos_points_are_those_that_it_prints(experiment: ModuleType) -> None:
    """The pairs (i, k) in the log of AMOS's tutorial for conv2d; j is the output channel in all of them."""
    einsum = load_workload("conv2d", {"in": "s16"}).einsums[0]
    (meaning,) = load_target("tiles").instruction("matmul").meaning
    points = [{d: x for x, d in point.items()} for point in experiment.amos_points(einsum, meaning)]
    printed = {("n", "c"), ("n", "r"), ("n", "s"), ("p", "c"), ("p", "s"), ("q", "c"), ("q", "r")}
    assert {(point["i"], point["k"]) for point in points} == printed
    assert [point["j"] for point in points] == ["k"] * 7


def test_what_amos_leaves_out_has_no_partner_but_its_window(experiment: ModuleType, results: dict[str, Any]) -> None:
    window = {"p": "r", "q": "s", "r": "p", "s": "q"}
    wanted = set()
    for match in experiment.found(experiment.CASES[1]).matches:
        (_, i), (_, _), (_, k) = match.axes
        alone = any(k == (window.get(x),) for x in i) or any(i == (window.get(x),) for x in k)
        wanted |= {"; ".join(f"{axis} = {' '.join(fused)}" for axis, fused in match.axes)} if alone else set()
    assert len(wanted) == 14
    assert set(results["left_out"]) == wanted
