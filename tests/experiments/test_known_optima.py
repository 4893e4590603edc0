"""known_optima says what its results say, its results are what was asked for, and it runs over any folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.spec.test_published import PROJECT, SHOP

HERE = Path(__file__).resolve().parents[2] / "experiments" / "known_optima"
sys.path.insert(0, str(HERE))
from table import instance_table, summary, summary_table  # noqa: E402


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    text = json.loads((HERE / "results.json").read_text())
    assert isinstance(text, dict)
    return text


def test_the_readme_shows_the_results(found: dict[str, Any]) -> None:
    readme = (HERE / "README.md").read_text()
    assert summary_table(found["results"]) in readme
    assert instance_table(found["results"]) in readme
    assert found["summary"] == summary(found["results"])
    assert f"{found['date']}, {found['cores']} cores, OR-Tools {found['ortools']}" in readme


def test_every_row_is_sound(found: dict[str, Any]) -> None:
    for row in found["results"]:
        assert row["violations"] == []
        assert row["closed_form_bound"] <= row["bound"] <= row["best_known"] <= row["value"] <= row["greedy"]
        assert (row["status"] == "optimal") == (row["bound"] == row["value"])
        assert row["hint"] == ("accepted" if "cp-sat" in row["method"] else "")
        assert row["seconds"] < found["time_limit_s"] + 2


def test_what_was_asked_for(found: dict[str, Any]) -> None:
    sets = {row["set"]: row for row in found["summary"]}
    assert found["time_limit_s"] <= 30
    assert sets["j30"]["at_best_known"] >= 0.95 * sets["j30"]["instances"] == 0.95 * 72
    assert sets["j60"]["mean_gap"] <= 0.02
    assert sets["j60"]["instances"] == 55
    rows = {row["instance"]: row for row in found["results"]}
    assert {name: (rows[name]["value"], rows[name]["status"]) for name in ("ft06", "la01", "la16")} == {
        "ft06": (55, "optimal"),
        "la01": (666, "optimal"),
        "la16": (945, "optimal"),
    }
    assert all(row["below_best_known"] == 0 for row in found["summary"])


def folder(path: Path) -> Path:
    (path / "tiny").mkdir()
    (path / "tiny" / "p1.sm").write_text(PROJECT)
    (path / "tiny" / "two").write_text(SHOP)
    (path / "tiny" / "README.md").write_text("no instance")
    (path / "tiny_optimum.csv").write_text("problem,optimum\np1.sm,9\ntwo,12\n")
    return path / "tiny"


def ask(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE / "run.py"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_any_folder(tmp_path: Path) -> None:
    """A project of 5 + 4 on a worker of whom both need one; two jobs through three machines, 10 cycles long."""
    done = ask(folder(tmp_path), "--time-limit", "5", "--json", "--perfect", "1")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["results"]
    wanted = {"instance", "value", "bound", "status", "seconds", "best_known", "gap"}
    assert all(wanted <= set(row) for row in rows)
    shown = [
        (row["instance"], row["value"], row["bound"], row["status"], row["best_known"], row["gap"]) for row in rows
    ]
    assert shown == [
        ("p1", 9, 9, "optimal", 9, 0.0),
        ("two", 10, 10, "optimal", 12, 10 / 12 - 1),
        ("perfect_0", 20, 20, "optimal", 20, 0.0),
    ]
    assert "instance two  value 10" in done.stderr


def test_a_broken_file_is_named_and_the_others_are_solved(tmp_path: Path) -> None:
    place = folder(tmp_path)
    (place / "worse").write_text("2 2\n0 1 1 1\n")
    done = ask(place, "--time-limit", "1", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 2
    assert "worse:2:1: jobs: expected a line for each of 2 jobs, got 1 lines" in done.stderr
    assert len(found["results"]) == 2
    assert "worse:2:1" in found["refused"][0]


def test_no_folder(tmp_path: Path) -> None:
    done = ask(tmp_path / "nowhere", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere: expected a folder, got nothing" in done.stderr
