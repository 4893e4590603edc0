"""Compiled kernels on disk: found again where nothing differs, and never where anything is wrong with them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from isamap.deploy import kept
from isamap.deploy.jit import jit
from tests.cores import CORE
from tests.tiling.cached.contractions import gemm

front = import_module("isamap.deploy.jit")
GEMM = "C[m,n] += A[m,k] * B[k,n]"
A, B = np.ones((6, 7), np.float32), np.ones((7, 20), np.float32)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "isamap" / "kernels"


def refuse(*_: object) -> None:
    raise AssertionError("compiled once more")


def test_a_kept_kernel_is_not_compiled_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = jit(GEMM, CORE, A=A, B=B)
    monkeypatch.setattr(front, "blockings", refuse)
    again = jit(GEMM, CORE, A=A, B=B)
    assert again.blocking == first.blocking
    assert np.array_equal(again(A, B), A @ B)
    with pytest.raises(AssertionError, match="compiled once more"):
        jit(GEMM, CORE, A=A, B=B[:, :19].copy())
    assert len(list(folder.iterdir())) == 1


def test_measured_ones_keep_their_ranking(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "_MEASURING_S", 0.0)
    first = jit(GEMM, CORE, A=A, B=B, measure=True)
    assert first.ranking is not None
    assert first.ranking.regret >= 0
    again = jit(GEMM, CORE, A=A, B=B, measure=True)
    assert (again.ranking, again.blocking) == (first.ranking, first.blocking)
    assert np.array_equal(again(A, B), A @ B)


def test_nothing_is_kept_where_that_is_not_wanted(folder: Path) -> None:
    jit(GEMM, CORE, A=A, B=B, keep=False)
    assert not folder.exists()


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-1], lambda text: text[:-9] + b"x" * 9, lambda text: b"{}\n", lambda text: b""]
)
def test_a_damaged_file_is_as_good_as_none(folder: Path, damage: object) -> None:
    jit(GEMM, CORE, A=A, B=B)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))  # type: ignore[operator]
    what = gemm(6, 20, 7)
    assert kept.read(folder, file.stem, [what], CORE) is None
    assert np.array_equal(jit(GEMM, CORE, A=A, B=B)(A, B), A @ B)
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    assert np.array_equal(jit(GEMM, CORE, A=A, B=B)(A, B), A @ B)


def test_the_key_tells_apart_what_the_code_depends_on() -> None:
    what, slower = gemm(6, 20, 7), replace(CORE, clock_hz=1e9)
    keys = [
        kept.key([what], CORE, (), False),
        kept.key([what], CORE, (), True),
        kept.key([what], CORE, ("B",), False),
        kept.key([what], slower, (), False),
        kept.key([gemm(6, 20, 7, "NT")], CORE, (), False),
        kept.key([what, what], CORE, (), False),
    ]
    assert len(set(keys)) == len(keys)


def test_another_process_finds_it_without_a_solver(folder: Path) -> None:
    text = """
import sys
import numpy as np
import isamap
a, b = np.ones((6, 7), np.float32), np.ones((7, 20), np.float32)
assert np.array_equal(isamap.jit("C[m,n] += A[m,k] * B[k,n]", A=a, B=b)(a, b), a @ b)
print("ortools" in sys.modules)
"""
    found = [
        subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout for _ in "ab"
    ]
    assert [each.strip() for each in found] == ["True", "False"]
