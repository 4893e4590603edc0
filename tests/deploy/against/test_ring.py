"""Contests: who is right and quickest, and that who dies, hangs or is missing is said and spoils nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from isamap.deploy.against import process, ring
from isamap.deploy.against.library import Found
from isamap.deploy.against.process import Process
from isamap.deploy.against.reference import reference
from isamap.deploy.against.ring import Ring
from isamap.deploy.against.rounds import Dropped
from isamap.errors import InputError
from isamap.simulate import random_inputs
from tests.cores import CORE
from tests.deploy.against.kernels import gemm, product
from tests.deploy.against.misbehaving import FAKES

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="contestants are pinned to a CPU")


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(ring, "_ALL", FAKES)
    monkeypatch.setattr(ring, "LIBRARIES", tuple(each.name for each in FAKES))
    monkeypatch.setattr(ring, "_CALL_LIMIT_S", 2.0)
    monkeypatch.setattr(process, "_SERVE", "from tests.deploy.against.misbehaving import serve; serve()")


def test_everyone_is_timed_judged_or_missed() -> None:
    names = ["gone", "lacking", "erring", "dying", "hanging", "wrong", "numpy"]
    with Ring(names) as arena:
        found = arena.contest(gemm(16, 24, 33), CORE, 0.05)
        processes = [each._process for each in arena._processes.values()]
    assert all(each.returncode == -signal.SIGKILL for each in processes)
    assert [each.name for each in found.libraries] == ["numpy", "wrong"]
    right, wrong = found.libraries
    assert found.ours.is_right
    assert right.is_right
    assert wrong.wrong.startswith("1 of 384 elements, first element [1, 2]: expected ")
    assert wrong.max_error == pytest.approx(1, abs=1e-4)
    assert found.best is right
    assert right.how == "numpy on 1 with 1"
    assert found.operations == 2 * 16 * 24 * 33
    assert found.speed(right) == found.operations / right.minimum_s / 1e9
    assert found.ratio(right) == right.minimum_s / found.ours.minimum_s
    assert {each.name: (each.reason, each.package) for each in found.absent} == {
        "gone": ("not installed", "pip-name"),
        "lacking": ("it has none of this", ""),
        "erring": ("ZeroDivisionError: in the library", ""),
        "dying": ("its process ended (SIGABRT): illegal something", ""),
        "hanging": ("no answer within 2 s", ""),
    }


def test_a_process_serves_kernel_after_kernel_and_begins_again_where_it_died() -> None:
    with Ring(["numpy"]) as arena:
        first = arena.contest(gemm(8, 8, 8), CORE, 0.0)
        pids = {name: each._process.pid for name, each in arena._processes.items()}
        os.kill(pids["numpy"], signal.SIGKILL)
        second = arena.contest(gemm(4, 5, 6), CORE, 0.0)
        third = arena.contest(gemm(4, 5, 6), CORE, 0.0)
        assert arena._processes["isamap"]._process.pid == pids["isamap"]
    assert [each.name for each in first.libraries] == ["numpy"]
    assert [each.reason for each in second.absent] == ["its process ended (SIGKILL)"]
    assert [each.name for each in third.libraries] == ["numpy"]


def test_what_isamap_does_not_compile_ends_the_contest() -> None:
    with Ring(["numpy"]) as arena:
        with pytest.raises(InputError, match="no axis lies next to each other"):
            arena.contest(product("C[m,n] += A[m,k] * B[k,n]", {"A": (3, 7), "B": (7, 5), "C": (3, 5)},
                                  {"A": (14, 2), "B": (12, 2), "C": (12, 2)}), CORE)  # fmt: skip
        assert arena.contest(gemm(4, 5, 6), CORE, 0.0).ours.is_right


def test_packed_and_measured_kernels_of_two_threads_are_right() -> None:
    """All that ``jit`` can be asked; threads may share a CPU here."""
    values = random_inputs(gemm(24, 40, 33), 0)
    process = Process("isamap", Found("1"), os.sched_getaffinity(0), 2)
    try:
        arguments = (gemm(24, 40, 33), CORE, values, frozenset("B"), True)
        how, ranking = process.ask("take", *arguments, limit_s=60)
        assert reference(gemm(24, 40, 33), values).judge(process.ask("result", limit_s=5))[1] == ""
    finally:
        process.kill()
    assert how.startswith("2 shares of ")
    assert "panels of B before" in how
    assert ranking.regret >= 0


def test_only_factors_are_packed() -> None:
    with Ring(["numpy"]) as arena, pytest.raises(InputError, match="--packed: expected some of A B, got C"):
        arena.contest(gemm(4, 5, 6), CORE, 0.0, frozenset("AC"))


def test_names_and_threads_that_cannot_be() -> None:
    with pytest.raises(InputError, match=r"--against: expected some of numpy .* gone, got slowblas"):
        Ring(["numpy", "slowblas"])
    with pytest.raises(InputError, match=r"--threads: expected at most .*, a CPU for each, got 4096"):
        Ring([], threads=4096)


def test_threads_of_a_contestant_rest_between_its_turns() -> None:
    """A stopped process is in the state T; it answers all the same, and is killed all the same."""
    one = Process("numpy", Found(""), os.sched_getaffinity(0), 2)

    def state() -> str:
        return Path(f"/proc/{one._process.pid}/stat").read_text().rpartition(")")[2].split()[0]

    try:
        for _ in range(2):
            end = time.monotonic() + 5
            while state() != "T" and time.monotonic() < end:
                time.sleep(0.01)
            assert state() == "T"
            assert one.ask("call", 1, limit_s=5) > 0
    finally:
        one.kill()
    assert one._process.returncode == -signal.SIGKILL


_WAITING = """
import os, time
from isamap.deploy.against import process
from isamap.deploy.against.library import Found
process._SERVE = "from tests.deploy.against.misbehaving import serve; serve()"
one = process.Process("numpy", Found(""), os.sched_getaffinity(0), 2)
print(one._process.pid, flush=True)
time.sleep(60)
"""


def test_no_process_outlives_the_one_that_began_it() -> None:
    with subprocess.Popen([sys.executable, "-c", _WAITING], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = Path(f"/proc/{int(parent.stdout.readline())}")
        assert child.exists()
        parent.kill()
    end = time.monotonic() + 5
    while _lives(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert not _lives(child)


def _lives(child: Path) -> bool:
    try:
        return (child / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_files_of_the_current_folder_are_not_taken_for_modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    monkeypatch.chdir(tmp_path)
    Process("numpy", Found(""), os.sched_getaffinity(0), 1).kill()


def test_a_process_that_cannot_begin_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_SERVE", "raise SystemExit('no such thing')")
    with pytest.raises(Dropped, match=r"its process ended \(exit code 1\): no such thing"):
        Process("numpy", Found(""), {0}, 1)
