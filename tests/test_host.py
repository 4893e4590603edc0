"""The target ``host``: what fits this CPU, what was measured of it, and nothing that was measured of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from isamap import host, load_target
from isamap.codegen import cpu
from isamap.codegen.cpu import DESCRIPTIONS
from isamap.errors import InputError
from isamap.spec import SpecError, bundled, calibrated
from tests.calibrations import calibration

AVX512, AVX2 = DESCRIPTIONS
CPU = "Abacus 3 (znver9)"


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a calibration is kept; the CPU is an Abacus with AVX-512."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cpu, "cpu_name", lambda: CPU)
    monkeypatch.setattr(cpu, "features", lambda: frozenset((*AVX512.features, *AVX2.features, "gfni")))
    return tmp_path / "isamap" / "host.yaml"


def keep(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text)


def test_without_a_calibration_it_is_the_description_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    found = host.detected()
    assert (found.machine, found.is_calibrated, found.file) == ("x86_avx512", False, bundled("hardware")["x86_avx512"])
    assert str(found) == (
        f"host: {CPU} with avx2 avx512bw avx512dq avx512f avx512vl avx512vnni fma: x86_avx512, "
        "not calibrated (isamap calibrate measures it)"
    )
    assert load_target("host") == load_target("x86_avx512")
    monkeypatch.setattr(cpu, "features", lambda: frozenset(AVX2.features))
    assert load_target("host") == load_target("x86_avx2")


def test_an_unknown_cpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "features", lambda: frozenset({"sve2"}))
    with pytest.raises(
        InputError, match=r"host: expected a CPU with .* got Abacus 3 .* name a machine of `isamap list`"
    ):
        load_target("host")


def test_a_calibration_of_this_cpu_is_used(kept: Path) -> None:
    keep(kept, calibrated(calibration(cpu=CPU)))
    assert host.detected().file == kept
    assert f"x86_avx512, calibrated ({kept})" in str(host.detected())
    assert load_target("host").clock_hz == 3_680_000_000
    assert load_target("x86_avx512").clock_hz == 3_000_000_000


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (calibrated(calibration(cpu="Abacus 2")), "is of another CPU: Abacus 2"),
        ("name: host", "is of another CPU: it does not say which"),
        ("name: [", "cannot be read"),
    ],
)
def test_any_other_file_is_not(kept: Path, text: str, note: str) -> None:
    keep(kept, text)
    assert str(host.detected()).endswith(f"; {kept} {note}")
    assert load_target("host") == load_target("x86_avx512")


def test_mistakes_in_it_are_shown_in_place(kept: Path) -> None:
    keep(kept, calibrated(calibration(cpu=CPU)).replace("count: 1,", "count: 0,", 1))
    with pytest.raises(SpecError, match=rf"{kept}:\d+:\d+: units.vector.count: expected a whole number of at least 1"):
        load_target("host")


def test_where_it_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert host.calibrated_file() == tmp_path / "isamap" / "host.yaml"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for base in ("", "not/absolute"):
        monkeypatch.setenv("XDG_CACHE_HOME", base)
        assert host.calibrated_file() == tmp_path / "home" / ".cache" / "isamap" / "host.yaml"
