"""What each command answers: JSON keys, tables, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from isamap.cli import app
from tests.answers import TWO_EINSUMS

S16 = ["--set", "in=s16", "--set", "acc=s16"]
TINY_GEMM = ["gemm", "tiny", "--set", "M=5", "--set", "N=4", "--set", "K=6"]
COMPILE_KEYS = [
    "kernel", "target", "status", "objective", "value", "bound", "gap", "certificate", "latency_cycles", "bound_cycles",
    "energy_pj", "traffic_bytes", "checked", "solve_seconds", "issues", "peak_bytes", "seed", "match", "tiling",
]  # fmt: skip
LEVEL_KEYS = ["memory", "tile", "order", "buffers", "pieces", "held", "turning", "backward"]
MAP_KEYS = ["kernel", "target", "count", "count_with_swap", "matches", "why_not"]


def run(*arguments: str, exit_code: int = 0) -> Result:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == exit_code, done.output
    return done


def answer(*arguments: str, exit_code: int = 0) -> dict[str, Any]:
    """The one JSON object on stdout."""
    record = json.loads(run(*arguments, "--json", exit_code=exit_code).stdout)
    assert isinstance(record, dict)
    return record


@pytest.fixture
def two(tmp_path: Path) -> str:
    path = tmp_path / "two.yaml"
    path.write_text(TWO_EINSUMS)
    return str(path)


def test_list_names_what_is_bundled() -> None:
    record = answer("list")
    assert {"gemm", "conv2d", "p16/gdb1"} <= {entry["name"] for entry in record["kernels"]}
    assert {entry["name"] for entry in record["targets"]} >= {"p16", "tiles", "tiny"}
    assert "p16/gdb1" in run("list").stdout


def test_map_json_is_as_designed() -> None:
    record = answer("map", "pointwise_conv2d", "p16", "--instruction", "mac", *S16)
    assert list(record) == MAP_KEYS
    assert (record["kernel"], record["target"], record["count"]) == ("pointwise_conv2d", "p16", 7)
    keys = ["instruction", "axes", "operands", "realisation", "utilisation", "proved", "cost", "pareto"]
    assert list(record["matches"][0]) == keys
    widest = max(record["matches"], key=lambda match: len(match["axes"]["i"]))
    assert widest["axes"] == {"i": ["n", "p", "q"], "j": ["k"], "k": ["c"]}
    assert widest["operands"]["C"] == "O"
    assert widest["proved"] is True
    issues = (112 * 112 // 16) * (64 // 16)
    assert widest["cost"] == {
        "utilisation": 1.0, "bytes_copied": 0, "initialise": False, "issues": issues, "cycles": float(32 * issues),
    }  # fmt: skip
    assert [match for match in record["matches"] if match["pareto"]] == [widest], "it contains all others, at no cost"


def test_map_options_reach_the_matcher() -> None:
    assert answer("map", "conv1d", "p16", "--instruction", "mac", *S16)["count"] == 9
    assert answer("map", "conv1d", "p16", "--instruction", "mac", "--realise", "view", *S16)["count"] == 5
    depthwise = ["map", "depthwise_conv2d", "p16", "--instruction", "mac", *S16]
    assert answer(*depthwise, "--empty-axes")["count"] == 31
    record = answer(*depthwise, exit_code=3)
    assert record["count"] == 0
    (why,) = record["why_not"]
    assert list(why) == ["instruction", "reasons", "repairs"]
    assert why["reasons"]
    assert why["repairs"]


def test_map_of_several_einsums_numbers_its_entries(two: str) -> None:
    record = answer("map", two, "tiny")
    assert record["count"] == len(record["matches"]) == 4
    assert {match["einsum"] for match in record["matches"]} == {0, 1}
    assert all("einsum" in why for why in record["why_not"])


def test_map_says_that_a_mover_does_not_compute() -> None:
    record = answer("map", "gemm", "p16", "--instruction", "drain", *S16, exit_code=3)
    assert "moves data" in record["why_not"][0]["reasons"][0]


def test_map_names_the_instruction_that_would_do() -> None:
    record = answer("map", "p16/dw", "p16", "--instruction", "mac", exit_code=3)
    assert record["why_not"][0]["repairs"][-1].startswith("use vmac instead: 1,568 issues, ")


def test_map_shows_all_only_when_asked() -> None:
    assert "and 29 more" in run("map", "conv2d", "p16", *S16).stdout
    assert " 49 " in run("map", "conv2d", "p16", "--all", *S16).stdout


def test_map_shows_matches_and_reasons() -> None:
    shown = run("map", "p16/pw", "p16").stdout
    assert "i=p,q" in shown
    assert "not vmac:" in shown
    assert "repair:" in shown


def test_compile_json_is_as_designed(tmp_path: Path) -> None:
    record = answer("compile", *TINY_GEMM, "-o", str(tmp_path / "r.json"))
    assert list(record) == COMPILE_KEYS
    assert (record["kernel"], record["target"], record["objective"]) == ("gemm", "tiny", "latency")
    assert record["status"] in ("feasible", "optimal")
    assert record["checked"] is True
    assert record["value"] == record["latency_cycles"] >= record["bound"] >= record["bound_cycles"] > 0
    assert record["gap"] == pytest.approx((record["value"] - record["bound"]) / record["value"])
    assert set(record["traffic_bytes"]) == {"load", "store"}
    assert 0 < record["peak_bytes"]["local"] <= 256
    assert record["match"]["instruction"] == "mm2"
    assert list(record["tiling"]["levels"][0]) == LEVEL_KEYS
    again = answer("simulate", str(tmp_path / "r.json"))
    same = ("latency_cycles", "energy_pj", "traffic_bytes", "issues", "peak_bytes", "seed", "checked")
    assert {key: again[key] for key in same} == {key: record[key] for key in same}
    assert again["violations"] == []


def test_compile_of_several_einsums_lists_all(two: str) -> None:
    record = answer("compile", two, "tiny")
    assert [match["instruction"] for match in record["matches"]] == ["mm2", "relu"]
    assert record["match"] == record["matches"][0]
    assert record["tiling"] == record["tilings"][0]


def test_compile_shows_everything(tmp_path: Path) -> None:
    shown = run("compile", *TINY_GEMM, "-o", str(tmp_path / "r.json")).stdout
    for part in ("matches: 1", "tiling", "bound", "energy", "local", "copy", "check: passed", "r.json"):
        assert part in shown, part


def test_what_is_impossible_is_an_answer_too() -> None:
    record = answer("compile", "gemm", "p16", exit_code=3)
    assert list(record) == [*COMPILE_KEYS, "reason"]
    assert record["status"] == "infeasible"
    assert record["value"] is record["match"] is record["latency_cycles"] is None
    assert "mac takes s16" in record["reason"]
    assert run("compile", "gemm", "p16", exit_code=3).stdout == ""


def test_a_memory_too_small_says_by_how_much() -> None:
    done = run("compile", *TINY_GEMM, "--set", "local_bytes=3", exit_code=3)
    assert "3 bytes more" in done.stderr


def test_validate_tells_kinds(tmp_path: Path) -> None:
    run("compile", *TINY_GEMM, "-o", str(tmp_path / "r.json"))
    record = answer("validate", "gemm", "p16", str(tmp_path / "r.json"))
    assert record["valid"] is True
    assert [entry["kind"] for entry in record["files"]] == ["kernel", "hardware", "result"]
    assert all(entry["errors"] == [] for entry in record["files"])
