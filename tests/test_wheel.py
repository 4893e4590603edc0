"""What is installed from a wheel works away from the repository, with the kernels and machines that it brings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[1]
SMALL = ["--set", "M=5", "--set", "N=4", "--set", "K=6"]


def run(*command: str | Path, folder: Path, installed: Path | None = None) -> str:
    """What the command prints; ``installed`` comes before everything else that Python could import."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "ISAMAP_PATH")}
    if installed is not None:
        environment["PYTHONPATH"] = str(installed)
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    (built,) = folder.glob("isamap-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    offline = ("--no-deps", "--no-index", "--disable-pip-version-check", "--quiet")
    run(sys.executable, "-m", "pip", "install", *offline, "--target", folder, wheel, folder=folder)
    return folder


def brought(pattern: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern) if "__pycache__" not in path.parts}


@pytest.mark.slow
def test_the_wheel_brings_everything(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    assert brought("isamap/**/*.py") <= names
    assert {"isamap/py.typed", "isamap/report/page/page.js", "isamap/report/page/page.css"} <= names
    data = brought("models/**/*.yaml") | brought("hardware_specs/**/*.yaml")
    assert data
    assert {f"isamap/_data/{name}" for name in data} <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "experiments/"))]


@pytest.mark.slow
def test_an_installed_isamap_needs_no_repository(installed: Path, tmp_path: Path) -> None:
    place = run(sys.executable, "-c", "import isamap; print(isamap.__file__)", folder=tmp_path, installed=installed)
    assert Path(place.strip()).is_relative_to(installed)

    def isamap(*arguments: str) -> str:
        return run(sys.executable, installed / "bin" / "isamap", *arguments, folder=tmp_path, installed=installed)

    listed = json.loads(isamap("list", "--json"))
    assert {"gemm", "p16/pw"} <= {entry["name"] for entry in listed["kernels"]}
    assert {"tiny", "tiles", "p16"} <= {entry["name"] for entry in listed["targets"]}
    entries = [entry for entry in (*listed["kernels"], *listed["targets"]) if entry["name"] != "host"]  # may be kept
    files = [Path(entry["file"]) for entry in entries]
    assert all(file.is_relative_to(installed) for file in files)
    found = json.loads(isamap("compile", "gemm", "tiny", *SMALL, "--json", "-o", "r.json"))
    assert found["checked"] is True
    assert json.loads(isamap("simulate", "r.json", "--json"))["latency_cycles"] == found["latency_cycles"]
    isamap("report", "r.json", "-o", "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert f"{found['latency_cycles']:,}" in page
    assert page.rstrip().endswith("</html>")
    assert json.loads(isamap("schema", "hardware"))["title"] == "HardwareFile"
