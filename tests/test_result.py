"""Result files: they bring everything back, appear whole or not at all, and broken ones are refused clearly."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

import isamap.result
from isamap.errors import InputError
from isamap.judge import judge_program
from isamap.result import KEYS, checksum, differences, read_result, summary, to_json, write_result
from tests.answers import small_gemm, two_einsums


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.json"


def broken(path: Path, **changes: Any) -> str:
    """What reading says of a file with ``changes`` and a right checksum."""
    record = to_json(small_gemm()) | changes
    record.pop("checksum")
    path.write_text(json.dumps({**record, "checksum": checksum(record)}))
    with pytest.raises(InputError) as caught:
        read_result(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("compiled", [small_gemm, two_einsums])
def test_a_file_brings_everything_back(compiled: Any, path: Path) -> None:
    answer = compiled()
    write_result(path, answer)
    read = read_result(path)
    assert (read.work, read.target, read.program) == (answer.work, answer.target, answer.program)
    assert read.matches == tuple(binding.match for binding in answer.bindings)
    assert read.tilings == answer.tilings
    assert {key: value for key, value in read.summary.items() if key != "history"} == summary(answer)
    assert [value for _, value, _ in read.summary["history"]] == [m.value for m in answer.solved.history]
    simulation, violations = judge_program(read.program, read.work, read.target, seed=read.seed)
    assert not violations
    assert not differences(read, simulation)


def test_the_summary_has_the_designed_keys() -> None:
    assert tuple(summary(small_gemm())) == KEYS
    assert tuple(summary(two_einsums())) == (*KEYS, "matches", "tilings", "homes")
    json.dumps(summary(two_einsums()), allow_nan=False)


def test_a_deterministic_file_holds_no_wall_time(path: Path) -> None:
    write_result(path, small_gemm(deterministic=True))
    first = path.read_bytes()
    small_gemm.cache_clear()
    write_result(path, small_gemm(deterministic=True))
    assert path.read_bytes() == first
    assert read_result(path).summary["solve_seconds"] is None


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("older", [True, False])
def test_a_full_disk_leaves_no_broken_file(step: str, older: bool, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if older:
        path.write_text("older")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(isamap.result.os, step, full)
    with pytest.raises(InputError, match="No space left on device") as caught:
        write_result(path, small_gemm())
    assert ("unchanged" if older else "nothing was written") in str(caught.value)
    assert [p.name for p in path.parent.iterdir()] == (["r.json"] if older else [])
    assert not older or path.read_text() == "older"


def test_ctrl_c_while_writing_leaves_no_broken_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(isamap.result.os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_result(path, small_gemm())
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_may_not_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isamap.result.os, "access", lambda *_: False)
    with pytest.raises(InputError, match="may not be written"):
        write_result(path, small_gemm())


def test_a_link_is_followed(path: Path) -> None:
    link = path.with_name("link.json")
    link.symlink_to(path)
    write_result(link, small_gemm())
    assert link.is_symlink()
    assert read_result(path).work.name == "gemm"


def test_every_truncation_is_refused(path: Path) -> None:
    write_result(path, small_gemm())
    data = path.read_bytes()
    for size in range(0, len(data.rstrip()), 997):
        path.write_bytes(data[:size])
        with pytest.raises(InputError, match="broken or cut short"):
            read_result(path)


def test_a_changed_file_is_refused(path: Path) -> None:
    write_result(path, small_gemm())
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))
    with pytest.raises(InputError, match="changed after it was written"):
        read_result(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "other"}, "no result of isamap"),
        ({"version": 2}, "version 2"),
        ({"program": {"format": "isamap program 1", "lines": ["program gemm on p16", "inputs", "outputs"]}}, "'p16'"),
        ({"program": {"format": "old"}}, "format"),
        ({"program": None}, "not laid out"),
        ({"workload": []}, "expected"),
        ({"workload": ["Match(einsum=0)"]}, "expected"),
        ({"machine": ["einsum C[i] = A[i]"]}, "expected"),
        ({"tilings": 3}, "not laid out"),
        ({"inputs": {}}, "not laid out"),
        ({"inputs": {"seed": -1}}, "a seed of at least 0"),
        ({"inputs": {"seed": "x"}}, "a seed of at least 0"),
        ({"summary": None}, "a summary"),
    ],
)
def test_broken_parts_are_named(changes: dict[str, Any], said: str, path: Path) -> None:
    assert said in broken(path, **changes)
