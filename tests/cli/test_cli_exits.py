"""What ends a command: nothing found, a failed check, Ctrl-C, a full disk, a defect."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import isamap.compile
import isamap.result
from isamap.cli import app
from isamap.cli.progress import Progress
from isamap.errors import CheckFailed, NotFound
from isamap.ir.answers import Violation
from tests.answers import small_gemm

COMPILE = ["compile", "gemm", "tiny"]
WRONG = Violation("raw-order", "issue 3 (mm2)", "reads bytes too early")


def ends(monkeypatch: pytest.MonkeyPatch, outcome: object) -> None:
    """Lets ``compile_workload`` return or raise ``outcome``."""

    def compile_workload(*_: Any) -> object:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(isamap.compile, "compile_workload", compile_workload)


@pytest.mark.parametrize("outcome", [NotFound("no candidate in time"), KeyboardInterrupt()])
def test_nothing_found_in_time(monkeypatch: pytest.MonkeyPatch, outcome: BaseException) -> None:
    ends(monkeypatch, outcome)
    done = CliRunner().invoke(app, [*COMPILE, "--json"])
    assert done.exit_code == 4
    record = json.loads(done.stdout)
    assert record["status"] == "unknown"
    assert record["reason"] in done.stderr


def test_a_wrong_program_is_shown_and_ends_with_5(monkeypatch: pytest.MonkeyPatch) -> None:
    ends(monkeypatch, replace(small_gemm(), violations=(WRONG,)))
    done = CliRunner().invoke(app, COMPILE)
    assert done.exit_code == 5
    assert "check: FAILED" in done.stdout
    assert str(WRONG) in done.stderr
    assert json.loads(CliRunner().invoke(app, [*COMPILE, "--json"]).stdout)["checked"] is False


def test_a_check_that_raises_ends_with_5(monkeypatch: pytest.MonkeyPatch) -> None:
    ends(monkeypatch, CheckFailed("below its bound"))
    done = CliRunner().invoke(app, COMPILE)
    assert (done.exit_code, done.stdout) == (5, "")
    assert "error: below its bound" in done.stderr


def test_a_defect_is_reported_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    ends(monkeypatch, ZeroDivisionError("division by zero"))
    done = CliRunner().invoke(app, COMPILE)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Traceback" in done.stderr
    assert "defect of isamap" in done.stderr


def test_notes_and_progress_go_to_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    ends(monkeypatch, replace(small_gemm(), notes=("stopped early; this is the best one found",)))
    done = CliRunner().invoke(app, [*COMPILE, "--json"])
    assert done.exit_code == 0
    assert "stopped early" in done.stderr
    json.loads(done.stdout)


def test_a_full_disk_does_not_lose_the_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    ends(monkeypatch, small_gemm())
    monkeypatch.setattr(isamap.result.os, "fsync", full)
    done = CliRunner().invoke(app, [*COMPILE, "--json", "-o", str(tmp_path / "r.json")])
    assert done.exit_code == 2
    assert json.loads(done.stdout)["checked"] is True
    assert "No space left on device" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_changed_summary_is_noticed_when_simulated_again(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    record = isamap.result.to_json(small_gemm())
    record["summary"]["latency_cycles"] -= 1
    record.pop("checksum")
    path.write_text(json.dumps({**record, "checksum": isamap.result.checksum(record)}))
    done = CliRunner().invoke(app, ["simulate", str(path), "--json"])
    assert done.exit_code == 5
    (violation,) = json.loads(done.stdout)["violations"]
    assert (violation["rule"], violation["where"]) == ("summary", "latency_cycles")


def test_progress_says_what_takes_long(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(delay_s=0.0) as progress:
        progress("tiling")
        progress("scheduling", 120.0, 100.0)
        progress("scheduling", 110.0, 100.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("tiling")
    assert lines[1].startswith("scheduling  best 120  bound 100  gap 16.7")
    assert len(lines) == 2


def test_progress_is_quiet_about_what_is_fast(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress("tiling", 3.0, 2.0)
    assert capsys.readouterr().err == ""
