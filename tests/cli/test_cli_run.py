"""``isamap run``: a kernel for real, its result checked, and what is said of libraries that are not there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from isamap.cli import app
from isamap.deploy.against import ring
from isamap.deploy.against.reference import Reference

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="contestants are pinned to a CPU")
GEMM = ["gemm", "--set", "in=f32", "--set", "acc=f32", "--set", "M=20", "--set", "N=30", "--set", "K=40"]


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Compiled kernels are kept there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["run", *arguments])


def test_one_object_for_programs() -> None:
    done = run(*GEMM, "--seconds", "0.05", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["kernel"] == "gemm"
    assert found["checked"] is True
    assert found["gflops"] == pytest.approx(2 * 20 * 30 * 40 / found["minimum_s"] / 1e9)
    assert found["ratio"] == {}
    assert found["rounds"] >= 3


def test_a_wrong_result_is_exit_code_5(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "reference", lambda work, values: Reference(values["A"][:20, :30] * 0 + 7000, 0.5))
    done = run(*GEMM, "--seconds", "0")
    assert done.exit_code == 5
    assert "isamap is wrong: 600 of 600 elements" in " ".join(done.stdout.split())
    assert "it must not be used" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((*GEMM, "--against", "mlk"), "expected some of mkl openblas onednn torch, got mlk"),
        (("softmax",), "code generation"),
        ((*GEMM, "--target", "p16"), "the target p16, which has no caches"),
        (("no_such_kernel",), "no_such_kernel"),
    ],
)
def test_what_cannot_run_is_exit_code_2(arguments: tuple[str, ...], reason: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert reason in done.stderr


def test_libraries_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isamap.deploy.against.library.find_library", lambda name: None)
    monkeypatch.setattr("importlib.metadata.distribution", _nothing)
    done = run(*GEMM, "--seconds", "0", "--against", "mkl,openblas,onednn,torch", "--json")
    assert done.exit_code == 0, done.output
    missing = {each["name"]: each["package"] for each in json.loads(done.stdout)["absent"]}
    assert missing == {"mkl": "mkl", "openblas": "scipy-openblas32", "onednn": "onednn", "torch": "torch"}


def _nothing(name: str) -> None:
    from importlib.metadata import PackageNotFoundError

    raise PackageNotFoundError(name)


def test_ctrl_c_leaves_no_process_behind() -> None:
    """As a terminal sends it: to the command, whose contestants are in sessions of their own."""
    command = [sys.executable, "-m", "isamap", "run", *GEMM, "--seconds", "60"]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as running:
        children = list[str]()
        while not children and running.poll() is None:
            time.sleep(0.1)
            children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(20) == 4
    assert children
    assert not [child for child in children if Path(f"/proc/{child}").exists()]
