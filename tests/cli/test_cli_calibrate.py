"""``isamap calibrate``: a file, whole or not at all; and ``host`` wherever a machine may stand."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from isamap.cli import app
from isamap.codegen import cpu
from isamap.spec import load_target
from tests.calibrations import calibration

CPU = "Abacus 3 (znver9)"


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a calibration is kept; the CPU is an Abacus, and quickly measured."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(cpu, "cpu_name", lambda: CPU)
    monkeypatch.setattr(cpu, "features", lambda: frozenset(cpu.DESCRIPTIONS[0].features))
    monkeypatch.setattr(cpu, "caches", lambda: ())
    measures(monkeypatch, calibration(cpu=CPU))
    return tmp_path / "cache" / "isamap" / "host.yaml"


def measures(monkeypatch: pytest.MonkeyPatch, outcome: Any) -> None:
    def calibrate(*_: Any) -> Any:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr("isamap.codegen.calibrate.calibrate", calibrate)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_what_is_measured_is_host_from_then_on(kept: Path) -> None:
    entry = {"name": "host", "description": f"This CPU, {CPU}, not yet measured: isamap calibrate"}
    assert entry.items() <= json.loads(run("list", "--json").stdout)["targets"][0].items()
    done = run("calibrate")
    assert done.exit_code == 0, done.output
    assert f"hardware file: {kept}" in done.stdout
    assert "118 GF/s" in done.stdout
    assert done.stderr.startswith(f"host: {CPU} with avx2 avx512bw")
    assert load_target(kept).clock_hz == 3_680_000_000
    assert json.loads(run("list", "--json").stdout)["targets"][0]["file"] == str(kept)
    mapped = run("map", "gemm", "host", "--instruction", "vfmadd231ps_splat", "--set", "in=f32", "--set", "acc=f32",
                 "--json")  # fmt: skip
    assert mapped.exit_code == 0, mapped.output
    assert json.loads(mapped.stdout)["target"] == "host"
    assert f"x86_avx512, calibrated ({kept})" in mapped.stderr
    assert run("validate", str(kept), "host").exit_code == 0


def test_a_file_of_ones_own_choice(kept: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    done = run("calibrate", "-o", str(file), "--json")
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert (record["target"], record["file"], record["cpu"]) == ("host", str(file), CPU)
    assert record["timings"][0] == {
        "instruction": "vfmadd231ps", "interval_cycles": 1.004, "latency_cycles": 4.02, "chained_cycles": 4.02,
    }  # fmt: skip
    assert load_target(file).name == "host"
    assert not kept.exists()


def test_ctrl_c_leaves_no_file(monkeypatch: pytest.MonkeyPatch, kept: Path, tmp_path: Path) -> None:
    measures(monkeypatch, KeyboardInterrupt())
    for arguments in ((), ("-o", str(tmp_path / "mine.yaml"))):
        done = run("calibrate", *arguments)
        assert done.exit_code == 4
        assert "error: stopped" in done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_place_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    measures(monkeypatch, AssertionError("measured before it was known that nothing can be written"))
    done = run("calibrate", "-o", str(tmp_path / "none" / "mine.yaml"))
    assert (done.exit_code, "there is no folder" in done.stderr) == (2, True)
    done = run("calibrate", "-o", str(tmp_path))
    assert (done.exit_code, "it is a folder" in done.stderr) == (2, True)
    (tmp_path / "cache").write_text("")
    done = run("calibrate")
    assert (done.exit_code, "give a file with -o" in done.stderr) == (2, True)


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, kept: Path) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fsync)
    done = run("calibrate")
    assert done.exit_code == 2
    assert f"cannot write {kept}: No space left on device" in done.stderr
    assert not list(kept.parent.iterdir())


def test_an_unknown_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "features", lambda: frozenset({"neon"}))
    for arguments in (("calibrate",), ("map", "gemm", "host"), ("validate", "host")):
        done = run(*arguments)
        assert done.exit_code == 2
        assert "error: host: expected a CPU with avx512f" in done.stderr
    assert "host" not in [entry["name"] for entry in json.loads(run("list", "--json").stdout)["targets"]]
