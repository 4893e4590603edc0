"""``isamap map`` where a machine has modes and stores that compute: the store stands under its own einsum."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from isamap.cli import app

KERNEL = """
name: requantised
sizes: {M: 20, K: 7, N: 18}
tensors:
  A: {dtype: s8, shape: [M, K]}
  B: {dtype: s8, shape: [K, N]}
  T: {dtype: s32, shape: [M, N]}
  U: {dtype: s8, shape: [M, N]}
einsums:
  - T[m,n] += s32(A[m,k]) * s32(B[k,n])
  - U[m,n] = max(sat_s8(round(f32(T[m,n]) * 0.01)), 0)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    kernel = tmp_path / "requantised.yaml"
    kernel.write_text(KERNEL)
    return str(kernel)


def run(*arguments: str, exit_code: int = 0) -> Result:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == exit_code, done.output
    return done


def test_the_store_is_a_match_of_its_einsum(path: str) -> None:
    record: dict[str, Any] = json.loads(run("map", path, "gemmini", "--json").stdout)
    found = [(match["einsum"], match["instruction"]) for match in record["matches"]]
    assert found == [(0, "matmul_ws"), (0, "matmul_os"), (1, "mvout_s8_relu")]
    assert record["count"] == 3, "modes are not counted"
    assert record["matches"][2] == {
        "einsum": 1,
        "instruction": "mvout_s8_relu",
        "axes": {},
        "operands": {"D": "U", "S": "T"},
        "realisation": {"D": "direct", "S": "direct"},
        "utilisation": 1.0,
        "proved": True,
        "cost": {"utilisation": 1.0, "bytes_copied": 0, "initialise": False, "issues": 0, "cycles": 0.0},
        "pareto": True,
    }
    why_not = {(entry["einsum"], entry["instruction"]): entry["reasons"] for entry in record["why_not"]}
    assert set(why_not) == {(1, "matmul_ws"), (1, "matmul_os"), (1, "mvout_s8")}
    assert "mvout_s8 computes sat_s8(round(" in why_not[1, "mvout_s8"][0]


def test_the_table_shows_it_too(path: str) -> None:
    text = run("map", path, "gemmini").stdout
    assert "mvout_s8_relu" in text
    assert "matmul_os" in text


def test_what_nothing_does_is_said_with_every_reason(path: str, tmp_path: Path) -> None:
    kernel = tmp_path / "halved.yaml"
    kernel.write_text(KERNEL.replace("max(sat_s8(round(f32(T[m,n]) * 0.01)), 0)", "s8(T[m,n] >> 1)"))
    record = json.loads(run("map", str(kernel), "gemmini", "--json", exit_code=3).stdout)
    assert {match["einsum"] for match in record["matches"]} == {0}
    assert len([entry for entry in record["why_not"] if entry["einsum"] == 1]) == 4


def test_compile_lists_the_store_among_its_matches(path: str) -> None:
    record = json.loads(run("compile", path, "gemmini", "--json", "--deterministic", "--method", "heuristic").stdout)
    assert record["checked"] is True
    assert [match["instruction"] for match in record["matches"]] == ["matmul_ws", "mvout_s8_relu"]
    assert record["traffic_bytes"]["mvout_s8_relu"] == 20 * 18


def test_a_result_with_a_store_runs_again(path: str, tmp_path: Path) -> None:
    out = str(tmp_path / "r.json")
    run("compile", path, "gemmini", "--deterministic", "--method", "heuristic", "-o", out)
    run("simulate", out)
