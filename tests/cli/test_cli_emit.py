"""``isamap compile`` for a CPU: how a kernel is cut, its code, and what cannot be had of either."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from isamap.cli import app
from isamap.result import KEYS

SMALL = ["--set", "in=f32", "--set", "acc=f32", "--set", "M=6", "--set", "N=20", "--set", "K=9"]
GEMM = ["compile", "gemm", "x86_avx2", *SMALL]


def ran(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_the_answer_is_how_it_is_cut() -> None:
    found = json.loads(ran(*GEMM, "--json").stdout)
    assert list(found)[: len(KEYS)] == list(KEYS)
    assert (found["status"], found["latency_source"], found["measured_by"]) == ("feasible", "model", "isamap run")
    assert found["value"] == found["latency_cycles"] >= 6 * 20 * 9 / 16
    assert found["checked"] is None
    cut = found["blocking"]
    assert {loop["axis"] for loop in cut["loops"]} <= {"m", "n", "k"}
    assert cut["vector"] == "n"
    assert cut["register_tile"]["m"] <= 6
    assert found["match"] == {"instruction": "vfmadd231ps", "axes": {"i": ["n"]}}


def test_the_answer_as_text() -> None:
    done = ran(*GEMM)
    assert done.exit_code == 0
    for part in ("gemm on x86_avx2", "register tile: ", "8 lanes along n", "cycles", "`isamap run` measures it"):
        assert part in done.stdout


@pytest.mark.parametrize(("form", "part"), [("asm", "vfmadd"), ("llvm", "define void @isamap_gemm(")])
def test_code_as_text(form: str, part: str, tmp_path: Path) -> None:
    printed = ran(*GEMM, "--emit", form)
    assert (printed.exit_code, printed.stderr) == (0, "")
    assert part in printed.stdout
    file = tmp_path / "code"
    written = ran(*GEMM, "--emit", form, "-o", file)
    assert file.read_text() == printed.stdout
    assert f"isamap_gemm for x86_64-unknown-linux-gnu with avx2 fma: {file}\n" == written.stdout


@pytest.mark.parametrize("given", ["of.gemm", "of.gemm.o"])
def test_an_object_and_its_header(given: str, tmp_path: Path) -> None:
    done = ran(*GEMM, "--emit", "object", "-o", tmp_path / given, "--json")
    assert done.exit_code == 0
    files = [tmp_path / "of.gemm.o", tmp_path / "of.gemm.h"]
    assert json.loads(done.stdout)["files"] == [str(file) for file in files]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert files[0].read_bytes().startswith(b"\x7fELF")
    assert "void isamap_gemm(" in files[1].read_text()


def test_without_a_name_it_is_the_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ran(*GEMM, "--emit", "object").exit_code == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["isamap_gemm.h", "isamap_gemm.o"]


def test_host_is_a_core() -> None:
    done = ran("compile", "gemm", "host", *SMALL, "--emit", "asm")
    assert done.exit_code == 0
    assert "isamap_gemm:" in done.stdout


NO_CORE = (
    "--emit: expected a machine that LLVM makes code for, got p16; code is made for CPUs with caches "
    "(host neoverse_v2 x86_avx2 x86_avx512); `isamap simulate` runs other programs"
)
REFUSED = {
    "no core": (["compile", "gemm", "p16", "--emit", "asm"], NO_CORE),
    "a listing and JSON": ([*GEMM, "--emit", "asm", "--json"], "-o: expected a file, as --json takes the output"),
    "energy": ([*GEMM, "--objective", "energy"], "--objective: expected a machine with memories of its own"),
    "a solver": ([*GEMM, "--method", "exact", "--workers", "1"], "--workers: expected a machine with memories of its"),
    "no folder": ([*GEMM, "--emit", "object", "-o", "no/such.o"], "cannot write no/such.o: there is no folder"),
    "no form": ([*GEMM, "--emit", "c"], "'llvm', 'asm', 'object'"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_mistakes_are_said(mistake: str) -> None:
    arguments, reason = REFUSED[mistake]
    done = ran(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert reason in done.stderr


@pytest.mark.parametrize("command", ["simulate", "verify"])
def test_a_file_without_a_program_is_not_run(command: str, tmp_path: Path) -> None:
    file = tmp_path / "gemm.json"
    assert ran(*GEMM, "-o", file).exit_code == 0
    assert json.loads(file.read_text())["latency_source"] == "model"
    done = ran(command, file)
    assert done.exit_code == 2
    assert "holds no program; `isamap run gemm` runs it on this CPU and checks it" in done.stderr


def test_a_file_without_a_program_is_no_page(tmp_path: Path) -> None:
    file = tmp_path / "gemm.json"
    assert ran(*GEMM, "-o", file).exit_code == 0
    done = ran("report", file, "-o", tmp_path / "page.html")
    assert done.exit_code == 2
    assert "holds no program" in done.stderr
