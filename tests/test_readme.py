"""What the README and the tutorials tell a reader to type does what they say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "tutorial").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SAVED = re.compile(r"[Ss]ave this as `([\w.]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*)$", re.MULTILINE)
_PROGRAMS = {"isamap": ["-m", "isamap"], "python": [], "pip": ["-m", "pip"]}
_BESIDE = {"pip": ["--no-index", "--no-deps", "--no-build-isolation", "--target", "installed"]}
_EXIT_CODE = re.compile(r"# exit code (\d)")


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder / "installed")])}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=250
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_of_a_page_run_in_order(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if "sklearn" in text:
        pytest.importorskip("sklearn")
    for name, content in _SAVED.findall(text):
        (tmp_path / name).write_text(content, encoding="utf-8")
    commands = [c for language, block in _BLOCK.findall(text) if language == "console" for c in _COMMAND.findall(block)]
    assert commands
    for command in commands:
        program, *arguments = shlex.split(command, comments=True)
        assert program in _PROGRAMS, command
        wanted = _EXIT_CODE.search(command)
        done = run([*_PROGRAMS[program], *arguments, *_BESIDE.get(program, [])], tmp_path)
        assert done.returncode == (int(wanted[1]) if wanted else 0), f"{command}\n{done.stdout}\n{done.stderr}"
        assert done.stdout


def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    (code,) = [
        block for language, block in _BLOCK.findall(PAGES[0].read_text(encoding="utf-8")) if language == "python"
    ]
    assert len(code.strip().splitlines()) <= 12
    done = run(["-c", code], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "every element checked: True" in done.stdout
    assert (tmp_path / "gemm.json").is_file()


def test_the_python_of_the_page_on_this_cpu_runs(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "tutorial" / "kernels_for_this_cpu.md").read_text(encoding="utf-8")
    blocks = [block for language, block in _BLOCK.findall(text) if language == "python"]
    assert len(blocks) > 4
    done = run(["-c", "".join(blocks)], tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (page.parent / link).exists(), link


def test_the_picture_shows_what_a_run_gives(tmp_path: Path) -> None:
    """Every figure in the README's picture is in a fresh report; widths of columns may differ."""
    picture = PAGES[0].read_text(encoding="utf-8").split("```")[1]
    done = run(["-m", "isamap", "compile", "pw", "p16", "--deterministic"], tmp_path)
    assert done.returncode == 0, done.stderr
    figures = re.findall(r"\d[\d,]*\.?\d* ?%?", re.sub(r"[▁-█▏▕─]+", " ", picture))
    shown = {figure.strip() for figure in figures} - {"16"}  # 16 is in the machine's name
    assert len(shown) > 6
    assert [figure for figure in sorted(shown) if figure not in done.stdout] == []
    assert "check: passed; no hazard, and every element of O is what the kernel means" in done.stdout
