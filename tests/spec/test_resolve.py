"""Names find files in a fixed order of places; what is ambiguous or missing says what there is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from isamap.errors import InputError
from isamap.spec import available, bundled, resolve

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ISAMAP_PATH", raising=False)
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    return tmp_path


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("name: x\n")
    return path.resolve()


def found(name: str, kind: str = "kernel") -> Path:
    return resolve(name, kind).resolve()  # type: ignore[arg-type]


def test_bundled_names_with_and_without_folder_and_suffix(here: Path) -> None:
    for name in ("g64", "p16/g64", "g64.yaml", "p16/g64.yaml"):
        assert found(name) == ROOT / "models" / "p16" / "g64.yaml"
    assert found("gemm") == ROOT / "models" / "gemm.yaml"
    assert found("p16", "hardware") == ROOT / "hardware_specs" / "p16.yaml"


def test_the_order_of_places(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("gemm") == ROOT / "models" / "gemm.yaml"
    in_cwd_models = put(here / "cwd" / "models" / "gemm.yaml")
    assert found("gemm") == in_cwd_models
    in_cwd = put(here / "cwd" / "gemm.yaml")
    assert found("gemm") == in_cwd
    second = put(here / "two" / "models" / "deep" / "gemm.yaml")
    first = put(here / "one" / "gemm.yml")
    monkeypatch.setenv("ISAMAP_PATH", os.pathsep.join([str(here / "none"), str(here / "two"), str(here / "one")]))
    assert found("gemm") == second
    monkeypatch.setenv("ISAMAP_PATH", os.pathsep.join([str(here / "one"), str(here / "two")]))
    assert found("gemm") == first
    a_path = put(here / "cwd" / "gemm")
    assert found("gemm") == a_path
    assert found(str(in_cwd)) == in_cwd


def test_kinds_do_not_mix(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = put(here / "own" / "models" / "both.yaml")
    machine = put(here / "own" / "hardware_specs" / "both.yaml")
    monkeypatch.setenv("ISAMAP_PATH", str(here / "own"))
    assert found("both") == kernel
    assert found("both", "hardware") == machine


def test_ambiguous(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(here / "own" / "a" / "thing.yaml")
    put(here / "own" / "b" / "thing.yaml")
    monkeypatch.setenv("ISAMAP_PATH", str(here / "own"))
    with pytest.raises(InputError, match="kernel 'thing' is ambiguous: a/thing, b/thing; give the folder too"):
        resolve("thing", "kernel")
    assert found("a/thing") == here / "own" / "a" / "thing.yaml"


@pytest.mark.parametrize("name", ["gem", "no/such/gem.yaml", "GEMM", ""])
def test_missing_says_what_there_is(here: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve(name, "kernel")
    said = str(caught.value)
    assert said.startswith(f"no kernel {name!r}")
    assert "There are: " in said
    assert "p16/g64" in said
    if name in ("gem", "GEMM"):
        assert "did you mean " in said
        assert "'gemm'" in said


def test_a_folder_is_no_kernel(here: Path) -> None:
    with pytest.raises(InputError, match="no kernel 'p16'"):
        resolve("p16", "kernel")


def test_lists(here: Path) -> None:
    kernels = bundled("kernel")
    assert {"gemm", "conv2d", "p16/g64"} <= kernels.keys()
    assert {"p16", "tiles"} <= bundled("hardware").keys()
    assert all(path.is_file() for path in kernels.values())
    put(here / "cwd" / "mine.yaml")
    assert available("kernel").keys() == kernels.keys() | {"mine"}
    assert bundled("kernel") == kernels
