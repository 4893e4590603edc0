"""``isamap --help`` is instant: it meets no solver, no numpy and no file format."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from isamap import __version__

LATE = ("ortools", "z3", "networkx", "numpy", "ruamel", "rich", "pandas", "isamap.ir", "isamap.spec")
MOST_CPU_SECONDS = 0.4


@pytest.mark.parametrize("arguments", [["--help"], ["compile", "--help"], ["--version"]])
def test_help_imports_no_guest(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom isamap.cli import app\n"
        f"app({arguments!r}, standalone_mode=False)\n"
        f"print([name for name in {LATE!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_help_takes_little_time() -> None:
    def cpu_seconds() -> float:
        before = os.times()
        subprocess.run([sys.executable, "-m", "isamap", "--help"], check=True, capture_output=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(cpu_seconds() for _ in range(5)) < MOST_CPU_SECONDS


def test_every_command_is_listed_with_the_exit_codes() -> None:
    done = subprocess.run([sys.executable, "-m", "isamap", "--help"], check=True, capture_output=True, text=True)
    assert all(
        f"\n  {command} " in done.stdout
        for command in ("list", "map", "compile", "simulate", "place", "report", "validate", "schema")
    )
    assert "3 proved impossible" in done.stdout


def test_version() -> None:
    done = subprocess.run([sys.executable, "-m", "isamap", "--version"], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == f"isamap {__version__}"
