"""e04 says what its results say: a matrix product is found in every layer, proved; and lines come out the same."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from isamap import load_workload
from tests.experiments.loading import load

HERE = Path(__file__).resolve().parents[2] / "experiments" / "e04_networks"
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


def test_the_blocks_are_those_of_the_paper(experiment: ModuleType) -> None:
    blocks = list(experiment.blocks())
    assert len(blocks) == 17
    assert blocks[0] == (1, 32, 16, 112, 1)
    assert blocks[-1] == (6, 160, 320, 7, 1)
    assert [block[3] for block in blocks] == [112, 112, 56, 56, 28, 28, 28] + [14] * 7 + [7] * 3


def test_the_kernels_are_the_blocks(experiment: ModuleType) -> None:
    projections = [part for part in experiment.parts() if part.what == "project"]
    for part, (expansion, channels, out, rows, stride) in zip(projections, experiment.blocks(), strict=True):
        work = load_workload(part.kernel, dict(part.sizes))
        assert work.tensor("I").shape == (channels, rows, rows)
        assert work.tensor("T").shape == (expansion * channels, rows // stride, rows // stride)
        assert work.tensor(work.outputs[0]).shape == (out, rows // stride, rows // stride)


def proofs(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The matches, or the rewrite that stands for them; of a rewrite in part those of its parts."""
    if "in_part" in found:
        assert found["in_part"]["proved"]
        return [one for part in found["in_part"]["parts"] for one in proofs(part)]
    return list(found.get("matches") or filter(None, [found["rewritten"]]))


def test_a_product_is_found_in_every_layer_and_proved(experiment: ModuleType, rows: Rows) -> None:
    assert [(row["layer"], row["what"]) for row in rows] == [(part.layer, part.what) for part in experiment.parts()]
    for row in rows:
        unasked = experiment.UNASKED if row["what"] == "depthwise" else ()
        assert list(row["machines"]) == [name for name in experiment.MACHINES if name not in unasked]
        for machine, answer in row["machines"].items():
            where = (row["layer"], row["what"], machine)
            every = proofs(answer)
            assert every, where
            assert all(one["proved"] and 0 < one["utilisation"] <= 1 for one in every), where


def test_pointwise_halves_gates_and_attention_need_no_rewrite_on_a_matrix_unit(rows: Rows) -> None:
    direct = [row for row in rows if row["what"] not in ("depthwise", "T B C")]
    assert len(direct) == 33 + 4 + 2
    for row in direct:
        for machine, name in (("p16", "mac"), ("tiles", "matmul"), ("gemmini", "matmul_ws"), ("neoverse_v2", "smmla")):
            assert name in [one["instruction"] for one in row["machines"][machine]["matches"]], row["layer"]


@pytest.mark.parametrize(
    ("line", "machine"),
    [(2, "p16"), (3, "gemmini"), (20, "neoverse_v2"), (50, "tiles"), (54, "gemmini"), (57, "p16")],
)
def test_a_line_comes_out_the_same(experiment: ModuleType, rows: Rows, line: int, machine: str) -> None:
    part = list(experiment.parts())[line - 1]
    again = experiment.on_machine(part.kernel, part.number, part.sizes, machine)
    assert again == rows[line - 1]["machines"][machine], f"{part.layer}, {part.what}: run the experiment again"
