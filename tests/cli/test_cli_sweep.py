"""``isamap sweep``: one JSON object, a table, exit codes, and what is said of mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from isamap.cli import app
from isamap.cli.sweeping import line
from isamap.explore import Standing
from isamap.result import KEYS
from tests.explore.sweeps import SMALL, gemms


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep file whose store, beside it, has every result."""
    path = tmp_path_factory.mktemp("sweep") / "small.yaml"
    path.write_text(SMALL)
    done = CliRunner().invoke(app, ["sweep", str(path)])
    assert done.exit_code == 0, done.output
    assert (path.parent / "small.sqlite").exists()
    return path


def test_json_is_one_object_as_designed(swept: Path) -> None:
    done = CliRunner().invoke(app, ["sweep", str(swept), "--resume", "--json"])
    assert done.exit_code == 0
    record = json.loads(done.stdout)
    assert list(record) == ["sweep", "results", "pareto"]
    assert record["sweep"]["counts"] == {"done": 4, "infeasible": 4}
    results = {result["key"]: result for result in record["results"]}
    assert len(results) == 8
    assert all(list(result)[: len(KEYS) + 3] == [*KEYS, "settings", "key", "state"] for result in results.values())
    assert [results[key]["state"] for key in record["pareto"]] == ["done"] * 4


def test_the_front_is_shown_with_counts_and_reasons(swept: Path) -> None:
    shown = CliRunner().invoke(app, ["sweep", str(swept), "--resume"]).stdout
    assert "gemm M=4 N=4 K=8: 1 of 1 designs" in shown
    assert "small: 8 designs; 4 done, 4 infeasible" in shown
    assert "local (3 bytes) is too small" in " ".join(shown.split())


def test_a_store_with_results_needs_resume(swept: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["sweep", str(swept)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "holds 8 of the 8 results of this sweep: continue with --resume" in done.stderr
    assert CliRunner().invoke(app, ["sweep", str(swept), "--store", str(tmp_path / "no" / "s.sqlite")]).exit_code == 2


def test_no_answer_at_all_ends_with_4(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(gemms(4).replace("[tiny]", "[{target: tiny, set: {local_bytes: 3}}]"))
    done = CliRunner().invoke(app, ["sweep", str(path), "--json", "--jobs", "1"])
    assert done.exit_code == 4
    assert json.loads(done.stdout)["sweep"]["counts"] == {"infeasible": 1}
    assert "no design of" in done.stderr


def test_a_wrong_file_ends_with_2(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("name: s\nkernels: [gem]\ntargets: [tiny]\njobs: 0\n")
    done = CliRunner().invoke(app, ["sweep", str(path)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "s.yaml:2:11: kernels.0: expected a kernel that can be found, got 'gem'" in done.stderr
    assert "s.yaml:4:7: jobs: expected a whole number of at least 1, got 0" in done.stderr
    assert list(tmp_path.iterdir()) == [path]
    assert CliRunner().invoke(app, ["sweep", str(tmp_path / "no.yaml")]).exit_code == 2


def test_the_line_of_progress() -> None:
    assert line(Standing(60, 0, 0, None, ())) == "0/60"
    best = tuple(("latency", kernel, 69608.0) for kernel in "abcd")
    assert line(Standing(60, 12, 1, 40.2, best[:1])) == "12/60  1 failed  ETA 40 s  best latency 69,608 (a)"
    assert line(Standing(60, 60, 0, 0.0, best)).endswith("latency 69,608 (c) and 1 more")
