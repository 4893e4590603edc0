"""Installed heuristics, cost models and rankings: listed, asked for by name, refused by name."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from isamap.cli import app
from isamap.errors import InputError
from isamap.plugins import Plugins, installed, load, named

CODE = """
from isamap.tiling import tilings

def fewest(binding, objective, time_is_up):
    yield tilings(binding, most=1)[0]

def backwards(parts):
    return parts[::-1]

def nothing(binding, tiling):
    return None

sizes = (1, 2)
"""
ENTRIES = """
[isamap.heuristics]
fewest = mine:fewest

[isamap.cost_models]
nothing = mine:nothing
broken = no_such_module:cost
sizes = mine:sizes

[isamap.rankings]
backwards = mine:backwards
"""
GEMM = ["compile", "gemm", "tiny", "--set", "M=5", "--set", "N=4", "--set", "K=6", "--method", "heuristic", "--json"]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an installed package."""
    (tmp_path / "mine.py").write_text(CODE)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    return install(tmp_path, "mine", ENTRIES)


def install(folder: Path, name: str, entries: str) -> Path:
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(entries)
    return folder


def isamap(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_list_shows_them_and_loads_none(package: Path) -> None:
    record = json.loads(isamap("list", "--json").stdout)
    assert record["heuristics"] == [{"name": "fewest", "description": "mine:fewest, of mine 1.0"}]
    assert [entry["name"] for entry in record["cost_models"]] == ["broken", "nothing", "sizes"]
    assert "Rankings" in (shown := isamap("list").stdout)
    assert "backwards" in shown
    assert "mine" not in sys.modules


def test_they_take_part_by_name(package: Path) -> None:
    done = isamap(*GEMM, "--heuristic", "fewest", "--ranking", "backwards", "--cost-model", "nothing")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["checked"] is True
    assert (
        "note: cost model nothing was refused, and not asked again: expected finite numbers, got NoneType"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (
            ["--ranking", "backward"],
            "--ranking: expected one of backwards, got 'backward'; a package brings one as an entry",
        ),
        (["--cost-model", "broken"], "--cost-model broken: no_such_module:cost cannot be loaded: ModuleNotFoundError"),
        (["--cost-model", "sizes"], "--cost-model.sizes: expected a function, got (1, 2) from mine:sizes"),
    ],
)
def test_what_cannot_be_had_is_wrong_usage(package: Path, arguments: list[str], why: str) -> None:
    kind = arguments[0].removeprefix("--").replace("-", "_")
    with pytest.raises(InputError) as caught:
        named({kind: arguments[1]}, Plugins())
    assert why in str(caught.value)


def test_an_unknown_name_is_wrong_usage_of_the_command(package: Path) -> None:
    done = isamap(*GEMM, "--heuristic", "fewer")
    assert done.exit_code == 2
    assert "error: --heuristic: expected one of fewest, got 'fewer'" in done.stderr


def test_two_packages_may_not_have_one_name(
    package: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load("ranking", "backwards")([1, 2]) == [2, 1]
    other = install(tmp_path_factory.mktemp("other"), "theirs", "[isamap.rankings]\nbackwards = theirs:order\n")
    monkeypatch.syspath_prepend(other)
    assert [entry.value for entry in installed("ranking") if entry.name == "backwards"] == [
        "mine:backwards",
        "theirs:order",
    ]
    with pytest.raises(InputError, match=r"expected a name that one package has, got 'backwards'; mine:.* theirs:"):
        load("ranking", "backwards")
