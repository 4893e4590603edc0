"""``isamap verify``: passes, refuses by name, and says what it looked at."""

from __future__ import annotations

import json
from pathlib import Path

from tests.certified import certified, result, summarised, write
from tests.cli.test_cli_answers import answer, run


def test_a_result_passes(tmp_path: Path) -> None:
    path = str(write(tmp_path / "r.json", result("gemv tiny")))
    shown = run("verify", path).stdout
    assert "every check passed" in shown
    assert "latency 16, bound 16: verified" in shown
    assert "cuts of 2 matches enumerated again; 0 of them rest on a solver's word" in shown
    record = answer("verify", path)
    assert (record["verified"], record["certificate"], record["violations"]) == (True, "verified", [])
    assert list(record) == [
        "kernel", "target", "verified", "certificate", "objective", "value", "bound", "latency_cycles", "within",
        "matches", "candidates", "closed", "violations",
    ]  # fmt: skip


def test_what_does_not_hold_is_named(tmp_path: Path) -> None:
    record = certified(summarised(result("gemv tiny"), issues=1), candidates=3)
    path = str(write(tmp_path / "r.json", record))
    done = run("verify", path, exit_code=5)
    assert "summary at issues: the file says 1" in done.stderr
    assert "candidates at certificate: 3 cuts are stated" in done.stderr
    rules = [violation["rule"] for violation in answer("verify", path, exit_code=5)["violations"]]
    assert rules == ["summary", "candidates"]


def test_what_cannot_be_read_is_a_wrong_file(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps({**result("gemv tiny"), "program": {}}))
    assert "its checksum does not fit" in run("verify", str(path), exit_code=2).stderr
    record = {**result("gemv tiny"), "certificate": ["Certificate("]}
    run("verify", str(write(path, record)), exit_code=2)
    run("verify", str(tmp_path / "none.json"), exit_code=2)


def test_a_result_without_a_certificate_claims_none(tmp_path: Path) -> None:
    record = result("gemv tiny")
    del record["certificate"]
    rules = answer("verify", str(write(tmp_path / "r.json", record)), exit_code=5)["violations"]
    assert [violation["rule"] for violation in rules] == ["kind"]
